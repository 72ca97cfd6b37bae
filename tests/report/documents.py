"""Summary documents for the tests of the report."""

from __future__ import annotations

from typing import Any


def summary(**changes: Any) -> dict[str, Any]:
    """The summary of a good run, with ``changes``."""
    document: dict[str, Any] = {
        "scenario": "lunch_rush",
        "description": "Office workers walk to lunch past twelve cafés.",
        "journeysim_version": "0.1.0",
        "seed": 1,
        "people": 1000,
        "groups": {"office": 1000},
        "places": 12,
        "libraries": {"City cafés": 12},
        "crossings": 4132,
        "entries": 2066,
        "exits": 2066,
        "inside_at_start": 0,
        "noticed": 4011,
        "outcomes": {"delivered": 4011, "too_short": 81, "switched_off": 40},
        "events": {
            "location.entry": 2005,
            "location.exit": 2006,
            "application.launch": 401,
            "application.close": 400,
        },
        "sent": 4812,
        "acknowledged": 4812,
        "rejected": 0,
        "pending": 0,
        "simulated_seconds": 50400,
        "wall_seconds": 3.2,
        "events_per_second": 1504.0,
        "speed": "max",
        "workers": 2,
        "destination": "receiver",
        "run_folder": "runs/lunch_rush-20240514",
        "started": "2024-05-14T06:00:00+02:00",
        "ended": "2024-05-14T20:00:00+02:00",
        "timezone": "Europe/Berlin",
        "timeline": {"bucket_seconds": 900, "events": [0] * 20 + [10, 40, 80, 160, 80, 40, 10, 1] + [0] * 28},
        "busiest_places": [
            {"id": "1", "name": "Café am Platz", "entries": 612, "exits": 611},
            {"id": "2", "name": "Bar Centrale", "entries": 200, "exits": 201},
        ],
        "platforms": {"ios": 537, "android": 463},
        "delivery": {"requests": 4812, "retries": 0, "statuses": {"200": 4812}, "bytes": 6_200_000},
        "reasons": [],
        "undelivered_file": None,
        "expectations": [
            {"metric": "rejected", "expected": "exactly 0", "found": 0, "ok": True, "reason": ""},
            {"metric": "crossings", "expected": "at least 1,000", "found": 4132, "ok": True, "reason": ""},
        ],
        "warnings": [],
        "interrupted": False,
    }
    return document | changes


def undelivered(**changes: Any) -> dict[str, Any]:
    """The summary of a run with rejected and undelivered events and a failed expectation."""
    troubles: dict[str, Any] = {
        "acknowledged": 4000,
        "rejected": 500,
        "pending": 312,
        "destination": "https://inlet.example.net/collection/abc",
        "undelivered_file": "runs/my run/undelivered.ndjson",
        "reasons": [
            {"reason": "connection refused for 30 s", "events": 312},
            {"reason": "schema validation: required key [poiID] not found", "events": 500},
        ],
        "delivery": {
            "requests": 5812,
            "retries": 1,
            "statuses": {"503": 1000, "200": 4000},
            "bytes": 7_200_000,
        },
        "expectations": [
            {
                "metric": "rejected",
                "expected": "exactly 0",
                "found": 500,
                "ok": False,
                "reason": "found 500, expected exactly 0",
            },
            {
                "metric": "rejectd",
                "expected": "at most 1",
                "found": None,
                "ok": False,
                "reason": "unknown metric; did you mean rejected?",
            },
        ],
    }
    return summary(**(troubles | changes))

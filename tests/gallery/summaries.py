"""Running the scenarios of the gallery, and the part of their summaries that never changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.run import RunOptions, RunResult, prepare, run
from tests.shared_files import shared_path

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
GOLDEN = Path(__file__).with_name("golden")

# What a scenario is run with here, where as it stands it is large.
SMALLER: dict[str, dict[str, Any]] = {
    "national_chain": {"people": 500, "overrides": ["expect=[]"]},
    "cart_reminder": {"people": 500, "overrides": ["expect=[]"]},
}

# Scenarios over a map that is not part of the repository: which one, and where it goes.
MAPS = {"helsinki_cafes": ("data/helsinki_centre.osm.pbf", ("places.0.file", "roads.file"))}

# The counts of a summary: no wall times, no speeds, no paths.
STABLE = (
    *("scenario", "description", "seed", "people", "groups", "places", "libraries", "platforms"),
    *("crossings", "entries", "exits", "inside_at_start", "noticed", "outcomes", "events"),
    *("sent", "acknowledged", "rejected", "pending", "simulated_seconds", "started", "ended", "timezone"),
    *("busiest_places", "timeline", "expectations", "warnings", "interrupted", "failure"),
)


def gallery() -> list[str]:
    """The names of all scenarios of the gallery."""
    return sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def run_scenario(name: str, folder: Path) -> RunResult:
    """Run a scenario of the gallery, with its files and its record in ``folder``; skipped without its map."""
    options = dict(SMALLER.get(name, {}))
    overrides = list(options.pop("overrides", []))
    if name in MAPS:
        for module in ("osmium", "scipy"):
            pytest.importorskip(module, reason="needs the extra `roads`")
        source, fields = MAPS[name]
        overrides += [f"{field}={shared_path(source)}" for field in fields]
    plain = prepare(SCENARIOS / f"{name}.yaml", overrides=overrides)
    if plain.scenario.destination.to.startswith("file:"):
        overrides.append(f"destination.to=file:{folder / 'events.ndjson'}")
    prepared = prepare(SCENARIOS / f"{name}.yaml", overrides=overrides, **options)
    return run(prepared, RunOptions(out=folder / "record"))


def stable(summary: dict[str, Any]) -> dict[str, Any]:
    """The part of a summary that is the same in every run of the scenario, on every machine."""
    kept = {key: summary[key] for key in STABLE if key in summary}
    kept["warnings"] = [text.replace(f"{SCENARIOS}/", "") for text in kept["warnings"]]
    # As a file holds it: what are tuples in the program are lists there.
    document: dict[str, Any] = json.loads(json.dumps(kept))
    return document


def golden_file(name: str) -> Path:
    """Where the expected summary of a scenario is kept."""
    return GOLDEN / f"{name}.json"


def write_golden(name: str, summary: dict[str, Any]) -> None:
    """Keep ``summary`` as the expected one."""
    text = json.dumps(stable(summary), indent=2, ensure_ascii=False)
    golden_file(name).write_text(text + "\n", encoding="utf-8")

"""Running the scenarios of the gallery, and the part of their summaries that never changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.run import RunOptions, RunResult, prepare, run

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
GOLDEN = Path(__file__).with_name("golden")

# What a scenario is run with here, where as it stands it is large.
SMALLER: dict[str, dict[str, Any]] = {"national_chain": {"people": 500, "overrides": ["expect=[]"]}}

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
    """Run a scenario of the gallery, with its files and its record in ``folder``."""
    options = dict(SMALLER.get(name, {}))
    overrides = list(options.pop("overrides", []))
    plain = prepare(SCENARIOS / f"{name}.yaml")
    if plain.scenario.destination.to.startswith("file:"):
        overrides.append(f"destination.to=file:{folder / 'events.ndjson'}")
    prepared = prepare(SCENARIOS / f"{name}.yaml", overrides=overrides, **options)
    return run(prepared, RunOptions(out=folder / "record"))


def stable(summary: dict[str, Any]) -> dict[str, Any]:
    """The part of a summary that is the same in every run of the scenario, on every machine."""
    return {key: summary[key] for key in STABLE if key in summary}


def golden_file(name: str) -> Path:
    """Where the expected summary of a scenario is kept."""
    return GOLDEN / f"{name}.json"


def write_golden(name: str, summary: dict[str, Any]) -> None:
    """Keep ``summary`` as the expected one."""
    text = json.dumps(stable(summary), indent=2, ensure_ascii=False)
    golden_file(name).write_text(text + "\n", encoding="utf-8")

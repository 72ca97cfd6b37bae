"""Runs with phones that notice only what their operating system notices."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.errors import ExitCode
from simulator.ledger import SYSTEMS, Ledger, Outcome, read_ledger
from simulator.run import RunOptions, RunResult, prepare, run
from tests.run.scenarios import TOWN, town

SCENARIOS = Path(__file__).parents[2] / "scenarios"
OS_TOWN = TOWN.replace("{monitoring: ideal}", "{monitoring: os, conditions: ideal}")
# A quarter of an hour's walk from end to end: more places than any phone watches.
DENSE = OS_TOWN.replace(
    "      - {name: Park Kiosk, at: [60.1760, 24.9330], radius: 80 m}\n",
    "".join(
        f"      - {{name: Stall {row}.{column}, at: [{60.165 + row * 0.0012:.4f}, {24.93 + column * 0.003:.4f}]}}\n"
        for row in range(8)
        for column in range(8)
    ),
)


def run_town(
    folder: Path,
    name: str,
    text: str = OS_TOWN,
    *,
    workers: int = 1,
    progress: Callable[[Any], None] | None = None,
    **options: Any,
) -> tuple[RunResult, list[bytes], Ledger]:
    """The result, the event stream and the ledger of a run."""
    target = folder / f"{name}.ndjson"
    overrides = [f"destination.to=file:{target}", *options.pop("overrides", [])]
    prepared = prepare(town(folder, text), overrides=overrides, **options)
    result = run(prepared, RunOptions(out=folder / name, workers=workers), progress=progress)
    return result, target.read_bytes().splitlines(), read_ledger(folder / name / "ledger")


def story(ledger: Ledger) -> list[tuple[int, ...]]:
    """Every crossing with what became of it, but for the number of its event."""
    rows = ledger.rows[np.lexsort((ledger.rows["place"], ledger.rows["person"], ledger.rows["crossed"]))]
    columns = [rows[name].tolist() for name in rows.dtype.names or () if name != "event"]
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize("text", [OS_TOWN, DENSE], ids=["few places", "many places"])
def test_two_workers_make_the_same_events_and_the_same_ledger_as_one(tmp_path: Path, text: str) -> None:
    many = {"people": 5000, "overrides": ["clock.duration=3 h", "clock.start=2026-03-02T11:00"]}
    _, events, ledger = run_town(tmp_path, "one", text, **many)
    _, events_of_two, ledger_of_two = run_town(tmp_path, "two", text, workers=2, **many)
    assert len(events) > 100
    assert events_of_two == events
    assert ledger_of_two.rows.tobytes() == ledger.rows.tobytes()


@pytest.mark.parametrize("text", [OS_TOWN, DENSE], ids=["few places", "many places"])
def test_adding_a_person_changes_nobody_elses_crossings(tmp_path: Path, text: str) -> None:
    _, _, before = run_town(tmp_path, "before", text)
    _, _, after = run_town(tmp_path, "after", text.replace("size: 60", "size: 61"))
    newcomer = 60  # whoever comes later in the run has a higher number for it
    others = [(person - (person > newcomer), *rest) for person, *rest in story(after) if person != newcomer]
    assert sorted(others) == sorted(story(before))
    assert len(story(after)) > len(others)


def test_what_the_world_does_is_the_same_for_every_kind_of_phone(tmp_path: Path) -> None:
    _, _, ideal = run_town(tmp_path, "ideal", TOWN)
    _, _, real = run_town(tmp_path, "real", OS_TOWN)
    crossings = [row[:3] + row[4:5] for row in story(ideal)]
    assert [row[:3] + row[4:5] for row in story(real)] == crossings
    assert set(ideal.rows["outcome"].tolist()) == {Outcome.DELIVERED}


def test_events_are_dated_when_the_phone_notices_and_never_before_the_crossing(tmp_path: Path) -> None:
    _, events, ledger = run_town(tmp_path, "run")
    rows = ledger.rows[ledger.rows["event"] >= 0]
    assert len(rows) > 20
    assert (rows["noticed"] >= rows["crossed"]).all()
    assert np.median(rows["noticed"] - rows["crossed"]) > 10_000
    noticed = {orjson.loads(events[row["event"]])["timestamp"]: int(row["noticed"]) for row in rows}
    assert sorted(noticed) == [stamp for stamp, _ in sorted(noticed.items(), key=lambda item: item[1])]
    unnoticed = ledger.rows[ledger.rows["noticed"] < 0]
    assert len(unnoticed) > 0
    for step in ("queued", "sent", "acknowledged", "event"):
        assert (unnoticed[step] == -1).all()


def test_the_summary_counts_every_crossing_but_only_noticed_ones_as_noticed(tmp_path: Path) -> None:
    result, events, ledger = run_town(tmp_path, "run")
    summary = result.summary
    assert summary["crossings"] == summary["entries"] + summary["exits"] == len(ledger.rows)
    located = summary["events"]["location.entry"] + summary["events"]["location.exit"]
    caused = int((ledger.rows["event"] >= 0).sum())
    assert located == caused + summary["region_events_without_crossing"]
    assert summary["noticed"] == caused + summary["outcomes"].get("queued_at_end", 0)
    assert sum(summary["outcomes"].values()) == summary["crossings"]
    assert summary["outcomes"]["no_permission"] > 0
    assert summary["sent"] == len(events)
    assert result.exit_code == ExitCode.OK


def test_crossings_that_nobody_had_noticed_at_the_end_are_pending(tmp_path: Path) -> None:
    slow = "{detection_delay: 5 d, foreground_delay: 5 d}"
    profile = f"{{ios: {slow}, android: {slow}}}"
    phone = f"{{monitoring: os, conditions: ideal, permission: always, os_profile: {profile}}}"
    text = OS_TOWN.replace("{monitoring: os, conditions: ideal}", phone).replace(
        "radius: 80 m", "radius: 100 m"
    )
    result, _, ledger = run_town(tmp_path, "run", text, overrides=["clock.duration=7 h"])
    assert set(result.summary["outcomes"]) == {"too_short", "pending_detection"}
    pending = ledger.rows[ledger.rows["outcome"] == Outcome.PENDING_DETECTION]
    pairs = Counter(zip(pending["person"].tolist(), pending["place"].tolist(), strict=True))
    assert set(pairs.values()) == {1}  # whoever is back has lost both
    assert result.summary["noticed"] == 0


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_interrupted_run_accounts_for_every_crossing_up_to_its_end(tmp_path: Path, workers: int) -> None:
    def interrupt(tally: Any) -> None:
        if tally.simulated_ms >= 6 * 3_600_000 and not stopped:
            stopped.append(tally.simulated_ms)
            signal.raise_signal(signal.SIGINT)

    stopped: list[int] = []
    result, _, ledger = run_town(
        tmp_path, "run", workers=workers, people=5000, progress=interrupt, overrides=["clock.duration=12 h"]
    )
    assert stopped
    assert result.exit_code == ExitCode.INTERRUPTED
    assert result.summary["simulated_seconds"] < 12 * 3600
    assert sum(result.summary["outcomes"].values()) == result.summary["crossings"] == len(ledger.rows)
    assert result.summary["outcomes"]["pending_detection"] > 0


def test_a_paced_run_accounts_for_the_same_crossings_as_one_at_full_speed(tmp_path: Path) -> None:
    hours = ["clock.duration=3 h", "clock.start=2026-03-02T11:00"]
    _, _, full = run_town(tmp_path, "full", overrides=hours)
    _, _, paced = run_town(tmp_path, "paced", overrides=[*hours, "clock.speed=10000"])
    assert len(full.rows) > 20
    assert story(paced) == story(full)


@settings(max_examples=12, deadline=None)
@given(
    permission=st.sampled_from(
        ["always", "while_in_use", "approximate", "denied", "{always: 1, while_in_use: 1}"]
    ),
    radius=st.integers(20, 300),
    delay=st.sampled_from(["0 s", "30 s", "{lognormal: {median: 2 min, sigma: 1}}", "2 h"]),
    persistence=st.sampled_from([0, 20, 600]),
    nearby=st.integers(1, 70),
    hours=st.integers(1, 30),
    seed=st.integers(1, 1000),
)
def test_every_crossing_of_any_run_has_one_outcome(
    tmp_path_factory: pytest.TempPathFactory,
    permission: str,
    radius: int,
    delay: str,
    persistence: int,
    nearby: int,
    hours: int,
    seed: int,
) -> None:
    changes = f"{{nearby_count: {nearby}, persistence: {persistence} s, detection_delay: {delay}}}"
    phone = (
        f"{{monitoring: os, permission: {permission}, os_profile: {{ios: {changes}, android: {changes}}}}}"
    )
    text = DENSE.replace("{monitoring: os}", phone).replace("radius: 120 m", f"radius: {radius} m")
    # Conservation is checked by the run itself, and a run that breaks it raises.
    result, _, ledger = run_town(
        tmp_path_factory.mktemp("any"), "run", text, seed=seed, overrides=[f"clock.duration={hours} h"]
    )
    assert len(ledger.rows) == result.summary["crossings"]
    assert ledger.rows["outcome"].all()


def unmonitored(folder: Path, monitoring: str) -> dict[str, float]:
    """The share of crossings of places that were not registered, per system."""
    overrides = [
        "destination.to=file:" + str(folder / "events.ndjson"),
        f"people.walkers.phone.monitoring={monitoring}",
    ]
    prepared = prepare(SCENARIOS / "twenty_regions.yaml", overrides=overrides)
    run(prepared, RunOptions(out=folder / monitoring))
    ledger = read_ledger(folder / monitoring / "ledger")
    assert ledger.people is not None
    system = ledger.people["system"][ledger.rows["person"]]
    missed = ledger.rows["outcome"] == Outcome.NOT_MONITORED
    return {name: float(missed[system == number].mean()) for number, name in enumerate(SYSTEMS)}


def test_on_a_street_of_sixty_places_ten_watched_regions_miss_many_more_crossings_than_twenty(
    tmp_path: Path,
) -> None:
    share = unmonitored(tmp_path, "os")
    assert 0.3 < share["ios"] < 0.45
    assert 0.01 < share["android"] < 0.08
    assert unmonitored(tmp_path, "ideal") == {"ios": 0.0, "android": 0.0}

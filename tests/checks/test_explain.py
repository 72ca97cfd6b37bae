"""What became of crossings: counted from the record alone, complete, and true to it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.checks import EXPLANATIONS, explain, read_record, tell
from simulator.core.errors import UsageError
from simulator.ledger import HEADER_FILE, ROW, ROWS_FILE, CrossingRow, Outcome
from tests.checks.records import CROSSINGS, ENTRY, MINUTE, NEVER, finished, record, seen, write_run

ROOT = Path(__file__).resolve().parents[2]
UNNOTICED = [
    *(Outcome.NO_PERMISSION, Outcome.NOT_MONITORED, Outcome.TOO_SHORT, Outcome.NOT_NOTICED),
    *(Outcome.PENDING_DETECTION, Outcome.APP_NOT_RUNNING, Outcome.PHONE_OFF),
]


@st.composite
def crossings(draw: st.DrawFn) -> CrossingRow:
    """A crossing as a run could have recorded it."""
    who, where, way = draw(st.integers(0, 2)), draw(st.integers(0, 3)), draw(st.integers(0, 1))
    at = draw(st.integers(0, 10**8))
    outcome = draw(st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.OPEN]))
    if outcome in UNNOTICED:
        return (who, where, way, at, *NEVER, outcome)
    times = seen(at, draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6)))
    return (who, where, way, *times, outcome)


def test_the_funnel_counts_the_crossings_that_reached_each_step(tmp_path: Path) -> None:
    steps = {step["step"]: step["crossings"] for step in explain(record(tmp_path))["funnel"]}
    assert steps == {"crossed": 10, "noticed": 4, "queued": 4, "sent": 4, "accepted": 2}


def test_losses_are_told_by_reason_and_system_the_most_frequent_first(tmp_path: Path) -> None:
    losses = explain(record(tmp_path))["losses"]
    assert losses[0] == {
        "outcome": "no_permission",
        "crossings": 2,
        "share": 0.2,
        "systems": {"ios": 2, "android": 0},
        "meaning": EXPLANATIONS[Outcome.NO_PERMISSION].meaning,
    }
    recorded = {Outcome(row[-1]).label for row in CROSSINGS}
    assert {loss["outcome"] for loss in losses} == recorded - {"delivered", "delivered_late"}


def test_delays_are_percentiles_of_values_that_occurred(tmp_path: Path) -> None:
    noticed, sent, heard, both = explain(record(tmp_path))["delays"]
    assert noticed["seconds"] == {"p50": 30.0, "p90": 90.0, "p95": 90.0, "p99": 90.0, "max": 90.0}
    assert sent["seconds"] == {"p50": 0.0, "p90": 2.0, "p95": 2.0, "p99": 2.0, "max": 2.0}
    assert heard["seconds"]["max"] == 0.0
    assert (both["from"], both["to"], both["crossings"]) == ("crossed", "acknowledged", 4)


def test_places_are_ranked_by_their_losses(tmp_path: Path) -> None:
    document = explain(record(tmp_path), limit=1)
    assert document["places_with_losses"] == 3
    assert [(place["name"], place["crossings"], place["lost"]) for place in document["places"]] == [
        ("Riverside Mall", 5, 5)
    ]


@given(rows=st.lists(crossings(), max_size=40))
def test_everything_adds_up_for_whatever_is_on_record(
    rows: list[CrossingRow], tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = explain(record(tmp_path_factory.mktemp("run"), rows, summary=finished(len(rows))), limit=99)
    accepted = document["funnel"][-1]["crossings"]
    assert document["run"]["notes"] == []
    assert sum(document["outcomes"].values()) == document["crossings"] == len(rows)
    assert sum(loss["crossings"] for loss in document["losses"]) == len(rows) - accepted
    assert sum(place["lost"] for place in document["places"]) == len(rows) - accepted
    for loss in document["losses"]:
        assert sum(loss["systems"].values()) == loss["crossings"]
    reached = [step["crossings"] for step in document["funnel"]]
    assert reached == sorted(reached, reverse=True)
    for system in document["systems"].values():
        assert sum(system["outcomes"].values()) == system["crossings"]
    for delay in document["delays"]:
        values = list(delay["seconds"].values())
        assert values == sorted(values)
    json.dumps(document)


@given(rows=st.lists(crossings(), max_size=40))
def test_the_stories_of_all_people_tell_every_crossing_once(
    rows: list[CrossingRow], tmp_path_factory: pytest.TempPathFactory
) -> None:
    read = record(tmp_path_factory.mktemp("run"), rows, summary=finished(len(rows)))
    people = [tell(read, person=who, limit=99) for who in ("residents/0", "residents/1", "office/0")]
    places = [tell(read, place=where, limit=99) for where in ("p-1", "p-2", "p-3", "p-4")]
    for stories in (people, places):
        told = [crossing for story in stories for crossing in story["story"]]
        assert len(told) == len(rows)
        for story in stories:
            times = [crossing["crossed"] for crossing in story["story"]]
            assert times == sorted(times)
    json.dumps(people + places)


def test_a_story_has_local_times_reasons_and_the_event(tmp_path: Path) -> None:
    first, second, *_ = tell(record(tmp_path), person="residents/0")["story"]
    assert first == {
        "person": {"id": "residents/0", "system": "ios", "permission": "while_in_use"},
        "place": {"id": "p-1", "name": "Market Hall"},
        "crossing": "entry",
        "outcome": "delivered",
        "because": "acknowledged",
        "crossed": "2026-03-02T12:03:10.000+01:00",
        "noticed": "2026-03-02T12:04:02.000+01:00",
        "queued": "2026-03-02T12:04:02.000+01:00",
        "sent": "2026-03-02T12:04:02.000+01:00",
        "acknowledged": "2026-03-02T12:04:02.000+01:00",
        "attempts": 1,
        "noticed_after_seconds": 52.0,
        "event": 0,
        "journey": [],
    }
    assert second["because"] == "not noticed: the app may use the location only while it is in use"
    assert (second["noticed"], second["event"]) == (None, None)


def test_one_person_at_one_place(tmp_path: Path) -> None:
    story = tell(record(tmp_path), person="residents/1", place="Market Hall")
    assert [crossing["outcome"] for crossing in story["story"]] == ["rejected", "undelivered"]


def test_the_limit_keeps_the_earliest_and_the_count_stays_whole(tmp_path: Path) -> None:
    story = tell(record(tmp_path), place="p-2", limit=2)
    assert story["crossings"] == 5
    assert [crossing["person"]["id"] for crossing in story["story"]] == ["office/0", "residents/0"]


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("residents/2", "the group residents has residents/0 to residents/1"),
        ("residents/-1", "the group residents has residents/0 to residents/1"),
        ("residents/x", "the group residents has residents/0 to residents/1"),
        ("residents/²", "the group residents has residents/0 to residents/1"),
        ("residnts/1", "did you mean residents/1?"),
        ("residents", "write group and number, such as residents/0"),
        ("ofice", "did you mean office/0?"),
        ("17", "the groups are residents, office"),
    ],
)
def test_an_unknown_person_is_answered_with_who_there_is(tmp_path: Path, wanted: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        tell(record(tmp_path), person=wanted)
    assert str(error.value) == f"--person {wanted}: nobody is called that; {hint}"


@pytest.mark.parametrize(
    ("wanted", "name"), [("p-2", "Riverside Mall"), ("market hall", "Market Hall"), ("kiosk", "kiosk")]
)
def test_a_place_is_found_by_id_by_name_and_whatever_its_capitals(
    tmp_path: Path, wanted: str, name: str
) -> None:
    assert tell(record(tmp_path), place=wanted)["place"]["name"] == name


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("Market Hal", "no place has that id or name; did you mean Market Hall?"),
        ("zzz", "no place has that id or name; the run has 4 places, by id or name"),
        ("KIOSK", "2 places have that name; give an id: p-3, p-4"),
    ],
)
def test_an_unknown_or_ambiguous_place_is_answered_with_what_there_is(
    tmp_path: Path, wanted: str, message: str
) -> None:
    with pytest.raises(UsageError) as error:
        tell(record(tmp_path), place=wanted)
    assert str(error.value) == f"--place {wanted}: {message}"


def test_a_killed_run_with_a_torn_last_row_is_told_up_to_there(tmp_path: Path) -> None:
    rows = write_run(tmp_path) / "ledger" / ROWS_FILE
    rows.write_bytes(rows.read_bytes()[:-5])
    document = explain(read_record(tmp_path))
    assert document["run"]["state"] == "unfinished"
    assert document["run"]["ended"] is None
    assert document["crossings"] == len(CROSSINGS) - 1
    assert document["run"]["notes"][0].startswith("There is no summary.json")


@pytest.mark.parametrize(
    ("summary", "state", "note"),
    [
        (finished(), "complete", ""),
        (finished(interrupted=True), "interrupted", "The run was interrupted; what follows goes up to then."),
        (finished(failure="connection refused"), "stopped", "The run stopped early: connection refused"),
        (
            finished(11),
            "complete",
            "The ledger has 10 crossings, but the summary counts 11; a file was changed.",
        ),
    ],
)
def test_how_the_run_ended_is_said(tmp_path: Path, summary: dict[str, Any], state: str, note: str) -> None:
    run = explain(record(tmp_path, summary=summary))["run"]
    assert run["state"] == state
    assert run["notes"] == ([note] if note else [])


def test_a_record_without_phones_is_told_without_systems(tmp_path: Path) -> None:
    read = record(tmp_path, people=False)
    document = explain(read)
    assert document["systems"] == {}
    assert document["losses"][0]["systems"] == {}
    assert document["run"]["notes"] == [
        "The record does not say who has which phone; an earlier version made it."
    ]
    assert tell(read, person="residents/0")["story"][2]["because"].endswith("before the phone was sure")


def test_what_is_no_run_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none: there is no such run folder"):
        read_record(tmp_path / "none")
    with pytest.raises(UsageError, match=r"is not a run folder, it has no ledger/ledger\.json"):
        read_record(tmp_path)


def damage(folder: Path, **header: Any) -> None:
    path = folder / "ledger" / HEADER_FILE
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | header), encoding="utf-8")


def test_a_ledger_of_another_format_is_said_with_the_version_that_wrote_it(tmp_path: Path) -> None:
    damage(write_run(tmp_path), format=99, journeysim_version="9.9.9")
    with pytest.raises(
        UsageError, match=r"has format 99, .* reads format 2; use the version that wrote it \(9\.9\.9\)"
    ):
        read_record(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3"])
def test_a_damaged_header_is_said(tmp_path: Path, text: str) -> None:
    (write_run(tmp_path) / "ledger" / HEADER_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="is not the header of a ledger, or is damaged"):
        read_record(tmp_path)


@pytest.mark.parametrize(
    ("column", "value"), [("person", 3), ("place", 4), ("outcome", 99), ("outcome", 0), ("person", -1)]
)
def test_rows_that_the_header_does_not_know_are_said(tmp_path: Path, column: str, value: int) -> None:
    path = write_run(tmp_path) / "ledger" / ROWS_FILE
    rows = np.frombuffer(path.read_bytes(), dtype=ROW).copy()
    rows[column][0] = value
    path.write_bytes(rows.tobytes())
    with pytest.raises(UsageError, match="the ledger is damaged"):
        read_record(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_summary_is_said(tmp_path: Path, text: str) -> None:
    (write_run(tmp_path) / "summary.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"summary\.json: is damaged"):
        read_record(tmp_path)


def test_a_run_without_crossings_is_told(tmp_path: Path) -> None:
    document = explain(record(tmp_path, [], summary=finished(0)))
    assert (document["crossings"], document["losses"], document["places"]) == (0, [], [])
    assert tell(read_record(tmp_path), person="office/0")["story"] == []


def test_times_of_a_story_follow_the_clock_of_the_place_over_its_changes(tmp_path: Path) -> None:
    night = [(0, 0, ENTRY, *seen(at * MINUTE, 0), Outcome.DELIVERED) for at in (30, 90)]
    read = record(tmp_path, night, start="2026-03-29T00:00:00+00:00", summary=finished(2))
    assert [crossing["crossed"] for crossing in tell(read, person="residents/0")["story"]] == [
        "2026-03-29T01:30:00.000+01:00",
        "2026-03-29T03:30:00.000+02:00",
    ]


def test_every_outcome_is_explained_once_and_the_documentation_tells_it_from_there() -> None:
    assert set(EXPLANATIONS) == set(Outcome) - {Outcome.OPEN}
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (its .*|the .*) \|$", page, re.MULTILINE)
    assert rows == [(outcome.label, words.meaning) for outcome, words in EXPLANATIONS.items()]


def test_every_key_of_the_documents_is_documented(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", page[page.index("## For programs") :]))
    read = record(tmp_path)
    for document in (explain(read), tell(read, person="residents/0", place="p-1")):
        assert document.keys() <= documented
        for key in ("losses", "delays", "places", "story"):
            for entry in document.get(key, []):
                assert entry.keys() - documented <= {"id", "name"}

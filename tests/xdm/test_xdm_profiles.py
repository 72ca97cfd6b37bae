"""Profile records, as a platform is seeded with them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from simulator.core.identifiers import ecid
from simulator.people import person_keys
from simulator.run import RunOptions, prepare, profile_records, run
from simulator.run.knowledge import KnownPeople
from tests.cli.program import ROOT, call
from tests.run.scenarios import town
from tests.shared_files import shared_path

GALLERY = ROOT / "scenarios" / "commuters_and_tourists.yaml"


def test_there_is_one_record_per_person_with_the_identities_of_that_person(tmp_path: Path) -> None:
    world = prepare(town(tmp_path)).world
    records = list(profile_records(world, test_profiles=False))
    assert len(records) == world.people
    group, size = next(iter(world.sizes.items()))
    for number, (key, record) in enumerate(
        zip(person_keys(world.scenario.seed, group, 0, size).tolist(), records, strict=False)
    ):
        assert record["personID"] == f"{group}/{number}"
        assert record["identityMap"]["ECID"] == [{"id": ecid(key), "primary": True}]
        assert record["identityMap"]["Email"] == [
            {"id": record["personalEmail"]["address"], "primary": False}
        ]
        assert "testProfile" not in record


def test_test_profiles_say_so_and_are_the_same_otherwise(tmp_path: Path) -> None:
    world = prepare(town(tmp_path)).world
    plain = list(profile_records(world, test_profiles=False))
    flagged = list(profile_records(world, test_profiles=True))
    assert [{**record, "testProfile": True} for record in plain] == flagged


@pytest.mark.parametrize("flag", ["--profiles", "--test-profiles"])
def test_the_people_command_prints_them(flag: str) -> None:
    finished = call("people", str(GALLERY), "--limit", "3", flag)
    records = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [record["personID"] for record in records] == ["town/0", "town/1", "town/2"]
    assert [record.get("testProfile", False) for record in records] == [flag == "--test-profiles"] * 3
    assert records[1]["homeAddress"]["street1"] == records[2]["homeAddress"]["street1"]  # one household


MEMBERS = """
version: 1
name: members
description: Members of a loyalty programme, of two countries and two to a home, buy in stores.
clock: {start: 2026-03-02T00:00, timezone: Europe/Berlin, duration: 2 d}
places:
  - library: Stores
    inline: [{name: Store, at: [52.52, 13.405], radius: 150 m}]
personas:
  visitor: {locale: de_DE}
  local: {locale: en_GB}
people:
  town:
    size: 12
    personas: [visitor, local]
    household: {2: 1}
    home: {around: {at: [52.52, 13.405], radius: 1 km}}
    schedule: {errands: {per_day: 3, per_working_day: 3}}
    shopping: {stores: {buys: 100 %}}
    attributes: {loyalty.tier: {gold: 1, silver: 1}, _acme.visits: {3: 1}}
app: {id: com.example.app, name: App, login: {namespace: CRM}}
sources: {loyalty: {share: 60 %, every_change: true}}
journeys:
  events: {Entry: {rule: '@event{Entry.eventType} == "location.entry"'}}
  actions: {Letter: {channel: email, title: Hello}}
  journeys: {hello: {steps: {entry: {event: Entry}, write: {action: Letter}}}}
"""


def test_whoever_sends_an_event_is_found_by_their_record(tmp_path: Path) -> None:
    (tmp_path / "members.yaml").write_text(MEMBERS, encoding="utf-8")
    prepared = prepare(tmp_path / "members.yaml")
    run(prepared, RunOptions(out=tmp_path / "run"))
    known = {
        (namespace, identity["id"])
        for record in profile_records(prepared.world, test_profiles=False)
        for namespace, identities in record["identityMap"].items()
        for identity in identities
    }
    lines = (tmp_path / "run" / "received.ndjson").read_text(encoding="utf-8").splitlines()
    shown = {
        (namespace, identity["id"])
        for line in lines
        for namespace, identities in json.loads(line)["identityMap"].items()
        for identity in identities
    }
    assert {namespace for namespace, _ in shown} == {"ECID", "CRM", "Email", "Loyalty"}
    assert shown <= known


def test_records_have_the_attributes_and_the_person_that_journeys_see(tmp_path: Path) -> None:
    (tmp_path / "members.yaml").write_text(MEMBERS, encoding="utf-8")
    world = prepare(tmp_path / "members.yaml").world
    known = KnownPeople(world)
    for person, record in enumerate(profile_records(world, test_profiles=False)):
        seen = known.profile(person).attributes
        for part, value in seen.items():
            assert _within(value, record[part])
        assert seen["loyalty"]["tier"] in ("gold", "silver")
        assert seen["_acme"] == {"visits": 3}


def _within(part: object, whole: object) -> bool:
    """Whether an object has all that another one has."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _within(value, whole[key]) for key, value in part.items())
    return part == whole


def test_records_fit_the_schema_of_the_platform() -> None:
    schema = json.loads(shared_path("xdm/compiled/profile.mobile.strict.schema.json").read_text())
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    for record in profile_records(prepare(GALLERY, people=200).world, test_profiles=True):
        assert [error.message for error in validator.iter_errors(record)] == []

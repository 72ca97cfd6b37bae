"""Profile records, as a platform is seeded with them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from simulator.core.identifiers import ecid
from simulator.people import person_keys
from simulator.run import prepare, profile_records
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


def test_records_fit_the_schema_of_the_platform() -> None:
    schema = json.loads(shared_path("xdm/compiled/profile.mobile.strict.schema.json").read_text())
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    for record in profile_records(prepare(GALLERY, people=200).world, test_profiles=True):
        assert [error.message for error in validator.iter_errors(record)] == []

"""The national chain over real stores and towns: twenty thousand people, one day, and every line is valid."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from pathlib import Path

import jsonschema_rs
import orjson
import pytest

from simulator.core.errors import ExitCode
from simulator.people import Populator
from simulator.run import RunOptions, World, prepare, run
from simulator.xdm import EventValidator
from tests.gallery.summaries import SCENARIOS
from tests.shared_files import shared_path

SCENARIO = SCENARIOS / "national_chain.yaml"
STRICT = "xdm/compiled/experienceevent.mobile.strict.schema.json"


def overrides_of_the_comment(**files: Path) -> list[str]:
    """The --set options that the scenario's own comment shows, with real files in place of the reader's."""
    comment = re.search(
        r"^#   (journeysim run .*?[^\\])\n(?!#   )", SCENARIO.read_text(), re.DOTALL | re.MULTILINE
    )
    assert comment is not None
    command = re.sub(r" *\\\n# *", " ", comment[1])
    program, verb, scenario, *options = shlex.split(command)
    assert (program, verb, scenario) == ("journeysim", "run", "scenarios/national_chain.yaml")
    assert options[::2] == ["--set"] * (len(options) // 2)
    settings = options[1::2]
    for name, path in files.items():
        settings = [setting.replace(f"={name}.csv", f"={path}") for setting in settings]
    return settings


def farthest_from_a_store(world: World) -> float:
    """The longest way from anybody's home to the nearest store, in metres."""
    populator = Populator(world.scenario, world.places, world.towns)
    cohorts = [populator.populate(spec) for spec in world.cohorts()]
    ways = [world.places.nearest(one.home_lat, one.home_lon, 1, 1e6)[1].max() for one in cohorts]
    return float(max(ways))


@pytest.mark.slow
def test_a_day_of_a_real_chain_is_valid_line_by_line(tmp_path: Path) -> None:
    settings = overrides_of_the_comment(
        our_stores=shared_path("data/walmart_stores.csv"), our_towns=shared_path("data/us_cities_2014.csv")
    )
    strict = jsonschema_rs.Draft202012Validator(
        json.loads(shared_path(STRICT).read_text(encoding="utf-8")), validate_formats=True
    )
    target = tmp_path / "events.ndjson"
    prepared = prepare(SCENARIO, overrides=[*settings, f"destination.to=file:{target}"])
    assert (prepared.world.people, len(prepared.world.places.places)) == (20_000, 2_992)
    assert farthest_from_a_store(prepared.world) <= 15_000.0

    result = run(prepared, RunOptions(out=tmp_path / "record"))

    summary = result.summary
    assert result.exit_code is ExitCode.OK
    assert summary["simulated_seconds"] == 86_400
    assert sum(summary["outcomes"].values()) == summary["crossings"] > 5000
    ours = EventValidator()
    count: Counter[str] = Counter()
    ids = set()
    for line in target.read_bytes().splitlines():
        event = orjson.loads(line)
        assert strict.is_valid(event), line
        assert not ours.violations(event), line
        count[event["eventType"]] += 1
        ids.add(event["_id"])
    assert count == summary["events"]
    assert len(ids) == summary["sent"] == count.total()

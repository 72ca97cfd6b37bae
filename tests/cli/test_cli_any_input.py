"""Whatever a scenario, a file it names or an option holds: `check` answers with 0 or 2, and in plain words."""

from __future__ import annotations

import tempfile
from pathlib import Path

from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.program import TINY, call

KEYS = (
    *("seed", "name", "clock", "clock.start", "clock.duration", "clock.timezone", "clock.speed", "places"),
    *(
        "places.0",
        "places.0.file",
        "places.0.inline.0.at",
        "places.0.radius",
        "people",
        "people.neighbours.home",
    ),
    *("people.neighbours.size", "people.neighbours.work", "people.neighbours.schedule.errands.per_day"),
    *("people.neighbours.locale", "people.neighbours.phone", "people.neighbours.phone.os", "app.version"),
    *(
        "app.sessions.per_day",
        "destination.to",
        "destination.batch_size",
        "expect",
        "expect.0.metric",
        "a.b",
        "",
    ),
)
VALUES = st.one_of(
    st.text(max_size=20),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(
        [
            *(
                "null",
                "{}",
                "[]",
                "-",
                "file:",
                "file:x.ndjson",
                "http://",
                "http://[::1/collection/x",
                "1e9 km",
            ),
            *(
                "{normal: {mean: 1, sd: 1}}",
                "{choice: {}}",
                "{uniform: [9, 1]}",
                "{lognormal: {median: 0, sigma: 9}}",
            ),
            *(
                "0 s",
                "9999999 d",
                "[90, 180]",
                "[0, 0]",
                "{ios: 0}",
                "{x: -1}",
                "de",
                "9999-12-31T23:59",
                "0001-01-01",
            ),
        ]
    ),
)
CELLS = st.one_of(
    st.sampled_from(["", "1", "-85", "85.0001", "180", "nan", "inf", "1e400", "52,5", '"', "a;b", "\t", "ä"]),
    st.text(max_size=6),
)
TABLE = st.lists(st.lists(CELLS, max_size=5).map(",".join), max_size=6).map("\n".join)


def answered(result: Result) -> None:
    """The answer is good, or a list of mistakes with their number at its end."""
    assert result.exit_code in (0, 2), result.stderr
    assert "Traceback" not in result.stderr
    if result.exit_code == 2:
        assert result.stdout == ""
        assert result.stderr.splitlines()[-1].endswith(("mistake found.", "mistakes found."))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES), min_size=1, max_size=3))
def test_any_setting(changes: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "tiny.yaml"
        scenario.write_text(TINY)
        options = [part for key, value in changes for part in ("--set", f"{key}={value}")]
        answered(call("check", scenario, *options))


@settings(max_examples=100, deadline=None)
@given(TABLE | st.binary(max_size=60), st.sampled_from(["places", "towns"]), st.booleans())
def test_any_table(content: str | bytes, use: str, header: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scenario, table = Path(folder) / "tiny.yaml", Path(folder) / "table.csv"
        scenario.write_text(TINY)
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        first = b"name,population,latitude,longitude\n" if header else b""
        table.write_bytes(first + raw)
        columns = "columns: {latitude: latitude, longitude: longitude, name: name}"
        option = {
            "places": f"places=[{{library: A, file: {table}, format: csv, {columns}}}]",
            "towns": f"people.neighbours.home={{towns: {{file: {table}}}}}",
        }[use]
        answered(call("check", scenario, "--set", option))


DISTRIBUTIONS = st.sampled_from(
    [
        *(
            "{uniform: [0, 3]}",
            "{normal: {mean: 1, sd: 5}}",
            "{lognormal: {median: 1, sigma: 3}}",
            "0",
            "2.5",
        ),
        *("{exponential: {mean: 2, max: 4}}", "{choice: {0: 1, 1: 0}}", "{choice: [0, 7]}"),
    ]
)
TIMES = st.sampled_from(
    [
        *("0 s", "1 ms", "30 s", "9 h", "40 d"),
        *("{lognormal: {median: 1 h, sigma: 3}}", "{normal: {mean: 0 s, sd: 1 h, min: 0 s}}"),
    ]
)
MOMENTS = st.sampled_from(["00:00", "12:00", "23:59", "{uniform: ['00:00', '23:59']}"])
STARTS = st.sampled_from(
    ["2026-03-29T02:30", "2026-10-25T00:30", "2024-02-29T23:00", "1970-01-01T00:00", "2099-12-31T20:00"]
)
LENGTHS = st.sampled_from(
    ["10 m", "19 km", "0.1 m", "{lognormal: {median: 100 m, sigma: 2}}", "{uniform: [10 m, 20 km]}"]
)
EXTREMES = st.one_of(
    st.tuples(st.just("people.neighbours.schedule.errands.per_day"), DISTRIBUTIONS),
    st.tuples(st.just("people.neighbours.schedule.errands.stay"), TIMES),
    st.tuples(st.just("people.neighbours.schedule.errands.at"), MOMENTS),
    st.tuples(st.just("people.neighbours.schedule.lunch.stay"), TIMES),
    st.tuples(st.just("people.neighbours.schedule.lunch.at"), MOMENTS),
    st.tuples(st.just("people.neighbours.work.leave_home"), MOMENTS),
    st.tuples(st.just("people.neighbours.work.leave_work"), MOMENTS),
    st.tuples(st.just("people.neighbours.home.around.radius"), LENGTHS),
    st.tuples(st.just("places.0.inline.0.radius"), LENGTHS),
    st.tuples(st.just("app.sessions.per_day"), DISTRIBUTIONS),
    st.tuples(st.just("app.sessions.length"), TIMES),
    st.tuples(st.just("app.location_events"), st.sampled_from(["sdk", "rich"])),
    st.tuples(st.just("clock.start"), STARTS),
    st.tuples(
        st.just("clock.timezone"),
        st.sampled_from(["Asia/Kathmandu", "Pacific/Apia", "UTC", "Australia/Lord_Howe"]),
    ),
    st.tuples(st.just("clock.duration"), st.sampled_from(["1 ms", "1 s", "26 h"])),
    st.tuples(
        st.just("places.0.inline.0.at"),
        st.sampled_from(["[52.52, 13.405]", "[0, 180]", "[84.9, 0]", "[-85, -180]"]),
    ),
    st.tuples(
        st.just("people.neighbours.home.around.at"),
        st.sampled_from(["[0, -179.999]", "[84.9, 0]", "[-85, 180]"]),
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(EXTREMES, min_size=1, max_size=5))
def test_any_extreme_scenario_runs_and_every_event_of_it_is_accepted(changes: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "tiny.yaml"
        scenario.write_text(TINY + "expect:\n  - {metric: rejected, equals: 0}\n")
        options = [part for key, value in changes for part in ("--set", f"{key}={value}")]
        result = call("run", scenario, *options, "--out", Path(folder) / "record", "--quiet")
        if result.exit_code == 2:
            assert call("check", scenario, *options).exit_code == 2, result.stderr
        else:
            assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")

"""Quantities, positions, times and weights: what is read, what is refused, and that writing reads back."""

# ruff: noqa: E501  the tables of messages read better unbroken

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from simulator.scenario import quantities as q
from simulator.scenario import units
from simulator.scenario.units import BadValueError, Dimension, parse, written

FILE = q.FileContext(Path("/scenarios"))

DIMENSIONS = [
    units.LENGTH,
    units.DURATION,
    units.SPEED,
    units.RATE,
    units.SHARE,
    units.NUMBER,
    units.COUNT,
    units.TIME,
    units.LATITUDE,
    units.LONGITUDE,
]


def load(kind: object, value: object) -> object:
    return TypeAdapter(kind).validate_python(value, context=FILE)


def refusal(kind: object, value: object) -> list[tuple[object, str, str]]:
    with pytest.raises(ValidationError) as caught:
        load(kind, value)
    (error,) = caught.value.errors()
    return [(issue.path, issue.what, issue.expected) for issue in error["ctx"]["issues"]]


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        (q.Length, "120 m", 120.0),
        (q.Length, "120m", 120.0),
        (q.Length, "1.5 km", 1500.0),
        (q.Length, "2 mi", 3218.688),
        (q.Length, "10 ft", 3.048),
        (q.Length, "10 yd", 9.144),
        (q.Length, " 1e3 m ", 1000.0),
        (q.Length, 0, 0.0),
        (q.Length, "0", 0.0),
        (q.Duration, "250 ms", 0.25),
        (q.Duration, "90 s", 90.0),
        (q.Duration, "5 min", 300.0),
        (q.Duration, "2 h", 7200.0),
        (q.Duration, "1 d", 86_400.0),
        (q.Duration, "1 w", 604_800.0),
        (q.Duration, {"constant": "5 min"}, 300.0),
        (q.Speed, "36 km/h", 10.0),
        (q.Speed, "1.4 m/s", 1.4),
        (q.Speed, "10 mph", 4.4704),
        (q.Speed, "10 ft/s", 3.048),
        (q.Rate, "500/s", 500.0),
        (q.Rate, "30 /min", 0.5),
        (q.Rate, "1800/h", 0.5),
        (q.Share, 0.3, 0.3),
        (q.Share, "30 %", 0.3),
        (q.Share, "7%", 0.07),
        (q.Number, -2.5, -2.5),
        (q.Number, "60", 60.0),
        (q.Count, 200, 200),
        (q.Count, 1e3, 1000),
        (q.Latitude, -90, -90.0),
        (q.Longitude, 180, 180.0),
    ],
)
def test_a_quantity_is_read_in_si_units(kind: object, text: object, number: float) -> None:
    assert load(kind, text) == number


@pytest.mark.parametrize(
    ("kind", "value", "what", "expected"),
    [
        (q.Length, 100, "100 has no unit", "expected a length in m, km, mi, ft or yd, such as 100 m"),
        (q.Length, "100", "'100' has no unit", "expected a length in m, km, mi, ft or yd, such as 100 m"),
        (q.Length, "3 parsec", "'parsec' in '3 parsec' is not a unit of length", "valid units are m, km, mi, ft or yd"),
        (q.Length, "3 metres", "'metres' in '3 metres' is not a unit of length", "did you mean '3 m'?"),
        (q.Length, "3 KM", "'KM' in '3 KM' is not a unit of length", "did you mean '3 km'?"),
        (q.Length, "-3 m", "'-3 m' is out of range", "must be 0 or more"),
        (q.Length, "far", "'far' is not a length", "expected a length such as 120 m or 2 mi"),
        (q.Length, True, "true is not a length", "expected a length such as 120 m or 2 mi"),
        (q.Length, [1], "a list is not a length", "expected a length such as 120 m or 2 mi"),
        (q.Length, math.nan, "not a finite number", "expected a length such as 120 m or 2 mi"),
        (q.Length, "1e999 m", "not a finite number", "expected a length such as 120 m or 2 mi"),
        (q.Length, "1,000 m", "'1,000 m' is not a length", "expected a length such as 120 m or 2 mi"),
        (q.Duration, "5 m", "'m' in '5 m' is not a unit of duration", "did you mean '5 min'?"),
        (q.Speed, "0 m/s", "'0 m/s' is out of range", "must be greater than 0"),
        (q.Speed, "5 kmh", "'kmh' in '5 kmh' is not a unit of speed", "did you mean '5 km/h'?"),
        (q.Rate, 500, "500 has no unit", "expected a rate in /s, /min, /h or /d, such as 500/s"),
        (q.Share, 1.2, "1.2 is out of range", "must lie between 0 and 1"),
        (q.Share, "120 %", "'120 %' is out of range", "must lie between 0 and 1"),
        (q.Number, "many", "'many' is not a number", "expected a number such as 2.5"),
        (q.Number, 10**400, "not a finite number", "expected a number such as 2.5"),
        (q.Count, 2.5, "2.5 is not a whole number", "expected a whole number such as 200"),
        (q.Count, -1, "-1 is out of range", "must be 0 or more"),
        (q.Latitude, 90.1, "90.1 is out of range", "must lie between -90 and 90"),
    ],
)  # fmt: skip
def test_a_wrong_quantity_is_refused_with_a_reason(
    kind: object, value: object, what: str, expected: str
) -> None:
    assert refusal(kind, value) == [((), what, expected)]


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda dimension: dimension.name)
@given(data=st.data())
def test_a_written_quantity_reads_back_exactly(dimension: Dimension, data: st.DataObject) -> None:
    low, high = max(dimension.low, -1e300), min(dimension.high, 1e300)
    number = data.draw(st.floats(low, high, exclude_min=dimension.positive))
    if dimension.whole:
        number = math.floor(min(number, 1e300))
    assert parse(written(number, dimension), dimension) == number


@given(
    number=st.floats(0, 1e12),
    unit=st.sampled_from(sorted(units.LENGTH.units)),
    space=st.sampled_from(["", " ", "  "]),
)
def test_every_unit_is_read_with_and_without_space(number: float, unit: str, space: str) -> None:
    times, divisor = units.LENGTH.units[unit]
    assert parse(f"{number!r}{space}{unit}", units.LENGTH) == number * times / divisor


@given(st.text())
def test_no_text_makes_reading_a_quantity_fail_in_any_other_way(text: str) -> None:
    for dimension in DIMENSIONS:
        try:
            number = parse(text, dimension)
        except BadValueError as bad:
            assert bad.what
        else:
            assert dimension.low <= number <= dimension.high


def test_readable_units_are_chosen_when_writing() -> None:
    assert [written(x, units.DURATION) for x in (1500.0, 86_400.0, 0.25, 0.0, 90.0)] == [
        "25 min", "1 d", "250 ms", 0, "90 s",
    ]  # fmt: skip
    assert [written(x, units.LENGTH) for x in (100.0, 3000.0, 1234.5)] == ["100 m", "3 km", "1234.5 m"]
    assert written(30_600.0, units.TIME) == "08:30"


def test_python_code_may_give_si_units_where_a_file_needs_a_unit() -> None:
    assert TypeAdapter(q.Length).validate_python(100.0) == 100.0
    assert refusal(q.Length, 100.0)


@pytest.mark.parametrize(
    "value", [[52.52, 13.405], {"lat": 52.52, "lon": 13.405}, {"latitude": 52.52, "longitude": 13.405}]
)
def test_a_position_has_three_forms(value: object) -> None:
    assert load(q.Position, value) == q.Position(latitude=52.52, longitude=13.405)


@pytest.mark.parametrize(
    ("value", "issues"),
    [
        ([52.52], [((), "a list is not a position", "expected [latitude, longitude] in degrees, such as [52.52, 13.405]")]),
        ({"lat": 1}, [((), "is not a position", "expected [latitude, longitude] or {lat: ..., lon: ...}")]),
        ([-122.4, 37.8], [((0,), "-122.4 is out of range", "must lie between -90 and 90; the latitude comes first")]),
        ([91, 181], [((0,), "91 is out of range", "must lie between -90 and 90"),
                     ((1,), "181 is out of range", "must lie between -180 and 180")]),
        ({"lat": "x", "lon": 1}, [(("lat",), "'x' is not a latitude in degrees", "expected a latitude in degrees such as 52.52")]),
        ([90, 0], [((0,), "latitude 90 is too near the pole", "must lie between -85 and 85")]),
    ],
)  # fmt: skip
def test_a_wrong_position_is_refused_with_a_reason(value: object, issues: list[object]) -> None:
    assert refusal(q.Position, value) == issues


@pytest.mark.parametrize("text", ["2026-03-02T11:00", "2026-03-02 11:00", "2026-03-02T11:00:00"])
def test_a_local_time_is_a_date_and_a_time(text: str) -> None:
    assert load(q.LocalDateTime, text) == datetime(2026, 3, 2, 11)  # noqa: DTZ001
    assert load(q.LocalDateTime, "2026-03-02") == datetime(2026, 3, 2)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("2026-03-02T11:00Z", "'2026-03-02T11:00Z' has an offset"),
        ("2026-03-02T11:00+01:00", "'2026-03-02T11:00+01:00' has an offset"),
        ("2026-02-30", "'2026-02-30' does not exist on the calendar"),
        ("2026-03-02T25:00", "'2026-03-02T25:00' does not exist on the calendar"),
        ("0001-01-01T00:00", "'0001-01-01T00:00' is out of reach"),
        ("2200-01-01", "'2200-01-01' is out of reach"),
        ("tomorrow", "'tomorrow' is not a date and time"),
        (2026, "2026 is not a date and time"),
    ],
)
def test_a_wrong_local_time_is_refused_with_a_reason(value: object, what: str) -> None:
    assert refusal(q.LocalDateTime, value)[0][1] == what


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Berlni", "did you mean 'Europe/Berlin'?"),
        ("europe/berlin ", "did you mean 'Europe/Berlin'?"),
        ("Los Angeles", "did you mean 'America/Los_Angeles'?"),
        ("../../etc/passwd", "expected a name of the tz database such as Europe/Berlin"),
        ("xxxxxxxx", "expected a name of the tz database such as Europe/Berlin"),
    ],
)
def test_an_unknown_time_zone_names_the_nearest_one(name: str, hint: str) -> None:
    assert refusal(q.TimeZone, name) == [((), f"unknown time zone {name!r}", hint)]


def test_a_time_zone_is_loaded_by_name() -> None:
    assert load(q.TimeZone, "Europe/Berlin") == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "weights"),
    [
        ("ios", {"ios": 1.0}),
        (["a", "b"], {"a": 1.0, "b": 1.0}),
        (["a", "a", "b"], {"a": 2.0, "b": 1.0}),
        ({"a": 3, "b": 0, "c": 0.5}, {"a": 3.0, "c": 0.5}),
        ({"a": "30 %", "b": "70%"}, {"a": 0.3, "b": 0.7}),
    ],
)
def test_weights_are_a_name_a_list_or_a_mapping(value: object, weights: dict[str, float]) -> None:
    assert load(q.Weights, value) == weights


@pytest.mark.parametrize(
    ("value", "issue"),
    [
        ({}, ((), "is empty")),
        ([], ((), "is empty")),
        ("", ((), "is empty")),
        ({"a": 0}, ((), "all weights are 0")),
        ({"a": -1}, (("a",), "-1 is out of range")),
        ({"a": "much"}, (("a",), "'much' is not a number")),
        ([1, "b"], ((0,), "1 is not text")),
        (5, ((), "5 is not text")),
    ],
)
def test_wrong_weights_are_refused_with_a_reason(value: object, issue: tuple[object, str]) -> None:
    assert [found[:2] for found in refusal(q.Weights, value)] == [issue]


def test_a_file_is_relative_to_the_scenario_but_one_from_the_call_to_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(q.FilePath, "data/places.csv") == Path("/scenarios/data/places.csv")
    assert load(q.FilePath, q.CommandLineText("places.csv")) == tmp_path / "places.csv"
    assert load(q.FilePath, "/data/places.csv") == Path("/data/places.csv")


@pytest.mark.parametrize("value", ["", "  ", "a\0b", 5, ["a"]])
def test_what_can_be_no_path_is_refused(value: object) -> None:
    assert "is not the path of a file" in refusal(q.FilePath, value)[0][1]

"""The types of the scenario file's values, as the models use them.

Each is an ``Annotated`` type whose marker reads the value, writes it back in readable units and describes
it for the JSON Schema. In a file a quantity needs its unit; Python code may also give floats in SI units.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from simulator.core import distributions
from simulator.scenario import units
from simulator.scenario.notation import (
    BadValuesError,
    fit_distribution,
    read_distribution,
    write_distribution,
)
from simulator.scenario.units import BadValueError, Dimension, nearest, parse, shown, written

ERROR_TYPE = "scenario_value"
_LIMIT_KEYWORDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
MARK = "x-scenario-type"  # in the raw JSON Schema: replaced by a reference to the shared definition


@dataclass(frozen=True, slots=True)
class FileContext:
    """Validation context of values that come from a file: units are needed, paths are relative to it."""

    folder: Path


class CommandLineText(str):
    """Text that came from ``--set``: paths in it are relative to the current directory."""

    __slots__ = ()


Context = FileContext | None


@dataclass(frozen=True, slots=True, eq=False)
class Marker:
    """What turns a written value into a loaded one and back; ``name`` is that of the schema's definition."""

    name: str
    noun: str
    read: Callable[[Any, Context], Any]
    write: Callable[[Any], Any]
    dimension: Dimension | None = None
    random: bool = False
    example: str = ""

    @property
    def expected(self) -> str:
        """What a right value looks like, to end a message with."""
        if self.dimension is not None:
            return self.dimension.expected
        return f"expected {self.noun} such as {self.example}"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        serialization = core_schema.plain_serializer_function_ser_schema(self.write)
        if self.dimension is not None and not self.random:
            # The limits of the field (`gt=0`) are in the inner schema, which sees the loaded number.
            return core_schema.with_info_before_validator_function(
                self._validate, handler(source), serialization=serialization
            )
        return core_schema.with_info_plain_validator_function(self._validate, serialization=serialization)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        if self.dimension is None or self.random:
            return {MARK: self.name}
        return {MARK: self.name} | {
            keyword: limit for keyword, limit in handler(schema).items() if keyword in _LIMIT_KEYWORDS
        }

    def _validate(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        try:
            return self.read(value, info.context if isinstance(info.context, FileContext) else None)
        except BadValueError as bad:
            issues = [bad]
        except BadValuesError as bad:
            issues = bad.issues
        message = "; ".join(f"{issue.what} ({issue.expected})" for issue in issues)
        raise PydanticCustomError(ERROR_TYPE, "{message}", {"message": message, "issues": issues})


# --- quantities and distributions -------------------------------------------------------------------------


def _fixed(dimension: Dimension) -> Marker:
    def read(value: Any, context: Context) -> float:
        if isinstance(value, Mapping) and len(value) == 1 and "constant" in value:
            value = value["constant"]
        number = parse(value, dimension, si=context is None)
        return int(number) if dimension.whole else number

    return Marker(dimension.name, dimension.noun, read, lambda number: written(number, dimension), dimension)


def _random(dimension: Dimension) -> Marker:
    def read(value: Any, context: Context) -> distributions.Distribution:
        if callable(getattr(value, "ppf", None)):
            return fit_distribution(value, dimension)
        return read_distribution(value, dimension, si=context is None)

    def write(value: distributions.Distribution) -> Any:
        return write_distribution(value, dimension)

    return Marker(
        f"Random{dimension.name}", f"{dimension.noun} or a distribution", read, write, dimension, True
    )


Length = Annotated[float, _fixed(units.LENGTH)]
Duration = Annotated[float, _fixed(units.DURATION)]
Speed = Annotated[float, _fixed(units.SPEED)]
Rate = Annotated[float, _fixed(units.RATE)]
Share = Annotated[float, _fixed(units.SHARE)]
Number = Annotated[float, _fixed(units.NUMBER)]
Bound = Annotated[float, _fixed(units.BOUND)]
Count = Annotated[int, _fixed(units.COUNT)]
TimeOfDay = Annotated[float, _fixed(units.TIME)]
Size = Annotated[float, _fixed(units.SIZE)]
Latitude = Annotated[float, _fixed(units.LATITUDE)]
Longitude = Annotated[float, _fixed(units.LONGITUDE)]

RandomLength = Annotated[distributions.Distribution, _random(units.LENGTH)]
RandomDuration = Annotated[distributions.Distribution, _random(units.DURATION)]
RandomSpeed = Annotated[distributions.Distribution, _random(units.SPEED)]
RandomRate = Annotated[distributions.Distribution, _random(units.RATE)]
RandomShare = Annotated[distributions.Distribution, _random(units.SHARE)]
RandomNumber = Annotated[distributions.Distribution, _random(units.AMOUNT)]
RandomCount = Annotated[distributions.Distribution, _random(units.COUNT)]
RandomTime = Annotated[distributions.Distribution, _random(units.TIME)]


# --- positions --------------------------------------------------------------------------------------------


class Position(NamedTuple):
    """A point on Earth, in degrees."""

    latitude: float
    longitude: float

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return _POSITION.__get_pydantic_core_schema__(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return _POSITION.__get_pydantic_json_schema__(schema, handler)


_POSITION_EXPECTED = "expected [latitude, longitude] in degrees, such as [52.52, 13.405]"
# Ways are straight in latitude and longitude; so near a pole that is no map any more.
MAX_LATITUDE = 85.0


def _read_position(value: Any, context: Context) -> Position:
    pair: tuple[Any, Any]
    keys: tuple[str | int, str | int]
    if isinstance(value, Mapping):
        pair, keys = _position_of_mapping(value)
    elif isinstance(value, list | tuple) and len(value) == 2:
        pair, keys = (value[0], value[1]), (0, 1)
    else:
        numbers_too_many = isinstance(value, list | tuple) and all(isinstance(one, int) for one in value)
        dots = "; decimals have a dot, not a comma" if numbers_too_many and len(value) == 4 else ""
        raise BadValueError(f"{shown(value)} is not a position", _POSITION_EXPECTED + dots)
    issues: list[BadValueError] = []
    numbers: list[float] = []
    for index, dimension in enumerate((units.LATITUDE, units.LONGITUDE)):
        try:
            numbers.append(parse(pair[index], dimension))
        except BadValueError as bad:
            expected = bad.expected
            if dimension is units.LATITUDE and _looks_swapped(pair):
                expected += "; the latitude comes first"
            issues.append(BadValueError(bad.what, expected, (keys[index],)))
    if issues:
        raise BadValuesError(issues)
    if abs(numbers[0]) > MAX_LATITUDE:
        raise BadValueError(
            f"latitude {shown(pair[0])} is too near the pole",
            f"must lie between {-MAX_LATITUDE:g} and {MAX_LATITUDE:g}",
            (keys[0],),
        )
    return Position(*numbers)


def _position_of_mapping(value: Mapping[Any, Any]) -> tuple[tuple[Any, Any], tuple[str, str]]:
    for keys in (("lat", "lon"), ("latitude", "longitude")):
        if set(value) == set(keys):
            return (value[keys[0]], value[keys[1]]), keys
    raise BadValueError("is not a position", "expected [latitude, longitude] or {lat: ..., lon: ...}")


def _looks_swapped(pair: tuple[Any, Any]) -> bool:
    try:
        parse(pair[0], units.LONGITUDE)
        parse(pair[1], units.LATITUDE)
    except BadValueError:
        return False
    return True


def _write_position(position: Position) -> list[float]:
    return [float(position.latitude), float(position.longitude)]


_POSITION = Marker(
    "Position", "[latitude, longitude] in degrees", _read_position, _write_position, example="[52.52, 13.405]"
)


def marker_of_position() -> Marker:
    """The marker of :class:`Position`, which carries it itself instead of in an annotation."""
    return _POSITION


# --- files ------------------------------------------------------------------------------------------------


def read_path(value: Any, context: Context) -> Path:
    """The absolute path that ``value`` names, from the scenario's folder or the current one."""
    if isinstance(value, Path):
        return value.absolute()
    if not isinstance(value, str):
        raise BadValueError(
            f"{shown(value)} is not the path of a file", "expected text such as data/places.csv"
        )
    if not value.strip() or "\0" in value:
        raise BadValueError("is not the path of a file", "expected text such as data/places.csv")
    path = Path(value)
    if path.parts[0].startswith("~"):
        try:
            path = path.expanduser()
        except RuntimeError:
            raise BadValueError(
                f"{shown(path.parts[0])} is no known home folder", "write the whole path"
            ) from None
    relative_to_file = context is not None and not isinstance(value, CommandLineText)
    # os.path.normpath is not used on purpose: it is wrong after a symbolic link.
    return (context.folder / path if context is not None and relative_to_file else path).absolute()


FilePath = Annotated[
    Path,
    Marker(
        "FilePath", "the path of a file", read_path, lambda path: path.as_posix(), example="data/places.csv"
    ),
]


# --- time -------------------------------------------------------------------------------------------------

LOCAL_TIME_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
_LOCAL_TIME = re.compile(LOCAL_TIME_PATTERN)
_LOCAL_TIME_EXPECTED = "expected a local date and time such as 2026-03-02T11:00"
_YEARS = (1971, 2199)
"""Runs begin after the epoch of timestamps, in any time zone, and end while calendars and time zones still reach."""


def _read_local_time(value: Any, context: Context) -> datetime:
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise BadValueError(f"{value} has an offset", "write local time; the zone stands in `timezone`")
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  local time has no zone
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(rf"{LOCAL_TIME_PATTERN}\s*(?:Z|[-+][0-9]{{1,2}}:?(?:[0-9]{{2}})?)", text):
        raise BadValueError(
            f"{shown(value)} has an offset", "write local time; the zone stands in `timezone`"
        )
    if not _LOCAL_TIME.fullmatch(text):
        raise BadValueError(f"{shown(value)} is not a date and time", _LOCAL_TIME_EXPECTED)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadValueError(f"{shown(value)} does not exist on the calendar", _LOCAL_TIME_EXPECTED) from None
    first, last = _YEARS
    if not first <= moment.year <= last:
        raise BadValueError(f"{shown(value)} is out of reach", f"expected a year from {first} to {last}")
    return moment


def _write_local_time(value: datetime) -> str:
    return value.isoformat(timespec="seconds" if value.second else "minutes")


LocalDateTime = Annotated[
    datetime,
    Marker(
        "LocalDateTime",
        "a local date and time",
        _read_local_time,
        _write_local_time,
        example="2026-03-02T11:00",
    ),
]


def _read_zone(value: Any, context: Context) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    expected = "expected a name of the tz database such as Europe/Berlin"
    if not isinstance(value, str) or not value:
        raise BadValueError(f"{shown(value)} is not a time zone", expected)
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = sorted(available_timezones())
        cities = {zone.rpartition("/")[2]: zone for zone in zones}
        spelt = value.strip().replace(" ", "_")
        near = nearest(spelt, zones) or cities.get(nearest(spelt, list(cities)) or "")
        hint = f"did you mean {near!r}?" if near else expected
        raise BadValueError(f"unknown time zone {shown(value)}", hint) from None


TimeZone = Annotated[
    ZoneInfo, Marker("TimeZone", "a time zone", _read_zone, lambda zone: zone.key, example="Europe/Berlin")
]


# --- weights ----------------------------------------------------------------------------------------------

_WEIGHTS_EXPECTED = "expected one name, a list of names, or weights such as {a: 3, b: 1}"


def _read_weights(value: Any, context: Context) -> dict[str, float]:
    if isinstance(value, str):
        if not value:
            raise BadValueError("is empty", _WEIGHTS_EXPECTED)
        return {value: 1.0}
    if isinstance(value, list | tuple):
        issues = [
            BadValueError(
                f"{shown(name)} is not text",
                "put it in quotes" if isinstance(name, int | float) else "",
                (index,),
            )
            for index, name in enumerate(value)
            if not isinstance(name, str) or not name
        ]
        weights = {} if issues else {str(name): float(value.count(name)) for name in value}
    elif isinstance(value, Mapping):
        weights, issues = _read_weight_map(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        raise BadValueError(
            f"{shown(value)} is not text",
            f"put it in quotes, or {_WEIGHTS_EXPECTED.replace('expected', 'write')}",
        )
    else:
        raise BadValueError(f"{shown(value)} is not a choice", _WEIGHTS_EXPECTED)
    if issues:
        raise BadValuesError(issues)
    if not weights:
        raise BadValueError("is empty" if not value else "all weights are 0", _WEIGHTS_EXPECTED)
    return weights


def _read_weight_map(value: Mapping[Any, Any]) -> tuple[dict[str, float], list[BadValueError]]:
    weights: dict[str, float] = {}
    issues: list[BadValueError] = []
    for name, weight in value.items():
        percent = isinstance(weight, str) and weight.rstrip().endswith("%")
        try:
            number = parse(weight, units.SHARE if percent else units.AMOUNT)
        except BadValueError as bad:
            issues.append(BadValueError(bad.what, "expected a weight such as 3 or 30 %", (str(name),)))
        else:
            if number > 0:
                weights[str(name)] = number
    return weights, issues


def _write_weights(weights: Mapping[str, float]) -> dict[str, Any]:
    return {name: written(weight, units.AMOUNT) for name, weight in weights.items()}


Weights = Annotated[
    dict[str, float],
    Marker("Weights", "a name, a list or weights", _read_weights, _write_weights, example="{a: 3, b: 1}"),
]

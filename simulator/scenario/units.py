"""Quantities as people write them: ``120 m``, ``2 mi``, ``90 s``, ``30 %``, ``08:00``.

A :class:`Dimension` says which units a quantity may carry, within which limits it must lie, and how a value
is written back. Loaded values are plain floats in SI units.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

NUMBER_PATTERN = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
CLOCK_PATTERN = r"(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9])?"

_QUANTITY = re.compile(rf"({NUMBER_PATTERN})\s*(.*)", re.DOTALL)
_CLOCK = re.compile(CLOCK_PATTERN)
_DAY = 86_400.0
_RARE = ("mi", "ft", "yd", "km/h", "mph", "ft/s", "w")  # read, but not chosen when writing


class BadValueError(Exception):
    """A value that can't be read: ``what`` is wrong with it, what is ``expected``, and where inside it.

    ``at_key`` says that the last key of ``path`` is wrong, not what stands behind it.
    """

    def __init__(
        self, what: str, expected: str = "", path: tuple[str | int, ...] = (), *, at_key: bool = False
    ) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.path = path
        self.at_key = at_key


@dataclass(frozen=True, slots=True)
class Dimension:
    """A kind of quantity.

    ``units`` maps each unit to its size as (times, divided by); the first is the SI unit itself. ``examples``
    end the messages of what was expected. ``low`` and ``high`` are the limits of any value of this kind;
    ``positive`` excludes ``low`` itself. ``floor`` is where distributions without a lower limit of their own
    are cut off, in SI units. ``whole`` values are whole numbers, ``clock`` ones may be written ``08:00``.
    """

    name: str
    noun: str
    examples: tuple[str, ...]
    units: Mapping[str, tuple[float, float]]
    low: float = -math.inf
    high: float = math.inf
    positive: bool = False
    floor: float = 0.0
    whole: bool = False
    clock: bool = False

    @property
    def expected(self) -> str:
        """What a right value looks like, to end a message with."""
        return f"expected {self.noun} such as {' or '.join(self.examples)}"


# Unit: (times, divided by). Two numbers, because 7 * 0.01 is not 0.07 but 7 / 100 is.
Units = Mapping[str, tuple[float, float]]
_LENGTHS: Units = {"m": (1, 1), "km": (1000, 1), "mi": (1609.344, 1), "ft": (0.3048, 1), "yd": (0.9144, 1)}
_DURATIONS: Units = {
    "s": (1, 1), "ms": (1, 1000), "min": (60, 1), "h": (3600, 1), "d": (_DAY, 1), "w": (7 * _DAY, 1)
}  # fmt: skip
_SPEEDS: Units = {"m/s": (1, 1), "km/h": (1000, 3600), "mph": (1609.344, 3600), "ft/s": (0.3048, 1)}
_RATES: Units = {"/s": (1, 1), "/min": (1, 60), "/h": (1, 3600), "/d": (1, _DAY)}
_SIZES: Units = {"B": (1, 1), "kB": (1000, 1), "MB": (1_000_000, 1), "GB": (1_000_000_000, 1)}
_PLAIN: Units = {"": (1, 1)}

LENGTH = Dimension("Length", "a length", ("120 m", "2 mi"), _LENGTHS, low=0.0)
DURATION = Dimension("Duration", "a duration", ("90 s", "5 min"), _DURATIONS, low=0.0)
# Distributions of speed end at 0.1 m/s: nobody arrives at 0, and a trip must end.
SPEED = Dimension("Speed", "a speed", ("1.4 m/s", "50 km/h"), _SPEEDS, low=0.0, positive=True, floor=0.1)
RATE = Dimension("Rate", "a rate", ("500/s", "30/min"), _RATES, low=0.0)
SHARE = Dimension("Share", "a share", ("0.3", "30 %"), {"": (1, 1), "%": (1, 100)}, low=0.0, high=1.0)
NUMBER = Dimension("Number", "a number", ("2.5",), _PLAIN)
AMOUNT = Dimension("Amount", "a number", ("2.5",), _PLAIN, low=0.0)
# What a metric of a summary must be: seconds, shares and rates may say so.
BOUND = Dimension(
    "Bound", "a number", ("2.5", "500 ms", "1 %"), {**_PLAIN, "%": (1, 100), **_DURATIONS, **_RATES}
)
SIZE = Dimension("Size", "a size", ("100 MB", "2 GB"), _SIZES, low=0.0)
COUNT = Dimension("Count", "a whole number", ("200",), _PLAIN, low=0.0, whole=True)
LATITUDE = Dimension("Latitude", "a latitude in degrees", ("52.52",), _PLAIN, low=-90.0, high=90.0)
LONGITUDE = Dimension("Longitude", "a longitude in degrees", ("13.405",), _PLAIN, low=-180.0, high=180.0)
TIME = Dimension("Time", "a time of day", ("08:00", "17:30"), _DURATIONS, low=0.0, high=_DAY, clock=True)


def shown(value: object) -> str:
    """A value as messages show it: short, on one line, text in quotes."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    text = text if len(text) <= 40 else text[:37] + "..."
    return repr(text) if isinstance(value, str) else text


def nearest(word: str, valid: Sequence[str]) -> str | None:
    """The valid word that ``word`` most likely was meant to be, if any is near."""
    lower = {name.lower(): name for name in valid}
    found = get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def one_of(names: Sequence[str], *, joint: str = "or", limit: int = 12) -> str:
    """``a, b or c``, cut after ``limit`` names."""
    if len(names) > limit:
        return ", ".join(names[:limit]) + f" and {len(names) - limit} more"
    return ", ".join(names[:-1]) + f" {joint} {names[-1]}" if len(names) > 1 else "".join(names)


def parse(value: object, dimension: Dimension, *, si: bool = False) -> float:
    """``value`` in SI units, within the limits of ``dimension``; raises :class:`BadValueError`.

    ``si`` allows a bare number for quantities with units, which Python code may give; a file may not.
    """
    number = _parse(value, dimension, si)
    check_limits(number, dimension, value)
    return number


def check_limits(number: float, dimension: Dimension, value: object) -> None:
    """Refuse a number outside the limits of ``dimension``; ``value`` is how it was written."""
    low, high = dimension.low, dimension.high
    if number < low or number > high or (dimension.positive and number == low):
        if math.isinf(high):
            limits = f"must be greater than {low:g}" if dimension.positive else f"must be {low:g} or more"
        else:
            limits = f"must lie between {written(low, dimension)} and {written(high, dimension)}"
            if "%" in dimension.units and isinstance(value, int | float) and 2 <= value <= 100:
                limits += f"; did you mean '{value:g} %'?"
        raise BadValueError(f"{shown(value)} is out of range", limits)


def _parse(value: object, dimension: Dimension, si: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadValueError(f"{shown(value)} is not {dimension.noun}", dimension.expected)
    if isinstance(value, str):
        return _parse_text(value.strip(), dimension, si)
    number = _finite(value, dimension)
    if "" not in dimension.units and number != 0 and not si:
        raise BadValueError(f"{shown(value)} has no unit", _units_expected(dimension, str(value)))
    return number


def _parse_text(text: str, dimension: Dimension, si: bool) -> float:
    if dimension.clock and _CLOCK.fullmatch(text):
        hours, minutes, seconds = ([*map(int, text.split(":")), 0])[:3]
        return hours * 3600.0 + minutes * 60.0 + seconds
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise BadValueError(f"{shown(text)} is not {dimension.noun}", dimension.expected)
    digits, unit = match.groups()
    number = _finite(float(digits), dimension)
    if not unit and "" not in dimension.units:
        if number == 0 or si:
            return number
        raise BadValueError(f"{shown(text)} has no unit", _units_expected(dimension, digits))
    factor = dimension.units.get(unit)
    if factor is None:
        raise BadValueError(*_bad_unit(text, digits, unit, dimension))
    return _finite(number * factor[0] / factor[1], dimension)


def _finite(number: float, dimension: Dimension) -> float:
    try:
        result = float(number)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise BadValueError("not a finite number", dimension.expected)
    if dimension.whole and result != math.floor(result):
        raise BadValueError(f"{shown(number)} is not a whole number", dimension.expected)
    return result


def _units_expected(dimension: Dimension, digits: str) -> str:
    return (
        f"expected {dimension.noun} in {one_of(list(dimension.units))}, such as {_example(dimension, digits)}"
    )


def _example(dimension: Dimension, digits: str) -> str:
    unit = "min" if dimension is DURATION else next(iter(dimension.units))
    return f"{digits}{'' if unit.startswith('/') else ' '}{unit}"


_OTHER_SPELLINGS = {
    "meter": "m", "meters": "m", "metre": "m", "metres": "m", "kilometer": "km", "kilometers": "km",
    "kilometre": "km", "kilometres": "km", "mile": "mi", "miles": "mi", "foot": "ft", "feet": "ft",
    "yard": "yd", "yards": "yd", "sec": "s", "second": "s", "seconds": "s", "minute": "min", "minutes": "min",
    "mins": "min", "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "day": "d", "days": "d", "week": "w",
    "weeks": "w", "milliseconds": "ms", "kmh": "km/h", "kph": "km/h", "mps": "m/s", "fps": "ft/s",
    "percent": "%", "per second": "/s", "per minute": "/min", "per hour": "/h", "per day": "/d",
}  # fmt: skip


def _bad_unit(text: str, digits: str, unit: str, dimension: Dimension) -> tuple[str, str]:
    named = [name for name in dimension.units if name]
    if not named or not re.fullmatch(r"[A-Za-z%/ ]+", unit):
        return f"{shown(text)} is not {dimension.noun}", dimension.expected
    meant = _OTHER_SPELLINGS.get(unit.lower(), unit.lower())
    if dimension is DURATION and unit == "m":
        meant = "min"
    what = f"{shown(unit)} in {shown(text)} is not a unit of {dimension.name.lower()}"
    if dimension.clock:
        return f"{shown(text)} is not {dimension.noun}", dimension.expected
    if meant in dimension.units and meant != unit:
        return what, f"did you mean {(digits if meant[0] in '/' else digits + ' ') + meant!r}?"
    return what, f"valid units are {one_of(named)}"


def written(number: float, dimension: Dimension) -> float | int | str:
    """``number`` (SI units) as a scenario file would say it; reading it back gives the same number."""
    if "" in dimension.units:
        return int(number) if number == math.floor(number) and abs(number) < 1e15 else float(number)
    if dimension.clock and number == math.floor(number) and 0 <= number <= _DAY:
        minutes, seconds = divmod(int(number), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    if number == 0:
        return 0
    # The metric unit with the fewest digits that reads back exactly; among equals the one listed first.
    best, chosen = _short(number), next(iter(dimension.units))
    for unit, (times, divisor) in dimension.units.items():
        digits = _short(number * divisor / times)
        if unit not in _RARE and len(digits) < len(best) and float(digits) * times / divisor == number:
            best, chosen = digits, unit
    return best + ("" if chosen.startswith("/") else " ") + chosen


def _short(number: float) -> str:
    return str(int(number)) if number == math.floor(number) and abs(number) < 1e15 else repr(number)

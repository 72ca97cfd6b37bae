"""The one notation of distributions: ``{lognormal: {median: 25 min, sigma: 0.5}}``.

Wherever a scenario file may give a distribution it may give a plain quantity, which is then a constant.
The value is read against a :class:`~simulator.scenario.units.Dimension`, so that a length can't be
negative and a time of day stays within the day.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from simulator.core import numerics
from simulator.core.distributions import (
    Choice,
    Constant,
    Distribution,
    Exponential,
    LogNormal,
    Normal,
    PowerLaw,
    Uniform,
)
from simulator.scenario.units import (
    AMOUNT,
    DURATION,
    BadValueError,
    Dimension,
    check_limits,
    nearest,
    one_of,
    parse,
    shown,
    written,
)

KINDS = ("constant", "uniform", "normal", "lognormal", "exponential", "power_law", "choice")
_EXPONENT_LIMIT = 10.0
Issues = list[BadValueError]
_SIGMA_LIMIT = 10.0  # e^(10 * 8.2), the widest draw there is, is still a finite number


class BadValuesError(Exception):
    """All that is wrong with one value."""

    def __init__(self, issues: Issues) -> None:
        super().__init__(issues[0].what)
        self.issues = issues


def read_distribution(value: object, dimension: Dimension, *, si: bool = False) -> Distribution:
    """The distribution that ``value`` describes, in SI units; raises :class:`BadValuesError`."""
    if not isinstance(value, Mapping):
        issues: Issues = []
        number = _quantity(value, dimension, (), issues, si)
        if issues:
            raise BadValuesError([_or_distribution(issue, value, dimension) for issue in issues])
        return Constant(number)
    if len(value) != 1:
        what = "is empty" if not value else f"gives {len(value)} distributions at once"
        raise BadValuesError([BadValueError(what, f"give one of {one_of(KINDS)}")])
    kind, body = next(iter(value.items()))
    reader = _READERS.get(kind)
    if reader is None:
        raise BadValuesError(
            [
                BadValueError(
                    f"unknown distribution {kind!r}", _suggest(str(kind), KINDS), (str(kind),), at_key=True
                )
            ]
        )
    reading = _Reading(dimension, (kind,), si)
    result = reader(reading, body)
    if reading.issues or result is None:
        raise BadValuesError(reading.issues)
    return result


def _or_distribution(issue: BadValueError, value: object, dimension: Dimension) -> BadValueError:
    if isinstance(value, list | tuple):
        return BadValueError(
            issue.what, f"{dimension.expected}, or a distribution such as {{uniform: [low, high]}}"
        )
    return issue


def _suggest(word: str, valid: tuple[str, ...]) -> str:
    near = nearest(word, valid)
    return f"did you mean {near!r}?" if near else f"expected {one_of(valid)}"


def _quantity(
    value: object, dimension: Dimension, path: tuple[str | int, ...], issues: Issues, si: bool
) -> float:
    try:
        return parse(value, dimension, si=si)
    except BadValueError as bad:
        issues.append(BadValueError(bad.what, bad.expected, path))
        return math.nan


class _Reading:
    """One distribution being read: where it stands, and what was found wrong so far."""

    __slots__ = ("dimension", "issues", "path", "si")

    def __init__(self, dimension: Dimension, path: tuple[str | int, ...], si: bool) -> None:
        self.dimension = dimension
        self.path = path
        self.si = si
        self.issues: Issues = []

    def fail(self, what: str, expected: str, *path: str | int) -> None:
        self.issues.append(BadValueError(what, expected, (*self.path, *path)))

    def unknown(self, valid: tuple[str, ...], *path: str | int) -> None:
        where = (*self.path, *path)
        self.issues.append(BadValueError("unknown key", _suggest(str(path[-1]), valid), where, at_key=True))

    def value(self, raw: object, *path: str | int) -> float:
        return _quantity(raw, self.dimension, (*self.path, *path), self.issues, self.si)

    def centre(self, raw: object, *path: str | int) -> float:
        """A mean or median: of whole numbers it need not be whole."""
        return _quantity(raw, replace(self.dimension, whole=False), (*self.path, *path), self.issues, self.si)

    def spread(self, raw: object, *path: str | int) -> float:
        """A difference of two values: of times of day it is a duration; no limits but zero."""
        kind = DURATION if self.dimension.clock else self.dimension
        free = replace(kind, low=0.0, high=math.inf, positive=False, whole=False)
        return _quantity(raw, free, (*self.path, *path), self.issues, self.si)

    def plain(self, raw: object, *path: str | int) -> float:
        return _quantity(raw, AMOUNT, (*self.path, *path), self.issues, self.si)

    def parts(
        self, body: object, required: tuple[str, ...], optional: tuple[str, ...], form: str
    ) -> dict[str, Any]:
        """The keys of ``body``; reports unknown and missing ones."""
        if not isinstance(body, Mapping):
            self.fail(f"{shown(body)} is not enough", f"write {form}")
            return {}
        valid = (*required, *optional)
        for key in body:
            if key not in valid:
                self.unknown(valid, str(key))
        for key in required:
            if key not in body:
                self.fail("is missing", f"write {form}", key)
        return {str(key): raw for key, raw in body.items() if key in valid}

    def limits(self, parts: Mapping[str, Any]) -> tuple[float, float]:
        """``min`` and ``max``, by default those of the dimension."""
        low = self.value(parts["min"], "min") if "min" in parts else default_low(self.dimension)
        high = self.value(parts["max"], "max") if "max" in parts else self.dimension.high
        if low > high:
            self.fail("min is greater than max", "the smaller one is `min`")
        return low, high


def _constant(reading: _Reading, body: object) -> Distribution:
    return Constant(reading.value(body))


def _uniform(reading: _Reading, body: object) -> Distribution:
    form = "uniform: [LOW, HIGH]"
    if isinstance(body, list | tuple):
        if len(body) != 2:
            reading.fail(f"has {len(body)} value{'' if len(body) == 1 else 's'}", f"write {form}")
            return Constant(math.nan)
        low, high = reading.value(body[0], 0), reading.value(body[1], 1)
    else:
        parts = reading.parts(body, ("low", "high"), (), form)
        low = reading.value(parts["low"], "low") if "low" in parts else math.nan
        high = reading.value(parts["high"], "high") if "high" in parts else math.nan
    if low > high:
        over_midnight = "; times of day end at 24:00" if reading.dimension.clock else ""
        reading.fail(
            "the low end is greater than the high end", f"write the smaller one first{over_midnight}"
        )
    return Uniform(low, high)


def _normal(reading: _Reading, body: object) -> Distribution:
    parts = reading.parts(body, ("mean", "sd"), ("min", "max"), "normal: {mean: M, sd: S}")
    mean = reading.centre(parts["mean"], "mean") if "mean" in parts else math.nan
    sd = reading.spread(parts["sd"], "sd") if "sd" in parts else math.nan
    return Normal(mean, sd, *reading.limits(parts))


def _lognormal(reading: _Reading, body: object) -> Distribution:
    form = "lognormal: {median: M, sigma: S}"
    parts = reading.parts(body, ("sigma",), ("median", "mean", "min", "max"), form)
    sigma = reading.plain(parts["sigma"], "sigma") if "sigma" in parts else math.nan
    if sigma > _SIGMA_LIMIT:
        reading.fail(f"{shown(parts['sigma'])} is out of range", f"must be at most {_SIGMA_LIMIT:g}", "sigma")
    if isinstance(body, Mapping) and ("median" in parts) == ("mean" in parts):
        reading.fail("gives both median and mean" if "mean" in parts else "has no median", f"write {form}")
    centre = "mean" if "mean" in parts else "median"
    middle = reading.centre(parts[centre], centre) if centre in parts else math.nan
    if middle <= 0:
        reading.fail(f"{shown(parts[centre])} is out of range", "must be greater than 0", centre)
    if centre == "mean" and not reading.issues:
        middle = float(middle * numerics.exp(-0.5 * sigma * sigma))  # mean = median * e^(sigma^2 / 2)
    return LogNormal(middle, sigma, *reading.limits(parts))


def _exponential(reading: _Reading, body: object) -> Distribution:
    parts = reading.parts(body, ("mean",), ("min", "max"), "exponential: {mean: M}")
    mean = reading.spread(parts["mean"], "mean") if "mean" in parts else math.nan
    if mean <= 0:
        reading.fail(f"{shown(parts['mean'])} is out of range", "must be greater than 0", "mean")
    return Exponential(mean, *reading.limits(parts))


def _power_law(reading: _Reading, body: object) -> Distribution:
    form = "power_law: {exponent: 1.8, min: LOW, max: HIGH}"
    parts = reading.parts(body, ("exponent", "min", "max"), ("cutoff",), form)
    exponent = reading.plain(parts["exponent"], "exponent") if "exponent" in parts else math.nan
    low = reading.value(parts["min"], "min") if "min" in parts else math.nan
    high = reading.value(parts["max"], "max") if "max" in parts else math.nan
    cutoff = reading.spread(parts["cutoff"], "cutoff") if "cutoff" in parts else math.inf
    if exponent > _EXPONENT_LIMIT:
        what = f"{shown(parts['exponent'])} is out of range"
        reading.fail(what, f"must be at most {_EXPONENT_LIMIT:g}", "exponent")
    if low <= 0:
        reading.fail(f"{shown(parts['min'])} is out of range", "must be greater than 0", "min")
    if cutoff <= 0:
        reading.fail(f"{shown(parts['cutoff'])} is out of range", "must be greater than 0", "cutoff")
    if low >= high:
        reading.fail("min is not less than max", "the smaller one is `min`")
    return PowerLaw(exponent, low, high, cutoff)


def _choice(reading: _Reading, body: object) -> Distribution | None:
    values: list[float] = []
    weights: list[float] = []
    if isinstance(body, Mapping):
        for key, weight in body.items():
            values.append(reading.value(key, str(key)))
            weights.append(reading.plain(weight, str(key)))
    elif isinstance(body, list | tuple):
        for index, item in enumerate(body):
            weighted = isinstance(item, Mapping)
            values.append(reading.value(item.get("value") if weighted else item, index))
            weights.append(reading.plain(item.get("weight", 1), index) if weighted else 1.0)
            for key in item if weighted else ():
                if key not in ("value", "weight"):
                    reading.unknown(("value", "weight"), index, str(key))
    else:
        reading.fail(
            f"{shown(body)} is not enough", "write choice: {VALUE: WEIGHT, ...} or choice: [VALUE, ...]"
        )
        return None
    if not values:
        reading.fail("has no values", "give at least one")
        return None
    if not any(weight > 0 or weight != weight for weight in weights):
        reading.fail("all weights are 0", "give at least one a weight greater than 0")
    kept = [(value, weight) for value, weight in zip(values, weights, strict=True) if weight > 0]
    return Choice(tuple(value for value, _ in kept), tuple(weight for _, weight in kept))


_READERS: dict[str, Callable[[_Reading, object], Distribution | None]] = {
    "constant": _constant,
    "uniform": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "exponential": _exponential,
    "power_law": _power_law,
    "choice": _choice,
}


def default_low(dimension: Dimension) -> float:
    """Where distributions that name no ``min`` are cut off."""
    return max(dimension.low, dimension.floor)


def fit_distribution(distribution: Distribution, dimension: Dimension) -> Distribution:
    """A distribution made in Python, with the limits of ``dimension`` where it names none of its own.

    Raises :class:`BadValueError` if it can still leave those limits.
    """
    if isinstance(distribution, Normal | LogNormal | Exponential):
        low = default_low(dimension) if distribution.low in (-math.inf, 0.0) else distribution.low
        high = min(distribution.high, dimension.high)
        if (low, high) != (distribution.low, distribution.high):
            distribution = replace(distribution, low=low, high=high)
    for bound in distribution.bounds():
        if math.isnan(bound):
            raise BadValueError("not a finite number", dimension.expected)
        check_limits(bound, dimension, bound)
    return distribution


def write_distribution(distribution: Distribution, dimension: Dimension) -> Any:
    """``distribution`` as a scenario file would say it: plain data, quantities in readable units."""

    def value(number: float) -> float | int | str:
        return written(number, dimension)

    def spread(number: float) -> float | int | str:
        return written(number, DURATION if dimension.clock else dimension)

    match distribution:
        case Constant(number):
            return value(number)
        case Uniform(low, high):
            return {"uniform": [value(low), value(high)]}
        case Normal(mean, sd):
            return {
                "normal": {"mean": value(mean), "sd": spread(sd)} | _write_limits(distribution, dimension)
            }
        case LogNormal(median, sigma):
            body = {"median": value(median), "sigma": sigma}
            return {"lognormal": body | _write_limits(distribution, dimension)}
        case Exponential(mean):
            return {"exponential": {"mean": spread(mean)} | _write_limits(distribution, dimension)}
        case PowerLaw(exponent, low, high, cutoff):
            body = {"exponent": exponent, "min": value(low), "max": value(high)}
            return {"power_law": body | ({} if math.isinf(cutoff) else {"cutoff": spread(cutoff)})}
        case Choice(values, weights):
            pairs = [(value(v), written(w, AMOUNT)) for v, w in zip(values, weights, strict=True)]
            if len(set(values)) == len(values):
                return {"choice": {str(v): w for v, w in pairs}}
            return {"choice": [{"value": v, "weight": w} for v, w in pairs]}
        case _:
            raise TypeError(f"no notation for {type(distribution).__name__}")


def _write_limits(distribution: Normal | LogNormal | Exponential, dimension: Dimension) -> dict[str, Any]:
    limits = {}
    if distribution.low != default_low(dimension):
        limits["min"] = written(distribution.low, dimension)
    if distribution.high < dimension.high:
        limits["max"] = written(distribution.high, dimension)
    return limits

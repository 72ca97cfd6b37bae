"""When each event is to be sent: fixed before anything is known of the endpoint.

A profile is a rate over time. Its integral says how many events should have gone out by a moment; turned
round, it says the moment of the n-th event. Evenly spaced events are n = 0, 1, 2, ...; with Poisson spacing
the steps between them are drawn from the exponential distribution, which at any rate gives the arrivals of
many independent senders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray, log
from simulator.core.randomness import key_of, uniform
from simulator.scenario.profiles import Profile, Stage

_FINE = 2.0**20  # steps of Poisson spacing are whole multiples of 1 / _FINE, so that their sums are exact


class Timetable:
    """The times of events, in their order, as seconds from the start of the load."""

    def __init__(
        self, profile: Profile, *, poisson: bool = False, seed: int = 0, per_request: int = 1
    ) -> None:
        """``per_request`` events share a time where the profile counts requests."""
        self._stages = [stage for stage in profile.stages if stage.seconds > 0]
        self._group = per_request if profile.unit == "requests" else 1
        self._key = np.array([key_of(seed, "load")], dtype=np.uint64) if poisson else None
        self._steps = 0  # the place of the next point, in units of 1 / _FINE, for Poisson spacing
        self._next = 0  # number of the next event
        ends = [stage.seconds for stage in self._stages]
        self._from = np.concatenate([[0.0], np.cumsum(ends)[:-1]])
        areas = [_area(stage) for stage in self._stages]
        self._before = np.concatenate([[0.0], np.cumsum(areas)[:-1]])
        self._total = float(sum(areas))

    def take(self, count: int) -> FloatArray:
        """The times of the next ``count`` events; infinite for those after the end of the profile."""
        numbers = np.arange(self._next, self._next + count, dtype=np.int64)
        self._next += count
        return self._at(self._places(numbers))

    def intended(self, seconds: float) -> float:
        """How many events should have been sent by then, without an end of the events."""
        done = 0.0
        for stage, start in zip(self._stages, self._from.tolist(), strict=True):
            t = min(max(seconds - start, 0.0), stage.seconds)
            slope = 0.0 if math.isinf(stage.seconds) else (stage.end - stage.start) / stage.seconds
            done += stage.start * t + slope * t * t / 2.0
        return done * self._group

    def span(self, count: int) -> float:
        """How long the first ``count`` events take: until the next one would be due, or the profile's end."""
        place = np.array([count / self._group])
        moment = float(self._at(place)[0])
        return moment if math.isfinite(moment) else sum(stage.seconds for stage in self._stages)

    def _places(self, numbers: npt.NDArray[np.int64]) -> FloatArray:
        """Where events lie on the scale of the integral."""
        points = numbers // self._group
        if self._key is None:
            return points.astype(np.float64)
        if not len(numbers):
            return np.empty(0)
        first, last = int(points[0]), int(points[-1])
        drawn = np.arange(first, last + 1, dtype=np.int64)
        steps = np.rint(-log(uniform(np.repeat(self._key, len(drawn)), drawn)) * _FINE).astype(np.int64)
        places = self._steps + np.cumsum(steps) - steps
        # The last point may have more events to come, in the next call.
        complete = (int(numbers[-1]) + 1) % self._group == 0
        self._steps = int(places[-1]) + (int(steps[-1]) if complete else 0)
        found: FloatArray = (places / _FINE)[points - first]
        return found

    def _at(self, places: FloatArray) -> FloatArray:
        """The moments at which the integral reaches ``places``."""
        stage = np.searchsorted(self._before, places, side="right") - 1
        start = np.array([s.start for s in self._stages])[stage]
        slope = np.array([_slope(s) for s in self._stages])[stage]
        left = places - self._before[stage]
        # Of a*t + b*t*t/2 = y, the root in the form that loses no digits when b is small.
        root = np.sqrt(np.maximum(start * start + 2.0 * slope * left, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(left > 0.0, 2.0 * left / (start + root), 0.0)
        moments: FloatArray = np.where(places < self._total, self._from[stage] + t, np.inf)
        return moments


def _slope(stage: Stage) -> float:
    return 0.0 if math.isinf(stage.seconds) else (stage.end - stage.start) / stage.seconds


def _area(stage: Stage) -> float:
    return (stage.start + stage.end) / 2.0 * stage.seconds if stage.start + stage.end > 0.0 else 0.0


def with_curve(profile: Profile, weights: Sequence[float], events: float) -> Profile:
    """A ``daily`` profile with the curve of a run: ``weights`` of equal parts of its time, ``events`` in all.

    Without a time of its own the profile lasts as long as the events do at its mean rate.
    """
    mean = profile.stages[0].start
    seconds = profile.seconds
    if math.isinf(seconds):
        seconds = max(events, 1.0) / mean
    total = sum(weights)
    if total <= 0.0:
        return Profile((Stage(mean, mean, seconds),), profile.unit, profile.text)
    part = seconds / len(weights)
    rates = [mean * weight * len(weights) / total for weight in weights]
    return Profile(tuple(Stage(rate, rate, part) for rate in rates), profile.unit, profile.text)

"""People who follow a recorded track instead of a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from simulator.core.numerics import FloatArray, IntArray
from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.core.simtime import MS_PER_HOUR, MS_PER_SECOND, Calendar
from simulator.people.legs import DayLegs
from simulator.scenario.models import Trace
from simulator.world import Legs, Track, TrackSet

# The longest a local day can be: 24 hours, and one more when clocks go back.
_LONGEST_DAY_MS = 25 * MS_PER_HOUR


class TraceFollowers:
    """The way of each person of a cohort along a track; plans days like a ``DayPlanner``."""

    def __init__(self, spec: Trace, tracks: TrackSet, keys: KeyArray, first: int, calendar: Calendar) -> None:
        """``keys`` are the people's, ``first`` is the index of the first one within the group."""
        ways = [track_legs(spec, track, calendar) for track in tracks.tracks]
        lengths = np.array([len(way) for way in ways])
        begin = np.cumsum(lengths) - lengths
        self._legs = Legs(*(np.concatenate(column) for column in zip(*map(_columns, ways), strict=True)))
        which = (first + np.arange(len(keys))) % len(ways)
        self._first, self._end = begin[which], (begin + lengths)[which]
        drawn = spec.delay.ppf(uniform(purpose_keys(keys, "trace.delay")))
        self._delay: IntArray = np.rint(drawn * MS_PER_SECOND).astype(np.int64)
        self._next = self._first.copy()

    def places_at_start(self) -> tuple[FloatArray, FloatArray]:
        """Where each person is before the first leg that the run sees: at its beginning, or at the end of all."""
        legs = self._legs
        over = legs.t1[self._end - 1] + self._delay <= 0
        latitude = np.where(over, legs.lat1[self._end - 1], legs.lat0[self._first])
        longitude = np.where(over, legs.lon1[self._end - 1], legs.lon0[self._first])
        return latitude, longitude

    def plan(self, day: int, midnight_ms: int) -> DayLegs:
        """The legs that begin before the end of the day whose midnight is virtual time ``midnight_ms``.

        Days must be planned in order; each leg is planned once.
        """
        until = midnight_ms + _LONGEST_DAY_MS
        people, rows = [], []
        for person, (start, end, delay) in enumerate(
            zip(self._next.tolist(), self._end.tolist(), self._delay.tolist(), strict=True)
        ):
            stop = start + int(np.searchsorted(self._legs.t0[start:end] + delay, until))
            if stop > start:
                people.append(np.full(stop - start, person, dtype=np.int64))
                rows.append(np.arange(start, stop))
                self._next[person] = stop
        nobody = np.empty(0, dtype=np.int64)
        who = np.concatenate([nobody, *people])
        legs = self._legs.take(np.concatenate([nobody, *rows]))
        late = self._delay[who]
        return DayLegs(who, Legs(legs.lat0, legs.lon0, legs.lat1, legs.lon1, legs.t0 + late, legs.t1 + late))


def _columns(legs: Legs) -> tuple[FloatArray | IntArray, ...]:
    return legs.lat0, legs.lon0, legs.lat1, legs.lon1, legs.t0, legs.t1


def track_legs(spec: Trace, track: Track, calendar: Calendar) -> Legs:
    """The legs of one track in virtual time: one from each point to the next.

    A gap that is jumped is a leg that takes no time, at the moment of the point after it.
    """
    since_first = np.rint((track.time - track.time[0]) / spec.speed).astype(np.int64)
    followed = track.at_times(since_first + _start(spec, track, calendar))
    begin, end = followed.time[:-1], followed.time[1:]
    if spec.gaps == "jump":
        gap = followed.unrecorded[1:] | (np.diff(followed.time) * spec.speed > spec.gap * MS_PER_SECOND)
        begin = np.where(gap, end, begin)
    lat, lon = followed.latitude, followed.longitude
    return Legs(lat[:-1], lon[:-1], lat[1:], lon[1:], begin, end)


def _start(spec: Trace, track: Track, calendar: Calendar) -> int:
    """When the first point is passed, in virtual time."""
    if isinstance(spec.start, datetime):
        return calendar.at_local(spec.start)
    if spec.start == "recorded":
        return int(track.time[0]) - calendar.start_epoch_ms
    return 0


def when_followed(spec: Trace, tracks: Sequence[Track], calendar: Calendar) -> tuple[int, int]:
    """The virtual times of the first and the last point of all tracks, without anybody's delay."""
    ways = [track_legs(spec, track, calendar) for track in tracks]
    return min(int(way.t0[0]) for way in ways), max(int(way.t1[-1]) for way in ways)

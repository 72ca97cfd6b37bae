"""Where people go, as the page draws it: flat arrays of segments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy as np

from simulator.people import DayLegs
from simulator.run.movements import Movements, News, Segment

# Numbers of segments in one message, so that none is too long.
_MOST = 4_000
# Digits of degrees: a tenth of a metre.
_DIGITS = 6

Trip = tuple[int, list[float]]


def news_of(movements: Movements, news: News) -> Iterator[dict[str, Any]]:
    """What was planned since last asked, as `trips` messages."""
    for person, since in news.cut.items():
        segments = [one for one in movements.segments(person) if one[0] >= since]
        yield {"cut": since, "trips": [(person, _flat(segments))]}
    for first, ways in news.ways:
        yield from _messages(_trips(first, ways, without=news.cut, since=None))


def all_of(movements: Movements) -> Iterator[dict[str, Any]]:
    """What is known of everybody from now on, and where those stand who go nowhere."""
    for first, ways in movements.known():
        yield from _messages(_trips(first, ways, without=movements.led, since=movements.now))
    led = [(person, _flat(movements.segments(person, movements.now))) for person in movements.led]
    yield from _messages(led)


def _trips(first: int, ways: DayLegs, *, without: Collection[int], since: int | None) -> Iterator[Trip]:
    """The trips of each person; with ``since`` without those that were over then, but for the last one of each."""
    legs, person = ways.legs, ways.person
    if since is not None:
        last = np.append(person[1:] != person[:-1], True)
        kept = (legs.t1 > since) | last
        # The way that led to where somebody is now is over, and the next one is yet to come.
        kept[:-1] |= (legs.t1[:-1] <= since) & (legs.t1[1:] > since)
        ways = DayLegs(person[kept], legs.take(np.flatnonzero(kept)))
        legs, person = ways.legs, ways.person
    columns = (
        *(legs.t0.tolist(), np.round(legs.lat0, _DIGITS).tolist(), np.round(legs.lon0, _DIGITS).tolist()),
        *(legs.t1.tolist(), np.round(legs.lat1, _DIGITS).tolist(), np.round(legs.lon1, _DIGITS).tolist()),
    )
    rows = list(zip(*columns, strict=True))
    walkers, begins = np.unique(person, return_index=True)
    ends = np.append(begins, len(person))[1:].tolist()
    for walker, begin, end in zip(walkers.tolist(), begins.tolist(), ends, strict=True):
        if first + walker not in without:
            yield first + walker, [number for row in rows[begin:end] for number in row]


def _flat(segments: Iterable[Segment]) -> list[float]:
    return [
        number
        for t0, lat0, lon0, t1, lat1, lon1 in segments
        for number in (
            *(t0, round(lat0, _DIGITS), round(lon0, _DIGITS)),
            *(t1, round(lat1, _DIGITS), round(lon1, _DIGITS)),
        )
    ]


def _messages(trips: Iterable[Trip]) -> Iterator[dict[str, Any]]:
    gathered: list[Trip] = []
    size = 0
    for trip in trips:
        gathered.append(trip)
        size += len(trip[1]) // 6
        if size >= _MOST:
            yield {"trips": gathered}
            gathered, size = [], 0
    if gathered:
        yield {"trips": gathered}

"""The way between a phone and the endpoint: how long an answer takes, and what becomes of a request.

Every attempt is a draw of (phone, event, number of the attempt), so it does not matter who else sends when. Nothing is
scheduled here: an attempt is one hash and two look-ups.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import accumulate
from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.core.distributions import Distribution
from simulator.core.randomness import GOLDEN, bits_one, mix_int
from simulator.core.simtime import MS_PER_HOUR, MS_PER_SECOND, Calendar
from simulator.scenario.models import Network as NetworkSettings
from simulator.sdk.edge_answers import NO_ANSWER, READ_TIMEOUT_MS, SUCCESS_CODES

OK = 200

# Latencies are drawn from this many quantiles of their distribution; the other bits of the draw decide the answer.
_QUANTILE_BITS = 12
_QUANTILES = 1 << _QUANTILE_BITS
_FATE_BITS = 64 - _QUANTILE_BITS
# Draws of attempts lie beyond those of the phone's event ids, which use the same key; this many per event.
_FIRST_DRAW = 1 << 48
_ATTEMPTS = 1 << 20
# The same in steps of the hash, modulo 2^64: of the first event's first attempt, and from event to event.
_FIRST_STEP, _STEP = (_FIRST_DRAW + 1) * GOLDEN % (1 << 64), _ATTEMPTS * GOLDEN % (1 << 64)


class Attempt(NamedTuple):
    """What becomes of one request."""

    took: int
    """Time until the phone knows, milliseconds."""
    code: int
    """What the phone knows then: a status code, or ``NO_ANSWER``."""
    reached: bool
    """Whether the endpoint took the request."""
    retry_after: str | None
    """The answer's `Retry-After`."""


class _Outcome(NamedTuple):
    code: int
    reached: bool
    retry_after: str | None


_LOST = _Outcome(NO_ANSWER, True, None)
_UNREACHABLE = _Outcome(NO_ANSWER, False, None)
_GOOD = _Outcome(OK, True, None)


class _Window(NamedTuple):
    """A fault on one day: virtual milliseconds, and the share of requests in 2^-52."""

    start: int
    end: int
    below: int
    outcome: _Outcome


class Network:
    """The network of a run, ready for use."""

    __slots__ = ("_bounds", "_latencies", "_outcomes", "_trouble", "_windows", "perfect")

    def __init__(self, settings: NetworkSettings, calendar: Calendar, duration_ms: int) -> None:
        self._latencies = _quantiles(settings.latency)
        shares = [settings.lost_answers, *(answer.share for answer in settings.answers)]
        self._bounds = [_share(total) for total in accumulate(shares)]
        self._outcomes = [
            _LOST,
            *(_answered(answer.code, answer.retry_after) for answer in settings.answers),
            _GOOD,
        ]
        self._trouble = self._bounds[-1]
        self._windows = _windows(settings, calendar, duration_ms)
        self.perfect = not (max(self._latencies) or self._bounds[-1] or self._windows)
        """Every request is answered well, at once."""

    def swift(self, key: int, event: int, now: int) -> int:
        """How long the answer to the first attempt takes if it is a success; -1 if it takes a closer look.

        The same as :meth:`attempt` says, for the many that have no trouble.
        """
        for start, end, _, _ in self._windows:
            if start <= now < end:
                return -1
        draw = mix_int(
            key + _FIRST_STEP + event * _STEP
        )  # bits_one of the event's first draw, with less arithmetic
        took = self._latencies[draw & (_QUANTILES - 1)]
        return took if draw >> _QUANTILE_BITS >= self._trouble and took <= READ_TIMEOUT_MS else -1

    def attempt(self, key: int, event: int, number: int, now: int) -> Attempt:
        """What becomes of the ``number``-th attempt (from 0) at ``now`` to send event ``event`` of a phone."""
        draw = bits_one(key, _FIRST_DRAW + event * _ATTEMPTS + number)
        fate = draw >> _QUANTILE_BITS
        outcome = self._outcomes[bisect_right(self._bounds, fate)]
        for start, end, below, fault in self._windows:
            if start <= now < end and fate < below:
                outcome = fault
                break
        took = self._latencies[draw & (_QUANTILES - 1)]
        code, reached, retry_after = outcome
        if code == NO_ANSWER or took > READ_TIMEOUT_MS:
            # Whether lost on the way back or too late makes no difference to the phone.
            return Attempt(READ_TIMEOUT_MS, NO_ANSWER, reached, None)
        return Attempt(took, code, reached, retry_after)


def _answered(code: int, retry_after: float | None) -> _Outcome:
    """An answer with ``code``; unless it is a success the endpoint has not taken the event."""
    return _Outcome(code, code in SUCCESS_CODES, None if retry_after is None else str(ceil(retry_after)))


def _share(share: float) -> int:
    return round(min(share, 1.0) * (1 << _FATE_BITS))


def _quantiles(distribution: Distribution) -> Sequence[int]:
    """Equally likely latencies, milliseconds."""
    shares = (np.arange(_QUANTILES, dtype=np.float64) + 0.5) / _QUANTILES
    seconds = np.maximum(distribution.ppf(shares), 0.0)
    milliseconds: npt.NDArray[np.int64] = np.rint(seconds * MS_PER_SECOND).astype(np.int64)
    return array("q", milliseconds.tobytes())


def _windows(settings: NetworkSettings, calendar: Calendar, duration_ms: int) -> list[_Window]:
    """The faults of all days of the run that matter, in the order of the scenario."""
    windows = []
    for fault in settings.faults:
        if isinstance(fault.answer, int):
            outcome = _answered(fault.answer, fault.retry_after)
        else:
            outcome = _LOST if fault.answer == "lost" else _UNREACHABLE
        length = round(fault.length * MS_PER_SECOND)
        day = calendar.local(-length).date()
        while True:
            noon = calendar.at_local(datetime.combine(day, time(12)))
            start = noon - 12 * MS_PER_HOUR + round(fault.at * MS_PER_SECOND)
            if start >= duration_ms:
                break
            if start + length > 0:
                windows.append(_Window(start, start + length, _share(fault.share), outcome))
            day += timedelta(days=1)
    return windows

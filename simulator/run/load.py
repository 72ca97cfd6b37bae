"""Sending at a rate: the time of every event, the curve of a daily profile, and what came of it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray
from simulator.delivery.load import Histogram, LatencyRecord, Timetable, with_curve
from simulator.run.pacing import WallClock
from simulator.run.simulation import Simulation, World
from simulator.run.window import Window, follow
from simulator.scenario import Profile

_LEAD = 0.05  # seconds before the first event: what is to be sent at once must be there at its time
_CHUNK_S = 0.1  # about this many seconds of the profile are handed over at once
_LARGEST_CHUNK = 2000
CURVE_PARTS = 96  # of the curve of a daily profile
# Sent later than this after its time, an event counts as late.
LATE_S = 0.010


class LoadTiming:
    """Gives events their times by a profile; the load begins with the first that asks."""

    def __init__(self, world: World, clock: WallClock, per_request: int) -> None:
        load = world.scenario.load
        if load is None:
            raise ValueError("the scenario has no load")
        self.spacing = load.spacing
        self.text = load.profile.text
        self.profile = _daily(world, load.profile) if load.profile.daily else load.profile
        self.per_request = per_request
        self._timetable = Timetable(
            self.profile,
            poisson=load.spacing == "poisson",
            seed=world.scenario.seed,
            per_request=per_request,
        )
        self._clock = clock
        self.origin: float | None = None
        """When the load began, on the monotonic clock."""
        self.planned = 0
        """Events that got a time."""
        self.over = False
        """The profile has come to its end."""

    def due(self, sent: npt.NDArray[np.int64]) -> FloatArray:
        """The times of the next events."""
        if self.origin is None:
            self.origin = self._clock.monotonic() + _LEAD
        moments = self._timetable.take(len(sent))
        timed = int(np.isfinite(moments).sum())
        self.planned += timed
        self.over = self.over or timed < len(sent)
        return self.origin + moments

    def intended(self, now: float) -> float:
        """How many events should have been sent by ``now``, of those that there are."""
        if self.origin is None:
            return 0.0
        return self._timetable.intended(max(now - self.origin, 0.0))

    @property
    def chunk(self) -> int:
        """How many events to hand over at once: whole requests."""
        rate = self.profile.peak * (self.per_request if self.profile.unit == "requests" else 1)
        requests = math.ceil(min(rate * _CHUNK_S, _LARGEST_CHUNK) / self.per_request)
        return max(1, requests) * self.per_request

    def document(self, events: int, last_sent: float, late: Histogram, why: str) -> dict[str, Any]:
        """The summary of a load in which ``events`` were sent, the last one at ``last_sent``."""
        origin = self.origin if self.origin is not None else last_sent
        # The load is over when the last event was to be sent, or was sent; and a profile when it says so.
        planned = float(self._timetable.span(self.planned))
        took = max(planned, last_sent - origin)
        rate = self.planned / planned if planned > 0 else 0.0
        achieved = events / took if took > 0 else 0.0
        return {
            "profile": self.text,
            "spacing": self.spacing,
            "unit": self.profile.unit,
            "seconds": round(took, 3),
            "planned_seconds": round(planned, 3),
            "planned": self.planned,
            "intended_rate": round(rate, 3),
            "achieved_rate": round(achieved, 3),
            "gap": round(1.0 - achieved / rate, 6) if rate > 0 else 0.0,
            "late": late.longer_than(LATE_S),
            "latest": round(late.longest, 6),
            "send_error": late.document(),
            "ended": why,
        }


def _daily(world: World, profile: Profile) -> Profile:
    """A daily profile with the curve of this run, told from the first people of each group."""
    duration = world.duration_ms
    weights = np.zeros(CURVE_PARTS)
    seen: set[str] = set()
    for spec in world.cohorts():
        if spec.group in seen:
            continue
        seen.add(spec.group)
        simulation = Simulation(world, [spec])
        share = world.sizes[spec.group] / spec.size
        for _, end in world.windows():
            sent = simulation.advance(end, fleeting=True).sent
            part = np.minimum(sent * CURVE_PARTS // duration, CURVE_PARTS - 1)
            weights += share * np.bincount(part, minlength=CURVE_PARTS)
    return with_curve(profile, weights.tolist(), float(weights.sum()))


async def in_chunks(windows: AsyncIterator[Window], size: int) -> AsyncIterator[Window]:
    """The same stream in windows of ``size`` events, so that requests are full; the last may have fewer."""
    held: Window | None = None
    async for window in windows:
        held = window if held is None else follow(held, window)
        whole = len(held) // size * size
        for first in range(0, whole, size):
            yield held.slice(first, first + size)
        held = held.slice(whole, len(held)) if whole else held
    if held is not None:
        yield held


def latencies(record: LatencyRecord, timed: bool) -> dict[str, Any]:
    """Latencies for the summary, in seconds."""
    return {
        **record.intended.document(),
        "measured_from": "intended time" if timed else "first sending",
        "sent": record.sent().document(),
        "by_status": {status: one.document() for status, one in sorted(record.by_status.items())},
    }

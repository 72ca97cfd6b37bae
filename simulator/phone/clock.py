"""How far the clocks of phones are off. No SDK corrects them: events carry the time of the phone."""

from __future__ import annotations

import numpy as np

from simulator.core.distributions import Normal
from simulator.core.numerics import IntArray
from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.core.simtime import MS_PER_HOUR, MS_PER_SECOND
from simulator.phone.conditions import ClockHabits

# Mistakes of the zone are this many whole hours, either way, each as likely [a].
_ZONE_HOURS = 3


def draw_clock_errors(habits: ClockHabits, keys: KeyArray) -> IntArray:
    """For each person how far the phone's clock is ahead of the true time, milliseconds (negative: behind)."""
    kind, size, side = (
        uniform(purpose_keys(keys, purpose))
        for purpose in ("phone.clock.kind", "phone.clock.size", "phone.clock.side")
    )
    ahead = np.where(side < 0.5, -1.0, 1.0)
    usual = Normal(0.0, habits.sd).ppf(size) if habits.sd else np.zeros(len(keys))
    wrong = ahead * habits.wrong_by.ppf(size)
    hours = np.minimum(np.floor(size * _ZONE_HOURS), _ZONE_HOURS - 1) + 1.0
    zone = ahead * hours * (MS_PER_HOUR / MS_PER_SECOND)
    seconds = np.where(kind < habits.wrong_zone, zone, usual)
    seconds = np.where(
        (kind >= habits.wrong_zone) & (kind < habits.wrong_zone + habits.wrong), wrong, seconds
    )
    errors: IntArray = np.rint(seconds * MS_PER_SECOND).astype(np.int64)
    return errors

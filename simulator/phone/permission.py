"""What the person allows the app to know of the location."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from simulator.core.distributions import pick
from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.scenario.models import PhoneMix


class Permission(IntEnum):
    """Location permission of the app (mobile_sdk.md 3.1, 3.2); in lower case the names in scenarios."""

    ALWAYS = 0
    """Regions are monitored all the time."""
    WHILE_IN_USE = 1
    """Regions are monitored only while the app is in the foreground."""
    APPROXIMATE = 2
    """The position is known roughly; regions are not monitored on either system."""
    DENIED = 3
    """Nothing is known."""


def draw_permissions(mix: PhoneMix, keys: KeyArray) -> npt.NDArray[np.uint8]:
    """The :class:`Permission` of each person's app."""
    names = np.array([Permission[name.upper()] for name in mix.permission], dtype=np.uint8)
    chosen: npt.NDArray[np.uint8] = names[
        pick(tuple(mix.permission.values()), uniform(purpose_keys(keys, "phone.permission")))
    ]
    return chosen

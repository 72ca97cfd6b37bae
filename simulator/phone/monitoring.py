"""The phone under an operating system: what it notices of the crossings of its person, and when.

A crossing is noticed when the phone is on, the app is allowed to know, the place is being watched, the fence is large
enough to be seen, and nobody turns back before the detection delay is over (mobile_sdk.md 3). Every other crossing is
lost, and is recorded with the reason.
"""

from __future__ import annotations

from math import cos, radians
from typing import cast

import numpy as np
import simpy

from simulator.core.randomness import bits_one, uniform_one
from simulator.ledger import Outcome
from simulator.phone.life import LifeRules, LivingPhone, Unreported, row_of
from simulator.phone.nearby import PlacesService, Registrations
from simulator.phone.os_profiles import OsProfile
from simulator.phone.permission import Permission
from simulator.phone.phone import AppOnPhone, Cause, RegionEvent
from simulator.phone.positions import Positions
from simulator.phone.tables import TO_QUANTILE, quantile_table
from simulator.world import PlaceSet

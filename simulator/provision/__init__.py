"""Setting a platform up for a scenario: schema, dataset, inlet and test profiles, made through its own APIs.

Start at ``provision.py``, which carries out a plan (``plan.py``); ``steps.py`` finds or makes one thing after the
other, ``access.py`` makes the calls and ``rehearsal.py`` shows them instead.
"""

from simulator.provision.access import PlatformError
from simulator.provision.needs import event_types_of, somebody_shops
from simulator.provision.plan import Plan, load_plan
from simulator.provision.provision import provision, unprovision

__all__ = [
    "Plan",
    "PlatformError",
    "event_types_of",
    "load_plan",
    "provision",
    "somebody_shops",
    "unprovision",
]

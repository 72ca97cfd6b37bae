"""The Mobile SDK: identity, lifecycle and places of one app on one phone, and the uplink for its hits.

Knows nothing of which endpoint there is.
"""

from simulator.sdk.forms import CLOSE, ENTRY, EXIT, LAUNCH, EventForms
from simulator.sdk.mobile_sdk import LIFECYCLE_DEBOUNCE_MS, MobileSdk
from simulator.sdk.uplink import Hit, IdealUplink, Sender, Uplink, render_hits
from simulator.xdm import EVENT_TYPES

__all__ = [
    "CLOSE",
    "ENTRY",
    "EVENT_TYPES",
    "EXIT",
    "LAUNCH",
    "LIFECYCLE_DEBOUNCE_MS",
    "EventForms",
    "Hit",
    "IdealUplink",
    "MobileSdk",
    "Sender",
    "Uplink",
    "render_hits",
]

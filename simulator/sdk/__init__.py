"""The Mobile SDK: identity, lifecycle and places of one app on one phone, and the uplink for its hits.

Knows nothing of which endpoint there is. What the SDK says to the Edge Network, and what it makes of its answers, is
here as pure functions for whoever speaks real HTTP.
"""

from simulator.sdk.edge_answers import (
    CONNECT_TIMEOUT_MS,
    NO_ANSWER,
    NO_SUCH_HOST,
    READ_TIMEOUT_MS,
    RECOVERABLE_CODES,
    RETRY_INTERVAL_MS,
    SUCCESS_CODES,
    Handling,
    Judgement,
    judge,
)
from simulator.sdk.edge_request import EdgeEndpoint, EdgeRequest, edge_headers, edge_request, user_agent
from simulator.sdk.edge_state import EdgeAnswer, EdgeState, StateEntry, read_answer
from simulator.sdk.forms import CLOSE, ENTRY, EXIT, LAUNCH, EventForms
from simulator.sdk.mobile_sdk import LIFECYCLE_DEBOUNCE_MS, MobileSdk
from simulator.sdk.routes import Route
from simulator.sdk.uplink import Hit, IdealUplink, Sender, Uplink, render_hits
from simulator.xdm import EVENT_TYPES

__all__ = [
    "CLOSE",
    "CONNECT_TIMEOUT_MS",
    "ENTRY",
    "EVENT_TYPES",
    "EXIT",
    "LAUNCH",
    "LIFECYCLE_DEBOUNCE_MS",
    "NO_ANSWER",
    "NO_SUCH_HOST",
    "READ_TIMEOUT_MS",
    "RECOVERABLE_CODES",
    "RETRY_INTERVAL_MS",
    "SUCCESS_CODES",
    "EdgeAnswer",
    "EdgeEndpoint",
    "EdgeRequest",
    "EdgeState",
    "EventForms",
    "Handling",
    "Hit",
    "IdealUplink",
    "Judgement",
    "MobileSdk",
    "Route",
    "Sender",
    "StateEntry",
    "Uplink",
    "edge_headers",
    "edge_request",
    "judge",
    "read_answer",
    "render_hits",
    "user_agent",
]

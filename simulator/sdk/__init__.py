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
from simulator.sdk.identity import all_anonymous, anonymous
from simulator.sdk.mobile_sdk import LIFECYCLE_DEBOUNCE_MS, MobileSdk
from simulator.sdk.network import Network
from simulator.sdk.plans import make_plans
from simulator.sdk.push import DISMISS
from simulator.sdk.record import SdkRecord
from simulator.sdk.routes import KINDS, Route
from simulator.sdk.rules import rule_problems
from simulator.sdk.shared import SdkShared
from simulator.sdk.uplink import Hit, HitList, Sender, Uplink, render_hit, render_hits
from simulator.xdm import EVENT_TYPES

__all__ = [
    "CLOSE",
    "CONNECT_TIMEOUT_MS",
    "DISMISS",
    "ENTRY",
    "EVENT_TYPES",
    "EXIT",
    "KINDS",
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
    "HitList",
    "Judgement",
    "MobileSdk",
    "Network",
    "Route",
    "SdkRecord",
    "SdkShared",
    "Sender",
    "StateEntry",
    "Uplink",
    "all_anonymous",
    "anonymous",
    "edge_headers",
    "edge_request",
    "judge",
    "make_plans",
    "read_answer",
    "render_hit",
    "render_hits",
    "rule_problems",
    "user_agent",
]

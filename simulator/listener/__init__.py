"""Listening to the calls of custom actions of any journey, local or real (docs/listener.md).

Takes any path and method, answers as told, route by route and attempt by attempt, and keeps every call with what it
says it is about. Start at ``listener.py``.
"""

from simulator.listener.incoming import Incoming, Keys
from simulator.listener.listener import CallListener, HeardCall, Said
from simulator.listener.record import CALLS_FILE, CallRecord, actions_of, read_calls
from simulator.listener.server import ListenerThread, listen

__all__ = [
    "CALLS_FILE",
    "CallListener",
    "CallRecord",
    "HeardCall",
    "Incoming",
    "Keys",
    "ListenerThread",
    "Said",
    "actions_of",
    "listen",
    "read_calls",
]

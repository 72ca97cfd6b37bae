"""What kinds of events phones and other systems send, and which way an event goes on from the phone."""

from __future__ import annotations

from enum import IntEnum

from simulator.xdm import EVENT_TYPES, LOYALTY_TYPES

PUSH_TOKEN_KIND = "push token"
CONSENT_KIND = "set-consent"
KINDS: tuple[str, ...] = (*EVENT_TYPES, *LOYALTY_TYPES, PUSH_TOKEN_KIND, CONSENT_KIND)
"""Kinds of events: their types, and what is sent without a type."""


class Route(IntEnum):
    """The mark that an event carries for whoever delivers it."""

    EVENT = 0
    """An experience event, for the Edge Network or for whatever stands in its place."""
    POSTBACK = 1
    """An experience event that a client-side rule posts to a streaming inlet itself."""
    EDGE_ONLY = 2
    """A request that only the Edge Network understands: a change of consent, or an event with free-form data."""

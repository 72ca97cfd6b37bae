"""Consent to data being collected, and the request that tells the Edge Network of it (mobile_sdk.md 4.6)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from simulator.xdm import Slot

# EdgeConsentPayload of iOS.
STANDARD, VERSION = "Adobe", "2.0"


class Choice(IntEnum):
    """What somebody says about data being collected."""

    YES = 0
    PENDING = 1
    """Nothing yet: events wait in the queue."""
    NO = 2
    """The queue is cleared, and new events are ignored."""

    @property
    def letter(self) -> str:
        """The value of `collect.val`."""
        return "ypn"[self]


def consent_event(choice: Choice) -> dict[str, Any]:
    """A change of consent, with slots for id, time and identities; the time stands in it twice."""
    value = {"collect": {"val": choice.letter}, "metadata": {"time": Slot("timestamp", quoted=True)}}
    return {
        "_id": Slot("id", quoted=True),
        "timestamp": Slot("timestamp", quoted=True),
        "identityMap": Slot("identities"),
        "consent": [{"standard": STANDARD, "version": VERSION, "value": value}],
    }

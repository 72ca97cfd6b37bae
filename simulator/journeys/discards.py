"""Why an event did not enter a journey, or did nothing in it.

The names are the product's own where it has one (journeys.md 5.4); those of ours are marked. The product hides
several of them; here every one is on record.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal


class Discard(StrEnum):
    """The reasons for which an event is dropped."""

    NO_JOURNEY = "EVENT_WITH_NO_JOURNEY"
    """A system-generated id that no active journey listens to."""
    TOO_LARGE = "payloadTooLarge"
    """More than 64 KB of JSON (ajo); the product says nothing. Our name."""
    NO_KEY = "EXTERNAL_KEY_COMPUTATION_ERROR"
    """The key is missing, empty or no text."""
    OUTSIDE_WINDOW = "outsideJourneyWindow"
    """The journey has not begun or has ended; the product says nothing. Our name."""
    NOT_A_TEST_PROFILE = "ERROR_INSTANCE_NOT_A_TEST_PROFILE"
    """The journey is in test mode, and the person is no test profile."""
    STACK_FULL = "maxInstanceStackEventsReached"
    """More than 10 events are waiting for one instance."""
    NOT_AWAITED = "eventNotAwaited"
    """An instance is under way, and does not wait for this event. Our name."""
    NOT_INITIAL = "notSuitableInitialEvent"
    """The person is not in the journey, and the event is not its first one."""
    REENTRANCE = "reentranceNotAllowed"
    """The person has entered before, and may not again, or not yet."""
    PAUSED = "PAUSED_JOURNEY_VERSION"
    """The journey is paused."""
    NOT_CREATED = "JOURNEY_INSTANCE_ID_NOT_CREATED"
    """More than 10 instances of one person with different supplemental ids."""

    @property
    def service(self) -> Literal["dispatcher", "stateMachine"]:
        """Which part of the product reports it."""
        return "dispatcher" if self in _DISPATCHER else "stateMachine"


_DISPATCHER = {Discard.NO_JOURNEY, Discard.TOO_LARGE, Discard.NO_KEY, Discard.OUTSIDE_WINDOW}

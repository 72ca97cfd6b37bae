"""Where Journey Orchestration (`jo`) and Journey Optimizer (`ajo`) differ, and the limits of both.

Numbers are those of the table at the top of journeys.md and of its section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.core.simtime import MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND
from simulator.journeys.expressions.scope import Dialect

MS_PER_DAY = 24 * MS_PER_HOUR

# Events that may wait for one instance (per profile and journey version).
QUEUE_LIMIT = 10
# Instances of one profile with different supplemental ids at the same time.
SUPPLEMENTAL_LIMIT = 10
# Steps of a journey.
STEP_LIMIT = 50
# Waits and event time-outs in test mode.
TEST_WAIT_MS = 10 * MS_PER_SECOND
# The same where a step waits for a reaction with a time-out, and the range of such time-outs.
TEST_WAIT_WITH_REACTION_MS = 40 * MS_PER_SECOND
REACTION_TIMEOUT_MS = (40 * MS_PER_SECOND, 30 * MS_PER_DAY)
# A call is tried again this often after the first time, but not after these status codes.
CALL_RETRIES = 3
NEVER_RETRIED = frozenset({401, 403, 404})
# Events of a profile's history that a condition can read, and their age.
HISTORY_LIMIT = 1000
HISTORY_AGE_MS = 365 * MS_PER_DAY


@dataclass(frozen=True, slots=True)
class Rules:
    """What the dialect decides. Times are milliseconds."""

    timeout_ms: int
    """Life of an instance."""
    reentrance_ms: int
    """Shortest time between two entries of a person."""
    activity_timeout_ms: int
    """A call with its retries."""
    longest_wait_ms: int
    event_bytes: int | None
    """Largest event, as JSON."""
    action_cap: int | None
    """Calls a minute of one action."""
    reads_responses: bool
    """Responses of custom actions can be used."""
    has_profile_caps: bool
    has_exit_criteria: bool
    can_pause: bool
    methods: tuple[str, ...]
    """Methods of custom actions."""
    follows_redirects: bool


RULES: dict[Dialect, Rules] = {
    "jo": Rules(
        timeout_ms=30 * MS_PER_DAY,
        reentrance_ms=0,
        activity_timeout_ms=5 * MS_PER_SECOND,
        longest_wait_ms=30 * MS_PER_DAY,
        event_bytes=None,
        action_cap=None,
        reads_responses=False,
        has_profile_caps=False,
        has_exit_criteria=False,
        can_pause=False,
        methods=("POST", "PUT"),
        follows_redirects=False,
    ),
    "ajo": Rules(
        timeout_ms=91 * MS_PER_DAY,
        reentrance_ms=5 * MS_PER_MINUTE,
        activity_timeout_ms=30 * MS_PER_SECOND,
        longest_wait_ms=90 * MS_PER_DAY,
        event_bytes=64 * 1024,
        action_cap=300_000,
        reads_responses=True,
        has_profile_caps=True,
        has_exit_criteria=True,
        can_pause=True,
        methods=("POST", "PUT", "GET"),
        follows_redirects=True,
    ),
}

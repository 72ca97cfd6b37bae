"""What the SDK makes of an answer of the Edge Network: done, try again, or give the hit up.

One pure function for everybody who sends hits: the queue of a simulated phone and the destination that speaks
real HTTP (mobile_sdk.md 4.4, ingestion.md 2.8).
"""

from __future__ import annotations

import re
from enum import IntEnum
from math import ceil, isfinite
from typing import NamedTuple

from simulator.core.simtime import MS_PER_SECOND
from simulator.phone import Os

# EdgeNetworkService of both SDKs, with NetworkServiceConstants of iOS' Core.
SUCCESS_CODES = frozenset({200, 204, 207})
RECOVERABLE_CODES = frozenset({408, 429, 502, 503, 504, 507})
# EdgeConstants of iOS: how long to wait before a hit is tried again, and for an answer.
RETRY_INTERVAL_MS = 5 * MS_PER_SECOND
CONNECT_TIMEOUT_MS = 5 * MS_PER_SECOND
READ_TIMEOUT_MS = 5 * MS_PER_SECOND

NO_ANSWER = -1
"""In place of a code: no connection, a connection lost, or an answer that did not come in time."""
NO_SUCH_HOST = -2
"""In place of a code: a name that can't be resolved, or a certificate that can't be trusted."""

_DIGITS = re.compile(r"[0-9]+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")


class Handling(IntEnum):
    """What happens to the hit."""

    DONE = 0
    """The endpoint has it; it leaves the queue."""
    RETRY = 1
    """It stays first in the queue and is sent again after a wait."""
    DROP = 2
    """It leaves the queue and is lost."""


class Judgement(NamedTuple):
    """What the SDK does after an answer."""

    handling: Handling
    wait_ms: int
    """How long until the next attempt, milliseconds; 0 unless the hit is tried again."""


_DONE = Judgement(Handling.DONE, 0)
_DROP = Judgement(Handling.DROP, 0)


def judge(code: int, retry_after: str | None = None, os: Os = "android") -> Judgement:
    """What the SDK of ``os`` does after a status code (or ``NO_ANSWER``, ``NO_SUCH_HOST``).

    ``retry_after`` is the text of the answer's `Retry-After` header.
    """
    if code in SUCCESS_CODES:
        return _DONE
    if code in RECOVERABLE_CODES:
        return Judgement(Handling.RETRY, retry_wait_ms(retry_after, os))
    # Android gets no connection for a name it can't resolve, and takes that for being offline.
    if code == NO_ANSWER or (code == NO_SUCH_HOST and os == "android"):
        return Judgement(Handling.RETRY, RETRY_INTERVAL_MS)
    return _DROP


def retry_wait_ms(retry_after: str | None, os: Os = "android") -> int:
    """How long to wait as `Retry-After` says, milliseconds.

    Seconds greater than 0 are heeded: whole ones on Android, any on iOS. Everything else (a date, 0, words, nothing)
    means the usual interval; there is no back-off, no jitter and no limit.
    """
    text = (retry_after or "").strip()
    pattern = _NUMBER if os == "ios" else _DIGITS
    if not pattern.fullmatch(text):
        return RETRY_INTERVAL_MS
    seconds = float(text)
    return ceil(seconds * MS_PER_SECOND) if seconds > 0 and isfinite(seconds) else RETRY_INTERVAL_MS

"""What happens in journeys, row by row, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

LogKind = Literal[
    "entered",
    "step",
    "message",
    "call",
    "ended",
    "discarded",
    "received",
    "refused",
    "opened",
    "clicked",
]


class LogRow(NamedTuple):
    """One thing that happened.

    ``at`` is virtual time in milliseconds; ``person`` the ordinal of the person, -1 if unknown; ``identity`` the key
    that the journey knows the person by. ``step`` is the name of the step that it concerns. ``detail`` depends on
    the kind:

    - ``entered``: ``event`` (its name), ``event_id`` (the `_id`), ``supplemental``
    - ``step``: ``kind``, ``status``, ``previous``, ``path`` (taken out of a condition or race), ``values`` (of the
      fields that a condition read), ``elapsed`` (ms), ``error``
    - ``message``: ``action``, ``channel``, ``title``, ``body``
    - ``call``: ``action``, ``method``, ``url``, ``attempts``, ``status`` (`http_200`, `timedout`, `capped`, ...)
    - ``ended``: ``reason`` (end, no_path, error, timeout, exit, run_end)
    - ``discarded``: ``event``, ``event_id``, ``reason`` (see discards.py)
    - ``received``: a push message reached the phone: ``action``, ``sent`` (virtual time)
    - ``refused``: it never will: ``action``, ``reason`` (push_not_allowed)
    - ``opened``: the person opened it, or an e-mail: ``action``, ``received`` (virtual time)
    - ``clicked``: the person clicked a link in an e-mail: the same
    """

    at: int
    kind: LogKind
    journey: str
    person: int
    identity: str
    instance: str
    step: str
    detail: Mapping[str, Any]

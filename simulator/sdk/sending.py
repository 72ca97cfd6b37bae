"""How events leave the SDK: at once where nothing is in the way, through its queue otherwise (mobile_sdk.md 4)."""

from __future__ import annotations

from simulator.core.simtime import MS_PER_SECOND
from simulator.core.timers import TimedEnvironment
from simulator.ledger import Outcome
from simulator.phone import Os, RegionEvent
from simulator.sdk.consent import Choice
from simulator.sdk.edge_queue import EdgeQueue, QueuedHit
from simulator.sdk.forms import HandsetForms
from simulator.sdk.shared import SdkShared
from simulator.sdk.uplink import Sender
from simulator.xdm import Template

# The SDK notes at most this often when it was last active (core-ios LifecycleV2Constants; mobile_sdk.md 5.3).
ACTIVITY_SPACING_MS = 2 * MS_PER_SECOND
NEVER = -1
"""A time before the run."""

_OPEN = int(Outcome.OPEN)
_LATE = int(Outcome.DELIVERED_LATE)
_YES, _NO = Choice.YES, Choice.NO  # looking a member of an enumeration up takes as long as a call


class Sending:
    """The part of one phone's SDK that sends."""

    __slots__ = (
        *("_activity", "_busy", "_clear", "_consent", "_env", "_events", "_forms", "_identities", "_queue"),
        *("_shared", "_skew", "collects", "online", "os", "sender", "until"),
    )

    def __init__(
        self,
        env: TimedEnvironment,
        shared: SdkShared,
        sender: Sender,
        identities: bytes,
        forms: HandsetForms,
        skew: int,
    ) -> None:
        self._env = env
        self._shared = shared
        self.sender = sender
        self._identities = identities
        self._forms = forms
        self.os: Os = forms.os
        self._skew = skew
        self._consent, self.collects = _YES, True
        self._events = 0
        # Until when the process runs.
        self.until = NEVER
        self.online = True
        self._activity = -ACTIVITY_SPACING_MS
        # Until when events may leave at once, and when the last answer of those that did is in.
        self._clear = self._busy = NEVER
        self._queue: EdgeQueue | None = None

    @property
    def queued(self) -> int:
        """How many events wait on the phone."""
        return 0 if self._queue is None else len(self._queue)

    @property
    def identities(self) -> bytes:
        """The identity map of what is queued now, as JSON."""
        return self._identities

    def _run_until(self, until: int) -> None:
        self.until = until
        self._clear = until if self.online and self.collects else NEVER

    def _send(
        self,
        now: int,
        kind: int,
        dated: int,
        template: Template,
        values: tuple[bytes, ...],
        region: RegionEvent | None = None,
        passes: bool = False,
    ) -> None:
        """Queue an event; with nothing before it and nothing in its way it leaves in the same moment."""
        number = self._events
        self._events = number + 1
        if now - self._activity >= ACTIVITY_SPACING_MS:
            self._activity = now
        if self._queue is not None or not self._busy <= now <= self._clear:
            self._enqueue(now, kind, dated, number, template, values, region, passes)
            return
        sender, shared = self.sender, self._shared
        answered, outcome = now, _OPEN
        if not shared.perfect:
            took = shared.swift(sender.id_key, number, now)
            answered += took
            if took < 0 or answered > self._clear:
                self._enqueue(now, kind, dated, number, template, values, region, passes)
                return
            self._busy = answered
            if took > shared.late_after_ms:
                outcome = _LATE
        row = None
        if region is not None and (crossed := region.crossed) >= 0:
            noticed, entry = region.noticed, region.entry
            row = (sender.person, region.place, entry, crossed, noticed, now, now, answered, 1, outcome)
        shared.post((now, sender, kind, dated + self._skew, number, template, values, row, False))

    def _enqueue(
        self,
        now: int,
        kind: int,
        dated: int,
        number: int,
        template: Template,
        values: tuple[bytes, ...],
        region: RegionEvent | None,
        passes: bool,
    ) -> None:
        if self._consent is _NO and not passes:
            if region is not None:
                self._lose(region, Outcome.CONSENT_NO)
            return
        crossing = None
        if region is not None and region.crossed >= 0:
            crossing = region.place, region.entry, region.crossed, region.noticed
        hit = QueuedHit(kind, dated + self._skew, number, template, values, now, crossing, passes)
        queue = self._queue
        if queue is None:
            record = self._shared.record
            queue = self._queue = EdgeQueue(self._env, self, self._shared.network, record)
            record.queues[queue] = None
            if self._busy > now:
                queue.wait_for(self._busy)
        queue.append(hit, now)

    def queue_empty(self, answered: int) -> None:
        """The queue is empty: the next event may leave at once."""
        queue, self._queue = self._queue, None
        if queue is not None:
            del self._shared.record.queues[queue]
        self._busy = answered

    def _lose(self, region: RegionEvent, outcome: Outcome) -> None:
        """No event comes of a region event."""
        if region.crossed >= 0:
            row = (self.sender.person, region.place, region.entry, region.crossed, region.noticed)
            self._shared.record.lost.append((*row, -1, -1, -1, 0, int(outcome)))

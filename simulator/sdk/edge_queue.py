"""The hit queue of one phone (mobile_sdk.md 4): it is stored, serial, and blocked by its first hit.

One hit is under way at a time. After a recoverable answer the same hit is sent again, after a wait and without limit;
after any other bad answer it is dropped. What is stored survives the process, what is waited for does not.

Most hits never come here: the SDK sends them at once where nothing is in the way. A queue is made when something is,
and is gone when it is empty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from simulator.core.timers import TimedEnvironment
from simulator.ledger import CrossingRow, Outcome
from simulator.phone import Os
from simulator.sdk.edge_answers import RETRY_INTERVAL_MS, Handling, judge
from simulator.sdk.network import Attempt, Network
from simulator.sdk.record import SdkRecord
from simulator.sdk.uplink import Hit, Sender
from simulator.xdm import Template

_OPEN = int(Outcome.OPEN)
_DELIVERED_LATE = int(Outcome.DELIVERED_LATE)
_QUEUED_AT_END = int(Outcome.QUEUED_AT_END)
_NO_CROSSING = -1


class QueuedHit:
    """One event in the queue. Times are virtual milliseconds."""

    __slots__ = (
        *("attempts", "crossed", "dated", "entry", "kind", "noticed", "number", "passes", "place", "queued"),
        *("requests", "settled", "template", "values"),
    )

    def __init__(
        self,
        kind: int,
        dated: int,
        number: int,
        template: Template,
        values: tuple[bytes, ...],
        queued: int,
        crossing: tuple[int, bool, int, int] | None,
        passes: bool = False,
    ) -> None:
        """``crossing`` is the place, whether it is an entry, and the times of crossing and noticing."""
        self.kind = kind
        self.dated = dated
        self.number = number
        self.template = template
        self.values = values
        self.queued = queued
        self.place, self.entry, self.crossed, self.noticed = crossing or (_NO_CROSSING, False, -1, -1)
        self.passes = passes
        """It is sent without consent (a change of consent)."""
        self.attempts = 0
        self.requests = 0
        """Attempts that reached the endpoint."""
        self.settled = self.place == _NO_CROSSING
        """Its crossing has its row, or it has none."""

    def row(self, person: int, sent: int, acknowledged: int, outcome: int) -> CrossingRow:
        """What the ledger says of its crossing."""
        return (
            *(person, self.place, self.entry, self.crossed, self.noticed, self.queued),
            *(sent, acknowledged, self.attempts, outcome),
        )


class Owner(Protocol):
    """Whose queue it is: what decides whether it may send."""

    sender: Sender
    online: bool
    until: int
    collects: bool
    os: Os

    def queue_empty(self, answered: int) -> None:
        """Nothing is left; the last answer came at ``answered``."""


class EdgeQueue:
    """The hits of one phone that could not leave at once."""

    __slots__ = (
        "_env",
        "_hits",
        "_late",
        "_network",
        "_owner",
        "_polled",
        "_post",
        "_record",
        "_rows",
        "_under_way",
        "_until",
        "_wait",
        "_waits",
    )

    def __init__(self, env: TimedEnvironment, owner: Owner, network: Network, record: SdkRecord) -> None:
        self._env = env
        self._owner = owner
        self._network = network
        self._record = record
        self._post = record.post
        self._late = record.late_after_ms
        self._hits: deque[QueuedHit] = deque()
        # What is waited for: an answer (then a request is under way) or the next attempt. None if nothing is.
        # Waits are numbered: one that was given up ends without consequences.
        self._wait: int | None = None
        self._waits = 0
        self._until = 0
        self._under_way: Attempt | None = None
        # When the first hit was first tried without a connection; it is tried again every 5 s from then on.
        self._polled: int | None = None
        # What `rows` said last, until something changes: most queues wait quietly.
        self._rows: Sequence[CrossingRow] | None = None

    def __len__(self) -> int:
        return len(self._hits)

    # --- what the SDK does with it ------------------------------------------------------------------------

    def append(self, hit: QueuedHit, now: int) -> None:
        """Store a hit; it is sent when its turn comes."""
        self._hits.append(hit)
        self._rows = None
        self.pump(now)

    def wait_for(self, until: int) -> None:
        """An answer is still out until then, to a request that left before there was a queue."""
        self._sleep(until)

    def clear(self, now: int, outcome: int) -> None:
        """Everything is thrown away, whatever comes of the request under way."""
        self.stop()
        person = self._owner.sender.person
        for hit in self._hits:
            self._record.lose(person, hit, outcome)
        self._hits.clear()
        self._owner.queue_empty(now)

    def stop(self) -> None:
        """The process ended: nobody waits for an answer or an interval any more."""
        self._wait = self._under_way = self._polled = None

    def pump(self, now: int) -> None:
        """Send what can be sent now."""
        owner = self._owner
        while self._hits and self._wait is None and owner.until >= now:
            hit = self._hits[0]
            if not (owner.collects or hit.passes):
                return
            if not owner.online:
                if self._polled is None:
                    self._polled = now
                return
            self._attempt(hit, now)

    def connected(self, now: int) -> None:
        """The network is back: the next look at it finds so."""
        polled, self._polled = self._polled, None
        if self._wait is None and self._hits:
            wait = 0 if polled is None else (polled - now) % RETRY_INTERVAL_MS
            if wait:
                self._sleep(now + wait)
            else:
                self.pump(now)

    def disconnected(self, now: int) -> None:
        """The network is gone, and with it the answer that was expected."""
        if self._under_way is not None:
            self._under_way = None
            self._sleep(now + RETRY_INTERVAL_MS)

    def rows(self) -> Sequence[CrossingRow]:
        """The crossings in the queue as they stand in the ledger if the run ends now."""
        if self._rows is None:
            person, record = self._owner.sender.person, self._record
            self._rows = [
                record.lost_row(person, hit, _QUEUED_AT_END) for hit in self._hits if not hit.settled
            ]
        return self._rows

    # --- sending ------------------------------------------------------------------------------------------

    def _attempt(self, hit: QueuedHit, now: int) -> None:
        sender = self._owner.sender
        attempt = self._network.attempt(sender.id_key, hit.number, hit.attempts, now)
        self._rows = None
        hit.attempts += 1
        if attempt.reached:
            self._request(hit, now, attempt)
        else:
            self._record.failed += 1
        if attempt.took:
            self._under_way = attempt
            self._sleep(now + attempt.took)
        else:
            self._answered(hit, attempt, now)

    def _request(self, hit: QueuedHit, now: int, attempt: Attempt) -> None:
        """The endpoint takes the event. Its crossing is settled with the request that is answered."""
        sender, row = self._owner.sender, None
        if not hit.settled and judge(attempt.code).handling is Handling.DONE:
            heard = now + attempt.took
            outcome = _DELIVERED_LATE if heard - hit.queued > self._late else _OPEN
            row = hit.row(sender.person, now, heard, outcome)
            hit.settled = True
        again = hit.requests > 0
        hit.requests += 1
        sent: Hit = (now, sender, hit.kind, hit.dated, hit.number, hit.template, hit.values, row, again)
        self._post(sent)

    def _answered(self, hit: QueuedHit, attempt: Attempt, now: int) -> None:
        handling, wait = judge(attempt.code, attempt.retry_after, self._owner.os)
        if handling is Handling.RETRY:
            self._sleep(now + wait)
            return
        self._hits.popleft()
        self._rows = None
        if handling is Handling.DROP:
            self._record.lose(self._owner.sender.person, hit, int(Outcome.DROPPED_BY_CODE))
        if not self._hits:
            self._owner.queue_empty(now)

    # --- waiting ------------------------------------------------------------------------------------------

    def _sleep(self, until: int) -> None:
        self._wait = self._waits = self._waits + 1
        self._until = until
        self._env.call_at(until, self._wake, self._wait)

    def _wake(self, wait: int) -> None:
        """A wait is over: an answer is there, or it is time for the next attempt."""
        if wait != self._wait:
            return
        now, attempt = self._until, self._under_way
        self._wait = self._under_way = None
        if self._owner.until < now:
            return  # suspended: the answer goes by, and the next attempt waits for the process to wake up
        if attempt is not None:
            self._answered(self._hits[0], attempt, now)
        self.pump(now)

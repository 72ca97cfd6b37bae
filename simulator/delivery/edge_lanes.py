"""One queue for each phone, as the Mobile SDK keeps it: serial, first in first out, patient.

A phone has one request in flight. What may be tried again stays first in its queue and is sent again after 5 s, or as
long as `Retry-After` says; any other answer that is no success drops the event (mobile_sdk.md 4.4). Phones don't know
of each other: that one waits holds nobody else up.

A phone stays the same when its identities are reset: its queue goes on, what it keeps of answers is forgotten when the
first event with the new ECID is first in the queue, all but the location hint, and answers to older events are not kept
any more (4.8). An app that was installed afresh forgets the hint too. Where it is not known whose events are, as in a
file of recorded ones, each ECID counts as a phone.

Two things end the patience that a phone would have. An event is given up ``give_up_after`` seconds after its first
try. When nothing but failures came back for that long, the endpoint counts as dead: what waits is pending at once,
and later events risk one request at a time.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from simulator.core.identifiers import derived_uuid
from simulator.delivery.base import Batch, DeliveryStats, Fate, Receipt
from simulator.delivery.edge_phones import Hit, Lane, Work, phones_of
from simulator.delivery.edge_requests import reason_of
from simulator.delivery.identity import identity_of
from simulator.delivery.limits import RateCap
from simulator.delivery.oauth import TokenError, Tokens
from simulator.delivery.sending_thread import (
    ASK_EVERY,
    DEAD_AFTER,
    INTERRUPTED,
    LOOK_UP,
    LOOK_UP_IN_FLIGHT,
    Done,
    SendingThread,
)
from simulator.delivery.transport import Finished, Transport
from simulator.sdk import (
    NO_ANSWER,
    NO_SUCH_HOST,
    EdgeEndpoint,
    EdgeRequest,
    Handling,
    StateEntry,
    judge,
    read_answer,
)

Build = Callable[[bytes, EdgeEndpoint, str, Sequence[StateEntry], str], EdgeRequest]


class LaneSender(SendingThread):
    """Sends through a pool of connections, at most one request of each phone; ``run`` is the body of its thread."""

    def __init__(
        self,
        endpoint: EdgeEndpoint,
        build: Build,
        pool: Transport[Hit],
        stats: DeliveryStats,
        *,
        give_up_after: float,
        monotonic: Callable[[], float],
        tokens: Tokens | None = None,
        cap: RateCap | None = None,
        hide: Callable[[bytes], bytes] = lambda data: data,
    ) -> None:
        """``build`` makes the request of an event; ``hide`` takes secrets out of what the other side says."""
        super().__init__(pool)
        self._endpoint = endpoint
        self._build = build
        self._stats = stats
        self._give_up_after = give_up_after
        self._monotonic = monotonic
        self._tokens = tokens
        self._cap = cap
        self._hide = hide
        self._lanes: dict[int | bytes, Lane] = {}
        self._future: deque[Hit] = deque()  # with a time that has not come
        self._ready: deque[Lane] = deque()
        self._waiting: list[tuple[float, int, Lane]] = []
        self._pushed = 0
        self._failing_since: float | None = None
        self._dead = False
        self._ask_at = 0.0
        self._in_flight: set[Hit] = set()

    def _step(self) -> bool:
        """Start what is due and settle what has finished; False when closed and done."""
        self._take_all()
        if self._stopped:
            self._drop(INTERRUPTED, also_future=True)
        now = self._monotonic()
        self._release(now)
        self._start_all(now)
        self._stats.in_flight = self._pool.in_flight
        if self._pool.in_flight:
            for finished in self._pool.wait(min(self._patience(), LOOK_UP_IN_FLIGHT)):
                self._settle(finished)
            self._stats.latency.gather()
        elif self._ready or self._waiting or self._future:
            self._wake.wait(self._patience())
        elif self._closed and not self._inbox:
            return False
        else:
            self._wake.wait()
        return True

    def _take(self, batch: Batch, done: Done) -> None:
        """Put the events of a new batch into the queues of their phones."""
        count = len(batch)
        receipt = Receipt(np.zeros(count, dtype=np.uint8))
        if not count:
            done(receipt)
            return
        work = Work(batch.bodies, receipt, done, count, batch.on_settled)
        due = None if batch.due is None else batch.due.tolist()
        phones = phones_of(batch)
        for index, body in enumerate(batch.bodies):
            identity = identity_of(body)
            key = identity if phones is None or phones[index] < 0 else phones[index]
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = Lane()
            hit = Hit(lane, work, index, lane.number_of(identity))
            if due is None:
                self._enqueue(hit)
            else:
                hit.due = due[index]
                self._future.append(hit)

    def _enqueue(self, hit: Hit) -> None:
        lane = hit.lane
        lane.queue.append(hit)
        if hit.due:  # without times, what is behind in a queue has not happened yet
            lane.newest = max(lane.newest, hit.identity)
        if not lane.busy:
            lane.busy = True
            self._ready.append(lane)

    def _release(self, now: float) -> None:
        """What was to wait for its time, or for its next try, and has done so."""
        while self._future and self._future[0].due <= now:
            self._enqueue(self._future.popleft())
        while self._waiting and self._waiting[0][0] <= now:
            self._ready.append(heapq.heappop(self._waiting)[2])

    # --- starting -------------------------------------------------------------------------------------------

    def _start_all(self, now: float) -> None:
        pool, ready = self._pool, self._ready
        if self._dead and now < self._ask_at:
            return
        width = 1 if self._dead else pool.size
        while ready and pool.in_flight < width and not (self._cap and self._cap.wait(now)):
            self._start(ready.popleft(), now)

    def _start(self, lane: Lane, now: float) -> None:
        hit = lane.queue[0]
        stats, body = self._stats, hit.work.bodies[hit.index]
        if hit.first_try < 0:
            hit.first_try = stats.last_sent = now
            stats.events += 1
            if hit.due:
                stats.latency.late.fresh.append(now - hit.due)
        hit.started = now
        headers: tuple[str, ...] = ()
        if self._tokens is not None:
            try:
                hit.token = self._tokens.token()
            except TokenError as error:
                hit.tries += 1
                stats.statuses["no token"] += 1
                self._try_again(hit, str(error), judge(NO_ANSWER).wait_ms / 1000.0)
                return
            headers = (f"Authorization: Bearer {hit.token}",)
        elapsed = round(now * 1000)
        if hit.identity > lane.remembers:
            lane.renew(hit, elapsed)
        request_id = derived_uuid("request", body, hit.tries)
        try:
            request = self._build(
                body, self._endpoint, request_id, lane.state.entries(elapsed), lane.state.hint(elapsed)
            )
        except ValueError as error:
            self._end(hit, Fate.REJECTED, f"can't be sent to the Edge Network: {error}")
            return
        if hit.tries:
            stats.retries += 1
            stats.resent += hit.uncertain
        hit.tries += 1
        stats.requests += 1
        stats.bytes += len(request.body)
        if self._cap is not None:
            self._cap.take(now, 1)
        self._in_flight.add(hit)
        self._pool.start(request.url, request.body, hit, headers)

    def _patience(self) -> float:
        """How long to wait for an answer before looking again at what is due."""
        now = self._monotonic()
        due = now + LOOK_UP
        if self._dead and self._ask_at > now:
            due = min(due, self._ask_at)
        elif self._ready and self._pool.in_flight < self._pool.size and self._cap is not None:
            due = min(due, now + self._cap.wait(now))
        if self._waiting:
            due = min(due, self._waiting[0][0])
        if self._future:
            due = min(due, self._future[0].due)
        return max(0.0, due - now)

    # --- finishing ------------------------------------------------------------------------------------------

    def _settle(self, finished: Finished[Hit]) -> None:
        """What the SDK makes of an answer, or of none."""
        hit, stats, now = finished.tag, self._stats, self._monotonic()
        self._in_flight.discard(hit)
        stats.connects += finished.connects
        if finished.tries > 1:  # it was sent again on a new connection
            stats.requests += finished.tries - 1
            stats.retries += finished.tries - 1
            stats.resent += finished.tries - 1
        stats.answered(str(finished.status) if finished.status else finished.kind, now - hit.started)
        if finished.status in (401, 403) and self._tokens is not None and not hit.token_renewed:
            self._tokens.refused(hit.token)
            hit.token_renewed = True
            self._ready.appendleft(hit.lane)
            return
        if not finished.status:
            hit.uncertain = hit.uncertain or finished.sent
            code, reason = NO_SUCH_HOST if finished.fatal else NO_ANSWER, finished.error
        else:
            code, reason = finished.status, reason_of(finished.status, self._hide(finished.body))
            hit.uncertain = hit.uncertain or code in (502, 504)
        judgement = judge(code, finished.retry_text, "ios")
        match judgement.handling:
            case Handling.DONE:
                self._alive()
                if hit.identity == hit.lane.newest:
                    hit.lane.state.take(read_answer(finished.body), round(now * 1000))
                self._end(hit, Fate.ACKNOWLEDGED)
            case Handling.DROP if finished.status:
                self._alive()
                self._end(hit, Fate.REJECTED, reason)
            case Handling.DROP:
                self._fail(hit, now)
                self._dead = True
                self._end(hit, Fate.PENDING, reason)
                self._bury(reason, now)
            case Handling.RETRY:
                self._fail(hit, now)
                self._try_again(hit, reason, judgement.wait_ms / 1000.0)
                if now - (self._failing_since or now) >= max(self._give_up_after, DEAD_AFTER):
                    self._dead = True
                if self._dead:
                    self._bury(reason, now)

    def _alive(self) -> None:
        self._failing_since = None
        self._dead = False

    def _fail(self, hit: Hit, now: float) -> None:
        if self._failing_since is None:
            self._failing_since = hit.started

    def _try_again(self, hit: Hit, reason: str, wait: float) -> None:
        """The hit stays first in its queue, unless its time is over."""
        when = self._monotonic() + wait
        if when - hit.first_try <= self._give_up_after and not self._dead:
            self._pushed += 1
            heapq.heappush(self._waiting, (when, self._pushed, hit.lane))
            return
        doubt = "; it may have arrived" if hit.uncertain else ""
        tries = "1 try" if hit.tries == 1 else f"{hit.tries} tries"
        self._end(hit, Fate.PENDING, f"{reason} (given up after {tries}{doubt})")

    def _end(self, hit: Hit, fate: Fate, reason: str = "") -> None:
        """The hit leaves its queue, and the next one of its phone is ready."""
        lane = hit.lane
        lane.queue.pop(0)
        if lane.queue:
            self._ready.append(lane)
        else:
            lane.busy = False
        if fate is not Fate.PENDING:
            self._stats.latency.intended.fresh.append(self._monotonic() - (hit.due or hit.first_try))
        elif hit.uncertain:
            hit.work.receipt.doubtful.add(hit.index)
        if fate is not Fate.PENDING and hit.work.on_settled is not None:
            hit.work.on_settled((hit.index,), fate)
        hit.work.settle(hit.index, fate, reason)

    def _bury(self, reason: str, now: float) -> None:
        """The endpoint is dead: everything that waits is pending; events with a time ahead wait for it."""
        self._drop(reason)
        self._ask_at = now + ASK_EVERY if self._future else 0.0

    def _drop(self, reason: str, *, also_future: bool = False) -> None:
        """Leave everything that is not in flight pending."""
        lanes = [*self._ready, *(entry[2] for entry in self._waiting), *(hit.lane for hit in self._in_flight)]
        self._ready.clear()
        self._waiting.clear()
        for lane in lanes:
            flying = lane.queue[0] if lane.queue and lane.queue[0] in self._in_flight else None
            dropped = [hit for hit in lane.queue if hit is not flying]
            lane.queue.clear()
            if flying is not None:
                lane.queue.append(flying)
            lane.busy = flying is not None
            for hit in dropped:
                if hit.uncertain:
                    hit.work.receipt.doubtful.add(hit.index)
                hit.work.settle(hit.index, Fate.PENDING, reason)
        while also_future and self._future:
            hit = self._future.popleft()
            hit.work.settle(hit.index, Fate.PENDING, reason)

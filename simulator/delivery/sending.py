"""The sending of batches to an inlet: what is tried when, how often, and when it is given up.

Batches are handed over from any thread and sent in their order; several may be on their way at once. An event
that has a time (``Batch.due``) goes out at that time, or as soon after it as a connection is free, and is then
late.

Two clocks end the trying. An event is given up ``give_up_after`` seconds after its first try. The endpoint is
taken for dead when nothing but failures came back for that long: everything that waits is then pending at
once, and each later batch risks one request, no more, to find out whether the endpoint is back. Events with a
time ahead of them wait for it; meanwhile one request a second asks.

Without times, failures make the sender careful: fewer requests in flight, and nothing new while nothing but
failures comes back. With times they do not, because the schedule is not the endpoint's to slow down.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from simulator.delivery.answers import ALL_TAKEN, UNCERTAIN, Action, Reading
from simulator.delivery.base import Batch, DeliveryStats, Fate, Receipt
from simulator.delivery.formats import Format
from simulator.delivery.limits import RateCap
from simulator.delivery.oauth import TokenError, Tokens
from simulator.delivery.pieces import Endpoint, Piece, Queue, Work
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

_FIRST_PAUSE = 0.1  # seconds; doubles with every try of the same events
_LONGEST_PAUSE = 5.0
_AHEAD = 32  # requests that are made ready at once, beside those that may be in flight
_TRIES_AFTER_500 = 3  # ingestion.md 1.6: at most a few times


class Sender(SendingThread):
    """Sends batches through a pool of connections; ``run`` is the body of its thread."""

    def __init__(
        self,
        url: str,
        pool: Transport[Piece],
        format: Format,
        stats: DeliveryStats,
        *,
        sync_validation: bool = False,
        give_up_after: float,
        monotonic: Callable[[], float],
        tokens: Tokens | None = None,
        cap: RateCap | None = None,
        hide: Callable[[bytes], bytes] = lambda data: data,
    ) -> None:
        """``hide`` takes secrets out of what the other side says; the rest is as in the scenario."""
        super().__init__(pool)
        self._url = url
        self._sync_url = f"{url}{'&' if '?' in url else '?'}syncValidation=true"
        self._format = format
        self._stats = stats
        self._tokens = tokens
        self._cap = cap
        self._hide = hide
        self._sync = sync_validation
        self._give_up_after = give_up_after
        self._monotonic = monotonic
        self._endpoint = Endpoint(most=pool.size, width=pool.size)
        self._queue = Queue()
        self._enough = 2 * pool.size + _AHEAD  # more than can be started before the next look
        self._timed = False

    def _step(self) -> bool:
        """Start what is due and settle what has finished; False when closed and done."""
        self._take_all()
        if self._stopped:
            self._queue.drop(INTERRUPTED)
        now = self._monotonic()
        self._start_due(now)
        self._stats.in_flight = self._pool.in_flight
        if self._pool.in_flight:
            finished = self._pool.wait(min(self._patience(), LOOK_UP_IN_FLIGHT))
            if finished:
                now = self._monotonic()
                for one in finished:
                    self._settle(one, now)
                self._stats.latency.gather()
                if self._endpoint.silent and self._endpoint.failing_since is None:
                    self._endpoint.silent = False
                    self._queue.hasten()
        elif self._queue:
            self._wake.wait(self._patience())
        elif self._closed:
            return False
        elif not self._inbox:
            self._wake.wait()
        return True

    def _take(self, batch: Batch, done: Done) -> None:
        """Cut a new batch into requests."""
        self._timed = batch.due is not None
        count = len(batch.bodies)
        receipt = Receipt.of(count, Fate.ACKNOWLEDGED)
        receipt.fates[:] = Fate.PENDING
        work = Work(batch.bodies, receipt, done, count, self._timed, batch.on_settled)
        if not count:
            done(receipt)
            return
        cuts = self._format.cut(batch.bodies)
        if batch.due is None:
            self._queue.coming.append(Piece(work, cut) for cut in cuts)
        else:  # a request can go when the last of its events is there
            due = batch.due.tolist()
            self._queue.coming.append(Piece(work, cut, due[cut.stop - 1]) for cut in cuts)

    # --- starting -------------------------------------------------------------------------------------------

    def _start_due(self, now: float) -> None:
        endpoint, pool = self._endpoint, self._pool
        ready, waiting = self._queue.ready, self._queue.waiting
        self._queue.refill(self._enough)
        if now < endpoint.paused_until:
            return
        width = 1 if endpoint.dead else endpoint.width
        while pool.in_flight < width and not (self._cap and self._cap.wait(now)):
            if waiting and waiting[0][0] <= now:
                self._start(heapq.heappop(waiting)[2], now)
            elif ready and ready[0].due <= now and (not waiting or self._may_risk(ready[0])):
                self._start(ready.popleft(), now)
            else:
                return

    def _may_risk(self, piece: Piece) -> bool:
        """Whether something new is sent while other things wait to be tried again.

        While nothing but failures comes back, what failed is tried before anything new is risked.
        """
        return self._endpoint.failing_since is None or self._endpoint.dead or piece.work.timed

    def _start(self, piece: Piece, now: float) -> None:
        bodies = piece.work.bodies
        stats = self._stats
        if piece.first_try < 0:
            piece.first_try = stats.last_sent = now
            stats.events += len(piece.indices)
            if piece.due:
                stats.latency.late.fresh.append(now - piece.due)
        piece.started = now
        headers: tuple[str, ...] = ()
        if self._tokens is not None:
            try:
                piece.token = self._tokens.token()
            except TokenError as error:
                self._without_token(piece, error)
                return
            headers = (f"Authorization: Bearer {piece.token}",)
        body = self._format.build([bodies[index] for index in piece.indices])
        if self._cap is not None:
            self._cap.take(now, len(piece.indices))
        piece.sync = self._sync
        if piece.tries:
            stats.retries += 1
            if piece.uncertain:
                stats.resent += len(piece.indices)
        piece.tries += 1
        stats.requests += 1
        stats.bytes += len(body)
        self._pool.start(self._sync_url if piece.sync else self._url, body, piece, headers)

    def _without_token(self, piece: Piece, error: TokenError) -> None:
        """There is nobody to send as: like an endpoint that can't be reached."""
        piece.tries += 1
        self._stats.statuses["no token"] += 1
        self._failed(piece, str(error), Finished(piece, 0, sent=False))

    def _patience(self) -> float:
        """How long to wait for an answer before looking again at what is due."""
        queue, endpoint = self._queue, self._endpoint
        now = self._monotonic()
        due = now + LOOK_UP
        if endpoint.paused_until > now:
            due = endpoint.paused_until
        elif self._pool.in_flight < endpoint.width:
            if queue.waiting:
                due = min(due, queue.waiting[0][0])
            if queue.ready and (not queue.waiting or self._may_risk(queue.ready[0])):
                due = min(due, queue.ready[0].due)
        if self._cap is not None and due < (free := now + self._cap.wait(now)):
            due = free
        return min(max(due - now, 0.0), LOOK_UP)

    # --- finishing ------------------------------------------------------------------------------------------

    def _settle(self, finished: Finished[Piece], now: float) -> None:
        """Give the events of a finished request their fate, or plan the next try."""
        piece, stats = finished.tag, self._stats
        count = len(piece.indices)
        stats.connects += finished.connects
        if finished.tries > 1:  # it was sent again on a new connection
            stats.requests += finished.tries - 1
            stats.retries += finished.tries - 1
            stats.resent += count * (finished.tries - 1)
        if not finished.status:
            stats.answered(finished.kind, now - piece.started)
            piece.uncertain = piece.uncertain or finished.sent
            self._failed(piece, finished.error, finished)
            return
        stats.answered(str(finished.status), now - piece.started)
        if finished.status in (401, 403) and self._tokens is not None and not piece.token_renewed:
            # One page says 401, another 403; a second time the token isn't what is wrong (ingestion.md 7, item 2).
            self._tokens.refused(piece.token)
            piece.token_renewed = True
            self._queue.ready.appendleft(piece)
            return
        # Before anything is cut off: half a secret would not be recognised any more.
        said = finished.body if finished.status in (200, 204) else self._hide(finished.body)
        reading = self._format.read(finished.status, said, count, sync=piece.sync)
        if reading is ALL_TAKEN:
            self._all_taken(piece, now)
            return
        piece.uncertain = piece.uncertain or finished.status in UNCERTAIN
        match reading.action:
            case Action.SETTLED:
                self._settled(piece, reading, now)
            case Action.REFUSED:
                self._endpoint.good()
                self._reject(piece, reading.reason, now)
            case Action.SPLIT:
                self._endpoint.good()
                half = count // 2
                for indices in (piece.indices[half:], piece.indices[:half]):
                    self._queue.ready.appendleft(piece.part(indices))
            case Action.WITHOUT_SYNC:
                self._endpoint.good()
                self._sync = False
                self._queue.ready.appendleft(piece.part(piece.indices))
            case Action.RETRY_FEW if piece.tries >= _TRIES_AFTER_500:
                self._endpoint.bad(piece, reading.reason)
                why = f"{reading.reason} (after {piece.tries} tries; it may have arrived)"
                piece.work.pending(piece.indices, why, doubtful=True)
                self._bury_if_dead()
            case Action.RETRY | Action.RETRY_FEW:
                self._failed(piece, reading.reason, finished)

    def _reject(self, piece: Piece, reason: str, now: float) -> None:
        work = piece.work
        work.receipt.fates[_at(piece.indices)] = Fate.REJECTED
        if work.on_settled is not None:
            work.on_settled(piece.indices, Fate.REJECTED)
        work.receipt.reasons.update(dict.fromkeys(piece.indices, reason))
        self._stats.latency.intended.fresh.append(now - (piece.due or piece.first_try))
        work.settled(len(piece.indices))

    def _all_taken(self, piece: Piece, now: float) -> None:
        """The same as `_settled` for the answer that most requests get, in a fraction of the time."""
        work, indices = piece.work, piece.indices
        if len(indices) == 1:
            work.receipt.fates[indices[0]] = Fate.ACKNOWLEDGED
        else:
            work.receipt.fates[_at(indices)] = Fate.ACKNOWLEDGED
        self._stats.latency.intended.fresh.append(now - (piece.due or piece.first_try))
        self._endpoint.good()
        if work.on_settled is not None:
            work.on_settled(indices, Fate.ACKNOWLEDGED)
        work.settled(len(indices))

    def _settled(self, piece: Piece, reading: Reading, now: float) -> None:
        work, indices = piece.work, piece.indices
        receipt = work.receipt
        receipt.fates[_at(indices)] = Fate.ACKNOWLEDGED
        for fate, entries in ((Fate.REJECTED, reading.rejected), (Fate.PENDING, reading.unknown)):
            for position, reason in entries.items():
                receipt.fates[indices[position]] = fate
                receipt.reasons[indices[position]] = reason
        if len(reading.again) < len(indices):
            self._stats.latency.intended.fresh.append(now - (piece.due or piece.first_try))
        receipt.doubtful.update(indices[position] for position in reading.unknown)
        if not reading.again:
            self._endpoint.good()
            if work.on_settled is not None and not reading.rejected and not reading.unknown:
                work.on_settled(indices, Fate.ACKNOWLEDGED)
            work.settled(len(indices))
            return
        rest = [indices[position] for position in reading.again]
        receipt.fates[rest] = Fate.PENDING
        again = piece.part(rest)
        again.started, again.tries, again.uncertain = piece.started, piece.tries, piece.uncertain
        reason = next(iter(reading.again.values()))
        if len(rest) == len(indices):
            self._failed(again, reason, None)
        else:
            self._endpoint.good()
            self._try_again(again, reason)
            work.settled(len(indices) - len(rest))

    def _failed(self, piece: Piece, reason: str, finished: Finished[Piece] | None) -> None:
        """A request failed in a way that allows another try."""
        now = self._monotonic()
        endpoint = self._endpoint
        since = endpoint.bad(piece, reason)
        piece.unsent = finished is not None and not finished.sent
        self._try_again(piece, reason, finished.retry_after if finished else 0)
        if finished is None:
            return
        if not finished.sent:  # nobody is there: other events would meet the same
            endpoint.silent = True
            endpoint.paused_until = now + _until_next_ask(now - since, piece.work.timed)
        if finished.retry_after and not piece.work.timed:
            endpoint.paused_until = now + finished.retry_after
            if endpoint.paused_until - since > self._patience_with_failures():
                endpoint.reason = f"{reason} (asks to wait {finished.retry_after} s)"
                endpoint.dead = True
        endpoint.dead = endpoint.dead or finished.fatal
        self._bury_if_dead()

    def _try_again(self, piece: Piece, reason: str, retry_after: int = 0) -> None:
        """Plan the next try, unless the time for these events is over."""
        pause = _pause(piece.tries)
        if piece.work.timed:
            pause = max(pause, retry_after)
        when = self._monotonic() + pause
        if when - piece.first_try <= self._give_up_after and not self._endpoint.dead:
            self._queue.later(when, piece)
            return
        doubt = "; it may have arrived" if piece.uncertain else ""
        why = f"{reason} (given up after {_tries(piece.tries)}{doubt})"
        piece.work.pending(piece.indices, why, doubtful=piece.uncertain)

    def _patience_with_failures(self) -> float:
        return max(self._give_up_after, DEAD_AFTER)

    def _bury_if_dead(self) -> None:
        """Leave everything that waits pending once the endpoint has been failing for too long."""
        endpoint = self._endpoint
        since, now = endpoint.failing_since, self._monotonic()
        if since is not None and now - since >= self._patience_with_failures():
            endpoint.dead = True
        if endpoint.dead:
            self._queue.drop(endpoint.reason, until=now)
            endpoint.paused_until = now + ASK_EVERY if self._timed else 0.0


def _at(indices: Sequence[int]) -> slice | list[int]:
    """How numpy is told these indices: a range as a slice is much faster."""
    return slice(indices.start, indices.stop) if isinstance(indices, range) else list(indices)


def _pause(tries: int) -> float:
    """Seconds before the next try after ``tries`` tries."""
    return float(min(_FIRST_PAUSE * 2.0 ** min(tries - 1, 20), _LONGEST_PAUSE))


def _until_next_ask(failing: float, timed: bool) -> float:
    """Seconds until somebody who did not answer at all for ``failing`` seconds is asked again: about as many more.

    It depends on the endpoint alone, not on whose turn it was to ask, so how late events are after it was down doesn't
    depend on that either.
    """
    return min(max(failing, _FIRST_PAUSE), ASK_EVERY if timed else _LONGEST_PAUSE)


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"

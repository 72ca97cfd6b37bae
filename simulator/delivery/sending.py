"""The sending of batches to an inlet: what is tried when, how often, and when it is given up.

Two clocks end the trying. An event is given up ``give_up_after`` seconds after its first try. The endpoint is
taken for dead when nothing but failures came back for that long: everything that waits is then pending at
once, and each later batch risks one request, no more, to find out whether the endpoint is back.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

from simulator.delivery.answers import UNCERTAIN, Action, Reading
from simulator.delivery.base import Batch, DeliveryStats, Fate, Receipt
from simulator.delivery.curl import Finished, Pool
from simulator.delivery.formats import Format
from simulator.delivery.limits import RateCap
from simulator.delivery.oauth import TokenError, TokenSource

_FIRST_PAUSE = 0.1  # seconds; doubles with every try of the same events
_LONGEST_PAUSE = 5.0
_TRIES_AFTER_500 = 3  # ingestion.md 1.6: at most a few times
_DEAD_AFTER = 1.0  # seconds of failures before an endpoint is dead, however short give_up_after is
_LOOK_UP = 0.25  # seconds between looks at whether to stop
_INTERRUPTED = "the run was interrupted before it was delivered"


@dataclass(slots=True)
class Piece:
    """Events of a batch, by index, that share a request."""

    indices: Sequence[int]
    first_try: float = -1.0
    started: float = 0.0
    tries: int = 0
    sync: bool = False
    uncertain: bool = False  # an earlier try may have arrived
    token: str = ""
    token_renewed: bool = False


@dataclass(slots=True)
class Endpoint:
    """What is known about the health of the other side.

    ``width`` requests may be in flight: one more after each good answer, half as many after each failure.
    """

    most: int
    width: int
    failing_since: float | None = None
    paused_until: float = 0.0
    dead: bool = False
    reason: str = ""

    def good(self) -> None:
        """The endpoint took or refused something: it is there."""
        self.failing_since = None
        self.dead = False
        if self.width < self.most:
            self.width += 1

    def bad(self, started: float, reason: str) -> float:
        """A request that began at ``started`` failed; since when there were failures only."""
        if self.failing_since is None:
            self.failing_since = started
        self.width = max(1, self.width // 2)
        self.reason = reason
        return self.failing_since


@dataclass(slots=True)
class _Work:
    """A batch on its way."""

    bodies: list[bytes]
    receipt: Receipt
    ready: deque[Piece]
    waiting: list[tuple[float, int, Piece]] = field(default_factory=list)  # heap by time
    pushed: int = 0

    def later(self, when: float, piece: Piece) -> None:
        self.pushed += 1
        heapq.heappush(self.waiting, (when, self.pushed, piece))

    def pending(self, indices: Sequence[int], reason: str) -> None:
        """Fates are pending from the start; only the reason is new."""
        self.receipt.reasons.update(dict.fromkeys(indices, reason))

    def drop(self, reason: str) -> None:
        """Everything that is not in flight stays pending."""
        for piece in (*self.ready, *(entry[2] for entry in self.waiting)):
            self.pending(piece.indices, reason)
        self.ready.clear()
        self.waiting.clear()


class Sender:
    """Sends batches through a pool of connections; blocking, in one thread."""

    def __init__(
        self,
        url: str,
        pool: Pool[Piece],
        format: Format,
        stats: DeliveryStats,
        *,
        sync_validation: bool = False,
        give_up_after: float,
        monotonic: Callable[[], float],
        tokens: TokenSource | None = None,
        cap: RateCap | None = None,
        hide: Callable[[str], str] = lambda text: text,
    ) -> None:
        """``hide`` takes secrets out of what the other side says; the rest is as in the scenario."""
        self._url = url
        self._sync_url = f"{url}{'&' if '?' in url else '?'}syncValidation=true"
        self._pool = pool
        self._format = format
        self._stats = stats
        self._tokens = tokens
        self._cap = cap
        self._hide = hide
        self._sync = sync_validation
        self._give_up_after = give_up_after
        self._monotonic = monotonic
        self._endpoint = Endpoint(most=pool.size, width=pool.size)
        self._stop = Event()

    def stop(self) -> None:
        """Start no more requests; what is not in flight stays pending. From any thread."""
        self._stop.set()

    def close(self) -> None:
        """Drop the connections."""
        self._pool.close()

    def run(self, batch: Batch) -> Receipt:
        """Send a batch and return when every event has its fate."""
        cuts = self._format.cut(batch.bodies)
        work = _Work(batch.bodies, Receipt.of(len(batch.bodies), Fate.PENDING), deque(map(Piece, cuts)))
        work.receipt.reasons.clear()
        while True:
            if self._stop.is_set():
                work.drop(_INTERRUPTED)
            self._start_due(work)
            if self._pool.in_flight:
                for finished in self._pool.wait(self._patience(work)):
                    self._settle(work, finished)
            elif work.ready or work.waiting:
                self._stop.wait(self._patience(work))
            else:
                return work.receipt

    # --- starting -------------------------------------------------------------------------------------------

    def _start_due(self, work: _Work) -> None:
        endpoint = self._endpoint
        now = self._monotonic()
        if now < endpoint.paused_until and not endpoint.dead:
            return
        width = 1 if endpoint.dead else endpoint.width
        while self._pool.in_flight < width and not (self._cap and self._cap.wait(now)):
            if work.waiting and work.waiting[0][0] <= now:
                self._start(work, heapq.heappop(work.waiting)[2], now)
            elif work.ready and (endpoint.failing_since is None or endpoint.dead or not work.waiting):
                # While nothing but failures comes back, what failed is tried again before anything new is
                # risked.
                self._start(work, work.ready.popleft(), now)
            else:
                return

    def _start(self, work: _Work, piece: Piece, now: float) -> None:
        events = [work.bodies[index] for index in piece.indices]
        if piece.first_try < 0:
            piece.first_try = now
        piece.started = now
        headers: tuple[str, ...] = ()
        if self._tokens is not None:
            try:
                piece.token = self._tokens.token()
            except TokenError as error:
                self._without_token(work, piece, error)
                return
            headers = (f"Authorization: Bearer {piece.token}",)
        body = self._format.build(events)
        if self._cap is not None:
            self._cap.take(now, len(events))
        piece.sync = self._sync
        stats = self._stats
        if piece.tries:
            stats.retries += 1
            if piece.uncertain:
                stats.resent += len(events)
        piece.tries += 1
        stats.requests += 1
        stats.bytes += len(body)
        self._pool.start(self._sync_url if piece.sync else self._url, body, piece, headers)

    def _without_token(self, work: _Work, piece: Piece, error: TokenError) -> None:
        piece.tries += 1
        self._stats.statuses["no token"] += 1
        nothing_sent = Finished(piece, 0, sent=False)
        self._failed(work, piece, str(error), nothing_sent)

    def _patience(self, work: _Work) -> float:
        """How long to wait for an answer before looking again at what is due."""
        now = self._monotonic()
        due = work.waiting[0][0] if work.waiting else now + _LOOK_UP
        if self._endpoint.paused_until > now:
            due = max(due, self._endpoint.paused_until) if not work.ready else self._endpoint.paused_until
        if self._cap is not None and work.ready:
            due = min(due, now + (self._cap.wait(now) or _LOOK_UP))
        return min(max(due - now, 0.001), _LOOK_UP)

    # --- finishing ------------------------------------------------------------------------------------------

    def _settle(self, work: _Work, finished: Finished[Piece]) -> None:
        """Give the events of a finished request their fate, or plan the next try."""
        piece, stats = finished.tag, self._stats
        count = len(piece.indices)
        stats.connects += finished.connects
        if finished.tries > 1:  # libcurl sent it again on a new connection
            stats.requests += finished.tries - 1
            stats.retries += finished.tries - 1
            stats.resent += count * (finished.tries - 1)
        if not finished.status:
            stats.statuses[finished.kind] += 1
            piece.uncertain = piece.uncertain or finished.sent
            self._failed(work, piece, finished.error, finished)
            return
        stats.statuses[str(finished.status)] += 1
        if finished.status in (401, 403) and self._tokens is not None and not piece.token_renewed:
            # One page says 401, another 403; a second time the token isn't what is wrong (ingestion.md 7, item 2).
            self._tokens.refused(piece.token)
            piece.token_renewed = True
            work.ready.appendleft(piece)
            return
        reading = self._format.read(finished.status, finished.body, count, sync=piece.sync)
        reading.hide(self._hide)
        piece.uncertain = piece.uncertain or finished.status in UNCERTAIN
        match reading.action:
            case Action.SETTLED:
                self._settled(work, piece, reading)
            case Action.REFUSED:
                self._endpoint.good()
                work.receipt.fates[_at(piece.indices)] = Fate.REJECTED
                work.receipt.reasons.update(dict.fromkeys(piece.indices, reading.reason))
            case Action.SPLIT:
                self._endpoint.good()
                half = count // 2
                for indices in (piece.indices[half:], piece.indices[:half]):
                    work.ready.appendleft(Piece(indices, first_try=piece.first_try))
            case Action.WITHOUT_SYNC:
                self._endpoint.good()
                self._sync = False
                work.ready.appendleft(Piece(piece.indices, first_try=piece.first_try))
            case Action.RETRY_FEW if piece.tries >= _TRIES_AFTER_500:
                self._endpoint.bad(piece.started, reading.reason)
                work.pending(
                    piece.indices, f"{reading.reason} (after {piece.tries} tries; it may have arrived)"
                )
                self._bury_if_dead(work)
            case Action.RETRY | Action.RETRY_FEW:
                self._failed(work, piece, reading.reason, finished)

    def _settled(self, work: _Work, piece: Piece, reading: Reading) -> None:
        receipt, indices = work.receipt, piece.indices
        receipt.fates[_at(indices)] = Fate.ACKNOWLEDGED
        for fate, entries in ((Fate.REJECTED, reading.rejected), (Fate.PENDING, reading.unknown)):
            for position, reason in entries.items():
                receipt.fates[indices[position]] = fate
                receipt.reasons[indices[position]] = reason
        if not reading.again:
            self._endpoint.good()
            return
        rest = [indices[position] for position in reading.again]
        receipt.fates[rest] = Fate.PENDING
        again = Piece(rest, piece.first_try, piece.started, piece.tries, uncertain=piece.uncertain)
        reason = next(iter(reading.again.values()))
        if len(rest) == len(indices):
            self._failed(work, again, reason, None)
        else:
            self._endpoint.good()
            self._try_again(work, again, reason)

    def _failed(self, work: _Work, piece: Piece, reason: str, finished: Finished[Piece] | None) -> None:
        """A request failed in a way that allows another try."""
        now = self._monotonic()
        since = self._endpoint.bad(piece.started, reason)
        self._try_again(work, piece, reason)
        if finished is None:
            return
        if not finished.sent:  # nobody is there: other events would meet the same
            self._endpoint.paused_until = now + _pause(piece.tries)
        if finished.retry_after:
            self._endpoint.paused_until = now + finished.retry_after
            if self._endpoint.paused_until - since > self._patience_with_failures():
                self._endpoint.reason = f"{reason} (asks to wait {finished.retry_after} s)"
                self._endpoint.dead = True
        self._endpoint.dead = self._endpoint.dead or finished.fatal
        self._bury_if_dead(work)

    def _try_again(self, work: _Work, piece: Piece, reason: str) -> None:
        """Plan the next try, unless the time for these events is over."""
        when = self._monotonic() + _pause(piece.tries)
        if when - piece.first_try <= self._give_up_after and not self._endpoint.dead:
            work.later(when, piece)
            return
        doubt = "; it may have arrived" if piece.uncertain else ""
        work.pending(piece.indices, f"{reason} (given up after {_tries(piece.tries)}{doubt})")

    def _patience_with_failures(self) -> float:
        return max(self._give_up_after, _DEAD_AFTER)

    def _bury_if_dead(self, work: _Work) -> None:
        """Leave everything that waits pending once the endpoint has been failing for too long."""
        endpoint = self._endpoint
        since = endpoint.failing_since
        if since is not None and self._monotonic() - since >= self._patience_with_failures():
            endpoint.dead = True
        if endpoint.dead:
            endpoint.paused_until = 0.0
            work.drop(endpoint.reason)


def _at(indices: Sequence[int]) -> slice | list[int]:
    """How numpy is told these indices: a range as a slice is much faster."""
    return slice(indices.start, indices.stop) if isinstance(indices, range) else list(indices)


def _pause(tries: int) -> float:
    """Seconds before the next try after ``tries`` tries."""
    return float(min(_FIRST_PAUSE * 2.0 ** min(tries - 1, 20), _LONGEST_PAUSE))


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"

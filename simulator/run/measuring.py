"""Measuring a run while it lasts: one line a second in the run folder, rules that end it early, and live figures."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from simulator.core.errors import DeliveryError
from simulator.delivery import DeliveryStats, Fate
from simulator.delivery.load import PERCENTILES, Histogram
from simulator.run.delivering import Deliverer
from simulator.run.folder import writing
from simulator.run.load import LATE_S, LoadTiming
from simulator.run.pacing import WallClock
from simulator.run.spill import Outbox
from simulator.run.tally import Tally
from simulator.scenario import Expectation

EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What the last moment was like; the fields are those of ``timeseries.ndjson``.

    Counts are of this moment's length (``seconds``), but for ``in_flight``, ``unsettled`` and ``held``, which are as
    they were at its end; latencies are in seconds, and 0 where nothing was measured.
    """

    at: float
    """Seconds since the run began to send."""
    seconds: float
    intended: float | None
    """Events that were due."""
    events: int
    """Events that were sent for the first time."""
    acknowledged: int
    rejected: int
    pending: int
    requests: int
    retries: int
    connects: int
    bytes: int
    errors: int
    """Requests that were refused, or failed."""
    statuses: dict[str, int]
    late: int
    """Requests that were sent more than 10 ms after their time."""
    in_flight: int
    """Requests without an answer yet."""
    unsettled: int
    """Events that the destination holds."""
    held: int
    """Events that wait for a slow destination, in memory or on disk."""
    p50: float
    p95: float
    p99: float
    max: float
    """Latencies from the intended time, where there is one, or from the first sending."""


@dataclass(frozen=True, slots=True)
class _Total:
    """Everything counted so far."""

    at: float
    intended: float | None
    events: int
    fates: tuple[int, ...]
    requests: int
    retries: int
    connects: int
    bytes: int
    statuses: dict[str, int]
    late: int
    intended_latency: Histogram
    sent_latency: Histogram


class Meter:
    """Takes the figures every second; ``run`` is to be a task beside the run."""

    def __init__(
        self,
        path: Path,
        clock: WallClock,
        stats: Callable[[], DeliveryStats],
        deliverer: Deliverer,
        tally: Tally,
        *,
        timing: LoadTiming | None = None,
        outbox: Outbox | None = None,
        rules: Sequence[Expectation] = (),
        on_abort: Callable[[str], None] = lambda why: None,
        on_figures: Callable[[Figures], None] = lambda figures: None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._stats = stats
        self._deliverer = deliverer
        self._tally = tally
        self._timing = timing
        self._outbox = outbox
        self._rules = [rule for rule in rules if rule.abort_after is not None]
        self._on_abort = on_abort
        self._on_figures = on_figures
        self._began = clock.monotonic()
        longest = max((rule.abort_after or 0.0 for rule in self._rules), default=0.0)
        self._totals: deque[_Total] = deque(maxlen=2 + int(longest / EVERY_S))
        self._file: BinaryIO | None = None
        self.latest: Figures | None = None

    async def run(self) -> None:
        """Take the figures until cancelled."""
        self._totals.append(self._total())
        moment = self._began
        while True:
            moment += EVERY_S
            await self._clock.sleep(max(moment - self._clock.monotonic(), 0.01))
            self._look()

    @contextlib.asynccontextmanager
    async def measuring(self, on_failure: Callable[[str], None]) -> AsyncIterator[None]:
        """Take figures while something goes on. That they can't be written ends nothing; ``on_failure`` is told."""
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            task.cancel()
            try:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
                self.close()
            except DeliveryError as error:
                on_failure(str(error))

    def close(self) -> None:
        """Take the last figures and finish the file; a run of less than a second leaves none, unless it is a load."""
        worth = self._file is not None or self._timing is not None
        try:
            if worth and self._totals:
                now, last = self._total(), self._totals[-1]
                if now.at - last.at > 0.05 or (now.events, now.fates, now.requests) != (
                    last.events,
                    last.fates,
                    last.requests,
                ):
                    self._look()
        finally:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _look(self) -> None:
        total = self._total()
        self.latest = figures = self._between(self._totals[-1], total)
        self._totals.append(total)
        self._on_figures(figures)
        with writing(self._path):
            if self._file is None:
                self._file = self._path.open("ab")
            self._file.write(json.dumps(_rounded(asdict(figures))).encode() + b"\n")
            self._file.flush()
        for rule in self._rules:
            if why := self._broken(rule, total):
                self._rules = []
                self._on_abort(why)
                return

    def _broken(self, rule: Expectation, total: _Total) -> str:
        """Why a rule ends the run now; empty if it does not."""
        span = rule.abort_after or 0.0
        earlier = next((t for t in self._totals if total.at - t.at <= span + EVERY_S / 2), None)
        if earlier is None or total.at - earlier.at < span - EVERY_S / 2:
            return ""
        found = live_metric(rule.metric or "", self._between(earlier, total), earlier, total)
        if found is None:
            return ""
        over = rule.at_most is not None and found > rule.at_most
        under = rule.at_least is not None and found < rule.at_least
        if not over and not under:
            return ""
        bound = f"at most {rule.at_most:g}" if over else f"at least {rule.at_least:g}"
        return f"{rule.metric} was {found:,.6g} over the last {span:g} s; expected {bound}"

    # --- counting -------------------------------------------------------------------------------------------

    def _total(self) -> _Total:
        stats, deliverer = self._stats(), self._deliverer
        latency = stats.latency
        now = self._clock.monotonic()
        return _Total(
            at=now - self._began,
            intended=None if self._timing is None else self._timing.intended(now),
            events=max(stats.events, deliverer.events),
            fates=tuple(int(n) for n in self._tally.fates),
            requests=stats.requests,
            retries=stats.retries,
            connects=stats.connects,
            bytes=stats.bytes,
            statuses=dict(stats.statuses),
            late=latency.late.copy().longer_than(LATE_S) + deliverer.late.copy().longer_than(LATE_S),
            intended_latency=latency.intended.copy(),
            sent_latency=latency.sent(),
        )

    def _between(self, a: _Total, b: _Total) -> Figures:
        latency = b.intended_latency.since(a.intended_latency)
        p50, p95, p99 = latency.percentiles([50.0, 95.0, 99.0])
        statuses = {
            name: n - a.statuses.get(name, 0) for name, n in b.statuses.items() if n > a.statuses.get(name, 0)
        }
        return Figures(
            at=b.at,
            seconds=b.at - a.at,
            intended=None if b.intended is None or a.intended is None else b.intended - a.intended,
            events=b.events - a.events,
            acknowledged=b.fates[Fate.ACKNOWLEDGED] - a.fates[Fate.ACKNOWLEDGED],
            rejected=b.fates[Fate.REJECTED] - a.fates[Fate.REJECTED],
            pending=b.fates[Fate.PENDING] - a.fates[Fate.PENDING],
            requests=b.requests - a.requests,
            retries=b.retries - a.retries,
            connects=b.connects - a.connects,
            bytes=b.bytes - a.bytes,
            errors=failures(statuses),
            statuses=statuses,
            late=b.late - a.late,
            in_flight=self._stats().in_flight,
            unsettled=self._deliverer.unsettled,
            held=0 if self._outbox is None else self._outbox.held,
            p50=p50,
            p95=p95,
            p99=p99,
            max=latency.longest,
        )


def failures(statuses: Mapping[str, int]) -> int:
    """How many of these answers are no success."""
    return sum(n for status, n in statuses.items() if not (status.isdecimal() and status.startswith("2")))


def error_share(statuses: Mapping[str, int]) -> float:
    """The share of requests that were refused or failed."""
    total = sum(statuses.values())
    return failures(statuses) / total if total else 0.0


# Metrics of the summary that can be measured over part of a run, for `abort_after`.
LIVE_METRICS = (
    "latency.p50, latency.p90, latency.p95, latency.p99, latency.p999, latency.max, latency.mean, "
    "latency.sent.p50 (and so on), delivery.error_share, load.achieved_rate, events_per_second, rejected, pending"
)


def live_metric(metric: str, figures: Figures, earlier: _Total, later: _Total) -> float | None:
    """A metric of the summary measured between two moments; None if it can't be or nothing was measured."""
    if metric == "delivery.error_share":
        return error_share(figures.statuses)
    if metric in ("load.achieved_rate", "events_per_second"):
        return figures.events / figures.seconds
    if metric in ("rejected", "pending"):
        return float(later.fates[Fate.REJECTED if metric == "rejected" else Fate.PENDING])
    if metric.startswith("latency.sent."):
        return _of(metric.removeprefix("latency.sent."), later.sent_latency.since(earlier.sent_latency))
    if metric.startswith("latency."):
        return _of(metric.removeprefix("latency."), later.intended_latency.since(earlier.intended_latency))
    return None


def can_be_live(metric: str) -> bool:
    """Whether :func:`live_metric` knows this metric."""
    name = metric.removeprefix("latency.").removeprefix("sent.")
    if metric.startswith("latency."):
        return name in PERCENTILES or name in ("max", "mean")
    return metric in (
        "delivery.error_share",
        "load.achieved_rate",
        "events_per_second",
        "rejected",
        "pending",
    )


def _of(name: str, histogram: Histogram) -> float | None:
    if not histogram.count:
        return None
    if name in PERCENTILES:
        return histogram.percentiles([PERCENTILES[name]])[0]
    return {"max": histogram.longest, "mean": histogram.mean}.get(name)


def _rounded(document: dict[str, object]) -> dict[str, object]:
    return {key: round(value, 6) if isinstance(value, float) else value for key, value in document.items()}

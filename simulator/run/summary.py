"""Parts of the summary document that are about the delivery."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulator.delivery import DeliveryStats, Destination, FanOut, UndeliveredFiles
from simulator.run.delivering import Deliverer
from simulator.run.driving import Driver
from simulator.run.load import LoadTiming, latencies
from simulator.run.measuring import error_share
from simulator.run.recall import Memory
from simulator.run.tally import Tally


def counts(stats: DeliveryStats) -> dict[str, Any]:
    """What a destination did."""
    return {
        "requests": stats.requests,
        "retries": stats.retries,
        "statuses": {str(status): n for status, n in sorted(stats.statuses.items())},
        "bytes": stats.bytes,
        "resent": stats.resent,
        "connects": stats.connects,
        "error_share": round(error_share(stats.statuses), 6),
    }


def by_destination(
    destination: Destination, tally: Tally, undelivered: UndeliveredFiles, memory: Memory | None = None
) -> dict[str, Any]:
    """What went where, if there are several destinations; ``memory`` is that of a resumed run."""
    if not isinstance(destination, FanOut):
        return {}
    return {
        member.name: {
            "to": member.destination.description,
            "sources": list(member.sources),
            **tally.at(member.name),
            "delivery": counts(member.destination.stats),
            **_latency(member.destination.stats, timed=False),
            "undelivered_file": undelivered.file_of(member.name),
            **({} if memory is None else {"resumed": memory.document(member.name)}),
        }
        for member in destination.members
    }


def paced(driver: Driver | None) -> dict[str, Any]:
    """When a run that went by a factor of real time began: what happened elsewhere has other times."""
    if driver is None or driver.paced_since is None:
        return {}
    since = datetime.fromtimestamp(driver.paced_since / 1000.0, UTC)
    return {"paced_since": since.isoformat(timespec="milliseconds")}


def end_of_load(aborted: str | None, interrupted: bool, load: LoadTiming | None) -> str:
    """Why a load ended, in words."""
    if aborted is not None:
        return "a rule of the scenario ended it"
    if interrupted:
        return "it was interrupted"
    if load is not None and load.over:
        return "the profile came to its end"
    return "all events of the run were sent"


def measurements(
    stats: DeliveryStats,
    deliverer: Deliverer,
    driver: Driver | None,
    load: LoadTiming | None,
    *,
    resumed: bool,
    why: str,
) -> dict[str, Any]:
    """What was measured of the delivery: latencies, the load, what was held back or was sent before.

    ``why`` says why the load ended.
    """
    late = deliverer.late.copy()
    late.merge(stats.latency.late.copy())
    found = _latency(stats, timed=load is not None)
    if load is not None:
        found["load"] = load.document(
            events=max(stats.events, deliverer.events),
            last_sent=max(stats.last_sent, deliverer.last_sent),
            late=late,
            why=why,
        )
    if driver is not None and driver.outbox.spilled:
        found["spilled"] = {"events": driver.outbox.spilled, "bytes": driver.outbox.largest_file}
    if driver is not None and driver.live:
        found["backfilled"] = driver.backfilled
    if resumed:
        found["resumed"] = deliverer.memory.whole.document()
    return found


def _latency(stats: DeliveryStats, *, timed: bool) -> dict[str, Any]:
    return {"latency": latencies(stats.latency, timed)} if stats.latency.by_status else {}

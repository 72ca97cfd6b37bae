"""How long it took from one moment to a later one on the ways through journeys, by percentile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from simulator.checks.evidence import Evidence
from simulator.checks.happenings import Happening
from simulator.checks.people import subjects_of
from simulator.checks.reasons import Target
from simulator.checks.verdict import Failure, Verdict
from simulator.checks.wording import time_said, who_said
from simulator.core.simtime import MS_PER_SECOND
from simulator.scenario.models import Expectation, Latency, Who

PERCENTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
# The columns of the ledger that hold moments before a journey.
COLUMNS = {"crossing": "crossed", "event": "sent", "acknowledged": "acknowledged"}
MOMENTS = (*COLUMNS, "entered", "sent", "received", "opened")
EXAMPLES = 3

Way = Mapping[str, int]
"""The moments of one way, in virtual milliseconds; those that it has."""


def percentiles(waited: list[int]) -> dict[str, float]:
    """Percentiles of waits in milliseconds, as seconds; values that occurred. Empty for none."""
    if not waited:
        return {}
    found = np.percentile(waited, list(PERCENTILES.values()), method="inverted_cdf")
    return {name: int(value) / MS_PER_SECOND for name, value in zip(PERCENTILES, found, strict=True)}


def measure(expectation: Expectation, evidence: Evidence) -> Verdict:
    """The verdict on an expectation about latencies."""
    latency = expectation.latency
    if latency is None:
        raise ValueError("the expectation is not about latencies")
    waits = [
        (way[latency.until] - way[latency.since], subject.person)
        for subject in subjects_of(expectation.who or Who(), "crossing", evidence)
        for way in ways_of(evidence, subject.person, latency.journey, latency.action)
        if latency.since in way and latency.until in way
    ]
    found = percentiles([wait for wait, _ in waits])
    broken = {name: found[name] for name, bound in latency.bounds.items() if found and found[name] > bound}
    expected = ", ".join(f"{name} at most {time_said(bound)}" for name, bound in latency.bounds.items())
    shown = next(iter(broken or latency.bounds))
    failures: tuple[Failure, ...] = ()
    if not found:
        note = f"nobody got from {latency.since} to {latency.until}"
    elif broken:
        slowest = sorted(waits, reverse=True)[:EXAMPLES]
        names = tuple(dict.fromkeys(evidence.name(person) for _, person in slowest))
        said = f"{names[0]} waited {time_said(slowest[0][0] / MS_PER_SECOND)}"
        failures = (Failure("too slow", len({person for _, person in slowest}), names, said),)
        note = ", ".join(f"{name} is {time_said(value)}" for name, value in broken.items()) + f"; {said}"
    else:
        note = ", ".join(f"{name} {time_said(found[name])}" for name in latency.bounds)
    return Verdict(
        _said(expectation, latency),
        expected,
        found.get(shown),
        bool(found) and not broken,
        note,
        expectation.name,
        expectation.severity,
        "seconds",
        {"of": len(waits), **found},
        failures,
    )


def _said(expectation: Expectation, latency: Latency) -> str:
    about = f" of {latency.action or latency.journey}" if latency.action or latency.journey else ""
    who = f", {who_said(expectation.who).removesuffix(':')}" if expectation.who else ""
    return f"latency {latency.since} to {latency.until}{about}{who}"


def ways_of(
    evidence: Evidence, person: int, journey: str | None = None, action: str | None = None
) -> Iterator[Way]:
    """The ways of a person: each entry into a journey with the crossing before it and what came after."""
    mine = evidence.happenings.get(person, ())
    entered = {one.instance for one in mine if one.kind == "entered"}
    for entry in mine:
        # A call that arrived from a journey of which nothing else is known begins a way, too.
        alone = entry.kind == "arrived" and entry.instance not in entered
        if not (entry.kind == "entered" or alone) or journey not in (None, entry.journey):
            continue
        way = {**_crossing_of(evidence, person, entry), **({} if alone else {"entered": entry.at})}
        own = [one for one in mine if one.instance == entry.instance]
        for name in ("sent", "received", "opened"):
            target = Target(name, action)
            found = next((one.at for one in own if target.met_by(one)), None)
            if found is not None:
                way[name] = found
        if action is None or "sent" in way:
            yield way


def _crossing_of(evidence: Evidence, person: int, entry: Happening) -> dict[str, int]:
    """The moments of the crossing whose event made somebody enter: the last one sent until then.

    None if the event began otherwise, as far as the event is on record.
    """
    rows = evidence.rows_of(person)
    sent = rows[(rows["sent"] >= 0) & (rows["sent"] <= entry.at)]
    wanted = entry.detail.get("event_id")
    for row in sorted(sent, key=lambda row: -int(row["sent"])):
        event = evidence.event(int(row["event"]))
        if event is None or event.get("_id") == wanted:
            return {name: int(row[column]) for name, column in COLUMNS.items() if row[column] >= 0}
    return {}

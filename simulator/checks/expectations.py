"""Expectations: what must hold at the end of a run, and whether it does.

A metric is a dotted path into the summary document. Keys of that document hold dots themselves
(``events`` has a key ``location.entry``), so at every level the longest key that fits is tried first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from simulator.checks.evidence import Evidence
from simulator.checks.latency import measure
from simulator.checks.people import judge
from simulator.checks.verdict import Verdict, bounds_hold, bounds_said, with_unit

if TYPE_CHECKING:
    from simulator.scenario.models import Expectation

# What every summary has: known before a run, so a misspelt metric is found by `check` and not after an hour.
NUMBERS = (
    *("people", "places", "crossings", "entries", "exits", "inside_at_start"),
    *("script_steps", "waits_in_vain", "noticed"),
    *("sent", "acknowledged", "rejected", "pending", "not_due"),
    *("seed", "simulated_seconds", "wall_seconds", "events_per_second", "workers", "backfilled"),
)
GROUPS = (
    *("outcomes", "events", "groups", "libraries", "platforms", "delivery", "destinations"),
    *("load", "latency", "spilled", "resumed", "journeys", "actions", "discards", "listener"),
)

_TIMES = ("p50", "p90", "p95", "p99", "p999", "max", "mean")
_SECONDS = ("simulated_seconds", "wall_seconds", "load.seconds", "load.latest")
_SHARES = ("delivery.error_share", "load.gap")
_RATES = ("events_per_second", "load.intended_rate", "load.achieved_rate")

# What only who evaluates the journeys can count.
_OF_JOURNEYS = ("journeys", "discards")

# Counts of things that happened: what isn't listed there did not happen, and its count is 0.
COUNTS = (
    ("events",),
    ("outcomes",),
    ("delivery", "statuses"),
    ("journeys",),
    ("actions",),
    ("discards",),
    ("listener", "actions"),
)


def evaluate(
    expectations: Sequence[Expectation],
    summary: Mapping[str, object],
    evidence: Callable[[], Evidence] | None = None,
    *,
    aborted: str | None = None,
) -> list[Verdict]:
    """A verdict for every expectation, in their order; ``aborted`` says which one ended the run early.

    ``evidence`` reads the record of the run; it is asked for at most once, and only if an expectation is about
    people.
    """
    verdicts, read = [], None
    for expectation in expectations:
        if expectation.metric is not None:
            verdict = _of_metric(expectation, expectation.metric, summary)
            ending = aborted and expectation.abort_after is not None
            if ending and str(aborted).startswith(f"{expectation.metric} was "):
                verdict = replace(verdict, ok=False, reason=f"{aborted}; it ended the run")
            verdicts.append(verdict)
            continue
        if read is None:
            if evidence is None:
                raise ValueError("expectations about people need the record of the run")
            read = evidence()
        verdicts.append(measure(expectation, read) if expectation.latency else judge(expectation, read))
    return verdicts


def metric_problem(metric: str) -> str:
    """What is wrong with a metric as far as can be told before the run; empty when it may be right.

    The first part of the path must be one that every summary has, and a plain number has nothing below it.
    What a group holds (event types, groups of people) is known only after the run.
    """
    first, dot, rest = metric.partition(".")
    if first in NUMBERS:
        return f"`{first}` is a number and has nothing below it" if dot else ""
    if first in GROUPS:
        return "" if rest else f"`{first}` is a group of numbers; name one of them, as in `{first}.NAME`"
    near = get_close_matches(first, (*NUMBERS, *GROUPS), n=1)
    if near:
        return f"unknown metric; did you mean `{near[0]}{dot}{rest}`?"
    return f"unknown metric; expected one of {', '.join((*NUMBERS, *GROUPS))}"


def unit_of(metric: str) -> str:
    """What a number of the summary counts: ``seconds``, ``share``, ``rate`` (per second), or empty for things."""
    path = metric.split(".")
    if metric in _SHARES:
        return "share"
    if metric in _RATES:
        return "rate"
    timed = path[0] == "latency" or metric.startswith("load.send_error.")
    return "seconds" if metric in _SECONDS or (timed and path[-1] in _TIMES) else ""


def _of_metric(expectation: Expectation, metric: str, summary: Mapping[str, object]) -> Verdict:
    limits = expectation.equals, expectation.at_least, expectation.at_most
    unit, path = unit_of(metric), metric.split(".")
    expected = bounds_said(*limits, unit)
    found, note = _look_up(summary, path), ""
    if found is None and (group := _counted_in(summary, path)):
        found, note = 0, f"none in this run: not listed under `{group}`"
    usable = isinstance(found, int | float) and not isinstance(found, bool)
    value = float(found) if usable and isinstance(found, float) else found if usable else None
    ok = usable and bounds_hold(*limits, found)  # type: ignore[arg-type]
    if not usable:
        note = _not_a_number(metric, found, summary)
    elif not ok and not note:
        note = f"found {with_unit(found, unit)}, expected {expected}"  # type: ignore[arg-type]
    return Verdict(metric, expected, value, ok, note, expectation.name, expectation.severity, unit)  # type: ignore[arg-type]


def _look_up(document: Mapping[str, object], path: Sequence[str]) -> object:
    """The value at ``path``, or None; shorter keys are tried where longer ones lead nowhere."""
    for length in range(len(path), 0, -1):
        value = document.get(".".join(path[:length]))
        rest = path[length:]
        if value is not None and not rest:
            return value
        if isinstance(value, Mapping) and (below := _look_up(value, rest)) is not None:
            return below
    return None


def _counted_in(summary: Mapping[str, object], path: Sequence[str]) -> str:
    """The name of the group of counts that ``path`` points into, if this summary has it."""
    for group in COUNTS:
        size = len(group)
        if tuple(path[:size]) == group and len(path) > size:
            return ".".join(group) if isinstance(_look_up(summary, group), Mapping) else ""
    return ""


def _not_a_number(metric: str, found: object, summary: Mapping[str, object]) -> str:
    names = list(_metrics(summary))
    if isinstance(found, Mapping):
        below = [name for name in names if name.startswith(f"{metric}.")]
        listed = ", ".join(below[:5]) or "none in this run"
        return f"`{metric}` is a group, not a number; name one of its numbers: {listed}"
    if found is not None:
        return f"`{metric}` is not a number"
    if metric.partition(".")[0] in _OF_JOURNEYS and "listener" in summary:
        return "somebody else evaluates the journeys; `journeysim verify --step-events` knows"
    near = get_close_matches(metric, names, n=3, cutoff=0.5)
    return f"unknown metric; did you mean {' or '.join(near)}?" if near else "unknown metric"


def _metrics(document: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    """The paths of all numbers in the summary."""
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _metrics(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{key}"

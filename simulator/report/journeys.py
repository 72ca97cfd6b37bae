"""The funnels of the journeys and what became of their actions, as a person reads them in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from simulator.report.glyphs import Glyphs, count, plural, share
from simulator.report.printing import Lines
from simulator.report.sections import BAR, LABEL, heading, wrapped

_NAME = 22
# What becomes of a message once it is sent.
_ON_PHONES = ("received", "refused", "opened")
# The ends of instances and the discards of events in words; the names are those of the record.
ENDS = {
    "end": "came to the end",
    "no_path": "no path of a condition was true",
    "error": "ended in error",
    "timeout": "ran out of time",
    "exit": "met an exit criterion",
    "run_end": "under way when the run ended",
}


def funnels(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """For each journey how many entered, passed each step, and how they ended."""
    lines: Lines = []
    for name, journey in (summary.get("journeys") or {}).items():
        lines.append(heading(f"Journey {name}"))
        lines += list(_funnel(journey, width, glyphs))
    if lines and (discards := summary.get("discards")):
        ranked = sorted(discards.items(), key=lambda item: -item[1])
        told = ", ".join(f"{count(number)} {reason}" for reason, number in ranked)
        lines += wrapped(f"events that entered nothing: {told}", width, "  ", LABEL)
    return lines


def _funnel(journey: Mapping[str, Any], width: int, glyphs: Glyphs) -> Iterator[Text]:
    entered = journey.get("entered", 0)
    bar_width = max(6, min(30, width - _NAME - 24))
    for step, passed in {"entered": entered, **_after_the_first(journey)}.items():
        line = Text(f"  {glyphs.fit(step, _NAME)}{count(passed):>10}  ")
        line.append(f"{glyphs.bar(passed / entered if entered else 0, bar_width):<{bar_width}}", BAR)
        line.append(f"{share(passed, entered):>8}", LABEL)
        yield line
    ends = [f"{count(number)} {ENDS.get(reason, reason)}" for reason, number in journey["ended"].items()]
    if journey.get("under_way"):
        ends.append(f"{count(journey['under_way'])} still under way")
    if ends:
        yield from wrapped("; ".join(ends), width, "  ", LABEL)


def _after_the_first(journey: Mapping[str, Any]) -> dict[str, int]:
    """The steps after the one that everybody enters by."""
    return dict(list((journey.get("steps") or {}).items())[1:])


def actions(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """What became of messages and calls."""
    found = {name: counts for name, counts in (summary.get("actions") or {}).items() if counts}
    heard = _heard(summary, width)
    if not found:
        return [heading("Actions"), *heard] if heard else []
    lines = [heading("Actions")]
    for name, counts in found.items():
        on_phones = [f"{count(counts[state])} {state}" for state in _ON_PHONES if state in counts]
        statuses = {status: n for status, n in counts.items() if status not in ("sent", *_ON_PHONES)}
        told = [plural(counts["sent"], "message")] if "sent" in counts else []
        if statuses:
            told += [plural(sum(statuses.values()), "call")]
            told += [f"{count(n)} {status}" for status, n in statuses.items()]
        told += on_phones
        lines += wrapped(f"{name}: {', '.join(told)}", width, "  ")
    return lines + heard


def _heard(summary: Mapping[str, Any], width: int) -> Lines:
    """What came to the listener of the run."""
    listener = summary.get("listener")
    if not listener:
        return []
    told = [
        f"{plural(one['deliveries'], 'call')} of {name or 'no action'} for {plural(one['people'], 'person', 'people')}"
        + (f" in {count(one['calls'])} attempts" if one["calls"] > one["deliveries"] else "")
        for name, one in listener["actions"].items()
    ]
    unknown = listener["unknown_people"]
    if unknown:
        told.append(f"{plural(unknown, 'call')} for nobody that is known")
    return wrapped(f"Listener: {'; '.join(told) or 'nothing came'}", width, "  ")

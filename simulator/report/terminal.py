"""The summary of a run as a person reads it, from the summary document alone.

The verdict comes first, then the four truths, what they consist of, and at the end where everything is
and what to do next. It reads well at 80 columns; from 120 on sections stand side by side.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from simulator.report import journeys, sections, timeline, verdicts
from simulator.report.glyphs import Glyphs, count, duration, glyphs_for, plural
from simulator.report.page import cause_of, headline
from simulator.report.printing import Lines, print_blocks, width_of
from simulator.report.sections import BAD, GOOD, HEADING, LABEL, WARN, number, wrapped

Section = Callable[[Mapping[str, Any], int, Glyphs], Lines]

WIDE = 120  # columns from which on two sections fit side by side
_GAP = 4


def render_summary(
    summary: Mapping[str, Any], console: Console, *, program: str = "journeysim", watched: bool = False
) -> None:
    """Print ``summary`` (the document of summary.json) to ``console``; missing keys are left out.

    ``program`` is how the reader calls the program; commands that can be copied begin with it. ``watched``: it was a
    live run, which is always ended by hand.
    """
    glyphs = glyphs_for(console)
    width = width_of(console)
    blocks: list[Lines] = [
        _headline(summary, width, glyphs),
        sections.truths(summary, width, glyphs),
        *_beside(summary, width, glyphs, sections.events, sections.outcomes),
        sections.over_time(summary, width, glyphs),
        *_beside(summary, width, glyphs, sections.busiest, verdicts.expectations),
        *_beside(summary, width, glyphs, journeys.funnels, journeys.actions),
        sections.reasons(summary, width, glyphs),
        sections.warnings(summary, width, glyphs),
        sections.facts(summary, width, glyphs) + _written(summary),
        _next(summary, width, program, watched),
    ]
    print_blocks(blocks, console)


def render_verdicts(summary: Mapping[str, Any], console: Console) -> None:
    """Print the cause of the first failure and the expectations of ``summary``, and nothing else of it."""
    glyphs = glyphs_for(console)
    width = width_of(console)
    sign, style = _verdict(summary, glyphs)
    text = f"{sign} {summary.get('scenario', 'run')}: {headline(summary)[0]}"
    print_blocks([wrapped(text, width, "", style), verdicts.expectations(summary, width, glyphs)], console)


def _beside(
    summary: Mapping[str, Any], width: int, glyphs: Glyphs, left: Section, right: Section
) -> list[Lines]:
    """Two sections: side by side where there is room for both, else one below the other."""
    half = (width - _GAP) // 2
    lefts, rights = left(summary, half, glyphs), right(summary, half, glyphs)
    if width < WIDE or not lefts or not rights:
        return [left(summary, width, glyphs), right(summary, width, glyphs)]
    rows: Lines = []
    for i in range(max(len(lefts), len(rights))):
        row = lefts[i].copy() if i < len(lefts) else Text()
        if i < len(rights):
            row.append(" " * (half + _GAP - row.cell_len)).append_text(rights[i])
        rows.append(row)
    return [rows]


def _headline(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    sign, style = _verdict(summary, glyphs)
    head = f"{sign} {summary.get('scenario', 'run')}: "
    first, *rest = wrapped(head + _what_happened(summary), width, "", HEADING)
    first.stylize(style, 0, len(head))
    lines = [first, *(Text("  ").append_text(line) for line in rest)]
    if aborted := summary.get("aborted"):
        lines += wrapped(f"ended early: {aborted}", width, "  ", BAD)
    if failure := summary.get("failure"):
        lines += wrapped(f"stopped early: {failure}", width, "  ", BAD)
    failed = next((one for one in summary.get("expectations") or () if verdicts.failed(one)), None)
    if failed and failed.get("failures"):
        lines += wrapped(f"{verdicts.label(failed)}: {cause_of(failed)}", width, "  ", BAD)
    if description := str(summary.get("description") or ""):
        lines += wrapped(description, width, "  ")
    if when := _when(summary, glyphs):
        lines += wrapped(when, width, "  ", LABEL)
    return lines


def _verdict(summary: Mapping[str, Any], glyphs: Glyphs) -> tuple[str, str]:
    rejected = number(summary, "rejected")
    if summary.get("interrupted"):
        return glyphs.stop, WARN
    if verdicts.undelivered(summary) or summary.get("failure") or not _all_hold(summary):
        return glyphs.bad, BAD.removeprefix("bold ")
    if rejected or not sections.total_events(summary):
        return glyphs.warn, WARN
    return glyphs.good, GOOD


def _all_hold(summary: Mapping[str, Any]) -> bool:
    return not any(verdicts.failed(verdict) for verdict in summary.get("expectations") or ())


def _what_happened(summary: Mapping[str, Any]) -> str:
    total, acknowledged = sections.total_events(summary), number(summary, "acknowledged")
    if not total:
        text = "no events"
    elif acknowledged == total:
        text = f"{plural(total, 'event')}, {'all acknowledged' if total > 1 else 'acknowledged'}"
    else:
        parts = (
            (acknowledged, "acknowledged"),
            (number(summary, "rejected"), "rejected"),
            (number(summary, "pending"), "not delivered"),
            (number(summary, "not_due"), "not due"),
        )
        told = [f"{count(n)} {word}" for n, word in parts if n]
        text = ", ".join([plural(total, "event"), *told])
    if summary.get("interrupted"):
        text = f"interrupted after {duration(number(summary, 'simulated_seconds'))}; {text}"
    if found := summary.get("expectations"):
        held = sum(bool(verdict.get("ok")) for verdict in found)
        text += f"; {held} of {plural(len(found), 'expectation')} {'holds' if held == 1 else 'hold'}"
    return text


def _when(summary: Mapping[str, Any], glyphs: Glyphs) -> str:
    """The simulated time on the local calendar, and the seed: ``Tue 14 May 2024, 06:00 → 20:00 (14 h)``."""
    parts = []
    if start := sections.start_of(summary):
        simulated = number(summary, "simulated_seconds")
        end = timeline.local_at(start, timeline.clock_zone(summary, start), simulated)
        day = "" if end.date() == start.date() else f"{end:%a} {end.day} {end:%b}, "
        zone = f", {summary['timezone']}" if summary.get("timezone") else ""
        parts.append(
            f"{start:%a} {start.day} {start:%b %Y, %H:%M} {glyphs.arrow} {day}{end:%H:%M} "
            f"({duration(simulated)}{zone})"
        )
    if "seed" in summary:
        parts.append(f"seed {summary['seed']}")
    return "; ".join(parts)


def _written(summary: Mapping[str, Any]) -> Lines:
    """The run folder, never broken over lines so that it can be copied."""
    folder = summary.get("run_folder")
    return [Text("  ").append(f"{'Record':<10}", HEADING).append(str(folder))] if folder else []


# How the addresses of destinations begin that `--to` takes as the summary shows them.
_REMOTE = ("http://", "https://", "http:", "edge:", "kafka:")


def _next(summary: Mapping[str, Any], width: int, program: str, watched: bool) -> Lines:
    """What to do next, as a sentence and a command that can be copied."""
    destination = str(summary.get("destination") or "")
    undelivered = summary.get("undelivered_file")
    for entry in (summary.get("destinations") or {}).values():
        if entry.get("undelivered_file"):  # each has what it lacks in a file of its own
            destination, undelivered = str(entry.get("to") or ""), entry["undelivered_file"]
            break
    remote = destination.startswith(_REMOTE)
    if summary.get("interrupted") and not watched:
        return _after_interruption(summary, program, width)
    if undelivered:
        missing = plural(number(summary, "pending"), "event")
        what = f"{missing} could not be delivered. Send what is missing later:"
        target = shlex.quote(destination) if remote else "DESTINATION"
        return _advice(what, f"{program} replay {shlex.quote(str(undelivered))} --to {target}", width)
    if "actions" in summary and "journeys" not in summary:
        what = "The journeys of this run are somebody else's. Judge it by the step events that they left:"
        command = f"{program} verify {shlex.quote(str(summary.get('run_folder')))} --step-events FILE_OR_URL"
        return _advice(what, command, width)
    if not sections.total_events(summary) and summary.get("crossings") == 0:
        what = (
            "Nobody crossed a geofence. Are the places near the people, and is the run long enough? "
            "More people or more time help:"
        )
        return _advice(what, f"{program} run {_scenario(summary)} --people 1000 --duration '1 d'", width)
    if watched and summary.get("run_folder"):
        command = f"{program} live --replay {shlex.quote(str(summary['run_folder']))}"
        return _advice("Watch it again:", command, width)
    if number(summary, "rejected"):
        return _advice("The record says which events were rejected and why.", "", width)
    if not _all_hold(summary):
        if person := verdicts.first_example(summary):
            command = f"{program} explain {shlex.quote(str(summary.get('run_folder')))} --person {person}"
            return _advice("What happened to the first of these people, step by step:", command, width)
        return _advice("The ledger in the record says what became of every crossing.", "", width)
    if not remote and summary.get("journeys") and summary.get("run_folder"):
        command = f"{program} report {shlex.quote(str(summary['run_folder']))}"
        return _advice("A page of this to look at and to send around:", command, width)
    if not remote:
        what = "The same events to an endpoint of your own:"
        command = f"{program} run {_scenario(summary)} --to https://HOST/collection/INLET"
        return _advice(what, command, width)
    return []


def _after_interruption(summary: Mapping[str, Any], program: str, width: int) -> Lines:
    """How to go on; runs whose calls or step events went out for real can only begin anew."""
    on_record = "What was sent until then is on record."
    if summary.get("run_folder") and not {"listener", "step_events"} & summary.keys():
        command = f"{program} run --resume {shlex.quote(str(summary['run_folder']))}"
        return _advice(f"{on_record} Go on where it stopped:", command, width)
    return _advice(f"{on_record} The whole run again:", _again(summary, program), width)


def _again(summary: Mapping[str, Any], program: str) -> str:
    destination = str(summary.get("destination") or "receiver")
    named = destination.startswith((*_REMOTE, "file:")) and not summary.get("destinations")
    to = f" --to {shlex.quote(destination)}" if named else ""
    return f"{program} run {_scenario(summary)}{to}"


def _scenario(summary: Mapping[str, Any]) -> str:
    file = summary.get("scenario_file")
    return shlex.quote(str(file)) if file else "SCENARIO"


def _advice(what: str, command: str, width: int) -> Lines:
    lines = wrapped(what, width, "  ")
    return [*lines, Text(f"    {command}", HEADING)] if command else lines

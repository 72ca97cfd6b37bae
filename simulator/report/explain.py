"""What became of the crossings of a run, as a person reads it: the funnel with its losses and delays.

Drawn from the documents that ``journeysim explain --json`` prints, and from nothing else.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from simulator.checks import SYSTEM_NAMES
from simulator.report.glyphs import Glyphs, count, duration, glyphs_for, plural, share
from simulator.report.printing import Lines, print_blocks, width_of
from simulator.report.sections import BAR, HEADING, LABEL, WARN, heading, wrapped

Document = Mapping[str, Any]

_NAME = 20  # cells for the names of outcomes and places
_DELAY = 23  # and for what a delay is measured between
# Columns from which on so many percentiles fit, and how wide they are.
_FITTING = (
    (86, 12, ("p50", "p90", "p95", "p99", "max")),
    (74, 12, ("p50", "p95", "p99", "max")),
    (0, 11, ("p50", "p95", "max")),
)


def render_explanation(document: Document, console: Console, *, program: str = "journeysim") -> None:
    """Print the document of a whole run to ``console``; ``program`` is how the reader calls the program."""
    glyphs, width = glyphs_for(console), width_of(console)
    print_blocks(
        [
            _headline(document, width, glyphs),
            _funnel(document, width, glyphs),
            _losses(document, width),
            _delays(document, width, glyphs),
            _besides(document, width),
            _places(document, width, glyphs),
            _next(document, width, program),
        ],
        console,
    )


def when(run: Document, glyphs: Glyphs) -> str:
    """The run's time on its local calendar: ``Mon 2 Mar 2026, 10:30 → 14:30, America/Los_Angeles; seed 1``."""
    start = datetime.fromisoformat(run["started"])
    text = f"{start:%a} {start.day} {start:%b %Y, %H:%M}"
    if run["ended"]:
        end = datetime.fromisoformat(run["ended"])
        day = "" if end.date() == start.date() else f"{end:%a} {end.day} {end:%b}, "
        text += f" {glyphs.arrow} {day}{end:%H:%M}"
    return f"{text}, {run['timezone']}; seed {run['seed']}"


def notes(run: Document, width: int, glyphs: Glyphs) -> Lines:
    """What to know before trusting the numbers."""
    lines: Lines = []
    for note in run["notes"]:
        first, *rest = wrapped(note, width, "    ")
        lines += [Text("  ").append(f"{glyphs.warn} ", WARN).append_text(first[4:]), *rest]
    return lines


def _headline(document: Document, width: int, glyphs: Glyphs) -> Lines:
    run, crossings = document["run"], document["crossings"]
    accepted = document["funnel"][-1]["crossings"]
    text = f"{run['scenario']}: {plural(crossings, 'crossing')}"
    if crossings:
        text += ", all accepted" if accepted == crossings > 1 else f", {share(accepted, crossings)} accepted"
    people = plural(run["people"], "person", "people")
    about = f"{people}, {plural(run['places'], 'place')}; {when(run, glyphs)}"
    return [
        *wrapped(text, width, "", HEADING),
        *wrapped(about, width, "  ", LABEL),
        *notes(run, width, glyphs),
    ]


def _funnel(document: Document, width: int, glyphs: Glyphs) -> Lines:
    """Crossings by step, together and by system."""
    if not document["crossings"]:
        return [Text("  Nobody crossed a geofence.")]
    systems = document["systems"]
    shares = width >= 38 + 18 * len(systems)  # where there is room for them beside a short bar
    bar_width = max(6, min(30, width - 32 - (18 if shares else 10) * len(systems)))
    head = heading(f"{'Crossings':<10}").append(f"{'all':>10}{'':{bar_width + 10}}", LABEL)
    for name in systems:
        head.append(f"{SYSTEM_NAMES.get(name, name):>10}{'':{8 if shares else 0}}", LABEL)
    head.rstrip()
    lines = [head]
    for number, step in enumerate(document["funnel"]):
        line = Text(f"  {step['step']:<10}{count(step['crossings']):>10}  ")
        line.append(f"{glyphs.bar(step['share'], bar_width):<{bar_width}}", BAR)
        line.append(f"{share(step['crossings'], document['crossings']):>8}", LABEL)
        for system in systems.values():
            reached = system["funnel"][number]["crossings"]
            line.append(f"{count(reached):>10}")
            line.append(f"{share(reached, system['crossings']):>8}" if shares else "", LABEL)
        lines.append(line)
    return lines


def _losses(document: Document, width: int) -> Lines:
    """Why crossings did not get through: by reason and system, each with its meaning."""
    losses, systems = document["losses"], document["systems"]
    if not losses:
        return []
    head = heading(f"{'Why some were lost':<{_NAME}}").append(f"{'all':>10}{'':8}", LABEL)
    for name in systems:
        head.append(f"{SYSTEM_NAMES.get(name, name):>10}", LABEL)
    lines = [head]
    for loss in losses:
        name = loss["outcome"].replace("_", " ")
        line = Text(f"  {name:<{_NAME}}{count(loss['crossings']):>10}")
        line.append(f"{share(loss['crossings'], document['crossings']):>8}", LABEL)
        for system in systems:
            line.append(f"{count(loss['systems'][system]):>10}")
        lines += [line, *wrapped(loss["meaning"].replace("`", ""), width, "    ", LABEL)]
    return lines


def _delays(document: Document, width: int, glyphs: Glyphs) -> Lines:
    """Percentiles of the time between steps."""
    measured = [delay for delay in document["delays"] if delay["crossings"]]
    if not measured:
        return []
    column, fitting = next((column, names) for least, column, names in _FITTING if width >= least)
    names = [name for name in measured[0]["seconds"] if name in fitting]
    head = heading(f"{'How long it took':<{_DELAY}}")
    head.append("".join(f"{name:>{column}}" for name in names), LABEL)
    lines = [head]
    for delay in measured:
        name = f"{delay['from']} {glyphs.arrow} {delay['to']}"
        values = "".join(f"{took(delay['seconds'][key]):>{column}}" for key in names)
        lines.append(Text(f"  {name:<{_DELAY}}{values}"))
    return lines


def _besides(document: Document, width: int) -> Lines:
    """What else was on its way: not crossings, but the receiver sees it."""
    besides = document["besides"]
    lines: Lines = []
    if strays := besides.get("region_events_without_crossing"):
        text = (
            f"{plural(strays, 'region event')} without a crossing: false triggers and places entered before."
        )
        lines += wrapped(text, width, "  ")
    if again := besides.get("duplicates"):
        times = plural(again, "time", "times")
        text = f"{times} an event was sent again, because its answer had not reached the phone."
        lines += wrapped(text, width, "  ")
    return lines


def took(seconds: float) -> str:
    """A delay; none at all is ``at once``."""
    return duration(seconds) if seconds else "at once"


def _places(document: Document, width: int, glyphs: Glyphs) -> Lines:
    """The places that lost the most crossings, and the most frequent reason there."""
    places = document["places"]
    if not places:
        return []
    name_width = max(_NAME, min(width - 42, max(cell_len(place["name"]) for place in places)))
    head = heading(f"{'Where most were lost':<{name_width}}")
    head.append(f"{'crossings':>10}{'lost':>10}", LABEL)
    lines = [head]
    for place in places:
        line = Text(f"  {glyphs.fit(place['name'], name_width)}")
        line.append(f"{count(place['crossings']):>10}{count(place['lost']):>10}")
        reason, number = max(place["outcomes"].items(), key=lambda item: item[1])
        often = "all" if number == place["lost"] else count(number)
        line.append(glyphs.clip(f"  {often} {reason.replace('_', ' ')}", width - line.cell_len), LABEL)
        lines.append(line)
    if (more := document["places_with_losses"] - len(places)) > 0:
        lines.append(Text(f"  and {plural(more, 'more place')}; --limit lists more", LABEL))
    return lines


def _next(document: Document, width: int, program: str) -> Lines:
    """How to go on from here: the story of a place with losses, or of a person."""
    folder = shlex.quote(document["run"]["folder"])
    if not document["crossings"]:
        return []
    if document["places"]:
        option = f"--place {shlex.quote(document['places'][0]['name'])}"
        return [
            *wrapped("What happened at the first of these places, crossing by crossing:", width, "  "),
            Text(f"    {program} explain {folder} {option}", HEADING),
        ]
    group = max(document["run"]["groups"], key=document["run"]["groups"].get)
    return [
        *wrapped("The story of one person or one place, crossing by crossing:", width, "  "),
        Text(f"    {program} explain {folder} --person {shlex.quote(f'{group}/0')}", HEADING),
    ]

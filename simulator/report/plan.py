"""What a run would do, as ``journeysim run --dry-run`` says it; drawn from the document of ``--json``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from simulator.report.glyphs import Glyphs, count, duration, glyphs_for, plural, size
from simulator.report.printing import Lines, print_blocks, width_of
from simulator.report.sections import HEADING, WARN, wrapped
from simulator.scenario.models.delivery import SOURCES

Document = Mapping[str, Any]

_SPEEDS = {
    "max": "as fast as possible",
    "live": "what is past as fast as possible, what is to come when it comes",
}
_SPACINGS = {"even": "evenly spaced", "poisson": "at random moments"}
_CURVE_WIDTH = 48
_ALLOWED = {True: "allowed", False: "not allowed"}


def render_plan(document: Document, console: Console) -> None:
    """Print what would be sent where, how fast and how much, and what stands against it."""
    glyphs, width = glyphs_for(console), width_of(console)
    blocks = [_headline(document, width, glyphs), _how_much(document, width, glyphs)]
    blocks += [_destination(entry, width) for entry in document["destinations"]]
    if document["calls"]:
        blocks.append(_calls(document["calls"], width))
    blocks.append(_verdict(document, width, glyphs))
    print_blocks(blocks, console)


def _headline(document: Document, width: int, glyphs: Glyphs) -> Lines:
    start, end = (datetime.fromisoformat(document[key]) for key in ("started", "ended"))
    when = f"{start:%a} {start.day} {start:%b %Y, %H:%M} {glyphs.arrow} {end:%a} {end.day} {end:%b, %H:%M}"
    text = f"{document['scenario']}: {when}, {document['timezone']}; nothing is sent."
    return wrapped(text, width, "  ", HEADING)


def _how_much(document: Document, width: int, glyphs: Glyphs) -> Lines:
    about = "" if document["exact"] else "about "
    events, people = document["events"], plural(document["people"], "person", "people")
    text = f"{about}{plural(events, 'event')} of {people}, {about}{size(document['bytes'])}"
    if not document["exact"]:
        text += f" (from {count(document['people_simulated'])} people simulated)"
    lines = _fact("How much", text, width)
    if document["load"] is not None:
        return lines + _load(document, about, width, glyphs)
    if document["seconds"] is None:
        fast = _SPEEDS[document["speed"]]
    else:
        mean = document["events_per_second"]
        peak = document["events_per_second_in_busiest_hour"]
        fast = (
            f"{about}{mean:,.3g} events/s over {duration(document['seconds'])}, "
            f"{peak:,.3g} events/s in the busiest hour"
        )
    return lines + _fact("How fast", fast, width)


def _load(document: Document, about: str, width: int, glyphs: Glyphs) -> Lines:
    """A load profile: its words, its curve, and what it comes to."""
    load = document["load"]
    unit = f"{load['unit']}/s"
    lines = _fact("How fast", f"{load['profile']}, {_SPACINGS[load['spacing']]}", width)
    rates = _rates(load["stages"], min(_CURVE_WIDTH, width - 14))
    if len(load["stages"]) > 1 or rates[:1] != rates[-1:]:
        lines += _fact("", glyphs.spark(rates), width)
    text = (
        f"{about}{plural(load['events'], 'event')} in {duration(load['seconds'])}: "
        f"{load['mean_rate']:,.6g} {unit} on average, {load['peak_rate']:,.6g} {unit} at most"
    )
    lines += _fact("", text, width)
    if load["ended_by"] == "events":
        text = "ends with the events of the run"
        if load["short_by"]:
            text += f"; the profile would take {about}{plural(load['short_by'], 'event')} more"
            if document["events"]:
                text += (
                    f": `--people {_enough_people(document)}` is enough, or as many times the `--duration`"
                )
        return lines + _fact("", text, width)
    left = f"; {about}{plural(load['not_due'], 'event')} of the run will not be sent"
    return lines + _fact("", f"ends with the profile{left if load['not_due'] else ''}", width)


def _enough_people(document: Document) -> int:
    """How many people have the events that a load profile asks for, some to spare, in two digits."""
    wanted = document["events"] + document["load"]["short_by"]
    people = 1.05 * document["people"] * wanted / document["events"]
    step = 10 ** max(0, math.floor(math.log10(people)) - 1)
    return int(math.ceil(people / step) * step)


def _rates(stages: Sequence[Document], points: int) -> list[float]:
    """The rate in the middle of each of ``points`` equal parts of the time."""
    whole = sum(stage["seconds"] for stage in stages)
    found: list[float] = []
    begin = 0.0
    for stage in stages:
        end = begin + stage["seconds"]
        while len(found) < points and (at := (len(found) + 0.5) * whole / points) <= end:
            share = (at - begin) / stage["seconds"] if stage["seconds"] else 0.0
            found.append(stage["from"] + share * (stage["to"] - stage["from"]))
        begin = end
    return found


def _destination(entry: Document, width: int) -> Lines:
    name = f"{entry['name']}: " if entry["name"] else ""
    parts = [f"{name}{entry['to']}"]
    if set(entry["sources"]) != set(SOURCES):
        parts.append(f"events of {', '.join(entry['sources'])}")
    if entry["events_per_request"]:
        each = plural(entry["events_per_request"], "event")
        parts.append(f"{plural(entry['requests'], 'request')} of {each}, {entry['connections']} at a time")
    if entry["authenticated"]:
        parts.append("with a token")
    if limit := entry["limit"]:
        most = f"{count(limit['requests_per_second'])} requests/s and {count(limit['events_per_second'])} events/s"
        kept = "held to" if limit["kept"] else "not held to"
        parts.append(f"{kept} the documented {most} of {limit['of']}")
    lines = _fact("Where", "; ".join(parts), width)
    for host in entry["hosts"]:
        said = "this machine" if host["this_machine"] else _ALLOWED[host["allowed"]]
        lines += _fact("", f"{host['host']}: {said}", width)
    return lines


def _calls(calls: Sequence[Document], width: int) -> Lines:
    """The actions of journeys that really call."""
    lines: Lines = []
    for call in calls:
        token = ", authenticated" if call["authenticated"] else ""
        text = f"{call['action']}: {call['method']} {call['to']}{token}"
        lines += _fact("" if lines else "Calls", text, width)
    return lines


def _verdict(document: Document, width: int, glyphs: Glyphs) -> Lines:
    if document["allowed"]:
        return wrapped("The run would begin.", width, "  ")
    lines = wrapped("The run would be refused:", width, "  ")
    for problem in document["problems"]:
        first, *rest = wrapped(problem, width, "    ")
        lines += [Text("  ").append(f"{glyphs.warn} ", WARN).append_text(first[4:]), *rest]
    return lines


def _fact(name: str, text: str, width: int) -> Lines:
    indent = f"  {name:<10}"
    first, *rest = wrapped(text, width, " " * len(indent))
    return [Text("  ").append(f"{name:<10}", HEADING).append_text(first[len(indent) :]), *rest]

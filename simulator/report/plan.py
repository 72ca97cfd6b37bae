"""What a run would do, as ``journeysim run --dry-run`` says it; drawn from the document of ``--json``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from simulator.report.glyphs import Glyphs, count, duration, glyphs_for, plural, size
from simulator.report.printing import Lines, print_blocks, width_of
from simulator.report.sections import HEADING, WARN, wrapped

Document = Mapping[str, Any]

_SPEEDS = {
    "max": "as fast as possible",
    "live": "what is past as fast as possible, what is to come when it comes",
}
_SPACINGS = {"even": "evenly spaced", "poisson": "at random moments"}
_ALLOWED = {True: "allowed", False: "not allowed"}


def render_plan(document: Document, console: Console) -> None:
    """Print what would be sent where, how fast and how much, and what stands against it."""
    glyphs, width = glyphs_for(console), width_of(console)
    blocks = [_headline(document, width, glyphs), _how_much(document, width)]
    blocks += [_destination(entry, width) for entry in document["destinations"]]
    blocks.append(_verdict(document, width, glyphs))
    print_blocks(blocks, console)


def _headline(document: Document, width: int, glyphs: Glyphs) -> Lines:
    start, end = (datetime.fromisoformat(document[key]) for key in ("started", "ended"))
    when = f"{start:%a} {start.day} {start:%b %Y, %H:%M} {glyphs.arrow} {end:%a} {end.day} {end:%b, %H:%M}"
    text = f"{document['scenario']}: {when}, {document['timezone']}; nothing is sent."
    return wrapped(text, width, "  ", HEADING)


def _how_much(document: Document, width: int) -> Lines:
    about = "" if document["exact"] else "about "
    events, people = document["events"], plural(document["people"], "person", "people")
    text = f"{about}{plural(events, 'event')} of {people}, {about}{size(document['bytes'])}"
    if not document["exact"]:
        text += f" (from {count(document['people_simulated'])} people simulated)"
    lines = _fact("How much", text, width)
    if document["load"] is not None:
        fast = f"{document['load']['profile']}, {_SPACINGS[document['load']['spacing']]}"
    elif document["seconds"] is None:
        fast = _SPEEDS[document["speed"]]
    else:
        mean = document["events_per_second"]
        peak = document["events_per_second_in_busiest_hour"]
        fast = (
            f"{about}{mean:,.3g} events/s over {duration(document['seconds'])}, "
            f"{peak:,.3g} events/s in the busiest hour"
        )
    return lines + _fact("How fast", fast, width)


def _destination(entry: Document, width: int) -> Lines:
    name = f"{entry['name']}: " if entry["name"] else ""
    parts = [f"{name}{entry['to']}", f"events of {', '.join(entry['sources'])}"]
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

"""The sections of the terminal summary: each makes lines of text from the summary document.

Lines are made for a width and know nothing of the console, so that sections can stand below or beside
each other. Every key of the document may be missing; a section with nothing to say has no lines.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from simulator.checks import SYSTEM_NAMES
from simulator.report import timeline
from simulator.report.glyphs import Glyphs, count, duration, plural, share, size
from simulator.report.printing import Lines

HEADING, LABEL, BAR, GOOD, BAD, WARN = "bold", "dim", "cyan", "green", "bold red", "yellow"
_REASONS = 5
_PLACES = 5
_LEAST_BUCKETS = 3  # of fewer the time makes no picture
_FATES = ("acknowledged", "rejected", "pending")
_ROW_NAMES = {"sent": "events sent", "pending": "not delivered"}
_DESTINATIONS = {
    "receiver": "the embedded receiver",
    "embedded receiver": "the embedded receiver",
    "-": "standard output",
}


def number(summary: Mapping[str, Any], key: str) -> float:
    """The number at ``key``, 0 where there is none."""
    value = summary.get(key)
    return value if isinstance(value, int | float) else 0


def counts(summary: Mapping[str, Any], key: str) -> dict[str, float]:
    """The map of counts at ``key``, largest first."""
    found = summary.get(key) or {}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def total_events(summary: Mapping[str, Any]) -> float:
    """All events of the run, whatever became of them."""
    return sum(counts(summary, "events").values()) or number(summary, "sent")


def start_of(summary: Mapping[str, Any]) -> datetime | None:
    """The local time at which the simulated run starts, if the document says it readably."""
    try:
        return datetime.fromisoformat(str(summary.get("started", "")))
    except ValueError:
        return None


def truths(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """The funnel of the four truths: world, phone, wire, journey."""
    crossings, noticed = number(summary, "crossings"), number(summary, "noticed")
    sent, acknowledged = number(summary, "sent"), number(summary, "acknowledged")
    top = max(crossings, noticed, sent, acknowledged, 1)
    digits = max(10, *(len(count(number(summary, key))) for key in ("people", "crossings", "sent")))
    bar_width = max(8, min(30, width - digits - 56))
    phones = ", ".join(
        f"{count(n)} {SYSTEM_NAMES.get(os, os)}" for os, n in counts(summary, "platforms").items()
    )
    libraries = counts(summary, "libraries")
    passages = f"{count(number(summary, 'entries'))} in, {count(number(summary, 'exits'))} out"
    of_sent = {name: f"{share(number(summary, name), sent)} of sent" for name in _FATES} if sent else {}
    rows = (
        ("World", "people", False, phones),
        ("", "places", False, _libraries(libraries)),
        ("", "crossings", True, passages if crossings else ""),
        ("Phone", "noticed", True, f"{share(noticed, crossings)} of crossings" if crossings else ""),
        ("Wire", "sent", True, _kinds(counts(summary, "events"))),
        ("Journey", "acknowledged", True, of_sent.get("acknowledged", "")),
        ("", "rejected", True, of_sent.get("rejected", "")),
        ("", "pending", True, of_sent.get("pending", "")),
    )
    lines = []
    for truth, key, drawn, note in rows:
        value, failed = number(summary, key), key in ("rejected", "pending")
        if key not in summary or (failed and not value):
            continue
        line = Text("  ").append(f"{truth:<10}", HEADING).append(f"{_ROW_NAMES.get(key, key):<13}")
        line.append(f"{count(value):>{digits}}  ", BAD if failed else "")
        if drawn:
            bar = glyphs.bar(value / top, bar_width)
            line.append(f"{bar:<{bar_width}}  ", BAD if failed else BAR)
        line.append(_clipped(note, width - line.cell_len, glyphs), LABEL)
        line.rstrip()
        lines.append(line)
    return lines


def events(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """Events by type, with bars."""
    found = counts(summary, "events")
    return [heading("Events by type"), *_bars(found, width, glyphs)] if found else []


def outcomes(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """What became of the crossings, and whether it adds up to them."""
    found = counts(summary, "outcomes")
    crossings = number(summary, "crossings")
    if not found or not (crossings or sum(found.values())):
        return []
    shown = {name.replace("_", " "): value for name, value in found.items()}
    name_width = _name_width(shown, width)
    total = sum(found.values())
    line = Text(f"  {'together':<{name_width}} {count(total):>{_digits(total)}}  ")
    if total == crossings:
        line.append(f"= crossings {glyphs.good}", GOOD)
    else:
        line.append(f"{glyphs.unequal} {count(crossings)} crossings {glyphs.bad}", BAD)
    return [heading("What became of the crossings"), *_bars(shown, width, glyphs), line]


def busiest(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """The places with the most entries."""
    places: Sequence[Mapping[str, Any]] = summary.get("busiest_places") or ()
    if not places:
        return []
    names = [str(place.get("name") or place.get("id") or "?") for place in places[:_PLACES]]
    name_width = max(14, min(width - 24, max(map(cell_len, names))))
    head = heading(f"{'Busiest places':<{name_width}} ")
    head.append(f"{'entries':>9} {'exits':>9}", LABEL)
    lines = [head]
    for name, place in zip(names, places, strict=False):
        line = Text(f"  {glyphs.fit(name, name_width)} ")
        line.append(f"{count(number(place, 'entries')):>9} {count(number(place, 'exits')):>9}")
        lines.append(line)
    return lines


def over_time(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """Events over the simulated time, with local clock times."""
    found = summary.get("timeline") or {}
    events, bucket, start = found.get("events") or [], number(found, "bucket_seconds"), start_of(summary)
    if not any(events) or bucket <= 0 or start is None:
        return []
    if simulated := number(summary, "simulated_seconds"):  # the time after an early end is not shown
        events = events[: max(1, math.ceil(simulated / bucket))]
    if len(events) < _LEAST_BUCKETS:
        return []
    zone = timeline.clock_zone(summary, start)
    drawn = timeline.draw(events, bucket, start, zone, width - 2, glyphs)
    head = heading("Events over time")
    head.append(f"  at most {plural(drawn.peak, 'event')} in {duration(drawn.seconds)}", LABEL)
    return [head, Text("  ").append(drawn.spark, BAR), Text(f"  {drawn.ticks}", LABEL)]


def reasons(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """Why events were rejected or could not be delivered, the most frequent reason first."""
    found: Sequence[Mapping[str, Any]] = summary.get("reasons") or ()
    if not found:
        return []
    ranked = sorted(found, key=lambda reason: -number(reason, "events"))
    lines = [heading("Why events were not accepted")]
    for reason in ranked[:_REASONS]:
        text = " ".join(str(reason.get("reason") or "no reason given").split())
        head = f"  {count(number(reason, 'events')):>9}  "
        first, *rest = wrapped(text, width, " " * len(head))
        lines += [Text().append(head, BAD).append_text(first[len(head) :]), *rest[:2]]
    if len(ranked) > _REASONS:
        lines.append(
            Text(f"  {'':>9}  and {plural(len(ranked) - _REASONS, 'more reason')} in summary.json", LABEL)
        )
    return lines


def warnings(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """What the run wants to have said."""
    found: Sequence[str] = [*_of_the_model(summary), *(summary.get("warnings") or ())]
    lines: Lines = []
    for text in found[:_REASONS]:
        first, *rest = wrapped(" ".join(str(text).split()), width, "    ")
        lines += [Text("  ").append(f"{glyphs.warn} ", WARN).append_text(first[4:]), *rest]
    if len(found) > _REASONS:
        lines.append(Text(f"    and {plural(len(found) - _REASONS, 'more warning')} in summary.json", LABEL))
    return [heading("Warnings"), *lines] if lines else []


def _of_the_model(summary: Mapping[str, Any]) -> list[str]:
    """Journeys that are evaluated in the run know nothing of what became of its events outside."""
    missing = number(summary, "rejected") + number(summary, "pending")
    if not missing or not summary.get("journeys"):
        return []
    those = "that event" if missing == 1 else f"those {count(missing)} events"
    return [f"the journeys are those of the local model, which counts on {those} that did not arrive"]


def facts(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """How fast it was, and what the delivery did."""
    simulated, wall = number(summary, "simulated_seconds"), number(summary, "wall_seconds")
    lines: Lines = []
    if simulated and wall:
        factor = count(round(simulated / wall)) if simulated >= wall * 10 else f"{simulated / wall:.2g}"
        pace = f"{duration(simulated)} in {duration(wall)} ({factor} {glyphs.times} real time)"
        rate = f"{count(round(number(summary, 'events_per_second')))} events/s"
        workers, lag = number(summary, "workers"), number(summary, "pacing_worst_lag_seconds")
        crew = f", {plural(workers, 'worker')}" if workers else ""
        senders = number(summary, "senders")
        crew += f", {plural(senders, 'sender')}" if senders > 1 else ""
        late = f"; at most {duration(lag)} behind the clock" if lag >= 1 else ""
        lines += _fact("Speed", f"{pace}, {rate}{crew}{late}", width)
    if several := summary.get("destinations"):
        for name, entry in several.items():
            arrived = f"{count(number(entry, 'acknowledged'))} of {plural(number(entry, 'sent'), 'event')}"
            told = _delivery(str(entry.get("to")), entry.get("delivery") or {})
            lines += _fact("Delivery", f"{name}: {arrived} {told}", width)
    elif destination := summary.get("destination"):
        lines += _fact("Delivery", _delivery(str(destination), summary.get("delivery") or {}), width)
    if step_events := summary.get("step_events"):
        arrived = f"{count(number(step_events, 'acknowledged'))} of {count(number(step_events, 'sent'))}"
        told = _delivery(str(step_events.get("to")), step_events.get("delivery") or {})
        lines += _fact("Delivery", f"step events: {arrived} {told}", width)
    lines += _load(summary, width)
    for owner in summary.get("attribution") or ():
        lines += _fact("Map", str(owner), width)
    return lines


def _load(summary: Mapping[str, Any], width: int) -> Lines:
    """At which rate events were sent, how long answers took, and what is left of earlier parts of the run."""
    lines: Lines = []
    if load := summary.get("load"):
        intended, achieved = number(load, "intended_rate"), number(load, "achieved_rate")
        rates = f"{achieved:,.6g} of {intended:,.6g} events/s"
        text = f"{load.get('profile')}: {rates} for {duration(number(load, 'seconds'))}"
        if late := number(load, "late"):
            text += f"; {plural(late, 'send')} late, at most by {latency(number(load, 'latest'))}"
        lines += _fact("Load", f"{text}; {load.get('ended')}", width)
    if (found := summary.get("latency")) and found.get("count", 1):
        shown = ", ".join(f"{name} {latency(number(found, key))}" for key, name in _PERCENTILES)
        lines += _fact("Latency", f"{shown} from the {found.get('measured_from')}", width)
    if spilled := summary.get("spilled"):
        lines += _fact("Held", f"{plural(number(spilled, 'events'), 'event')} waited on disk", width)
    if resumed := summary.get("resumed"):
        text = f"{count(number(resumed, 'delivered_before'))} events were settled before"
        if again := number(resumed, "sent_again"):
            text += f"; {count(again)} had no answer on record and may have arrived twice"
        entries = (summary.get("destinations") or {}).items()
        if anew := [name for name, entry in entries if (entry.get("resumed") or {}).get("made_anew")]:
            text += f"; {' and '.join(anew)} made anew"
        lines += _fact("Resumed", text, width)
    return lines


_PERCENTILES = (("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("max", "at most"))


def latency(seconds: float) -> str:
    """A latency: `0.8 ms`, `12 ms`, `1.2 s`."""
    if seconds >= 1.0:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def _delivery(destination: str, delivery: Mapping[str, Any]) -> str:
    parts = []
    if requests := number(delivery, "requests"):
        retries = number(delivery, "retries")
        parts.append(
            plural(requests, "request") + (f", {plural(retries, 'retry', 'retries')}" if retries else "")
        )
    if statuses := delivery.get("statuses"):
        parts.append("answers " + ", ".join(f"{code}: {count(n)}" for code, n in sorted(statuses.items())))
    if written := number(delivery, "bytes"):
        parts.append(size(written))
    place = _DESTINATIONS.get(destination, destination.removeprefix("file:"))
    return f"to {place}" + (f": {'; '.join(parts)}" if parts else "")


def _clipped(note: str, width: int, glyphs: Glyphs) -> str:
    """As much of a list as fits: whole entries, where it has several."""
    while cell_len(note) > width and ", " in note:
        note = note.rpartition(", ")[0]
    if cell_len(note) > width:
        note = note.partition(" of ")[0]
    return glyphs.clip(note, width)


def _kinds(found: Mapping[str, float]) -> str:
    """Location events and app events apart: ``4,011 location, 801 app``."""
    location = sum(n for name, n in found.items() if name.startswith("location."))
    app = sum(n for name, n in found.items() if name.startswith("application."))
    other = sum(found.values()) - location - app
    kinds = ((location, "location"), (app, "app"), (other, "other"))
    return ", ".join(f"{count(n)} {name}" for n, name in kinds if n)


def _libraries(found: Mapping[str, float]) -> str:
    return next(iter(found)) if len(found) == 1 else f"{len(found)} libraries" if found else ""


def _digits(largest: float) -> int:
    """Cells for a column of numbers up to ``largest``."""
    return max(9, len(count(largest)))


def _name_width(found: Mapping[str, float], width: int) -> int:
    return max(12, min(width - 32, max((len(name) for name in found), default=12)))


def _bars(found: Mapping[str, float], width: int, glyphs: Glyphs) -> Lines:
    total, top = sum(found.values()), max(found.values(), default=0)
    name_width = _name_width(found, width)
    digits = _digits(total)
    bar_width = max(4, min(30, width - name_width - digits - 13))
    lines = []
    for name, value in found.items():
        line = Text(f"  {glyphs.fit(name, name_width)} {count(value):>{digits}}  ")
        line.append(f"{glyphs.bar(value / top if top else 0, bar_width):<{bar_width}}", BAR)
        line.append(f" {share(value, total):>7}", LABEL)
        lines.append(line)
    return lines


def heading(text: str) -> Text:
    """The first line of a section."""
    return Text("  ").append(text, HEADING)


def _fact(name: str, text: str, width: int) -> Lines:
    indent = f"  {name:<10}"
    first, *rest = wrapped(text, width, " " * len(indent))
    return [Text("  ").append(f"{name:<10}", HEADING).append_text(first[len(indent) :]), *rest]


def wrapped(text: str, width: int, indent: str, style: str = "") -> Lines:
    """``text`` broken at spaces into lines that all begin with ``indent``; long words stay whole."""
    room = textwrap.TextWrapper(
        width=max(width, len(indent) + 20),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [Text(line, style) for line in room.wrap(text)] or [Text(indent)]

"""The report of a run as one HTML file: it needs no network, no server and nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from simulator.report import drawings
from simulator.report.delivering import delivering
from simulator.report.glyphs import count, duration, plural, share
from simulator.report.journeys import ENDS
from simulator.report.junit import write
from simulator.report.timelines import time_axis, timeline
from simulator.report.verdicts import failed, found_said, label, undelivered

Document = Mapping[str, Any]
_CODE = re.compile(r"`([^`]+)`")


def write_page(document: Document, path: Path) -> None:
    """Write the page of ``document`` (see ``simulator.checks.overview``); DeliveryError where that fails."""
    write(path, page(document).encode())


def page(document: Document) -> str:
    """The page of a report. Its first line is the cause of the first failure, if there is one."""
    parts = files("simulator.report") / "page_parts"
    style, script = ((parts / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    summary = document["summary"]
    head, tone = headline(summary)
    body = "\n".join(
        section
        for section in (
            _top(document, head, tone),
            _tiles(summary),
            _expectations(document),
            delivering(document) if "load" in summary else "",
            _journeys(summary),
            _two(_map(document), _crossings(document)),
            _latencies(document),
            "" if "load" in summary else delivering(document),
            _people(document),
            _foot(document),
        )
        if section
    )
    title = f"{'Failed' if tone == 'bad' else 'Report'}: {summary.get('scenario', 'run')}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
<script>
{script}</script>
</body>
</html>
"""


def headline(summary: Document) -> tuple[str, str]:
    """The first line of a report and its tone (`good`, `warn`, `bad`): the cause of the first failure."""
    verdicts = summary.get("expectations") or ()
    if summary.get("failure"):
        return f"The run stopped early: {summary['failure']}", "bad"
    for verdict in verdicts:
        if failed(verdict):
            return cause_of(verdict), "bad"
    if missing := undelivered(summary):
        return "; ".join(missing), "bad"
    if summary.get("interrupted"):
        return "The run was interrupted", "warn"
    if any(not verdict["ok"] for verdict in verdicts):
        return f"Everything required holds, with {plural(_warned(verdicts), 'warning')}", "warn"
    held = f": {plural(len(verdicts), 'expectation')}" if verdicts else ""
    return f"Everything holds{held}", "good"


def cause_of(verdict: Document) -> str:
    """Why an expectation does not hold, in one sentence that begins with the cause."""
    failures = verdict.get("failures") or ()
    said = failures[0]["said"] if failures else verdict.get("reason") or found_said(verdict)
    return f"{said[:1].upper()}{said[1:]}"


def _warned(verdicts: Iterable[Document]) -> int:
    return sum(not verdict["ok"] and not failed(verdict) for verdict in verdicts)


def rich(text: object) -> str:
    """Text as HTML; what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(str(text)))


# --- sections ---------------------------------------------------------------------------------------------


def _top(document: Document, head: str, tone: str) -> str:
    summary, run = document["summary"], document["run"]
    verdicts = summary.get("expectations") or ()
    held = sum(bool(verdict["ok"]) for verdict in verdicts)
    sign = {"good": "✔", "warn": "!", "bad": "✘"}[tone]
    told = f"{held} of {plural(len(verdicts), 'expectation')} hold" if verdicts else "no expectations"
    first = next((verdict for verdict in verdicts if failed(verdict)), None)
    about = f"<p>Not met: <b>{rich(label(first))}</b></p>" if first else ""
    when = f"{run['started'][:16].replace('T', ' ')} to {str(run['ended'])[:16].replace('T', ' ')}"
    return f"""<header class="card top {tone}">
<h1><span class="verdict">{sign}</span> {rich(head)}</h1>
{about}<p class="soft">{rich(summary.get("description") or "")}</p>
<div class="bar small soft"><span><b>{escape(str(run["scenario"]))}</b>, {escape(told)}; {escape(when)}, \
{escape(str(run["timezone"]))}; seed {escape(str(run["seed"]))}</span>
<button id="theme" type="button">light / dark</button></div>
{"".join(f'<p class="small">{rich(note)}</p>' for note in run["notes"])}</header>"""


def _tiles(summary: Document) -> str:
    journeys, actions = summary.get("journeys") or {}, summary.get("actions") or {}

    def together(state: str) -> int:
        return sum(counts.get(state, 0) for counts in actions.values())

    tiles = [("people", summary.get("people")), ("crossings", summary.get("crossings"))]
    tiles.append(("events accepted", summary.get("acknowledged")))
    if load := summary.get("load"):
        tiles.append(("events/s", round(load["achieved_rate"])))
    if journeys:
        tiles.append(("journey entries", sum(journey["entered"] for journey in journeys.values())))
    if actions:
        tiles += [(f"actions {state}", together(state)) for state in ("sent", "received", "opened")]
    shown = "".join(
        f'<div class="tile"><b>{count(value)}</b><span class="small soft">{escape(name)}</span></div>'
        for name, value in tiles
        if value is not None
    )
    return f'<div class="tiles">{shown}</div>'


def _expectations(document: Document) -> str:
    verdicts = document["summary"].get("expectations") or ()
    if not verdicts:
        return ""
    shown = {person["person"]["id"] for person in document["people"]}
    order = sorted(verdicts, key=lambda verdict: 0 if failed(verdict) else 1 if not verdict["ok"] else 2)
    items = "\n".join(_expectation(verdict, shown) for verdict in order)
    return f'<section class="card"><h2>Expectations</h2><ul class="expect">\n{items}\n</ul></section>'


def _expectation(verdict: Document, shown: set[str]) -> str:
    tone = "good" if verdict["ok"] else "bad" if failed(verdict) else "warn"
    sign = {"good": "✔", "bad": "✘", "warn": "!"}[tone]
    name, metric = label(verdict), str(verdict["metric"])
    more = [f'<div class="small soft">{rich(metric)}</div>'] if metric != name else []
    reason = str(verdict.get("reason") or "")
    for failure in verdict.get("failures") or ():
        who = ", ".join(
            f'<a href="#{escape(example)}">{escape(example)}</a>' if example in shown else escape(example)
            for example in failure["examples"]
        )
        more.append(
            f'<div class="cause"><span class="chip">{count(failure["people"])} × {escape(failure["reason"])}</span> '
            f'{rich(failure["said"])} <span class="small soft">such as {who}</span></div>'
        )
    if advice := verdict.get("advice"):
        more.append(f'<p class="small">{rich(advice)}</p>')
    if reason and not verdict.get("failures"):
        kind = "small soft" if verdict["ok"] else "cause"
        more.append(f'<div class="{kind}">{rich(reason)}</div>')
    return (
        f'<li class="{tone}"><span class="sign">{sign}</span><span class="name">{rich(name)}</span>'
        f'<span class="numbers">{_numbers(verdict)}</span><div class="more">{"".join(more)}</div></li>'
    )


def _numbers(verdict: Document) -> str:
    """What was found and what was expected: `96 of 96`, or `44.0 % (expected about 40 %)`."""
    counts, expected = verdict.get("counts") or {}, str(verdict["expected"])
    if verdict.get("unit") == "people" and expected.startswith("all"):
        return f"{count(counts['held'])} <span class='soft'>of {count(counts['of'])}</span>"
    found = found_said(verdict).removeprefix("found ")
    return f"{rich(found)}<span class='soft'>, expected {rich(expected)}</span>"


def _journeys(summary: Document) -> str:
    cards = []
    for name, journey in (summary.get("journeys") or {}).items():
        steps = list((journey.get("steps") or {}).items())[1:]
        rows = _rows([("entered", journey["entered"]), *steps], journey["entered"])
        ends = [f"{count(n)} {ENDS.get(reason, reason)}" for reason, n in journey["ended"].items()]
        if journey.get("under_way"):
            ends.append(f"{count(journey['under_way'])} still under way")
        cards.append(
            f'<div><h2>Journey {escape(name)}</h2><table class="funnel">{rows}</table>'
            f'<p class="small soft">{escape("; ".join(ends))}</p></div>'
        )
    if not cards:
        return ""
    return f'<section class="card"><div class="two">{"".join(cards)}{_beside(summary)}</div></section>'


def _beside(summary: Document) -> str:
    """What became of actions and of events that entered nothing."""
    parts = []
    for name, counts in (summary.get("actions") or {}).items():
        whole = counts.get("sent") or sum(counts.values())
        if not whole:
            continue
        order = [state for state in ("sent", "received", "refused", "opened") if state in counts]
        states = order or list(counts)
        rows = _rows([(state, counts[state]) for state in states], whole)
        parts.append(f'<h2>Action {escape(name)}</h2><table class="funnel">{rows}</table>')
    if discards := summary.get("discards"):
        ranked = sorted(discards.items(), key=lambda item: -item[1])
        rows = _rows(ranked, sum(discards.values()), "lost")
        parts.append(f'<h3>Events that entered nothing</h3><table class="funnel">{rows}</table>')
    return f"<div>{''.join(parts)}</div>" if parts else ""


def _rows(values: Sequence[tuple[str, int]], whole: int, tone: str = "") -> str:
    return "".join(
        f"<tr><td>{escape(name.replace('_', ' '))}</td><td>{count(value)}</td>"
        f'<td class="meter">{_meter(value / whole if whole else 0.0, tone)}</td>'
        f'<td class="soft">{share(value, whole)}</td></tr>'
        for name, value in values
    )


def _meter(part: float, tone: str) -> str:
    return f'<i class="{tone}" style="width:{100 * part:.1f}%"></i>' if part else ""


def _two(left: str, right: str) -> str:
    if left and right:
        return f'<div class="two">{left}{right}</div>'
    return left or right


def _map(document: Document) -> str:
    drawn = drawings.visits_map(document["map"])
    if not drawn:
        return ""
    legend = (
        '<div class="legend small soft"><span><i style="background:var(--accent);opacity:.35"></i>'
        'visits, by area</span><span><i style="background:var(--accent)"></i>share whose events were accepted</span>'
        "<span>dashed: the geofence</span></div>"
    )
    return f'<section class="card"><h2>Visits</h2>{drawn}{legend}</section>'


def _crossings(document: Document) -> str:
    found = document["crossings"]
    if not found["crossings"]:
        return ""
    steps = [(step["step"], step["crossings"]) for step in found["funnel"]]
    rows = _rows(steps, found["crossings"])
    losses = [(loss["outcome"], loss["crossings"]) for loss in found["losses"]]
    lost = (
        f'<h3>Why some were lost</h3><table class="funnel">'
        f"{_rows(losses, found['crossings'], 'lost')}</table>"
        if losses
        else ""
    )
    return f'<section class="card"><h2>Crossings</h2><table class="funnel">{rows}</table>{lost}</section>'


def _latencies(document: Document) -> str:
    found = document["latencies"]
    if not found:
        return ""
    names = ("p50", "p90", "p95", "p99", "max")
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(
        f"<tr><td>{escape(one['from'])} → {escape(one['to'])}</td><td class='soft'>{count(one['ways'])}</td>"
        + "".join(f"<td>{_took(one['seconds'][name])}</td>" for name in names)
        + "</tr>"
        for one in found
    )
    return (
        '<section class="card"><h2>How long it took</h2><div class="wide"><table>'
        f"<tr><th></th><th>ways</th>{head}</tr>{rows}</table></div></section>"
    )


def _took(seconds: float) -> str:
    return duration(seconds) if seconds else "at once"


def _people(document: Document) -> str:
    people = document["people"]
    if not people:
        return ""
    failures = [
        example
        for verdict in document["summary"].get("expectations") or ()
        for failure in (verdict.get("failures") or ())
        for example in failure["examples"]
    ]
    first = failures[0] if failures else None
    run = document["run"]
    shown = "\n".join(
        timeline(
            person,
            run,
            opened=person["person"]["id"] == first or (first is None and number == 0),
            cause=_causes(document["summary"], person["person"]["id"]),
        )
        for number, person in enumerate(people)
    )
    legend = "".join(
        f'<span><i class="k-{kind}"></i>{name}</span>'
        for kind, name in (
            ("crossed", "crossed a border"),
            ("event", "event sent"),
            ("journey", "in a journey"),
            ("action", "message"),
            ("dropped", "discarded by the journey"),
            ("lost", "lost"),
        )
    )
    about = (
        "those for whom an expectation does not hold come first"
        if failures
        else "those to whom most happened"
    )
    return f"""<section class="card people"><div class="head"><h2>People</h2>
<input id="search" type="search" placeholder="Find a person, place or reason" aria-label="Find"></div>
<p class="small soft">{count(len(people))} of {count(run["people"])}; {about}. More:
<code>journeysim explain {escape(run["folder"])} --person GROUP/NUMBER</code></p>
<div class="legend small soft">{legend}</div>
{time_axis(run)}
{shown}
</section>"""


def _causes(summary: Document, person: str) -> str:
    """The expectations that do not hold for a person, with the reason where it is known."""
    return "".join(
        f'<div class="cause small"><b>{rich(label(verdict))}</b>: {rich(failure["said"])}</div>'
        for verdict in summary.get("expectations") or ()
        if not verdict["ok"]
        for failure in verdict.get("failures") or ()
        if failure["examples"][:1] == [person] or failure["examples"][:1] == (person,)
    )


def _foot(document: Document) -> str:
    summary, run = document["summary"], document["run"]
    names = [str(owner) for owner in summary.get("attribution") or ()]
    owners = f" {escape('; '.join(names))}." if names else ""
    return (
        f"<footer>Made by journeysim {escape(str(run['journeysim_version']))} from "
        f"<code>{escape(run['folder'])}</code>.{owners}</footer>"
    )

"""The timeline of one person in an HTML report: a strip of the day, and every moment in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Any, NamedTuple

from simulator.checks import SYSTEM_NAMES

Document = Mapping[str, Any]
WIDTH, HEIGHT = 600, 22
_ACTIONS = ("message", "call", "received", "opened")


class Moment(NamedTuple):
    """A moment: when, of which sort (crossed, phone, event, journey, action, dropped, lost), and in words."""

    at: datetime
    kind: str
    said: str


def timeline(person: Document, run: Document, *, opened: bool, cause: str = "") -> str:
    """One person: a line with the strip, and the moments behind it; ``cause`` is what failed for them, as HTML."""
    moments = sorted(_moments(person), key=lambda moment: moment.at)
    id = escape(person["person"]["id"])
    system = SYSTEM_NAMES.get(person["person"]["system"] or "", "")
    strip = _strip(person, moments, run)
    return (
        f'<details id="{id}"{" open" if opened else ""}><summary><span class="who">{id}</span>'
        f'<span class="small soft">{escape(system if system != "the phone" else "")}</span>{strip}</summary>'
        f'{cause}<ol class="moments">{"".join(_lines(moments))}</ol></details>'
    )


def time_axis(run: Document) -> str:
    """The hours of the run, above the strips."""
    start = datetime.fromisoformat(run["started"])
    if not run["ended"]:
        return ""
    end = datetime.fromisoformat(run["ended"])
    whole = max((end - start).total_seconds(), 1.0)
    step = next((hours for hours in (1, 3, 6, 12, 24, 72, 168) if whole / 3600 / hours <= 10), 720)
    ticks, at = [], start.replace(minute=0, second=0, microsecond=0)
    while at < end:
        if at >= start and (
            at.hour % step == 0 if step < 24 else (at - start).days * 24 % step < 1 and not at.hour
        ):
            said = f"{at:%H:%M}" if step < 24 else f"{at.day} {at:%b}"
            x = 4 + (WIDTH - 8) * (at - start).total_seconds() / whole
            if x < WIDTH - 24:
                ticks.append(f'<text x="{x:.1f}" y="9" style="font-size:9px">{said}</text>')
        at += timedelta(hours=1)
    return (
        f'<div class="axis-row"><span></span><span></span><svg viewBox="0 0 {WIDTH} 12" aria-hidden="true">'
        f"{''.join(ticks)}</svg></div>"
    )


def _moments(person: Document) -> Iterator[Moment]:
    for crossing in person["story"]:
        yield from _of_crossing(crossing)
    yield from _of_journey(person["without_crossing"])


def _of_crossing(crossing: Document) -> Iterator[Moment]:
    verb = "entered" if crossing["crossing"] == "entry" else "left"
    crossed = datetime.fromisoformat(crossing["crossed"])
    yield Moment(crossed, "crossed", f"{verb} {crossing['place']['name']}")
    if crossing["noticed"] is None:
        yield Moment(crossed, "lost", crossing["because"])
        return
    last = datetime.fromisoformat(crossing["noticed"])
    event = f"location.{crossing['crossing']}"
    if crossing["sent"] is None:
        yield Moment(last, "lost", f"{event}: {crossing['because']}")
    else:
        if crossing["queued"] is not None and crossing["queued"] != crossing["sent"]:
            yield Moment(datetime.fromisoformat(crossing["queued"]), "phone", f"{event} queued on the phone")
        last = datetime.fromisoformat(crossing["sent"])
        kind = "event" if crossing["outcome"].startswith("delivered") else "lost"
        yield Moment(last, kind, f"{event} sent; {crossing['because']}")
    yield from _of_journey(crossing.get("journey") or ())


def _of_journey(found: Any) -> Iterator[Moment]:
    for moment in found:
        kind = "journey"
        if moment["kind"] in _ACTIONS:
            kind = "action"
        elif moment["kind"] == "discarded":
            kind = "dropped"
        elif moment["kind"] == "refused" or "no path" in moment["said"]:
            kind = "lost"
        yield Moment(datetime.fromisoformat(moment["at"]), kind, moment["said"])


def _lines(moments: list[Moment]) -> Iterator[str]:
    if not moments:
        yield "<li>nothing is on record</li>"
    day = None
    for moment in moments:
        if moment.at.date() != day:
            day = moment.at.date()
            yield f'<li class="day">{day:%A} {day.day} {day:%B %Y}</li>'
        yield (
            f'<li><time>{moment.at:%H:%M:%S}</time><i class="k-{moment.kind}"></i>'
            f"<span>{escape(moment.said)}</span></li>"
        )


def _strip(person: Document, moments: list[Moment], run: Document) -> str:
    """The time of the run from left to right: visits as bars, moments as dots."""
    start = datetime.fromisoformat(run["started"])
    end = datetime.fromisoformat(run["ended"]) if run["ended"] else moments[-1].at if moments else start
    whole = max((end - start).total_seconds(), 1.0)

    def x(at: datetime) -> float:
        return 4 + (WIDTH - 8) * min(max((at - start).total_seconds() / whole, 0.0), 1.0)

    bars, entered = [], {}
    for crossing in person["story"]:
        at, place = datetime.fromisoformat(crossing["crossed"]), crossing["place"]["id"]
        if crossing["crossing"] == "entry":
            entered[place] = at
        elif place in entered:
            bars.append((entered.pop(place), at, crossing["place"]["name"]))
    bars += [(at, end, "") for at in entered.values()]
    drawn = "".join(
        f'<rect class="visit" x="{x(first):.1f}" y="3" width="{max(x(last) - x(first), 2):.1f}" height="16" rx="3">'
        f"<title>{escape(name)}</title></rect>"
        for first, last, name in bars
    )
    order = {"crossed": 0, "phone": 1, "event": 1, "dropped": 1, "journey": 2, "lost": 3, "action": 4}
    dots = "".join(
        f'<circle class="k-{moment.kind}" cx="{x(moment.at):.1f}" cy="11" r="{4 if moment.kind == "action" else 3}">'
        f"<title>{moment.at:%H:%M:%S} {escape(moment.said)}</title></circle>"
        for moment in sorted(moments, key=lambda moment: order[moment.kind])
        if moment.kind != "crossed"
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="When it happened">'
        f'<path class="axis" d="M4 11 H{WIDTH - 4}"/>{drawn}{dots}</svg>'
    )

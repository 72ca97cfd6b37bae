"""The part of an HTML report that is about sending: rates and latencies over time, percentiles, answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from simulator.report.glyphs import count, duration, plural, share
from simulator.report.sections import latency

Document = Mapping[str, Any]
Point = Mapping[str, float | None]

WIDTH, HEIGHT = 520.0, 170.0
_LEFT, _BOTTOM, _TOP = 58.0, 24.0, 10.0
_PERCENTILES = ("p50", "p90", "p95", "p99", "p999", "max")
_HEADS = {"p999": "p99.9"}
LEAST_POINTS = 5
"""A shorter course is no picture."""


def delivering(document: Document) -> str:
    """The section; empty where events were not sent by the request."""
    summary = document["summary"]
    found = summary.get("latency") or {}
    if not found.get("by_status"):
        return ""
    course: Sequence[Point] = document.get("course") or ()
    pictures = _pictures(course, timed="load" in summary) if len(course) >= LEAST_POINTS else ""
    return (
        f'<section class="card"><h2>Sending</h2>{_load(summary)}{pictures}'
        f'<div class="wide"><table>{_table(found)}</table></div></section>'
    )


def _load(summary: Document) -> str:
    load = summary.get("load")
    if not load:
        return ""
    rate, wanted = load["achieved_rate"], load["intended_rate"]
    late = (
        f"; {plural(load['late'], 'send')} late, at most by {latency(load['latest'])}" if load["late"] else ""
    )
    return (
        f"<p><b>{escape(load['profile'])}</b>: {rate:,.6g} of {wanted:,.6g} events/s for "
        f"{duration(load['seconds'])}{late}; {escape(load['ended'])}.</p>"
    )


def _pictures(course: Sequence[Point], *, timed: bool) -> str:
    rates = [("events", "var(--accent)", "sent"), ("errors", "var(--bad)", "failed tries")]
    if timed:
        rates.insert(0, ("intended", "var(--soft)", "intended"))
    if not any(point["errors"] for point in course):
        rates = [rate for rate in rates if rate[0] != "errors"]
    times = [("p99", "var(--third)", "p99"), ("p50", "var(--accent)", "p50")]
    return (
        '<div class="two"><div><h3>Events per second</h3>'
        f"{_chart(course, rates, _rate, 'Events per second over time')}{_legend(rates)}</div>"
        "<div><h3>Latency, second by second</h3>"
        f"{_chart(course, times, _time, 'Latency over time')}{_legend(times)}</div></div>"
    )


def _rate(value: float) -> str:
    return f"{value:,.6g}"


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{1000 * seconds:g} ms" if seconds else "0"


def _chart(
    course: Sequence[Point], lines: Sequence[tuple[str, str, str]], said: Callable[[float], str], label: str
) -> str:
    """Lines over the seconds of the run; the scale begins at 0."""
    end = course[-1]["at"] or 1.0
    top = _round_above(max((point[key] or 0.0) for point in course for key, _, _ in lines))
    wide, high = WIDTH - _LEFT - 8, HEIGHT - _BOTTOM - _TOP

    def x(at: float) -> float:
        return _LEFT + wide * at / end

    def y(value: float) -> float:
        return _TOP + high * (1 - value / top)

    shapes = [
        f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - 8}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{escape(said(value))}</text>'
        for value in (0.0, top / 2, top)
    ]
    shapes += [
        f'<text x="{x(at):.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{escape(duration(at) if at else "0")}</text>'
        for at, anchor in ((0.0, "start"), (end / 2, "middle"), (end, "end"))
    ]
    for key, colour, _ in lines:
        spots = " ".join(f"{x(p['at'] or 0.0):.1f},{y(p[key] or 0.0):.1f}" for p in course)
        shapes.append(f'<polyline points="{spots}" style="fill:none;stroke:{colour};stroke-width:1.6"/>')
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{label}">{"".join(shapes)}</svg>'
    )


def _round_above(value: float) -> float:
    """The next number above ``value`` whose half is short to say, too: 2, 4, 6, 8 or 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value * (1 - 1e-9))


def _legend(lines: Sequence[tuple[str, str, str]]) -> str:
    shown = "".join(f'<span><i style="background:{colour}"></i>{name}</span>' for _, colour, name in lines)
    return f'<div class="legend small soft">{shown}</div>'


def _table(found: Document) -> str:
    """Percentiles from the intended time, of each try, and by what the answer was."""
    heads = "".join(f"<th>{_HEADS.get(name, name)}</th>" for name in _PERCENTILES)
    rows = [(f"from the {found['measured_from']}", found), ("each try, from its sending", found["sent"])]
    rows = [row for row in rows if row[1].get("count")]
    statuses = found["by_status"]
    if len(statuses) > 1:
        rows += [(f"answer {status}", one) for status, one in sorted(statuses.items())]
    tries = sum(one["count"] for one in statuses.values())
    lines = []
    for name, one in rows:
        part = f" ({share(one['count'], tries)})" if name.startswith("answer ") else ""
        cells = "".join(f"<td>{latency(one[key])}</td>" for key in _PERCENTILES)
        lines.append(
            f"<tr><td>{escape(name)}{part}</td><td class='soft'>{count(one['count'])}</td>{cells}</tr>"
        )
    return f"<tr><th>Latency</th><th>number</th>{heads}</tr>{''.join(lines)}"

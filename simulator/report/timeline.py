"""Events over the simulated time as one line of text with local clock times below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.report.glyphs import DAY, HOUR, MINUTE, Glyphs

# Distances between clock times below the line, in seconds.
_STEPS = (
    *(1, 5, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    *(
        HOUR,
        2 * HOUR,
        3 * HOUR,
        6 * HOUR,
        12 * HOUR,
        DAY,
        2 * DAY,
        7 * DAY,
        14 * DAY,
        28 * DAY,
        91 * DAY,
        364 * DAY,
    ),
)
_LABEL = 6  # signs of the longest common label, `Tue 14`


@dataclass(frozen=True, slots=True)
class Timeline:
    """A drawn timeline: the line, clock times below it, seconds per sign and the highest count of one."""

    spark: str
    ticks: str
    seconds: float
    peak: int


def draw(
    events: Sequence[int], bucket_seconds: float, start: datetime, zone: str, width: int, glyphs: Glyphs
) -> Timeline:
    """``events`` per bucket from ``start`` on, in at most ``width`` signs; clock times are of ``zone``."""
    per_sign = -(-len(events) // width)
    bins = [sum(events[i : i + per_sign]) for i in range(0, len(events), per_sign)]
    wide = max(1, width // len(bins))  # a short run fills the line all the same
    spark = "".join(sign * wide for sign in glyphs.spark(bins))
    cell = bucket_seconds * per_sign / wide
    return Timeline(
        spark=spark,
        ticks=_ticks(len(spark), cell, start, zone),
        seconds=bucket_seconds * per_sign,
        peak=max(bins),
    )


def clock_zone(summary: Mapping[str, object], start: datetime) -> str:
    """The run's time zone if this machine knows it, else empty: the offset of ``start`` holds throughout."""
    name = summary.get("timezone")
    try:
        return str(ZoneInfo(str(name))) if name and start.tzinfo else ""
    except (ZoneInfoNotFoundError, ValueError):
        return ""


def local_at(start: datetime, zone: str, seconds: float) -> datetime:
    """The local time ``seconds`` after ``start``, over changes of the clock where the zone is known."""
    if not zone:
        return start + timedelta(seconds=seconds)
    return (start.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(ZoneInfo(zone))


def _ticks(cells: int, cell: float, start: datetime, zone: str) -> str:
    step = next((s for s in _STEPS if s >= cell * (_LABEL + 3)), _STEPS[-1])
    row = [" "] * (cells + _LABEL)
    first = local_at(start, zone, 0)
    since_midnight = first.hour * HOUR + first.minute * MINUTE + first.second
    at = -since_midnight % step
    free_from = 0
    while at < cells * cell:
        position = round(at / cell)
        label = _label(local_at(start, zone, at), step)
        if position >= free_from and position + len(label) <= cells:
            row[position : position + len(label)] = label
            free_from = position + len(label) + 1
        at += step
    return "".join(row).rstrip()


def _label(moment: datetime, step: float) -> str:
    if step >= 7 * DAY:
        return f"{moment:%d %b}"
    if step >= DAY or (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f"{moment:%a %d}"
    if step < MINUTE:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%H:%M}"

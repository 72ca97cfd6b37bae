"""A window of virtual time: what left the phones in it, in the order of the event stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from simulator.core.lines import Lines
from simulator.core.ordering import order_by
from simulator.core.simtime import Calendar
from simulator.ledger import CrossingRow, Rows, rows_from
from simulator.run.evaluation import JournalRow
from simulator.scenario.models import SOURCES
from simulator.sdk import Hit, Route, render_hits

_POSTBACK = np.uint8(SOURCES.index("postback"))


@dataclass(slots=True)
class Census:
    """What a worker counted from the beginning of the run to the end of a window."""

    crossings: int = 0
    """True crossings, counted where the world computed them."""
    inside_at_start: int = 0
    phones: dict[str, int] = field(default_factory=dict)
    stray_regions: int = 0
    """Region events that no crossing caused."""
    failed_attempts: int = 0
    """Attempts to send that did not reach the endpoint."""
    script_steps: int = 0
    """Steps of scripts that were done."""
    waits_in_vain: int = 0
    """Waits of scripts for something that did not come in time."""
    left_out: int = 0
    """Events that left the phones and that no destination of the run understands."""

    def __add__(self, other: Census) -> Census:
        phones = dict(self.phones)
        for os, count in other.phones.items():
            phones[os] = phones.get(os, 0) + count
        return Census(
            self.crossings + other.crossings,
            self.inside_at_start + other.inside_at_start,
            phones,
            self.stray_regions + other.stray_regions,
            self.failed_attempts + other.failed_attempts,
            self.script_steps + other.script_steps,
            self.waits_in_vain + other.waits_in_vain,
            self.left_out + other.left_out,
        )


@dataclass(slots=True)
class Window:
    """Events sent in [start, end), ordered by (time, person), the crossings behind them, and those without."""

    start: int
    end: int
    sent: npt.NDArray[np.int64]
    person: npt.NDArray[np.int32]
    event_type: npt.NDArray[np.uint8]
    """Index into ``KINDS``."""
    route: npt.NDArray[np.uint8]
    """Which way the event goes, as ``Route`` has it."""
    source: npt.NDArray[np.uint8]
    """Where the event comes from as destinations tell sources apart, as a position in ``SOURCES``."""
    repeat: npt.NDArray[np.bool_]
    """Whether the endpoint was sent the event before."""
    crossing: npt.NDArray[np.int32]
    """Index into ``rows`` of the crossing that caused the event, -1 if none did."""
    bodies: Sequence[bytes]
    rows: Rows
    """Crossings that caused an event of the window."""
    lost: Rows
    """Crossings whose loss was settled in the window, by (time of crossing, person, place)."""
    open: Rows
    """Crossings that phones were still to notice at ``end``, in the same order, as if the run ended there."""
    census: Census
    journal: list[JournalRow] = field(default_factory=list)
    """What happened in journeys, by (time, person)."""

    def __len__(self) -> int:
        return len(self.bodies)

    def slice(self, first: int, last: int) -> Window:
        """Events ``first`` to ``last`` of this window with their crossings, as a window of its own.

        Lost crossings and the journal go with the first event.
        """
        crossing = self.crossing[first:last]
        caused = crossing >= 0
        return replace(
            self,
            sent=self.sent[first:last],
            person=self.person[first:last],
            event_type=self.event_type[first:last],
            route=self.route[first:last],
            source=self.source[first:last],
            repeat=self.repeat[first:last],
            crossing=np.where(caused, np.cumsum(caused) - 1, -1).astype(np.int32),
            bodies=self.bodies[first:last],
            rows=self.rows[crossing[caused]],
            lost=self.lost if first == 0 else self.lost[:0],
            journal=self.journal if first == 0 else [],
        )


def _moment(row: JournalRow) -> tuple[int, int]:
    return row[0], row[3]


def in_order(rows: Rows) -> Rows:
    """Crossings by time, person and place; an entry stays before the exit of the same instant."""
    return rows[np.lexsort((rows["place"], rows["person"], rows["crossed"]))]


def _octets(values: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Numbers below 256 as an array, through bytes: numpy takes twice as long to find out what is in a sequence."""
    return np.frombuffer(bytes(values), dtype=np.uint8)


def make_window(
    start: int,
    end: int,
    hits: Sequence[Hit],
    calendar: Calendar,
    census: Census,
    routes: Sequence[int],
    lost: Sequence[CrossingRow] = (),
    open: Sequence[CrossingRow] = (),
    journal: Sequence[JournalRow] = (),
) -> Window:
    """Put the hits and crossings of all cohorts of a worker into the order of the stream; hits are rendered later.

    ``routes`` are the ways of the kinds of events.

    Hits of one person must be in their own order; sorting is stable, so they stay in it.
    """
    lost_rows, open_rows = in_order(rows_from(lost)), in_order(rows_from(open))
    journal = sorted(journal, key=_moment)
    if not hits:
        never, nobody = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
        untyped, none = np.empty(0, dtype=np.uint8), rows_from([])
        repeat = np.empty(0, dtype=np.bool_)
        return Window(
            *(start, end, never, nobody, untyped, untyped, untyped, repeat, nobody, []),
            *(none, lost_rows, open_rows, census, journal),
        )
    moments, senders, types, times, counted, forms, gaps, causes, again = zip(*hits, strict=True)
    people, keys, capitals, systems = zip(*senders, strict=True)
    sent, person = np.array(moments, dtype=np.int64), np.array(people, dtype=np.int32)
    order = order_by(sent, person)
    places = order.tolist()
    kinds = _octets(types)[order]
    # Client-side rules are the app's: they don't turn aside what other systems send.
    system = _octets(systems)[order]
    route = np.where(system, np.uint8(Route.EVENT), np.array(routes, dtype=np.uint8)[kinds])
    crossings = [cause for place in places if (cause := causes[place]) is not None]
    caused = _octets([cause is not None for cause in causes])[order].view(np.bool_)
    return Window(
        start=start,
        end=end,
        sent=sent[order],
        person=person[order],
        event_type=kinds,
        route=route,
        source=np.where(route == Route.POSTBACK, _POSTBACK, system),
        repeat=_octets(again)[order].view(np.bool_),
        crossing=np.where(caused, np.cumsum(caused) - 1, -1).astype(np.int32),
        bodies=render_hits(
            np.array(keys, dtype=np.uint64)[order],
            _octets(capitals)[order].view(np.bool_),
            np.array(times, dtype=np.int64)[order],
            np.array(counted, dtype=np.int64)[order],
            [forms[place] for place in places],
            [gaps[place] for place in places],
            calendar,
        ),
        rows=rows_from(crossings),
        lost=lost_rows,
        open=open_rows,
        census=census,
        journal=journal,
    )


def merge(windows: Sequence[Window]) -> Window:
    """The windows of several workers over the same time, as one worker would have made it."""
    if len(windows) == 1:
        return windows[0]
    sent = np.concatenate([window.sent for window in windows])
    person = np.concatenate([window.person for window in windows])
    order = order_by(sent, person)
    crossings: list[npt.NDArray[np.int32]] = []
    row_count = 0
    census = Census()
    for window in windows:
        crossings.append(np.where(window.crossing >= 0, window.crossing + row_count, -1).astype(np.int32))
        row_count += len(window.rows)
        census += window.census
    # The rows follow the order of their events, as they do in a single worker's window.
    crossing = np.concatenate(crossings)[order]
    caused = crossing >= 0
    rows = np.concatenate([window.rows for window in windows])[crossing[caused]]
    return Window(
        start=windows[0].start,
        end=windows[0].end,
        sent=sent[order],
        person=person[order],
        event_type=np.concatenate([window.event_type for window in windows])[order],
        route=np.concatenate([window.route for window in windows])[order],
        source=np.concatenate([window.source for window in windows])[order],
        repeat=np.concatenate([window.repeat for window in windows])[order],
        crossing=np.where(caused, np.cumsum(caused) - 1, -1).astype(np.int32),
        bodies=_merged([window.bodies for window in windows], order),
        rows=rows,
        lost=in_order(np.concatenate([window.lost for window in windows])),
        open=in_order(np.concatenate([window.open for window in windows])),
        census=census,
        journal=sorted((row for window in windows for row in window.journal), key=_moment),
    )


def _merged(parts: Sequence[Sequence[bytes]], order: npt.NDArray[np.intp]) -> Sequence[bytes]:
    """The events of several windows in their common order; left where they are if all of them are."""
    lines = [part for part in parts if isinstance(part, Lines)]
    if len(lines) == len(parts):
        return Lines.merged(lines, order)
    bodies = [body for part in parts for body in part]
    return [bodies[i] for i in order.tolist()]


def follow(first: Window, second: Window) -> Window:
    """Two windows of the stream, one right after the other, as one."""
    crossing = second.crossing + np.where(second.crossing >= 0, len(first.rows), 0).astype(np.int32)
    return Window(
        start=first.start,
        end=second.end,
        sent=np.concatenate([first.sent, second.sent]),
        person=np.concatenate([first.person, second.person]),
        event_type=np.concatenate([first.event_type, second.event_type]),
        route=np.concatenate([first.route, second.route]),
        source=np.concatenate([first.source, second.source]),
        repeat=np.concatenate([first.repeat, second.repeat]),
        crossing=np.concatenate([first.crossing, crossing]),
        bodies=[*first.bodies, *second.bodies],
        rows=np.concatenate([first.rows, second.rows]),
        lost=np.concatenate([first.lost, second.lost]),
        open=second.open,
        census=second.census,
        journal=first.journal + second.journal,
    )

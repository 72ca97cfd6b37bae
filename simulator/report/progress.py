"""Progress of long work on standard error: a live line on a terminal, now and then a plain line elsewhere.

The wall clock is handed in. Nothing is drawn from a thread of its own, so workers may be forked at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from simulator.core.simtime import Calendar, to_ms
from simulator.report.glyphs import DAY, count, duration, glyphs_for, printable
from simulator.report.sections import BAR, HEADING, LABEL, WARN, latency

FRAME_SECONDS = 0.1  # between two drawings of the live line
LINE_SECONDS = 10.0  # between two plain lines
_ETA_AFTER = 2.0  # seconds of work before an estimate of the rest means something
_BAR, _SHORT_BAR = 14, 5
_NARROW = 80  # columns below which the bar is short


class Measured(Protocol):
    """What is shown of the last second of a run that sends requests."""

    @property
    def at(self) -> float: ...
    @property
    def seconds(self) -> float: ...
    @property
    def intended(self) -> float | None: ...
    @property
    def events(self) -> int: ...
    @property
    def requests(self) -> int: ...
    @property
    def errors(self) -> int: ...
    @property
    def statuses(self) -> Mapping[str, int]: ...
    @property
    def late(self) -> int: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def held(self) -> int: ...
    @property
    def p50(self) -> float: ...
    @property
    def p99(self) -> float: ...


def _measured(figures: Measured) -> list[tuple[str, str]]:
    """The figures of the last second, the most wanted first."""
    shown: list[tuple[str, str]] = []
    if not figures.requests and figures.intended is None:
        return shown
    if _nothing_arrives(figures):
        shown.append((f"{count(figures.errors)} failed: {_worst(figures.statuses)}", WARN))
    now = f"{count(round(figures.events / figures.seconds))}/s"
    now += " now" if figures.intended is None else f" of {count(round(figures.intended / figures.seconds))}"
    shown.append((now, WARN if figures.late else ""))
    if figures.p99:
        shown.append((f"p99 {latency(figures.p99)}", ""))
        shown.append((f"p50 {latency(figures.p50)}", ""))
    for number, what, style in (
        (0 if _nothing_arrives(figures) else figures.errors, f"failed: {_worst(figures.statuses)}", WARN),
        (figures.late, "late", WARN),
        (figures.in_flight, "in flight", LABEL),
        (figures.held, "held", WARN),
    ):
        if number:
            shown.append((f"{count(number)} {what}", style))
    return shown


def _nothing_arrives(figures: Measured) -> bool:
    return figures.errors > 0 and not figures.p99


def _worst(statuses: Mapping[str, int]) -> str:
    """What most requests without success ended with."""
    failed = {status: n for status, n in statuses.items() if not status.startswith("2")}
    return max(failed, key=lambda status: failed[status], default="")


class Progress:
    """Shows how far a run is; a context manager around the work.

    ``total_s`` is the simulated length of the run in seconds, ``calendar`` turns simulated into local
    time, ``clock`` gives wall seconds (any origin). ``quiet`` shows nothing at all. A run at a rate is as long as its
    load: ``load_s`` in wall seconds, if it is known before.
    """

    def __init__(
        self,
        title: str,
        total_s: float,
        *,
        calendar: Calendar,
        clock: Callable[[], float],
        console: Console | None = None,
        quiet: bool = False,
        load_s: float | None = None,
    ) -> None:
        self._title = title
        self._load_s = load_s
        self._total_s = total_s
        self._calendar = calendar
        self._clock = clock
        self._console = console or Console(stderr=True)
        self._quiet = quiet
        self._live: Live | None = None
        self._figures: Measured | None = None
        self._latest: tuple[float, int] | None = None
        self._began = self._shown = clock()

    def __enter__(self) -> Progress:
        self._began = self._shown = self._clock()
        if self._console.is_terminal and not self._quiet:
            # Standard output is left alone: events may be on their way there.
            self._live = Live(
                console=self._console, auto_refresh=False, transient=True, redirect_stdout=False
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def making_people(self, made: int, people: int) -> None:
        """Tell how far the work before the run is; rates count from its end."""
        self._began = self._clock()
        if self._quiet or not self._due():
            return
        title = glyphs_for(self._console).clip(self._title, 20)
        line = Text(no_wrap=True, overflow="crop").append(title, HEADING)
        self._draw(line.append(f" making people: {count(made)} of {count(people)}"))

    def update(
        self, simulated_s: float, events: int, *, acknowledged: int | None = None, in_flight: int = 0
    ) -> None:
        """Tell where the run is. Cheap: most calls draw nothing.

        ``simulated_s`` counts from the start of the run, ``events`` are those made so far; with
        ``acknowledged`` given, the rate is that of acknowledged events; ``in_flight`` are on their way now.
        """
        self._latest = (simulated_s, events)
        if self._quiet or not self._due():
            return
        self._draw(self._line(simulated_s, events, acknowledged, in_flight, self._shown - self._began))

    def measured(self, figures: Measured) -> None:
        """Take in the figures of the last second; they are shown with the next update, and without one too."""
        self._figures = figures
        self.update(*(self._latest or (0.0, 0)))

    def _due(self) -> bool:
        """Whether it is time to draw again."""
        now = self._clock()
        if now - self._shown < (FRAME_SECONDS if self._live is not None else LINE_SECONDS):
            return False
        self._shown = now
        return True

    def _draw(self, line: Text) -> None:
        if self._live is not None:
            self._live.update(line, refresh=True)
        else:
            self._console.print(line, soft_wrap=True, highlight=False)

    def _how_far(self, simulated_s: float, wall: float) -> tuple[float, str, float]:
        """The share of the work that is done, the time that it is, and the seconds that the rest may take."""
        if self._load_s and self._figures is not None:
            at = min(self._figures.at, self._load_s)
            return at / self._load_s, f"{duration(round(at))} of {duration(self._load_s)}", self._load_s - at
        done = min(simulated_s / self._total_s, 1.0) if self._total_s > 0 else 1.0
        moment = self._calendar.local(to_ms(simulated_s))
        when = f"{moment:%a %d %b %H:%M}" if self._total_s > DAY else f"{moment:%H:%M}"
        return done, when, wall * (1 - done) / done if done else 0.0

    def _line(
        self, simulated_s: float, events: int, acknowledged: int | None, in_flight: int, wall: float
    ) -> Text:
        """The line of this moment; what matters least is left out where the console is narrow."""
        glyphs = glyphs_for(self._console)
        done, when, left = self._how_far(simulated_s, wall)
        line = Text(no_wrap=True, overflow="crop").append(glyphs.clip(self._title, 20), HEADING)
        if self._live is not None:
            whole = _BAR if self._console.width >= _NARROW else _SHORT_BAR
            filled = round(done * whole)
            line.append(" ").append(glyphs.line * filled, BAR).append(glyphs.rest * (whole - filled), LABEL)
        line.append(f" {100 * done:3.0f} %  {when}")
        extras = []
        if self._figures is None or self._figures.intended is None:  # else the rate of now says more
            rate = events if acknowledged is None else acknowledged
            line.append(f"  {count(events)} events")
            extras.append((f"{count(round(rate / wall))}/s" if wall > 0 else "", ""))
        if wall > _ETA_AFTER and 0 < done < 1:
            extras.append((f"{duration(left)} left", LABEL))
        if self._figures is not None:
            measured = _measured(self._figures)
            first = _nothing_arrives(self._figures) or self._figures.intended is not None
            extras = [*measured, *extras] if first else [*extras, *measured]
        if in_flight:
            extras.append((f"{count(in_flight)} in flight", WARN))
        for text, style in extras:
            if text and (self._live is None or line.cell_len + len(text) + 2 <= self._console.width):
                line.append("  ").append(text, style)
        shown = Text(printable(line.plain, self._console.encoding), no_wrap=True, overflow="crop")
        shown.spans = line.spans
        return shown

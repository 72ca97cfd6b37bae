"""Live progress: a line on a terminal, a plain line now and then elsewhere, nothing when quiet."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from simulator.core.simtime import Calendar
from simulator.report import Progress

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0


class Clock:
    """Wall time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Second:
    """What is measured of a second."""

    at: float = 30.0
    seconds: float = 1.0
    intended: float | None = None
    events: int = 0
    requests: int = 0
    errors: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    late: int = 0
    in_flight: int = 0
    held: int = 0
    p50: float = 0.0
    p99: float = 0.0


def progress(
    out: io.StringIO,
    clock: Clock,
    *,
    terminal: bool,
    quiet: bool = False,
    hours: float = 14,
    load_s: float | None = None,
) -> Progress:
    console = Console(file=out, width=80, force_terminal=terminal, color_system=None, legacy_windows=False)
    calendar = Calendar(datetime(2024, 5, 14, 6, tzinfo=BERLIN), BERLIN)
    return Progress(
        "lunch_rush",
        hours * HOUR,
        calendar=calendar,
        clock=clock,
        console=console,
        quiet=quiet,
        load_s=load_s,
    )


def test_without_a_terminal_a_plain_line_comes_at_most_every_ten_seconds() -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=False) as shown:
        for second in range(1, 26):
            clock.now = 1000.0 + second
            shown.update(second * HOUR / 2, second * 100)

    assert out.getvalue().splitlines() == [
        "lunch_rush  36 %  11:00  1,000 events  100/s  18 s left",
        "lunch_rush  71 %  16:00  2,000 events  100/s  8.0 s left",
    ]


def test_work_of_less_than_ten_seconds_leaves_no_plain_line() -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=False) as shown:
        clock.now += 9.9
        shown.update(13 * HOUR, 5000)

    assert out.getvalue() == ""


def test_on_a_terminal_the_line_shows_bar_clock_events_rate_and_what_is_in_flight() -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=True) as shown:
        clock.now += 4.0
        shown.update(7 * HOUR, 2400, acknowledged=2000, in_flight=12)

    assert "lunch_rush ━━━━━━━╌╌╌╌╌╌╌  50 %  13:00  2,400 events  500/s  4.0 s left" in out.getvalue()
    assert "12 in flight" not in out.getvalue().split("left")[0]


def test_on_a_terminal_the_line_is_drawn_at_most_ten_times_a_second_and_removed_at_the_end() -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=True) as shown:
        for step in range(100):
            clock.now += 0.01
            shown.update(step * 60.0, step)

    drawn = out.getvalue()
    assert 5 <= drawn.count("lunch_rush") <= 10
    assert drawn.rstrip().endswith("\x1b[2K")  # the line is erased


def test_a_run_of_several_days_shows_the_day() -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=False, hours=72) as shown:
        clock.now += 11
        shown.update(30 * HOUR, 10)

    assert "Wed 15 May 12:00" in out.getvalue()


def test_quiet_shows_nothing_on_any_output() -> None:
    for terminal in (True, False):
        out, clock = io.StringIO(), Clock()
        with progress(out, clock, terminal=terminal, quiet=True) as shown:
            clock.now += 60
            shown.update(7 * HOUR, 2400)
        assert out.getvalue() == ""


def test_standard_output_is_left_alone_because_events_may_go_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=True):
        print('{"_id": "1"}')

    assert capsys.readouterr().out == '{"_id": "1"}\n'


def test_the_cursor_comes_back_when_the_work_fails() -> None:
    out, clock = io.StringIO(), Clock()

    try:
        with progress(out, clock, terminal=True):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass

    assert "\x1b[?25h" in out.getvalue()


def test_making_people_is_shown_and_does_not_count_into_the_rate() -> None:
    out, clock = io.StringIO(), Clock()
    with progress(out, clock, terminal=True) as shown:
        clock.now += 5.0
        shown.making_people(2_000, 200_000)
        clock.now += 1.0
        shown.update(7 * HOUR, 2_000)
    assert "lunch_rush making people: 2,000 of 200,000" in out.getvalue()
    assert "2,000 events  2,000/s" in out.getvalue()


def test_an_endpoint_that_is_down_from_the_start_is_named_before_anything_arrived() -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=True) as shown:
        clock.now += 2.0
        shown.measured(Second(requests=3, errors=3, statuses={"connection refused": 3}))

    assert "  0 %  06:00  0 events  3 failed: connection refused" in out.getvalue()


def test_failures_among_good_answers_are_counted_with_what_most_of_them_are() -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=False) as shown:
        shown.measured(
            Second(requests=50, errors=7, statuses={"200": 43, "429": 6, "timeout": 1}, p50=0.001, p99=0.01)
        )
        clock.now += 11.0
        shown.update(7 * HOUR, 2400)

    assert "p99 10 ms  p50 1.0 ms  7 failed: 429" in out.getvalue()


def test_a_load_is_as_far_as_its_own_time_and_says_rate_and_latency_at_80_columns() -> None:
    out, clock = io.StringIO(), Clock()

    with progress(out, clock, terminal=True, load_s=120.0) as shown:
        clock.now += 30.0
        shown.update(0.5 * HOUR, 60_000)
        shown.measured(Second(intended=2000, events=1998, requests=1998, p50=0.0004, p99=0.008))
        clock.now += 0.2
        shown.update(0.5 * HOUR, 60_000)

    lines = out.getvalue().split("lunch_rush")
    assert "━━━━╌╌╌╌╌╌╌╌╌╌  25 %" in lines[-1]
    assert " 25 %  30 s of 2 min  1,998/s of 2,000  p99 8.0 ms" in lines[-1]

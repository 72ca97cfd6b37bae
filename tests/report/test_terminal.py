"""The summary that a person reads: verdict first, true numbers, and what to do next."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from simulator.report import render_summary

sys.path.insert(0, str(Path(__file__).parent))
from documents import summary, undelivered


def rendered(document: dict[str, Any], width: int = 80, encoding: str = "utf-8", **console: Any) -> str:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    render_summary(document, Console(file=out, width=width, **console))
    out.flush()
    return raw.getvalue().decode(encoding)


GOOD_RUN = """\
✔ lunch_rush: 4,812 events, all acknowledged; 2 of 2 expectations hold
  Office workers walk to lunch past twelve cafés.
  Tue 14 May 2024, 06:00 → 20:00 (14 h, Europe/Berlin); seed 1

  World     people            1,000  537 iOS, 463 Android
            places               12  City cafés
            crossings         4,132  ████████████    2,066 in, 2,066 out
  Phone     noticed           4,011  ███████████▋    97.1 % of crossings
  Wire      events sent       4,812  ██████████████  4,011 location, 801 app
  Journey   acknowledged      4,812  ██████████████  100 % of sent

  Events by type
  location.exit          2,006  ██████████████████████████████  41.7 %
  location.entry         2,005  ██████████████████████████████  41.7 %
  application.launch       401  ██████                           8.3 %
  application.close        400  ██████                           8.3 %

  What became of the crossings
  delivered        4,011  ██████████████████████████████  97.1 %
  too short           81  ▋                                2.0 %
  switched off        40  ▎                                1.0 %
  together         4,132  = crossings ✔

  Events over time  at most 160 events in 15 min
                      ▁▂▄█▄▂▁▁
  06:00       09:00       12:00       15:00       18:00

  Busiest places   entries     exits
  Café am Platz        612       611
  Bar Centrale         200       201

  Expectations
  ✔ rejected    exactly 0       found 0
  ✔ crossings   at least 1,000  found 4,132

  Speed     14 h in 3.2 s (15,750 × real time), 1,504 events/s, 2 workers
  Delivery  to the embedded receiver: 4,812 requests; answers 200: 4,812; 6.2 MB
  Record    runs/lunch_rush-20240514

  The same events to an endpoint of your own:
    journeysim run SCENARIO --to https://HOST/collection/INLET
"""


def test_a_good_run_at_eighty_columns() -> None:
    lines = [line.rstrip() for line in rendered(summary()).splitlines()]

    assert lines == [*GOOD_RUN.splitlines(), ""]


@pytest.mark.parametrize(
    ("document", "headline"),
    [
        (summary(expectations=[]), "✔ lunch_rush: 4,812 events, all acknowledged"),
        (summary(expectations=summary()["expectations"][:1]), "; 1 of 1 expectation holds"),
        (
            summary(acknowledged=4811, rejected=1),
            "! lunch_rush: 4,812 events, 4,811 acknowledged, 1 rejected; 2 of 2",
        ),
        (
            summary(acknowledged=4811, rejected=1, expectations=[]),
            "✘ lunch_rush: 4,812 events, 4,811 acknowledged, 1",
        ),
        (undelivered(), "✘ lunch_rush: 4,812 events, 4,000 acknowledged, 500 rejected, 312 not delivered;"),
        (
            undelivered(pending=0, rejected=0, acknowledged=4812),
            "✘ lunch_rush: 4,812 events, all acknowledged; 0 of 2",
        ),
        (
            summary(interrupted=True, simulated_seconds=23_000),
            "■ lunch_rush: interrupted after 6 h 23 min; 4,812 even",
        ),
        (summary(events={}, sent=0, acknowledged=0), "! lunch_rush: no events;"),
        (
            summary(events={"location.entry": 1}, sent=1, acknowledged=1),
            "✔ lunch_rush: 1 event, acknowledged;",
        ),
    ],
)
def test_the_first_line_is_the_verdict(document: dict[str, Any], headline: str) -> None:
    assert headline in rendered(document, width=120).splitlines()[0]


def test_rejected_and_undelivered_events_are_counted_with_their_reasons_most_frequent_first() -> None:
    text = rendered(undelivered())
    reasons = text.split("Why events were not accepted")[1]

    assert "rejected            500" in text
    assert "not delivered       312" in text
    assert reasons.index("required key [poiID] not found") < reasons.index("connection refused for 30 s")
    assert "5,812 requests, 1 retry; answers 200: 4,000, 503: 1,000" in " ".join(text.split())


def test_undelivered_events_come_with_the_command_that_sends_them_on_one_line_even_when_narrow() -> None:
    command = (
        "journeysim replay 'runs/my run/undelivered.ndjson' --to https://inlet.example.net/collection/abc"
    )

    assert f"    {command}\n" in rendered(undelivered(), width=60)


def test_a_destination_that_is_no_url_is_left_for_the_reader_to_name() -> None:
    text = rendered(undelivered(destination="file:/full/disk.ndjson"), width=120)

    assert "undelivered.ndjson' --to DESTINATION" in text


def test_a_failed_expectation_shows_what_was_found_and_a_reason_that_adds_to_it() -> None:
    text = rendered(undelivered())

    assert "✘ rejected    exactly 0  found 500\n  ✘ rejectd     at most 1  no number\n" in text
    assert "unknown metric; did you mean rejected?" in text
    assert "expected exactly 0" not in text


def test_outcomes_that_do_not_add_up_are_shown_as_such() -> None:
    text = rendered(summary(outcomes={"delivered": 4000}))

    assert "together         4,000  ≠ 4,132 crossings ✘" in text


def test_a_run_without_crossings_says_what_may_be_wrong() -> None:
    text = rendered(
        summary(crossings=0, entries=0, exits=0, noticed=0, outcomes={}, events={}, sent=0, acknowledged=0)
    )

    assert "Nobody crossed a geofence." in text
    assert "What became of the crossings" not in text
    assert "Events by type" not in text


def test_an_interrupted_run_says_that_what_was_sent_is_on_record_and_how_to_go_on() -> None:
    text = rendered(summary(interrupted=True, scenario_file="scenarios/my lunch.yaml"))

    assert "What was sent until then is on record. Go on where it stopped:" in text
    assert "journeysim run --resume runs/lunch_rush-20240514" in text


def test_an_interrupted_run_that_held_events_back_is_resumed_and_not_replayed() -> None:
    text = rendered(undelivered(interrupted=True))

    assert "journeysim run --resume runs/" in text
    assert "replay" not in text


@pytest.mark.parametrize("part", ["listener", "step_events"])
def test_an_interrupted_run_that_cannot_be_resumed_says_how_to_run_it_whole(part: str) -> None:
    text = rendered(summary(interrupted=True, scenario_file="scenarios/my lunch.yaml", **{part: {}}))

    assert "What was sent until then is on record. The whole run again:" in text
    assert "journeysim run 'scenarios/my lunch.yaml'\n" in text


def test_a_run_that_stopped_early_says_why_below_the_verdict() -> None:
    lines = rendered(undelivered(failure="disk full: runs/x/ledger")).splitlines()

    assert lines[2] == "  stopped early: disk full: runs/x/ledger"


def test_a_paced_run_that_fell_behind_says_by_how_much() -> None:
    assert "2 workers; at most 4.2 s behind the clock" in rendered(
        summary(pacing_worst_lag_seconds=4.2, speed=60, simulated_seconds=600), width=120
    )
    assert "behind" not in rendered(summary(pacing_worst_lag_seconds=0.2))


def test_warnings_are_shown_up_to_five_and_the_rest_counted() -> None:
    text = rendered(summary(warnings=[f"places.csv:{row}: radius above 2000 m" for row in range(2, 10)]))

    assert "! places.csv:2: radius above 2000 m" in text
    assert "places.csv:7" not in text
    assert "and 3 more warnings in summary.json" in text


def test_a_wide_console_puts_sections_side_by_side_and_stays_within_its_width() -> None:
    lines = rendered(summary(), width=140).splitlines()

    assert any("Events by type" in line and "What became of the crossings" in line for line in lines)
    assert any("Busiest places" in line and "Expectations" in line for line in lines)
    assert max(map(len, lines)) <= 140


def test_an_ascii_output_gets_ascii_only_and_the_same_numbers() -> None:
    text = rendered(summary(), encoding="ascii")

    assert text.startswith("OK lunch_rush: 4,812 events, all acknowledged")
    assert "Cafe am Platz        612       611" in text
    assert "06:00 -> 20:00" in text
    assert "together         4,132  = crossings OK" in text


def test_without_a_terminal_there_is_no_colour_and_with_one_there_is() -> None:
    assert "\x1b[" not in rendered(summary())
    assert "\x1b[" in rendered(summary(), force_terminal=True, color_system="standard")


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[36m" not in rendered(summary(), force_terminal=True, color_system="standard")


def test_control_characters_in_names_do_not_reach_the_terminal() -> None:
    place = {"name": "Bar \x1b[31mred\x07\n[bold]x[/bold]", "entries": 1, "exits": 1}
    text = rendered(summary(busiest_places=[place]))

    assert "\x1b" not in text and "\x07" not in text
    assert "[bold]x[/bold]" in text


def test_names_in_wide_letters_keep_the_columns_straight() -> None:
    places = [{"name": "渋谷カフェ", "entries": 1, "exits": 1}, {"name": "Cafe", "entries": 2, "exits": 2}]
    rows = rendered(summary(busiest_places=places)).split("Busiest places")[1].splitlines()[1:3]

    assert len({cell_len(row) for row in rows}) == 1


def test_the_clock_of_the_timeline_follows_daylight_saving_time() -> None:
    night = summary(
        started="2024-03-31T00:00:00+01:00",
        simulated_seconds=6 * 3600,
        timeline={"bucket_seconds": 600, "events": [1] * 36},
    )
    text = rendered(night)

    assert "00:00 → 07:00 (6 h, Europe/Berlin)" in text
    assert "01:00" in text and "02:00" not in text.split("Events over time")[1]


@pytest.mark.parametrize("missing", sorted(summary()))
def test_any_key_may_be_missing(missing: str) -> None:
    document = summary()
    del document[missing]

    assert "4,812 events" in rendered(document)


def test_a_summary_of_next_to_nothing_is_still_rendered() -> None:
    assert rendered({"scenario": "x"}).startswith("! x: no events")


@given(
    st.dictionaries(st.text("abc._", min_size=1, max_size=50), st.integers(0, 10**9), max_size=6),
    st.lists(st.integers(0, 10**6), max_size=400),
    st.text(max_size=90),
    st.integers(60, 200),
    st.sampled_from(["utf-8", "ascii", "latin-1", "cp437"]),
)
def test_whatever_the_numbers_and_names_no_line_of_the_drawing_is_wider_than_the_console(
    events: dict[str, int], timeline: list[int], name: str, width: int, encoding: str
) -> None:
    document = summary(
        events=events,
        timeline={"bucket_seconds": 60, "events": timeline},
        busiest_places=[{"name": name, "entries": 3, "exits": 10**7}],
        outcomes=events,
        crossings=sum(events.values()),
    )
    lines = rendered(document, width=width, encoding=encoding).splitlines()

    assert all(cell_len(line) <= width for line in lines if "journeysim run" not in line)


def test_a_run_whose_journeys_are_somebody_elses_says_how_it_is_judged() -> None:
    last = rendered(summary(actions={"Coupon": {}}), width=70).rstrip().splitlines()[-1]
    assert last.strip() == "journeysim verify runs/lunch_rush-20240514 --step-events FILE_OR_URL"
    assert "verify" not in rendered(summary(actions={"Coupon": {"sent": 1}}, journeys={}))


def test_journeys_of_the_local_model_are_called_so_where_events_did_not_arrive() -> None:
    journeys = {"coupon": {"entered": 3, "ended": {}, "steps": {"enter": 3}}}
    text = " ".join(rendered(undelivered(journeys=journeys)).split())
    assert "the local model, which counts on those 812 events that did not arrive" in text
    assert "local model" not in rendered(summary(journeys=journeys))
    assert "local model" not in rendered(undelivered())


def test_a_live_run_can_be_watched_again() -> None:
    raw = io.StringIO()
    console = Console(file=raw, width=80)
    render_summary(summary(interrupted=True), console, watched=True)
    assert raw.getvalue().rstrip().endswith("journeysim live --replay runs/lunch_rush-20240514")


def test_a_few_minutes_of_a_day_are_no_picture() -> None:
    document = summary(simulated_seconds=1800, timeline={"bucket_seconds": 900, "events": [5, 5] + [0] * 90})
    assert "Events over time" not in rendered(document)


def test_a_share_that_does_not_fit_loses_its_words_first() -> None:
    document = summary(acknowledged=3211, not_due=1601)
    line = next(line for line in rendered(document, width=60).splitlines() if "acknowledged  " in line)
    assert line.endswith("  66.7 %")


def test_a_list_beside_a_number_is_cut_between_its_entries() -> None:
    document = summary(
        events={"location.entry": 2005, "application.launch": 201_000, "commerce.purchases": 1234}
    )
    line = next(line for line in rendered(document).splitlines() if "events sent" in line)
    assert line.endswith("2,005 location, 201,000 app")


def test_a_run_that_ended_early_draws_no_time_after_its_end() -> None:
    events = [5] * 10 + [0] * 90
    document = summary(
        simulated_seconds=10 * 900, timeline={"bucket_seconds": 900, "events": events}, expectations=[]
    )
    assert "at most 5 events in 15 min" in rendered(document)
    assert "09:00" not in rendered(document).split("Busiest")[0].split("at most 5")[1]


def test_without_a_single_measured_answer_no_latency_is_shown() -> None:
    times = dict.fromkeys(("p50", "p95", "p99", "max"), 0.0)
    document = summary(latency={"count": 0, "measured_from": "first sending", **times})
    assert "Latency" not in rendered(document)
    assert "Latency   p50" in rendered(
        summary(latency={"count": 3, "measured_from": "first sending", **times})
    )

"""The explanation that a person reads: the funnel, its losses and delays, and stories fit for a ticket."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from simulator.checks import explain, tell
from simulator.ledger import Outcome
from simulator.report import render_explanation, render_story
from tests.checks.records import ENTRY, MINUTE, finished, record, seen


def rendered(document: dict[str, Any], width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    render = render_story if "story" in document else render_explanation
    render(document, Console(file=out, width=width))
    out.flush()
    return raw.getvalue().decode(encoding)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


EXPLANATION = """\
lunch_rush: 10 crossings, 20 % accepted
  3 people, 4 places; Mon 2 Mar 2026, 12:00 → Tue 3 Mar, 01:00, Europe/Berlin;
  seed 7

  Crossings        all                             iOS           Android
  crossed           10  ████████████   100 %         6   100 %         4   100 %
  noticed            4  ████▊           40 %         2  33.3 %         2    50 %
  queued             4  ████▊           40 %         2  33.3 %         2    50 %
  sent               4  ████▊           40 %         2  33.3 %         2    50 %
  accepted           2  ██▍             20 %         2  33.3 %         0     0 %

  Why some were lost         all               iOS   Android
  no permission                2    20 %         2         0
    the app was not allowed to use the location at that moment in the way that
    region monitoring needs
  rejected                     1    10 %         0         1
    its event was refused
  undelivered                  1    10 %         0         1
    its event left the phone, but the destination was not reached; it is in
    undelivered.ndjson
  not monitored                1    10 %         0         1
    the place was not among the regions that the app had registered at that
    moment
  too short                    1    10 %         1         0
    the border was crossed the other way before the operating system was sure of
    it
  not noticed                  1    10 %         1         0
    the fence is smaller than what the operating system detects reliably
  pending detection            1    10 %         0         1
    the run ended before the operating system would have noticed

  How long it took                p50         p95         p99         max
  crossed → noticed              30 s  1 min 30 s  1 min 30 s  1 min 30 s
  noticed → sent              at once       2.0 s       2.0 s       2.0 s
  sent → acknowledged         at once     at once     at once     at once
  crossed → acknowledged         32 s  1 min 30 s  1 min 30 s  1 min 30 s

  Where most were lost crossings      lost
  Riverside Mall               5         5  2 no permission
  Market Hall                  4         2  1 rejected
  Kiosk                        1         1  all not noticed

  What happened at the first of these places, crossing by crossing:
    journeysim explain run --place 'Riverside Mall'
"""

STORY = """\
residents/0: 4 crossings; 1 delivered, 1 no permission, 1 too short, 1 not
noticed
  iOS; the app may use the location while it is in use; lunch_rush, Mon 2 Mar
  2026, 12:00 → Tue 3 Mar, 01:00, Europe/Berlin; seed 7

  Monday 2 March 2026
  12:03:10  entered Market Hall
  12:04:02    noticed by iOS (52 s later); location.entry sent (event 0);
              acknowledged
  12:40:00  entered Riverside Mall; not noticed: the app may use the location
            only while it is in use
  12:41:00  left Riverside Mall; not noticed: the border was crossed the other
            way before iOS was sure
  12:42:00  entered Kiosk; not noticed: the fence is too small for iOS to detect
            reliably
"""


def test_the_explanation_at_eighty_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert lines(rendered(explain(record(Path("run"))))) == [*EXPLANATION.splitlines(), ""]


def test_the_story_of_a_person_at_eighty_columns(tmp_path: Path) -> None:
    assert lines(rendered(tell(record(tmp_path), person="residents/0"))) == [*STORY.splitlines(), ""]


def test_the_documentation_shows_how_losses_are_told() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "explain.md").read_text(encoding="utf-8")
    lost = STORY[STORY.index("  12:40:00") :]
    assert f"```text\n{lost}```" in page


def test_the_story_of_a_place_names_the_people(tmp_path: Path) -> None:
    text = rendered(tell(record(tmp_path), place="Market Hall"), width=160)
    assert "Market Hall: 4 crossings; 2 delivered, 1 rejected, 1 undelivered\n" in text
    assert "  12:05:30    noticed by Android (30 s later); location.entry queued\n" in text
    assert "  12:05:32    location.entry sent (event 1); refused by the destination\n" in text
    assert "  12:51:30    noticed by Android (1 min 30 s later); location.exit sent (event 2); not" in text
    assert "  12:30:00  office/0 entered; noticed by iOS at once; location.entry sent (event 3); ack" in text


def test_each_day_has_a_heading_and_a_later_day_is_named(tmp_path: Path) -> None:
    late = [(0, 0, ENTRY, *seen(at * MINUTE, 5 * MINUTE), Outcome.DELIVERED) for at in (10, 718, 800)]
    text = rendered(tell(record(tmp_path, late, summary=finished(3)), person="residents/0"), width=160)
    assert text.count("\n  Monday 2 March 2026\n") == text.count("\n  Tuesday 3 March 2026\n") == 1
    assert "  00:03:00    (Tuesday 3 March 2026) noticed by iOS (5 min later)" in text


def test_what_the_limit_leaves_out_is_counted(tmp_path: Path) -> None:
    read = record(tmp_path)
    assert "  and 4 more crossings; --limit tells more\n" in rendered(tell(read, place="p-2", limit=1))
    assert "  and 2 more places; --limit lists more\n" in rendered(explain(read, limit=1))


def test_a_run_without_crossings_says_so(tmp_path: Path) -> None:
    read = record(tmp_path, [], summary=finished(0))
    assert "Nobody crossed a geofence." in rendered(explain(read))
    assert "No crossing of a geofence is on record." in rendered(tell(read, person="office/0"))


def test_a_run_without_losses_offers_the_story_of_somebody_in_its_largest_group(tmp_path: Path) -> None:
    good = [(2, 0, ENTRY, *seen(0, 0), Outcome.DELIVERED)] * 2
    text = rendered(explain(record(tmp_path, good, summary=finished(2))))
    assert text.startswith("lunch_rush: 2 crossings, all accepted\n")
    assert "--person residents/0\n" in text


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    for document in (
        explain(record(tmp_path, summary=None)),
        tell(record(tmp_path, summary=None), place="p-1"),
    ):
        assert "! There is no summary.json" in rendered(document)


@given(width=st.integers(60, 200), encoding=st.sampled_from(["utf-8", "ascii", "latin-1", "cp437"]))
def test_no_line_is_wider_than_the_console_whatever_it_can_show(
    width: int, encoding: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    read = record(tmp_path_factory.mktemp("run"))
    for document in (explain(read), tell(read, person="residents/0"), tell(read, place="p-1")):
        text = rendered(document, width, encoding)
        commands = [line for line in text.splitlines() if "journeysim explain" in line]  # never broken
        assert max(cell_len(line) for line in text.splitlines() if line not in commands) <= width


def test_ascii_has_its_own_signs(tmp_path: Path) -> None:
    text = rendered(explain(record(tmp_path)), encoding="ascii")
    assert "crossed -> noticed" in text
    assert "####" in text
    assert "?" not in text

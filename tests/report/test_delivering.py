"""The part of a report that is about sending, from loads against a real server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from simulator.checks import overview, read_record
from simulator.checks.course import POINTS, read_course
from simulator.report.delivering import delivering
from simulator.report.page import page
from simulator.run import RunOptions, prepare, run
from tests.delivery.misbehaving import Behaviour, MisbehavingServer, Reply, Request, good
from tests.run.scenarios import TOWN, town


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A load of six seconds, in which every tenth request is refused once."""
    folder, requests = tmp_path_factory.mktemp("load"), 0

    def script(request: Request) -> Behaviour:
        nonlocal requests
        requests += 1
        return Reply(503) if requests % 10 == 0 else good(request)

    with MisbehavingServer(script) as server:
        given = [f"destination.to={server.url}", "load.profile=50/s for 6 s"]
        bounds = ("metric: latency.p99, at_most: 20 s", "metric: delivery.error_share, at_most: 50 %")
        expect = "\nexpect:\n" + "".join(f"  - {{{bound}}}\n" for bound in bounds)
        run(prepare(town(folder, TOWN + expect), overrides=given, people=400), RunOptions(out=folder / "run"))
    return overview(read_record(folder / "run"))


def test_a_load_is_told_by_its_rates_its_percentiles_and_its_answers(loaded: dict[str, Any]) -> None:
    text = re.sub(r"<[^>]+>", " ", delivering(loaded))
    assert "50/s for 6 s" in text
    assert "Events per second" in text and "failed tries" in text
    assert "from the intended time" in text and "each try, from its sending" in text
    assert re.search(r"answer 503 \(9\.\d %\)", text)


def test_what_is_drawn_lies_within_the_picture(loaded: dict[str, Any]) -> None:
    lines = re.findall(r'polyline points="([^"]+)"', delivering(loaded))
    assert len(lines) == 5  # intended, sent, failed; p99, p50
    for line in lines:
        spots = [tuple(map(float, spot.split(","))) for spot in line.split()]
        assert len(spots) >= 5
        assert all(0 <= x <= 520 and 0 <= y <= 170 for x, y in spots)


def test_the_page_of_a_load_has_units_in_its_expectations_and_its_rate_on_top(loaded: dict[str, Any]) -> None:
    text = re.sub(r"<[^>]+>", "", page(loaded))
    assert "expected at most 20 s" in text
    assert "expected at most 50 %" in text
    assert re.search(r"\d+events/s", text)


def test_nothing_is_said_of_sending_where_nothing_was_sent_by_the_request(tmp_path: Path) -> None:
    run(prepare(town(tmp_path, TOWN), people=20), RunOptions(out=tmp_path / "run"))
    assert delivering(overview(read_record(tmp_path / "run"))) == ""


def test_a_long_course_is_merged_into_moments_that_lose_no_event_and_no_peak(tmp_path: Path) -> None:
    line = (
        '{{"at": {0}, "seconds": 1.0, "intended": 5.0, "events": {0}, "errors": 0, "p50": 0.01, "p99": {1}}}'
    )
    rows = [line.format(second, 9.0 if second == 777 else 0.02) for second in range(1, 1001)]
    (tmp_path / "timeseries.ndjson").write_text("\n".join([*rows, '{"at": 1001, "sec']))

    course = read_course(tmp_path)

    assert len(course) <= POINTS
    assert max(point["p99"] or 0.0 for point in course) == 9.0
    each = 5  # 1,000 seconds, five to a moment
    assert sum((point["events"] or 0.0) * each for point in course) == pytest.approx(sum(range(1, 1001)))
    assert {point["intended"] for point in course} == {5.0}

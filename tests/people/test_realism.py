"""How people move, and that the measures of it measure what they say."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks.realism import measures
from benchmarks.realism.__main__ import show
from benchmarks.realism.table import Row, rows
from benchmarks.realism.traces import Traces, simulate, write_csv
from simulator.world import geodesy

DAY, HOUR = 86_400.0, 3600.0
U = (np.arange(50_000) + 0.5) / 50_000


class _World:
    """As much of a world as the measures look at: twenty places."""

    places = range(20)


def traces_of(*people: list[tuple[float, int]], days: int = 7, spots: Any = None) -> Traces:
    """Traces of people given as (hour of arrival, location); they leave an hour before they arrive at the next one."""
    rows_of = [(who, hour, where) for who, stays in enumerate(people) for hour, where in stays]
    person = np.array([row[0] for row in rows_of], dtype=np.int64)
    arrive = np.array([row[1] * HOUR for row in rows_of])
    location = np.array([row[2] for row in rows_of], dtype=np.int64)
    depart = np.full(len(rows_of), days * DAY)
    same = person[1:] == person[:-1]
    depart[:-1][same] = arrive[1:][same] - HOUR
    lat, lon = (location * 0.01, np.zeros(len(rows_of))) if spots is None else spots
    return Traces(person, arrive, depart, lat, lon, location, len(people), days, _World())  # type: ignore[arg-type]


# --- measures on what is known --------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [1.2, 1.75, 2.4])
def test_the_exponent_of_jump_lengths_is_recovered(beta: float) -> None:
    r = np.linspace(0.0, 400.0, 400_001)
    density = (r + 1.5) ** -beta * np.exp(-r / 400.0)
    edges = np.cumsum(density)
    lengths = r[np.searchsorted(edges, U * edges[-1])]
    assert measures.law_exponent(lengths, 1.5, 400.0) == pytest.approx(beta, abs=0.02)


@pytest.mark.parametrize("beta", [0.4, 0.8])
def test_the_exponent_of_waiting_times_is_recovered(beta: float) -> None:
    t = np.geomspace(0.5, 300.0, 400_001)
    edges = np.cumsum(t ** (-1.0 - beta) * np.exp(-t / 17.0) * t)  # evenly spaced in the logarithm
    hours = t[np.searchsorted(edges, U * edges[-1])]
    assert measures.waiting_exponent(hours) == pytest.approx(beta, abs=0.03)


@pytest.mark.parametrize("zeta", [0.8, 1.2, 1.6])
def test_the_zipf_exponent_is_recovered(zeta: float) -> None:
    counts = np.rint(1e6 * np.arange(1, 41) ** -zeta).astype(np.int64)
    exponent, last = measures.zipf_exponent([counts, counts[:40] * 3])
    assert exponent == pytest.approx(zeta, abs=0.01)
    assert last == 40


def test_distinct_locations_are_counted_over_time() -> None:
    traces = traces_of([(0, 20), (1, 3), (9, 20), (30, 4), (50, 3)], [(0, 21), (100, 5)])
    days, seen = measures.distinct_locations(traces)
    assert days.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert seen.tolist() == [1.5, 2.0, 2.0, 2.0, 2.5, 2.5, 2.5]


def test_new_locations_and_those_visited_once_are_shares_of_trips_and_of_locations() -> None:
    traces = traces_of([(0, 20), (1, 3), (9, 20), (30, 4), (50, 3)], [(0, 21), (100, 5)])
    assert measures.share_of_new(traces) == 3 / 5
    assert [counts.tolist() for counts in measures.visits_by_person(traces)] == [[2, 2, 1], [1, 1]]
    assert measures.visited_once(measures.visits_by_person(traces)) == pytest.approx((1 / 3 + 1) / 2)


def test_lengths_and_radius_are_those_of_the_way() -> None:
    latitude = np.array([50.0, 50.1, 50.0, 50.1])
    traces = traces_of([(0, 20), (1, 3), (9, 20), (30, 3)], spots=(latitude, np.full(4, 10.0)))
    apart = float(geodesy.distance(50.0, 10.0, 50.1, 10.0)) / 1000.0
    assert measures.trip_lengths(traces).tolist() == pytest.approx([apart] * 3)
    assert measures.radius_of_gyration(traces).tolist() == pytest.approx([apart / 2], rel=1e-3)


def test_stays_lie_between_two_trips() -> None:
    hours, outside = measures.stays(traces_of([(0, 20), (2, 3), (9, 20), (30, 4)]))
    assert hours.tolist() == [6.0, 20.0]
    assert outside.tolist() == [True, False]


def test_motifs_are_the_networks_of_each_day() -> None:
    there_and_back = [(0.0, 20), (2.0, 3), (4.0, 20)]
    round_trip = [(0.0, 21), (8.0, 1), (10.0, 2), (12.0, 21), (32.0, 2), (34.0, 1), (36.0, 21)]
    motifs = measures.daily_motifs(traces_of(there_and_back, round_trip, days=2))
    assert sorted(motifs.values()) == [1, 1, 2]
    assert motifs[()] == 1
    assert measures.motif_coverage(motifs, 2) == 0.75


networks = st.sets(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda edge: edge[0] != edge[1]), min_size=1
)


@given(networks, st.permutations(range(6)))
def test_a_motif_does_not_depend_on_how_its_locations_are_numbered(
    edges: set[tuple[int, int]], order: list[int]
) -> None:
    def numbered(network: set[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        names = sorted({node for edge in network for node in edge})
        return tuple(sorted((names.index(a), names.index(b)) for a, b in network))

    other = {(order[a], order[b]) for a, b in edges}
    assert measures.canonical(numbered(edges)) == measures.canonical(numbered(other))


def test_networks_of_different_form_are_different_motifs() -> None:
    tour, star = ((0, 1), (1, 2), (2, 0)), ((0, 1), (1, 0), (0, 2), (2, 0))
    assert measures.canonical(tour) != measures.canonical(tuple(sorted(star)))


def test_departures_count_working_days_only_and_peaks_stand_out() -> None:
    monday, saturday = [(0.0, 20), (9.5, 3), (18.5, 20)], [(0.0, 20), (5 * 24 + 4.5, 3)]
    shares = measures.departures(traces_of(monday, saturday))
    assert shares[[8, 17]].tolist() == [0.5, 0.5]
    bumps = np.array([1, 1, 1, 1, 1, 1, 2, 5, 9, 4, 3, 4, 5, 4, 3, 4, 6, 8, 5, 3, 2, 1, 1, 1], dtype=float)
    assert measures.peaks(bumps) == [8, 17]
    assert measures.peaks(np.ones(24)) == []


# --- the people ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def traces() -> Traces:
    """A smaller version of ``make realism``."""
    return simulate(people=500, days=60, seed=1)


@pytest.mark.slow
def test_people_move_as_was_published(traces: Traces) -> None:
    table = {row.statistic: row for row in rows(traces)}
    goals = [row for row in table.values() if row.goal]
    assert len(goals) == 7
    assert [f"{row.statistic}: {row.text}" for row in goals if not row.within] == []
    assert all(row.why_not for row in table.values() if not row.within)


@pytest.mark.slow
def test_everybody_is_at_home_at_night_and_nobody_is_in_two_places(traces: Traces) -> None:
    assert (traces.depart >= traces.arrive - 1e-9).all()
    same = ~traces.moved[1:]
    assert (traces.arrive[1:][~same] > traces.depart[:-1][~same]).all()
    first = np.flatnonzero(~traces.moved)
    assert len(first) == traces.people
    assert not traces.outside[first].any()


@pytest.mark.slow
def test_traces_can_be_written_for_others_to_measure(traces: Traces, tmp_path: Path) -> None:
    written = write_csv(traces, tmp_path / "traces.csv")
    with (tmp_path / "traces.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == written == len(traces.person)
    assert list(read[0]) == ["uid", "lat", "lon", "datetime"]
    assert Counter(row["uid"] for row in read).keys() == {str(uid) for uid in range(500)}
    start = datetime(2026, 3, 2)  # noqa: DTZ001  local time
    for row, at, lat in zip(read[::997], traces.arrive[::997], traces.latitude[::997], strict=True):
        assert abs(datetime.fromisoformat(row["datetime"]) - start - timedelta(seconds=at)) < timedelta(
            seconds=1
        )
        assert float(row["lat"]) == pytest.approx(lat, abs=1e-6)


def test_the_table_says_why_a_figure_lies_outside() -> None:
    console = Console(record=True, width=160, markup=False)
    outside = Row("dwell", "1 [v]", "somebody", 0.9, 1.1, 2.0, why_not="it is another country")
    show(console, [outside, Row("trips", "3 [m]", "somebody", 2.0, 4.0, 3.0, goal=True)])
    text = console.export_text()
    assert "dwell: it is another country" in text
    assert "3 [m]" in text
    assert "NO" in text

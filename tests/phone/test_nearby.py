"""Which places an app has registered while its person moves."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.phone.nearby import PlacesService, Registrations
from simulator.phone.ways import SIGNIFICANT_M, SIGNIFICANT_MS, Ways
from simulator.world import Legs, PlaceSet, geodesy, solve
from tests.phone.phones import MINUTE
from tests.world.making import place_set

HOME = (50.0, 8.0)


def east_of_home(metres: float) -> tuple[float, float]:
    latitude, longitude = geodesy.offset(*HOME, metres, 0.0)
    return float(latitude), float(longitude)


def street(count: int, spacing: float = 100.0, radius: float = 50.0) -> PlaceSet:
    """Places in a row to the east of home, the first one at home."""
    return place_set(*((*east_of_home(n * spacing), radius) for n in range(count)))


def legs(*steps: tuple[float, float, float]) -> Legs:
    """A way by (metres east of home to go to, start, end), times in minutes."""
    columns, here = [], 0.0
    for there, start, end in steps:
        columns.append((*east_of_home(here), *east_of_home(there), start * MINUTE, end * MINUTE))
        here = there
    lat0, lon0, lat1, lon1, t0, t1 = np.array(columns).T
    return Legs(lat0, lon0, lat1, lon1, t0.astype(np.int64), t1.astype(np.int64))


def rows(way: Legs, which: slice) -> Legs:
    return Legs(*(getattr(way, column.name)[which] for column in fields(Legs)))


def halves(way: Legs, cut: int) -> tuple[Legs, Legs]:
    return rows(way, slice(0, cut)), rows(way, slice(cut, None))


def of_two(first: Legs, second: Legs) -> Legs:
    columns = [(getattr(first, column.name), getattr(second, column.name)) for column in fields(Legs)]
    return Legs(*(np.concatenate(column) for column in columns))


def walker(service: PlacesService, way: Legs) -> Registrations:
    registrations = Registrations(service, *HOME)
    registrations.follow(Ways(way), 0, len(way), 0)
    registrations.refresh(0)
    return registrations


def registered(registrations: Registrations, places: PlaceSet, minute: float) -> list[int]:
    now = round(minute * MINUTE)
    return [place for place in range(len(places)) if registrations.has(place, now)]


@pytest.mark.parametrize("count", [1, 10, 20])
def test_no_more_places_are_registered_than_the_app_asks_for(count: int) -> None:
    places = street(60)
    registrations = walker(PlacesService(places, count), legs((5900, 0, 60)))
    for minute in range(0, 61, 4):
        assert len(registered(registrations, places, minute)) == count


def test_the_first_places_are_those_around_the_start() -> None:
    places = street(60)
    registrations = walker(PlacesService(places, 3), legs((5000, 60, 120)))
    assert registered(registrations, places, 0) == [0, 1, 2]
    assert registered(registrations, places, 60) == [0, 1, 2]


def test_places_are_asked_for_again_after_500_metres_if_5_minutes_have_passed() -> None:
    places = street(60)
    registrations = walker(PlacesService(places, 3), legs((3000, 0, 60)))  # 50 m a minute
    assert registered(registrations, places, 9.9) == [0, 1, 2]
    assert registered(registrations, places, 10.1) == [4, 5, 6]
    assert registered(registrations, places, 19.9) == [4, 5, 6]
    assert registered(registrations, places, 20.1) == [9, 10, 11]


def test_places_are_not_asked_for_again_before_5_minutes_have_passed() -> None:
    places = street(60)
    registrations = walker(PlacesService(places, 3), legs((5000, 0, 10)))  # 500 m a minute
    assert registered(registrations, places, 4.9) == [0, 1, 2]
    assert registered(registrations, places, 5.1) == [24, 25, 26]


def test_who_stays_within_500_metres_keeps_the_same_places() -> None:
    places = street(60)
    registrations = walker(PlacesService(places, 3), legs((450, 0, 10), (0, 30, 40), (450, 50, 60)))
    for minute in (5, 12, 29, 45, 300):
        assert registered(registrations, places, minute) == [0, 1, 2]


def test_who_stops_far_away_within_5_minutes_is_located_when_these_are_over() -> None:
    places = street(60)
    registrations = walker(PlacesService(places, 3), legs((2000, 0, 2), (0, 120, 140)))
    assert registered(registrations, places, 4.9) == [0, 1, 2]
    assert registered(registrations, places, 5) == [19, 20, 21]
    assert registered(registrations, places, 120) == [19, 20, 21]


def test_a_launch_asks_for_the_places_around() -> None:
    places = street(60)
    registrations = walker(PlacesService(places, 3), legs((3000, 0, 60)))
    registrations.refresh(6 * MINUTE)
    assert registered(registrations, places, 6) == [2, 3, 4]
    assert registered(registrations, places, 15.9) == [2, 3, 4]  # the next 500 m begin here
    assert registered(registrations, places, 16.1) == [7, 8, 9]


def test_asking_in_between_changes_nothing() -> None:
    places = street(60)
    way = legs((5900, 0, 40), (100, 50, 70), (3000, 71, 90))
    often, once = (walker(PlacesService(places, 4), way) for _ in range(2))
    for second in range(0, 5900, 7):
        registered(often, places, second / 60)
    assert registered(often, places, 100) == registered(once, places, 100)


@settings(max_examples=60, deadline=None)
@given(
    stops=st.lists(
        st.tuples(st.integers(0, 4000), st.floats(0.0, 20.0), st.floats(0.1, 30.0)), min_size=1, max_size=6
    )
)
def test_significant_changes_come_when_looking_every_second_would_find_them(
    stops: list[tuple[int, float, float]],
) -> None:
    steps, clock = [], 0.0
    for there, stay, travel in stops:
        steps.append((float(there), clock + stay, clock + stay + travel))
        clock += stay + travel
    way = legs(*steps)
    registrations = walker(PlacesService(street(2), 1), way)
    times = np.arange(0, round(clock * MINUTE) + 10 * MINUTE, 1000)
    ends = np.stack([way.t0, way.t1], axis=1).ravel()
    metres_of = np.array(
        [
            m
            for before, after in zip([0.0, *(s[0] for s in steps)], steps, strict=False)
            for m in (before, after[0])
        ]
    )
    metres = np.interp(times, ends, metres_of)
    fix, at = 0, 0.0
    for now, here in zip(times.tolist(), metres.tolist(), strict=True):
        registrations.catch_up(now)
        away = abs(here - at)
        due = now if now - fix >= SIGNIFICANT_MS and away >= SIGNIFICANT_M else fix
        if abs(registrations.fixed_at - due) > 1000:
            # Only for who turns round at that very distance may the flat map decide otherwise.
            assert away == pytest.approx(SIGNIFICANT_M, rel=0.02)
            return
        fix = registrations.fixed_at
        at = float(np.interp(fix, ends, metres_of))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.sampled_from([1, 3, 10]),
    spread=st.sampled_from([0.003, 0.03, 0.3]),
    latitude=st.sampled_from([0.0, 50.0, -83.0]),
)
def test_what_is_told_without_a_query_is_what_the_query_finds(
    seed: int, count: int, spread: float, latitude: float
) -> None:
    rng = np.random.default_rng(seed)
    shape = np.array([spread, spread / np.cos(np.radians(latitude))])
    circles = rng.normal(size=(40, 2)) * shape + (latitude, 8.0)
    radii = rng.choice([30.0, 100.0, 800.0], 40).tolist()
    places = place_set(*((*circle, radius) for circle, radius in zip(circles.tolist(), radii, strict=True)))
    service = PlacesService(places, count)
    for here in (rng.normal(size=(20, 2)) * shape + (latitude, 8.0)).tolist():
        nearest = service.around(*here)
        for place in range(40):
            assert service.lists(place, *here) in (None, place in nearest)


def test_in_a_town_a_query_is_seldom_needed() -> None:
    rng = np.random.default_rng(1)
    places = place_set(*((*where, 100.0) for where in (rng.uniform(-0.01, 0.01, (40, 2)) + HOME).tolist()))
    service = PlacesService(places, 10)
    told = [
        service.lists(place, *here)
        for here in (rng.uniform(-0.01, 0.01, (50, 2)) + HOME).tolist()
        for place in range(40)
    ]
    assert told.count(None) < 0.1 * len(told)
    assert told.count(True) > 0.2 * len(told)
    assert told.count(False) > 0.6 * len(told)


def test_the_way_over_the_date_line_is_the_short_one() -> None:
    places = place_set(*((0.0, 179.99 + n * 0.001 - (360.0 if n >= 10 else 0.0), 50.0) for n in range(20)))
    service = PlacesService(places, 3)
    registrations = Registrations(service, 0.0, 179.99)
    crossing = Legs(
        *(np.array([x]) for x in (0.0, 179.99, 0.0, -179.991)), np.array([0]), np.array([20 * MINUTE])
    )
    registrations.follow(Ways(crossing), 0, 1, 0)
    registrations.refresh(0)
    assert registered(registrations, places, 0) == [0, 1, 2]
    assert 18 in registered(registrations, places, 25)


@pytest.mark.parametrize("days", [1, 2, 3, 5])
def test_whether_somebody_asked_in_between_makes_no_difference(days: int) -> None:
    service = PlacesService(street(60), 3)
    asked, unasked = (Registrations(service, *HOME) for _ in range(2))
    for day in range(days):
        start = day * 1440
        way = legs((0.0, start, start + 1), (900.0 * (day + 1), start + 10, start + 60))
        for registrations in (asked, unasked):
            registrations.follow(Ways(way), 0, 2, start * MINUTE)
        for minute in range(0, 100, 7):
            asked.has(0, (start + minute) * MINUTE)
    end = days * 1440 * MINUTE
    assert [unasked.has(n, end) for n in range(60)] == [asked.has(n, end) for n in range(60)]
    assert unasked.fixed_at == asked.fixed_at > 0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.sampled_from([1, 3, 10]),
    spacing=st.sampled_from([100.0, 900.0, 6000.0, 40_000.0]),
    pace=st.floats(20.0, 1500.0),
    cut=st.integers(0, 6),
)
def test_what_is_told_at_a_border_without_looking_is_what_looking_tells(
    seed: int, count: int, spacing: float, pace: float, cut: int
) -> None:
    rng = np.random.default_rng(seed)
    places = street(30, spacing, radius=min(spacing / 3, 400.0))
    service = PlacesService(places, count)
    steps, here, time = [], 0.0, 5.0
    for there in rng.uniform(0.0, 29 * spacing, 6).tolist():
        minutes = abs(there - here) / pace
        steps.append((there, time, time + minutes))
        here, time = there, time + minutes + float(rng.uniform(0.0, 30.0))
    # Two tables, as of two days, in which the legs of somebody else come first.
    way, other = legs(*steps), legs((here, 1.0, 2.0), (0.0, 2.0, 3.0), (500.0, 2900.0, 2901.0))
    days = [Ways(of_two(other, half), np.array([0, 3][: 1 + min(len(half), 1)])) for half in halves(way, cut)]
    quick, exact = Registrations(service, *HOME), Registrations(service, *HOME)
    for registrations in (quick, exact):
        for table, half in zip(days, halves(way, cut), strict=True):
            registrations.follow(table, 3, 3 + len(half), 0)
        registrations.refresh(0)
    crossings = solve(places, way)
    questions: list[tuple[int, int, int | None]] = []
    for place, crossed in zip(crossings.place.tolist(), crossings.time.tolist(), strict=True):
        questions += [(crossed, place, None), (crossed + int(rng.integers(0, 10 * MINUTE)), place, crossed)]
    for now, place, since in sorted(questions, key=lambda question: question[0]):
        assert quick.has_around(place, now, since) == exact.has(place, now)


def test_after_a_pause_only_looking_tells_until_the_app_learns_its_position() -> None:
    places = street(60)
    registrations = walker(PlacesService(places, 3), legs((5000, 10, 20)))
    registrations.pause(5 * MINUTE)
    registrations.resume(30 * MINUTE)
    assert not registrations.has_around(50, 34 * MINUTE)
    assert registrations.has_around(50, 36 * MINUTE)

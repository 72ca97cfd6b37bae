"""Where everybody was, and from when to when: the traces that are measured."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.realism import country
from simulator.core.numerics import FloatArray, IntArray
from simulator.people import DayPlanner
from simulator.run import World, prepare


@dataclass(frozen=True, slots=True)
class Traces:
    """Stays, one row each, by person and time; the first of each person is at home before the first trip."""

    person: IntArray
    arrive: FloatArray
    """Seconds since the first midnight; 0 for the first stay of each."""
    depart: FloatArray
    """The same; the end of the run for the last stay of each."""
    latitude: FloatArray
    longitude: FloatArray
    location: IntArray
    """The same number for the same place, home or work place of a person."""
    people: int
    days: int
    world: World

    @property
    def moved(self) -> npt.NDArray[np.bool_]:
        """Which rows are reached by a trip: all but the first of each person."""
        return np.concatenate([[False], self.person[1:] == self.person[:-1]])

    @property
    def outside(self) -> npt.NDArray[np.bool_]:
        """Which rows are stays at a place, neither at home nor at work."""
        return self.location < len(self.world.places)


def simulate(*, people: int, days: int, seed: int) -> Traces:
    """The traces of people of the made-up country over whole days from a Monday on."""
    with tempfile.TemporaryDirectory() as folder:
        world = prepare(country.write(Path(folder), people=people, days=days, seed=seed)).world
    first = world.calendar.local(0).date()
    populator = world.populator()
    columns: list[list[npt.NDArray[Any]]] = [[] for _ in range(7)]
    spots: list[npt.NDArray[Any]] = []
    for spec in world.cohorts():
        cohort = populator.populate(spec)
        spots.append(np.stack([cohort.home_lat, cohort.home_lon, cohort.work_lat, cohort.work_lon]))
        planner = DayPlanner(cohort, world.places)
        plans = []
        for day in range(days):
            plan = planner.plan((first + timedelta(days=day)).toordinal(), day * 86_400_000)
            plans.append(plan)
        person = np.concatenate([plan.person for plan in plans])
        lat0, lon0, lat, lon, t0, t1 = (
            np.concatenate(part) for part in zip(*(plan.columns() for plan in plans), strict=True)
        )
        order = np.lexsort((t0, person))
        for column, values in zip(
            columns, (person + spec.first_person, lat0, lon0, lat, lon, t0, t1), strict=True
        ):
            column.append(values[order])
    return _stays(world, days, np.concatenate(spots, axis=1), *(np.concatenate(column) for column in columns))


def _stays(
    world: World,
    days: int,
    spots: FloatArray,
    person: IntArray,
    lat0: FloatArray,
    lon0: FloatArray,
    lat: FloatArray,
    lon: FloatArray,
    t0: IntArray,
    t1: IntArray,
) -> Traces:
    """Stays between the trips: before the first one, and after each."""
    begins = np.concatenate([[True], person[1:] != person[:-1]])
    at = np.flatnonzero(begins)
    who = np.insert(person, at, person[at])
    latitude, longitude = np.insert(lat, at, lat0[at]), np.insert(lon, at, lon0[at])
    arrive = np.insert(t1 / 1000.0, at, 0.0)
    shifted = at + np.arange(len(at))  # rows of the first stays
    depart = np.maximum(arrive, days * 86_400.0)  # who is still under way arrives after the end
    leaves = np.insert(t0 / 1000.0, at, np.nan)
    depart[:-1] = np.where(who[1:] == who[:-1], leaves[1:], depart[:-1])
    depart[shifted] = t0[at] / 1000.0
    location = _locations(world, spots[:, who], who, latitude, longitude)
    return Traces(who, arrive, depart, latitude, longitude, location, world.people, days, world)


def _locations(
    world: World, spots: FloatArray, who: IntArray, latitude: FloatArray, longitude: FloatArray
) -> IntArray:
    """Numbers for where people stay: their own home or work place (``spots``), or the place that they stand in."""
    number, _ = world.places.nearest(latitude, longitude, 1, np.inf)
    home = (latitude == spots[0]) & (longitude == spots[1])
    work = (latitude == spots[2]) & (longitude == spots[3])
    own = len(world.places) + 2 * who + np.where(home, 0, 1)
    return np.where(home | work, own, number[:, 0])


def write_csv(traces: Traces, path: Path) -> int:
    """Write arrivals as ``uid, lat, lon, datetime`` (local time, ISO 8601); gives the number of rows."""
    start = traces.world.calendar.local(0).replace(tzinfo=None)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["uid", "lat", "lon", "datetime"])
        for uid, lat, lon, at in zip(
            traces.person.tolist(),
            traces.latitude.tolist(),
            traces.longitude.tolist(),
            traces.arrive.tolist(),
            strict=True,
        ):
            when = start + timedelta(seconds=round(at))
            rows.writerow([uid, f"{lat:.6f}", f"{lon:.6f}", when.isoformat()])
    return len(traces.person)

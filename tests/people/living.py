"""Groups of people and their days, made from the text of a scenario."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np

from simulator.core.simtime import MS_PER_HOUR
from simulator.people import Cohort, CohortSpec, DayPlanner, Populator
from simulator.run import World, prepare
from tests.run.running import write_scenario

CENTRE = [52.52, 13.405]
MONDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 7)

# (start, end, latitude and longitude of both), seconds since local midnight
Leg = tuple[float, float, tuple[float, float], tuple[float, float]]


def world_of(
    folder: Path,
    group: dict[str, Any],
    places: list[dict[str, Any]],
    more: dict[str, list[dict[str, Any]]] | None = None,
) -> World:
    """A world with one group, ``residents``, and the places of the library ``Shops`` and those of ``more``."""
    libraries = {"Shops": places, **(more or {})}
    document = {
        "version": 1,
        "name": "living",
        "description": "People and where they go.",
        "clock": {"start": "2026-03-02T00:00", "timezone": "Europe/Berlin", "duration": "14 d"},
        "places": [{"library": name, "inline": inline} for name, inline in libraries.items()],
        "people": {
            "residents": {"size": 1000, "home": {"around": {"at": CENTRE, "radius": "3 km"}}, **group}
        },
        "app": {"id": "com.example.living", "name": "Living"},
    }
    return prepare(write_scenario(folder, document)).world


def place(name: str, at: list[float], **more: Any) -> dict[str, Any]:
    return {"name": name, "at": at, "radius": "150 m", **more}


def cohort_of(world: World, size: int = 1000, first: int = 0) -> Cohort:
    """People ``first`` to ``first + size`` of the group."""
    populator = Populator(world.scenario, world.places, world.towns)
    return populator.populate(CohortSpec("residents", first, size, first))


def midnight_of(world: World, day: date) -> int:
    """Virtual time of the midnight of a day, by its noon."""
    return world.calendar.at_local(datetime.combine(day, time(12))) - 12 * MS_PER_HOUR


def days_of(world: World, cohort: Cohort, *days: date) -> dict[int, list[Leg]]:
    """What each person of a cohort does, in the order in which it was planned; times since the first midnight."""
    planner, origin = DayPlanner(cohort, world.places), midnight_of(world, days[0])
    legs: dict[int, list[Leg]] = defaultdict(list)
    for day in days:
        plan = planner.plan(day.toordinal(), midnight_of(world, day))
        for person, lat0, lon0, lat1, lon1, t0, t1 in zip(
            plan.person.tolist(), *(column.tolist() for column in plan.columns()), strict=True
        ):
            legs[person].append(((t0 - origin) / 1000, (t1 - origin) / 1000, (lat0, lon0), (lat1, lon1)))
    return legs


def home(cohort: Cohort, person: int) -> tuple[float, float]:
    return float(cohort.home_lat[person]), float(cohort.home_lon[person])


def work(cohort: Cohort, person: int) -> tuple[float, float]:
    return float(cohort.work_lat[person]), float(cohort.work_lon[person])


def homes(cohort: Cohort) -> np.ndarray:
    return np.column_stack([cohort.home_lat, cohort.home_lon])

"""How people choose places: exploration and preferential return, with a memory of their own.

A person who knows S places goes somewhere new with probability rho S^-gamma, drawn there by gravity from where
the person is; otherwise back to a known place, by how often it was visited (Song et al. 2010; the gravity
law of Pappalardo et al. 2015). When and how often people go anywhere is up to their schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.core import numerics
from simulator.core.numerics import FloatArray
from simulator.people.areas import Areas, BoolArray, Indices, Rows, Traveller, from_each, picked
from simulator.scenario.models import Mobility

# Places that a person remembers, at most; the least visited gives way to a new one.
MOST_REMEMBERED = 128
# What memory begins with; it doubles when somebody needs more.
_FIRST_COLUMNS = 8
# Areas that are tried before somebody who wants to explore returns to a known place.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What some people want to choose from, as columns of the same length."""

    people: Rows
    who: Traveller
    at_place: Indices
    """The place where each of them is; -1 for none."""
    areas: Areas
    within: float
    """Furthest place from the point that the choice is bound to, metres."""
    draw: Callable[[str, Rows], FloatArray]
    """One uniform number for each of some people, for a purpose."""
    is_open: Callable[[Indices, Rows], BoolArray]
    """Which of (n, k) places are open to the people in these rows of the columns."""


class Memory:
    """The places that the people of a cohort know, and how often each was there."""

    def __init__(self, people: int) -> None:
        self.places: Indices = np.full((people, _FIRST_COLUMNS), -1, dtype=np.int32)
        """Places by person, (n, k), -1 where there is room."""
        self.visits: npt.NDArray[np.int32] = np.zeros((people, _FIRST_COLUMNS), dtype=np.int32)
        self.known: npt.NDArray[np.int32] = np.zeros(people, dtype=np.int32)
        """How many different places each person has been to, forgotten ones included."""

    def remember(self, people: Rows, place: Indices) -> None:
        """Each of ``people`` visits a place."""
        here = self.places[people] == place[:, None]
        old = here.any(axis=1)
        self.visits[people[old], np.argmax(here[old], axis=1)] += 1
        people, place = people[~old], place[~old]
        if not len(people):
            return
        if (self.places[people, -1] >= 0).any() and self.places.shape[1] < MOST_REMEMBERED:
            room = ((0, 0), (0, self.places.shape[1]))
            self.places = np.pad(self.places, room, constant_values=-1)
            self.visits = np.pad(self.visits, room)
        # Room counts as never visited: it is taken first.
        column = np.argmin(self.visits[people], axis=1)
        self.places[people, column] = place
        self.visits[people, column] = 1
        self.known[people] += 1


class Explorer:
    """Chooses places for the people of one cohort, and remembers them."""

    def __init__(self, mobility: Mobility, works: BoolArray) -> None:
        self._mobility = mobility
        self._memory = Memory(len(works))
        self._routine = 1.0 + works  # home, and work for those who have it

    def choose(self, wish: Wish) -> Indices:
        """A place for each of those who wish; -1 where none is open and in reach."""
        mobility, memory, people = self._mobility, self._memory, wish.people
        known = memory.known[people] + self._routine[people]
        readiness = mobility.explore * numerics.power(known, -mobility.fading)
        explores = wish.draw("explore", people) < readiness
        goal = np.full(len(people), -1, dtype=np.int32)
        self._explore(goal, np.flatnonzero(explores), wish)
        self._return(goal, np.flatnonzero(goal < 0), wish)
        # Those who know nothing that would do have to find something.
        self._explore(goal, np.flatnonzero((goal < 0) & ~explores), wish)
        found = goal >= 0
        memory.remember(people[found], goal[found])
        return goal

    def _explore(self, goal: Indices, rows: Rows, wish: Wish) -> None:
        """Give the people in ``rows`` a place that they don't know, where there is one."""
        law = (wish.within, self._mobility.softening, self._mobility.gravity)
        for attempt in range(_TRIES):
            if not len(rows):
                return
            area = wish.areas.choose(
                wish.who.rows(rows), wish.draw(f"area.{attempt}", wish.people[rows]), *law
            )
            rows, area = rows[area >= 0], area[area >= 0]
            places, pull = wish.areas.places_in(area, wish.who.rows(rows), *law)
            known = (places[:, :, None] == self._memory.places[wish.people[rows]][:, None, :]).any(axis=2)
            pull = np.where(known | ~wish.is_open(places, rows), 0.0, pull)
            rows = _settle(goal, rows, places, pull, wish.draw(f"new.{attempt}", wish.people[rows]))

    def _return(self, goal: Indices, rows: Rows, wish: Wish) -> None:
        """Give the people in ``rows`` a place that they know, where one is open and in reach."""
        people = wish.people[rows]
        places = self._memory.places[people]
        inside = from_each(wish.areas.points[:, places], wish.who.base[:, rows]) <= wish.within
        may = (places >= 0) & wish.areas.among[places] & inside & wish.is_open(places, rows)
        may &= places != wish.at_place[rows][:, None]  # nobody goes to where they are
        visits = np.where(may, self._memory.visits[people], 0).astype(np.float64)
        _settle(goal, rows, places, visits, wish.draw("return", people))


def _settle(goal: Indices, rows: Rows, places: Indices, weights: FloatArray, u: FloatArray) -> Rows:
    """Write the choice of each of ``rows`` among ``places`` (n, k) into ``goal``; gives the rows without one."""
    column = picked(weights, u)
    found = column >= 0
    goal[rows[found]] = places[found, column[found]]
    return rows[~found]

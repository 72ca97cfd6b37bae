"""People: who they are, where they live and work, and where they go each day.

Knows nothing of phones. Everything about a person is drawn from the person's own key, so adding somebody
changes nobody else.
"""

from simulator.people.browsing import Browsing, Deed, Whereabouts, chances_of
from simulator.people.carts import Cart, Catalogue, Line
from simulator.people.dayplan import DayPlanner
from simulator.people.legs import DayLegs, Planner
from simulator.people.population import (
    COHORT_SIZE,
    Cohort,
    CohortSpec,
    Part,
    Populator,
    cohort_specs,
    group_sizes,
    kind_rows,
    person_keys,
    reachable_towns,
)
from simulator.people.scripts import HOME, Mover, PlaceNames, Surroundings, due_times
from simulator.people.shopping import Day, Intervals, Occasions, ShoppingPlanner, read_step, visits_of
from simulator.people.traces import when_followed

__all__ = [
    "COHORT_SIZE",
    "HOME",
    "Browsing",
    "Cart",
    "Catalogue",
    "Cohort",
    "CohortSpec",
    "Day",
    "DayLegs",
    "DayPlanner",
    "Deed",
    "Intervals",
    "Line",
    "Mover",
    "Occasions",
    "Part",
    "PlaceNames",
    "Planner",
    "Populator",
    "ShoppingPlanner",
    "Surroundings",
    "Whereabouts",
    "chances_of",
    "cohort_specs",
    "due_times",
    "group_sizes",
    "kind_rows",
    "person_keys",
    "reachable_towns",
    "read_step",
    "visits_of",
    "when_followed",
]

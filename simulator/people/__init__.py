"""People: who they are, where they live and work, and where they go each day.

Knows nothing of phones. Everything about a person is drawn from the person's own key, so adding somebody
changes nobody else.
"""

from simulator.people.dayplan import DayLegs, DayPlanner
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

__all__ = [
    "COHORT_SIZE",
    "Cohort",
    "CohortSpec",
    "DayLegs",
    "DayPlanner",
    "Part",
    "Populator",
    "cohort_specs",
    "group_sizes",
    "kind_rows",
    "person_keys",
    "reachable_towns",
]

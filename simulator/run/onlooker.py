"""The seam for whoever looks on: told where people are and are going, as the model plans it, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from simulator.people import DayLegs
from simulator.world import Crossings


class Onlooker(Protocol):
    """Sees where the people of all cohorts go. ``first`` is the ordinal of a cohort's first person."""

    def found(self, first: int, inside: Mapping[tuple[int, int], None]) -> None:
        """At the start these people (index within the cohort) are in these places."""

    def going(self, first: int, ways: DayLegs, crossings: Crossings) -> None:
        """People will go these ways, and cross these borders on them (``crossings.leg`` is a row of ``ways``).

        Some of it may be over, and some may lie behind the end of the run.
        """

    def cut(self, person: int, now: int) -> None:
        """From ``now`` on, nothing holds any more that was said of this person (ordinal)."""

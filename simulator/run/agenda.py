"""What is planned for the people of a cohort, in the order of time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.ordering import order_by
from simulator.people import Occasions
from simulator.phone import DayConditions, DaySessions, happenings
from simulator.world import Crossings

LongArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Agenda:
    """Things to come, ordered by time and person; arrays of the same length.

    ``person`` is the index within the cohort, ``time`` virtual milliseconds, ``kind`` one of those in
    ``simulator.phone.happenings``. ``place``, ``latitude`` and ``longitude`` belong to crossings.
    """

    time: LongArray
    person: LongArray
    kind: npt.NDArray[np.int8]
    place: npt.NDArray[np.int32]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]

    def rows(self, which: slice | npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Agenda:
        """Some of the items."""
        return Agenda(*(getattr(self, field.name)[which] for field in fields(self)))

    def between(self, start: int, end: int) -> Agenda:
        """The items with ``start`` <= time < ``end``."""
        first, last = np.searchsorted(self.time, (start, end)).tolist()
        return self.rows(slice(first, last))

    def lists(self) -> list[list[Any]]:
        """The columns as Python lists."""
        return [getattr(self, field.name).tolist() for field in fields(self)]

    @classmethod
    def merged(cls, *agendas: Agenda) -> Agenda:
        """Several agendas as one; items of the same person and time keep the order of the arguments."""
        columns = [
            np.concatenate([getattr(agenda, field.name) for agenda in agendas]) for field in fields(cls)
        ]
        return cls(*columns).sorted()

    def sorted(self) -> Agenda:
        """The same items in order; sorting is stable."""
        return self.rows(order_by(self.time, self.person))


def day_agenda(crossing_person: LongArray, crossings: Crossings, sessions: DaySessions) -> Agenda:
    """Crossings and app sessions of a day in one order; at equal times crossings come first."""
    used = len(sessions.person)
    return Agenda(
        time=np.concatenate([crossings.time, sessions.start, sessions.end]),
        person=np.concatenate([crossing_person, sessions.person, sessions.person]),
        kind=np.concatenate(
            [
                crossings.entry.astype(np.int8),
                np.full(used, happenings.OPEN_APP, np.int8),
                np.full(used, happenings.LEAVE_APP, np.int8),
            ]
        ),
        place=np.concatenate([crossings.place, np.zeros(2 * used, np.int32)]),
        latitude=np.concatenate([crossings.latitude, np.zeros(2 * used)]),
        longitude=np.concatenate([crossings.longitude, np.zeros(2 * used)]),
    ).sorted()


def conditions_agenda(conditions: DayConditions) -> Agenda:
    """What happens to the phones on a day, in order."""
    nowhere = np.zeros(len(conditions.time))
    return Agenda(
        time=conditions.time,
        person=conditions.person,
        kind=conditions.kind,
        place=conditions.value,
        latitude=nowhere,
        longitude=nowhere,
    ).sorted()


def occasions_agenda(occasions: Occasions, kind: int) -> Agenda:
    """What people do on a day, all of one kind, in order."""
    nowhere = np.zeros(len(occasions.time))
    return Agenda(
        time=occasions.time,
        person=occasions.person,
        kind=np.full(len(occasions.time), kind, np.int8),
        place=occasions.value,
        latitude=nowhere,
        longitude=nowhere,
    ).sorted()

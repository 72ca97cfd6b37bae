"""The model of one cohort: people, phones and SDKs in one SimPy environment.

Each midnight the cohort's day is planned in bulk; each person with something to do gets one process for
the day, which sleeps from one thing to the next.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import simpy

from simulator.core.identifiers import UUID_LENGTH, uuid_block
from simulator.core.randomness import purpose_keys
from simulator.core.simtime import MS_PER_HOUR, Calendar
from simulator.people import Cohort, DayPlanner
from simulator.phone import Handset, Phone, SessionPlanner, draw_handsets
from simulator.scenario.models import Scenario
from simulator.sdk import EventForms, MobileSdk, Uplink
from simulator.world import Crossings, PlaceSet, solve

LongArray = npt.NDArray[np.int64]

# What an agenda holds.
ENTER, EXIT, OPEN_APP, LEAVE_APP = 1, 0, 2, 3


@dataclass(frozen=True, slots=True)
class ModelContext:
    """What all cohorts of a run share."""

    scenario: Scenario
    places: PlaceSet
    calendar: Calendar
    duration_ms: int
    forms: EventForms


@dataclass(frozen=True, slots=True)
class Agenda:
    """Things to come for the people of a cohort, ordered by person and time; arrays of the same length."""

    person: LongArray
    time: LongArray
    kind: LongArray
    place: LongArray
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]


class CohortModel:
    """People of one cohort and their phones."""

    def __init__(self, context: ModelContext, cohort: Cohort, uplink: Uplink) -> None:
        self.env = simpy.Environment()
        self.inside_at_start = 0
        """Visits (person, place) that were under way when the run started."""
        self._past_crossings = 0
        self._planned_crossings: list[LongArray] = []
        self._context = context
        self._cohort = cohort
        self._uplink = uplink
        self._planner = DayPlanner(cohort, context.places)
        self._sessions = SessionPlanner(context.scenario.app.sessions, cohort.keys)
        self._id_keys = purpose_keys(cohort.keys, "event.id")
        handsets, index = draw_handsets(cohort.group.phone, context.scenario.app, cohort.keys)
        self._handsets: Sequence[Handset] = handsets
        self._handset_of = index.astype(np.int16)
        self._writes_capitals = np.array([handset.os == "ios" for handset in handsets])[index]
        self._phones: list[Phone | None] = [None] * cohort.size
        self._sdks: list[MobileSdk | None] = [None] * cohort.size
        self.env.process(self._days())

    @property
    def phones_by_os(self) -> dict[str, int]:
        """How many phones of each system the cohort has."""
        ios = int(self._writes_capitals.sum())
        return {"ios": ios, "android": self._cohort.size - ios}

    def crossings_before(self, until: int) -> int:
        """True crossings from the start of the run to ``until``, as the world computed them.

        ``until`` must not decrease from call to call.
        """
        while self._planned_crossings and self._planned_crossings[0][-1:].max(initial=-1) < until:
            self._past_crossings += len(self._planned_crossings.pop(0))
        ahead = sum(int(np.searchsorted(times, until)) for times in self._planned_crossings)
        return self._past_crossings + ahead

    # --- days ---------------------------------------------------------------------------------------------

    def _days(self) -> Generator[simpy.Event, None, None]:
        """Plan each local day at its beginning; the day before the start sends people out late at night."""
        calendar = self._context.calendar
        today = calendar.local(0).date()
        yesterday = today - timedelta(days=1)
        agenda = [self._plan(yesterday), self._plan(today)]
        self._settle(agenda)
        for day in agenda:
            self._begin(day)
        while True:
            today += timedelta(days=1)
            midnight = self._midnight(today)
            if midnight >= self._context.duration_ms:
                return
            if midnight > self.env.now:
                yield self.env.timeout(midnight - self.env.now)
            self._begin(self._plan(today))

    def _midnight(self, day: date) -> int:
        """Virtual time of twelve hours before local noon: times of day stay right when clocks change."""
        noon = self._context.calendar.at_local(datetime.combine(day, time(12)))
        return noon - 12 * MS_PER_HOUR

    def _plan(self, day: date) -> Agenda:
        """Everything that happens to the cohort because of one day's plan."""
        midnight = self._midnight(day)
        journeys = self._planner.plan(day.toordinal(), midnight)
        crossings = solve(self._context.places, journeys.legs)
        sessions = self._sessions.plan(day.toordinal(), day.weekday() >= 5, midnight)
        return _agenda(
            journeys.person[crossings.leg], crossings, sessions.person, sessions.start, sessions.end
        )

    def _settle(self, agendas: Sequence[Agenda]) -> None:
        """Find out who is inside which place at the start.

        Everybody is at home when the first planned day begins; crossings before the start change that.
        The parity of crossings, not a second look at the map, keeps entries and exits strictly alternating.
        """
        cohort = self._cohort
        people, places = self._context.places.inside(cohort.home_lat, cohort.home_lon)
        within: dict[tuple[int, int], None] = dict.fromkeys(
            zip(people.tolist(), places.tolist(), strict=True)
        )
        for agenda in agendas:
            past = (agenda.time < 0) & (agenda.kind <= ENTER)
            rows = zip(
                agenda.person[past].tolist(),
                agenda.place[past].tolist(),
                agenda.kind[past].tolist(),
                strict=True,
            )
            for person, place, kind in rows:
                if kind == ENTER:
                    within[person, place] = None
                else:
                    within.pop((person, place), None)
        for person, place in within:
            self._phone(person).inside[place] = None
        self.inside_at_start = len(within)

    # --- a day of one person ------------------------------------------------------------------------------

    def _begin(self, agenda: Agenda) -> None:
        """Start one process per person who has something to do."""
        now = int(self.env.now)
        due = (agenda.time >= now) & (agenda.time < self._context.duration_ms)
        # Crossings are counted as they are planned, whatever becomes of the processes that wait for them.
        self._planned_crossings.append(np.sort(agenda.time[due & (agenda.kind <= ENTER)]))
        person = agenda.person[due]
        if not len(person):
            return
        edges = np.flatnonzero(np.diff(person)) + 1
        starts = np.concatenate([[0], edges])
        ends = np.concatenate([edges, [len(person)]])
        times, kinds, places = agenda.time[due].tolist(), agenda.kind[due].tolist(), agenda.place[due].tolist()
        latitudes, longitudes = agenda.latitude[due].tolist(), agenda.longitude[due].tolist()
        people = person[starts].tolist()
        self._prefetch_ids(people, ends - starts)
        process = self.env.process
        for who, a, b in zip(people, starts.tolist(), ends.tolist(), strict=True):
            items = zip(times[a:b], kinds[a:b], places[a:b], latitudes[a:b], longitudes[a:b], strict=True)
            process(self._live(self._phone(who), items))

    def _live(
        self, phone: Phone, items: zip[tuple[int, int, int, float, float]]
    ) -> Generator[simpy.Event, None, None]:
        """One person's day: sleep until the next thing happens, let it happen."""
        env = self.env
        timeout = env.timeout
        app = phone.app
        now = env.now
        for at, kind, place, latitude, longitude in items:
            if at > now:
                yield timeout(at - now)
                now = at
            if kind <= ENTER:
                phone.cross(at, place, kind == ENTER, latitude, longitude)
            elif kind == OPEN_APP:
                app.foreground(at)
            else:
                app.background(at)

    def _prefetch_ids(self, people: Sequence[int], counts: LongArray) -> None:
        """Make the ids of the day's events in one call."""
        sdks = [self._sdk(who) for who in people]
        first = np.array([sdk.ids.count for sdk in sdks], dtype=np.int64)
        ends = np.cumsum(counts)
        rows = np.repeat(np.array(people), counts)
        offset = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
        counters = np.repeat(first, counts) + offset
        block = uuid_block(self._id_keys[rows], counters, self._writes_capitals[rows])
        for sdk, end, count in zip(sdks, ends.tolist(), counts.tolist(), strict=True):
            sdk.ids.prefetch(block[(end - count) * UUID_LENGTH : end * UUID_LENGTH])

    def _phone(self, local: int) -> Phone:
        phone = self._phones[local]
        if phone is None:
            phone = self._phones[local] = Phone(self._sdk(local))
        return phone

    def _sdk(self, local: int) -> MobileSdk:
        sdk = self._sdks[local]
        if sdk is None:
            sdk = self._sdks[local] = MobileSdk(
                env=self.env,
                person=self._cohort.spec.first_person + local,
                key=int(self._cohort.keys[local]),
                id_key=int(self._id_keys[local]),
                forms=self._context.forms,
                handset=self._handsets[self._handset_of[local]],
                uplink=self._uplink,
            )
        return sdk


def _agenda(
    crossing_person: LongArray,
    crossings: Crossings,
    session_person: LongArray,
    session_start: LongArray,
    session_end: LongArray,
) -> Agenda:
    """Crossings and sessions of a day in one order: by person, by time, crossings first."""
    used = len(session_person)
    person = np.concatenate([crossing_person, session_person, session_person])
    at = np.concatenate([crossings.time, session_start, session_end])
    kind = np.concatenate(
        [crossings.entry.astype(np.int64), np.full(used, OPEN_APP), np.full(used, LEAVE_APP)]
    )
    nowhere = np.zeros(2 * used)
    place = np.concatenate([crossings.place.astype(np.int64), nowhere.astype(np.int64)])
    latitude = np.concatenate([crossings.latitude, nowhere])
    longitude = np.concatenate([crossings.longitude, nowhere])
    order = np.lexsort((at, person))  # stable: equal times keep the order above
    return Agenda(person[order], at[order], kind[order], place[order], latitude[order], longitude[order])


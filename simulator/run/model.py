"""The model of one cohort: people, phones and SDKs in one SimPy environment.

Each midnight the cohort's day is planned in bulk. What is planned is an agenda in the order of time; one process
sleeps from one thing on it to the next, whoever it concerns. What can't be planned (timers of an app, answers
of a network) is a SimPy event of its own. A person to whom nothing happens costs nothing but array cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from math import inf

import numpy as np

from simulator.core.simtime import MS_PER_HOUR
from simulator.people import Cohort, DayLegs, DayPlanner
from simulator.phone import (
    CohortConditions,
    CohortSessions,
    LivingPhone,
    Permission,
    Sighting,
    Unreported,
    happenings,
)
from simulator.phone.happenings import BROWSE, ENTER, LEAVE_APP, OPEN_APP, PAY
from simulator.run.agenda import Agenda, conditions_agenda, day_agenda
from simulator.run.environment import CohortEnvironment
from simulator.run.expected import Expected
from simulator.run.led import Led
from simulator.run.phones import ModelContext, make_phones
from simulator.run.scripted import Scripts
from simulator.run.trade import Trade
from simulator.world import solve

# Agenda items turned into Python objects at once; bounds memory and changes no result.
AGENDA_CHUNK = 4096
# A run that starts earlier in the morning than this looks at the evening before, too [a].
OUT_UNTIL_HOUR = 5


class CohortModel:
    """People of one cohort and their phones."""

    def __init__(self, context: ModelContext, cohort: Cohort, unreported: Unreported) -> None:
        self.env = CohortEnvironment()
        self.evaluation = None if context.journeys is None else context.evaluation(self.env, cohort)
        """The journeys of the cohort's people, if there are any."""
        self.inside_at_start = 0
        """Visits (person, place) that were under way when the run started."""
        self._expected = Expected()
        self._context = context
        self._cohort = cohort
        self._planner = cohort.planner or DayPlanner(cohort, context.places)
        self._sessions = CohortSessions(cohort)
        self._conditions = CohortConditions(cohort)
        self._phones = make_phones(self.env, context, cohort, unreported)
        self._trade = Trade(self.env, context, cohort, self._phones)
        self.scripts: Scripts | None = None
        """What the people do by a script, if they have one."""
        if cohort.group.script:
            self.scripts = Scripts(
                self.env, context, cohort, self._phones, self._trade, self._expected.add, happen
            )
        if self.evaluation is not None:
            announce = None
            if self.scripts is not None:
                announce, self.scripts.on_opened = self.scripts.observations.announce, self.evaluation.opened
            self.evaluation.serve(self._phones.apps, self._phones.sdks, announce)
        self.led = Led(
            self.env,
            context,
            self._phones,
            self.evaluation,
            self._expected,
            happen,
            self._cut,
            self.first_person,
        )
        """Those of its people whom somebody leads by hand."""
        self._today = context.calendar.local(0).date()
        # What is still to come of the days that are planned.
        self._agenda = self._first_day(self._today)
        self._expect(self._agenda)
        self.env.follow(self._days(0))

    @property
    def first_person(self) -> int:
        """Ordinal of the first person within the run."""
        return self._cohort.spec.first_person

    @property
    def people(self) -> int:
        """Number of people."""
        return self._cohort.size

    @property
    def phones_by_os(self) -> dict[str, int]:
        """How many phones of each system the cohort has."""
        return self._phones.by_os

    def crossings_before(self, until: int) -> int:
        """True crossings from the start of the run to ``until``, as the world computed them.

        ``until`` must not decrease from call to call.
        """
        return self._expected.before(until)

    # --- days ---------------------------------------------------------------------------------------------

    def _days(self, since: int) -> Iterator[int]:
        """Let what is on the agenda from ``since`` on happen, and plan each local day at its beginning.

        A run that starts at night begins with people still out from the evening before.
        """
        env, duration = self.env, self._context.duration_ms
        while True:
            midnight = min(self._midnight(self._today + timedelta(days=1)), duration)
            # A fresh generator per stretch: what a stretch needs is freed when it is over.
            yield from self._conduct(self._agenda.between(since, midnight))
            if midnight == duration:
                return
            if midnight > env.now:
                yield midnight
            self._today += timedelta(days=1)
            plan = self._next_day(self._today).between(int(env.now), duration)
            self._expect(plan)
            self._agenda, since = Agenda.merged(self._agenda.between(midnight, duration), plan), 0

    def _cut(self, who: int, now: int) -> None:
        """From ``now`` on, before which everything has happened, a person's own plans lead nowhere any more."""
        agenda = self._agenda
        crosses = agenda.kind <= ENTER
        theirs = (agenda.person == who) & (agenda.time >= now) & (crosses | (agenda.kind == PAY))
        self._expected.remove(agenda.time[theirs & crosses])
        self._agenda = agenda.rows(~theirs)
        if self.scripts is not None:
            self._expected.remove(self.scripts.people[who].stop(now))
        self.env.follow(self._days(now))

    def _conduct(self, agenda: Agenda) -> Iterator[int]:
        """Let everything on the agenda happen at its time: one process for the whole cohort."""
        env, phones, apps, living = self.env, self._phones.phones, self._phones.apps, self._phones.living
        trade, now, come_to = self._trade, int(env.now), env.come_to
        for first in range(0, len(agenda.time), AGENDA_CHUNK):
            chunk = agenda.rows(slice(first, first + AGENDA_CHUNK))
            columns = zip(*chunk.lists(), self._sightings(chunk), strict=True)
            for at, who, kind, place, latitude, longitude, sight in columns:
                if at > now:
                    if not come_to(at):
                        yield at
                    now = at
                if kind <= ENTER:
                    phones[who].cross(at, place, kind == ENTER, latitude, longitude, sight)
                elif kind == OPEN_APP:
                    apps[who].foreground(at)
                elif kind == LEAVE_APP:
                    apps[who].background(at)
                elif kind >= BROWSE:
                    trade.happen(kind, who, at, place)
                else:
                    happen(living[who], kind, at, place)

    def _sightings(self, agenda: Agenda) -> Sequence[Sighting | None]:
        """What phones make of the crossings on an agenda, if they notice them, by its rows."""
        found: list[Sighting | None] = [None] * len(agenda.time)
        if self._phones.sight is not None:
            rows = np.flatnonzero(agenda.kind <= ENTER)
            some = agenda.rows(rows)
            columns = (some.person, some.place, some.time, some.latitude, some.longitude)
            for row, sight in zip(rows.tolist(), self._phones.sightings(*columns), strict=True):
                found[row] = sight
        return found

    def _midnight(self, day: date) -> int:
        """Virtual time of twelve hours before local noon: times of day stay right when clocks change."""
        noon = self._context.calendar.at_local(datetime.combine(day, time(12)))
        return noon - 12 * MS_PER_HOUR

    def _first_day(self, today: date) -> Agenda:
        """The agenda from the start of the run on, with people still out from the day before."""
        days = [today]
        if self._context.calendar.local(0).hour < OUT_UNTIL_HOUR:
            days.insert(0, today - timedelta(days=1))
        plans = [self._planner.plan(day.toordinal(), self._midnight(day)) for day in days]
        journeys = DayLegs.joined(*plans).ending_after(0)
        agenda = self._agenda_of(journeys, today)
        self._settle(journeys, agenda)
        return agenda.between(0, self._context.duration_ms)

    def _next_day(self, day: date) -> Agenda:
        """Everything that happens to the cohort because of one day's plan."""
        plan = self._planner.plan(day.toordinal(), self._midnight(day))
        return self._agenda_of(plan.without(self.led.people), day)

    def _agenda_of(self, journeys: DayLegs, day: date) -> Agenda:
        midnight = self._midnight(day)
        # What would come after the run matters only to those who look at whole days before they choose their moments.
        whole = self._context.onlooker is not None or self._phones.living or self._trade.happens
        until = inf if whole else self._context.duration_ms
        ahead = journeys.starting_before(until)
        crossings = solve(self._context.places, ahead.legs)
        sessions = self._sessions.plan(day.toordinal(), day.weekday() >= 5, midnight, until)
        if self._context.onlooker is not None:
            self._context.onlooker.going(self.first_person, journeys, crossings)
        agenda = day_agenda(ahead.person[crossings.leg], crossings, sessions)
        if self._phones.living:
            busy = np.column_stack([agenda.person, agenda.time])
            conditions = self._conditions.plan(day.toordinal(), midnight, busy, sessions)
            changes = conditions.person[conditions.kind == happenings.PERMISSION]
            self._phones.expect_changes(sorted(set(changes.tolist())))
            agenda = Agenda.merged(conditions_agenda(conditions), agenda)
        if self._trade.happens:
            shopping = self._trade.plan(day, midnight, journeys, agenda, sessions)
            agenda = Agenda.merged(agenda, shopping)
        self._phones.follow(journeys, int(self.env.now))
        return agenda

    def _expect(self, agenda: Agenda) -> None:
        """Count crossings as they are planned, whatever becomes of those who wait for them."""
        self._expected.add(np.sort(agenda.time[agenda.kind <= ENTER]))

    def _settle(self, journeys: DayLegs, agenda: Agenda) -> None:
        """Find out who is inside which place at the start.

        That is where the leg under way or to come begins (or home), and the crossings since then. The parity
        of crossings, not a second look at the map, keeps entries and exits strictly alternating.
        """
        cohort = self._cohort
        lat, lon = cohort.home_lat.copy(), cohort.home_lon.copy()
        mover, first_leg = np.unique(journeys.person, return_index=True)
        lat[mover], lon[mover] = journeys.legs.lat0[first_leg], journeys.legs.lon0[first_leg]
        people, places = self._context.places.inside(lat, lon)
        within: dict[tuple[int, int], None] = dict.fromkeys(
            zip(people.tolist(), places.tolist(), strict=True)
        )
        past = agenda.rows((agenda.time < 0) & (agenda.kind <= ENTER))
        for person, place, kind in zip(
            past.person.tolist(), past.place.tolist(), past.kind.tolist(), strict=True
        ):
            if kind == ENTER:
                within[person, place] = None
            else:
                within.pop((person, place), None)
        for person, place in within:
            self._phones.phones[person].start_in(place)
        self.inside_at_start = len(within)
        if self._context.onlooker is not None:
            self._context.onlooker.found(self.first_person, within)


# What happens to a phone, by the kinds of agenda items after the sessions.
_HAPPENINGS: dict[int, Callable[[LivingPhone, int], None]] = {
    happenings.OFFLINE: lambda phone, now: phone.offline(now, True),
    happenings.ONLINE: lambda phone, now: phone.offline(now, False),
    happenings.AIRPLANE_ON: lambda phone, now: phone.airplane_mode(now, True),
    happenings.AIRPLANE_OFF: lambda phone, now: phone.airplane_mode(now, False),
    happenings.POWER_OFF: lambda phone, now: phone.power(now, True),
    happenings.POWER_ON: lambda phone, now: phone.power(now, False),
    happenings.SAVER_ON: lambda phone, now: phone.battery_saver(now, True),
    happenings.SAVER_OFF: lambda phone, now: phone.battery_saver(now, False),
    happenings.FORCE_QUIT: lambda phone, now: phone.force_quit(now),
    happenings.CRASH: lambda phone, now: phone.crash(now),
    happenings.SYSTEM_END: lambda phone, now: phone.system_end(now),
    happenings.REINSTALL: lambda phone, now: phone.reinstall(now),
    happenings.UPDATE: lambda phone, now: phone.update(now),
}


def happen(phone: LivingPhone, kind: int, now: int, value: int) -> None:
    """Let something happen to a phone: one of the kinds in ``happenings``; ``value`` is what goes with it."""
    if kind == happenings.PERMISSION:
        phone.permit(now, Permission(value))
    else:
        _HAPPENINGS[kind](phone, now)

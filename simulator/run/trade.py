"""The shopping of a cohort: when somebody does what, and the systems that tell of it.

People are :class:`Shopper` from the first time on that there is something to do; before that, and for all others, there
is nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property

import numpy as np
import simpy

from simulator.core.randomness import purpose_keys, uniform
from simulator.people import (
    Catalogue,
    Cohort,
    Day,
    DayLegs,
    Intervals,
    ShoppingPlanner,
    visits_of,
)
from simulator.phone import DaySessions, SessionPlanner
from simulator.phone.happenings import BROWSE, BROWSE_WEB, ENTER, PAY
from simulator.run.agenda import Agenda, occasions_agenda
from simulator.run.phones import CohortPhones, ModelContext, logins
from simulator.run.shopping import Shopper
from simulator.scenario.models import Shopping, Web
from simulator.sdk import MobileSdk
from simulator.sources import Customer, Programme, TillSystem, WebShop, members
from simulator.xdm import CommerceTemplates


class Trade:
    """What the people of one cohort buy, and where."""

    def __init__(
        self, env: simpy.Environment, context: ModelContext, cohort: Cohort, phones: CohortPhones
    ) -> None:
        scenario, sources, post = context.scenario, context.scenario.sources, context.sdk.post
        self.cohort = cohort
        self.phones = phones
        self.catalogue = Catalogue(scenario.catalogue, scenario.currency)
        self._context = context
        self._planner = ShoppingPlanner(cohort)
        self._app_templates: dict[str, CommerceTemplates] = {}
        templates = CommerceTemplates(scenario.currency)
        self.till = TillSystem(env, post, sources.till, templates)
        self.programme = None if sources.loyalty is None else Programme(env, post, sources.loyalty)
        self.web = None if sources.web is None else WebShop(env, post, sources.web, templates)
        self._web = None if sources.web is None else _WebSessions(cohort, sources.web)
        self._shoppers: dict[int, Shopper] = {}

    @property
    def happens(self) -> bool:
        """Whether somebody shops by habit."""
        return self._planner.anybody()

    def plan(
        self, day: date, midnight: int, journeys: DayLegs, agenda: Agenda, sessions: DaySessions
    ) -> Agenda:
        """Everything that those who shop do on a day; ``agenda`` has the day's crossings and ``sessions``."""
        today = Day(journeys, self._visits(agenda))
        app = self._planner.steps("app", sessions.person, sessions.start, sessions.end, today)
        some = [occasions_agenda(app, BROWSE), occasions_agenda(self._planner.purchases(today), PAY)]
        if self._web is not None:
            web = self._web.plan(day, midnight)
            steps = self._planner.steps("web", web.person, web.start, web.end, today)
            some.append(occasions_agenda(steps, BROWSE_WEB))
        return Agenda.merged(*some)

    def happen(self, kind: int, who: int, now: int, value: int) -> None:
        """Let somebody do one of the things planned."""
        shopper = self.shopper(who)
        if kind == BROWSE:
            shopper.browse(now, value)
        elif kind == BROWSE_WEB:
            shopper.browse_web(now, value)
        else:
            shopper.pay(now)

    def shopper(self, who: int) -> Shopper:
        """A person among products, by index within the cohort."""
        shopper = self._shoppers.get(who)
        if shopper is None:
            shopper = self._shoppers[who] = Shopper(self, who)
        return shopper

    # --- what a shopper is made of ------------------------------------------------------------------------

    @cached_property
    def keys(self) -> list[int]:
        """The keys of what people choose, by index."""
        keys: list[int] = purpose_keys(self.cohort.keys, "shopping").tolist()
        return keys

    def habits_of(self, who: int) -> Shopping | None:
        """The habits of a person who shops."""
        return self._habits[who]

    def customer(self, who: int, key: int) -> Customer:
        """A person as the other systems know them; ``key`` is that of the ids of the phone's events."""
        loyalty = self._context.scenario.sources.loyalty
        part, local = self._parts[who]
        login = self._logins[part]
        card = loyalty.namespace if loyalty is not None and self._members[who] else None
        person = self.cohort.spec.first_person + who
        return Customer(person, key, lambda: login(local, "Email"), card)

    def points_at_start(self, who: int) -> int:
        """The points that a member has when the run begins."""
        return self._start[who]

    def app_templates(self, sdk: MobileSdk) -> CommerceTemplates:
        """The prepared events of the app on a phone of this kind."""
        templates = self._app_templates.get(sdk.os)
        if templates is None:
            currency, change = self._context.scenario.currency, self._context.sdk.forms.rules.apply
            templates = self._app_templates[sdk.os] = CommerceTemplates(currency, sdk.facts, change)
        return templates

    @cached_property
    def _parts(self) -> list[tuple[int, int]]:
        """By person: which part of the cohort they are in, and the index within it."""
        found = [(0, 0)] * self.cohort.size
        for number, part in enumerate(self.cohort.by_habits()):
            for local, who in enumerate(part.rows.tolist()):
                found[who] = number, local
        return found

    @cached_property
    def _habits(self) -> list[Shopping | None]:
        habits = [part.people.group.shopping for part in self.cohort.by_habits()]
        return [habits[number] for number, _ in self._parts]

    @cached_property
    def _logins(self) -> list[Callable[[int, str], str]]:
        return [logins(self.cohort, part) for part in self.cohort.by_habits()]

    @cached_property
    def _members(self) -> list[bool]:
        return members(self._context.scenario.sources.loyalty, self.cohort.keys)

    @cached_property
    def _start(self) -> list[int]:
        loyalty = self._context.scenario.sources.loyalty
        if loyalty is None:
            return [0] * self.cohort.size
        points = loyalty.start.ppf(uniform(purpose_keys(self.cohort.keys, "loyalty.start")))
        start: list[int] = np.maximum(points, 0.0).astype(np.int64).tolist()
        return start

    def _visits(self, agenda: Agenda) -> Intervals:
        """The visits of stores on a day: for each person those of the library that they take for stores."""
        crossings = agenda.rows(agenda.kind <= ENTER)
        visits = visits_of(crossings.person, crossings.place, crossings.time, crossings.kind == ENTER)
        return visits.only(self._planner.stores(visits, self._context.places))


class _WebSessions:
    """When those who use the web shop do."""

    def __init__(self, cohort: Cohort, web: Web) -> None:
        shops = np.zeros(cohort.size, dtype=np.bool_)
        for part in cohort.by_habits():
            shops[part.rows] = part.people.group.shopping is not None
        self._rows = np.flatnonzero(shops & (uniform(purpose_keys(cohort.keys, "web.user")) < web.share))
        self._planner = SessionPlanner(web.sessions, purpose_keys(cohort.keys[self._rows], "web"))

    def plan(self, day: date, midnight: int) -> DaySessions:
        """The sessions of a day."""
        plan = self._planner.plan(day.toordinal(), day.weekday() >= 5, midnight)
        return DaySessions(self._rows[plan.person], plan.start, plan.end)

"""What expectations ask about the people of a run: their profiles and audiences, made again from the scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import simpy

from simulator.checks import (
    OF_THE_PHONE,
    Evidence,
    Happening,
    Heard,
    join_calls,
    read_happenings,
    read_record,
    read_step_events,
)
from simulator.core.identifiers import ECID_DIGITS, ecids
from simulator.core.randomness import KeyArray
from simulator.core.simtime import MS_PER_SECOND
from simulator.journeys import ExpressionError, Facts, PersonProfile
from simulator.listener import CALLS_FILE
from simulator.people import CohortSpec, person_keys
from simulator.provision import somebody_shops
from simulator.run.evaluation import CohortEvaluation
from simulator.run.exports import exported_lines, known_until
from simulator.run.listening import patience_ms
from simulator.run.phones import id_keys, logins
from simulator.run.simulation import World
from simulator.scenario.models import Push
from simulator.sources import card_number, members

# New installations of an app whose ECIDs are recognised.
_GENERATIONS = 4


class KnownPeople:
    """The people of a world. Draws are hashes, so they are the people that the run had."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._plan = world.journey_plan()
        self._facts = None if self._plan is None else Facts(self._plan)
        self._cohorts: dict[int, CohortEvaluation] = {}
        self._specs = world.cohorts()
        self._members: dict[tuple[int, str], bool] = {}

    def member(self, person: int, audience: str) -> bool:
        """Whether a person is in an audience at the start of the run, by their profile record."""
        if self._facts is None:
            return False
        known = self._members.get((person, audience))
        if known is None:
            start = self._world.calendar.utc(0)
            try:
                known = self._facts.member(self.profile(person), audience, start)
            except ExpressionError:  # a journey that asks ends in error; nobody is in such an audience
                known = False
            self._members[person, audience] = known
        return known

    def attribute(self, person: int, path: Sequence[str]) -> Any:
        """A value of a person's profile record; None if there is none."""
        value: Any = self.profile(person).attributes
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def person_of(self, identity: str) -> int | None:
        """The ordinal of the person with this ECID, loyalty card, login or mail address; None if nobody has it.

        An ECID is one that the app got when it was installed first, or afresh for one of the next few times.
        """
        found = self._identities.get(identity)
        if found is None and len(identity) == ECID_DIGITS and identity.isdecimal():
            return self._later_identities.get(identity)
        if found is None:
            found = self._cards.get(identity)
        return self._logins.get(identity) if found is None and identity else found

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of the identities by which people are known here."""
        scenario = self._world.scenario
        loyalty = scenario.sources.loyalty
        return frozenset(
            {"ECID", *self._login_namespaces, *(() if loyalty is None else (loyalty.namespace,))}
        )

    @cached_property
    def _login_namespaces(self) -> tuple[str, ...]:
        """Of what people log in with, and of the mail addresses by which tills and the web shop know them."""
        login = self._world.scenario.app.login
        own = {login.namespace} if login is not None else set()
        return tuple(sorted(own | ({"Email"} if somebody_shops(self._world.scenario) else set())))

    @cached_property
    def _cards(self) -> dict[str, int]:
        """Whose the numbers of loyalty cards are."""
        loyalty = self._world.scenario.sources.loyalty
        found = {}
        for spec in self._specs if loyalty is not None else ():
            keys = self._keys(spec)
            for local, (key, member) in enumerate(
                zip(id_keys(keys).tolist(), members(loyalty, keys), strict=True)
            ):
                if member:
                    found[card_number(key)] = spec.first_person + local
        return found

    @cached_property
    def _logins(self) -> dict[str, int]:
        """Who logs in with what; it takes making everybody, so it is looked for only where there is no such ECID."""
        if not self._login_namespaces:
            return {}
        populator = self._world.populator()
        found = {}
        for spec in self._specs:
            cohort = populator.populate(spec)
            for part in cohort.by_habits():
                name = logins(cohort, part)
                for local, row in enumerate(part.rows.tolist()):
                    for namespace in self._login_namespaces:
                        found[name(local, namespace)] = spec.first_person + row
        return found

    @cached_property
    def _identities(self) -> dict[str, int]:
        return {
            identity: spec.first_person + local
            for spec in self._specs
            for local, identity in enumerate(ecids(self._keys(spec)))
        }

    @cached_property
    def _later_identities(self) -> dict[str, int]:
        """Those of phones on which the app was installed afresh; looked for only where there is no other."""
        return {
            identity: spec.first_person + local
            for spec in self._specs
            for generation in range(1, _GENERATIONS + 1)
            for local, identity in enumerate(ecids(id_keys(self._keys(spec)), generation))
        }

    def _keys(self, spec: CohortSpec) -> KeyArray:
        return person_keys(self._world.scenario.seed, spec.group, spec.first_index, spec.size)

    def profile(self, person: int) -> PersonProfile:
        """The profile of a person; raises ValueError where the scenario has no journeys."""
        if self._plan is None:
            raise ValueError("the scenario has no journeys")
        spec = next(
            spec for spec in self._specs if spec.first_person <= person < spec.first_person + spec.size
        )
        cohort = self._cohorts.get(spec.first_person)
        if cohort is None:
            cohort = self._cohorts[spec.first_person] = CohortEvaluation(
                simpy.Environment(),
                self._plan,
                self._world.populator().populate(spec),
                self._world.calendar,
                push=self._world.scenario.app.push or Push(),
                seed=self._world.scenario.seed,
                duration_ms=self._world.duration_ms,
                people=self._world.people,
            )
        return cohort.profile(person)


def read_evidence(
    folder: Path,
    world: World,
    step_events: str | None = None,
    calls: Path | None = None,
    summary: Mapping[str, Any] | None = None,
) -> Evidence:
    """Everything on record of the run in ``folder``, which was one of ``world``.

    ``step_events`` is the file or URL of an export of step events, which takes the place of the run's own record of
    journeys; ``calls`` the record of a listener that was not the run's own. ``summary`` is that of a run that has not
    written it yet. UsageError where something can't be read.
    """
    record = read_record(folder)
    if summary is not None:
        record = replace(record, summary=summary)
    people, plan = KnownPeople(world), world.journey_plan()
    elsewhere = plan is not None and plan.model.evaluation == "platform"
    happenings = read_happenings(folder)
    if step_events is not None:
        own = happenings if elsewhere else {}
        happenings = read_step_events(exported_lines(step_events), step_events, record, people)
        for person, rows in own.items():
            happenings.setdefault(person, []).extend(row for row in rows if row.kind in OF_THE_PHONE)
    simulated = (record.summary or {}).get("simulated_seconds")
    end = world.duration_ms if simulated is None else round(simulated * MS_PER_SECOND)
    path = calls or folder / CALLS_FILE
    heard = Heard({}, ())
    if calls is not None or path.is_file():
        heard = Heard.read(path).named_as(list(plan.actions) if plan is not None else [])
    moments = [heard.until, known_until(step_events) if step_events is not None and elsewhere else None]
    reached = [record.virtual(moment) for moment in moments if moment is not None]
    end = max([end, *(moment for moment in reached if moment is not None)])
    join_calls(happenings, heard, people, record.virtual)
    return Evidence(
        record,
        plan,
        people,
        happenings,
        end,
        actions_heard=heard.actions,
        patience=patience_ms(world),
        silent=elsewhere and step_events is None,
    )


def exported_counts(evidence: Evidence) -> dict[str, Any]:
    """What an export of step events says of the numbers that a summary has of journeys.

    A step counts once per instance, however often the export has it. Actions count as sent; what an export does not
    tell (received, opened, status codes of calls) is not there.
    """
    plan = evidence.plan
    if plan is None:
        return {}
    rows = [row for happenings in evidence.happenings.values() for row in happenings]
    discards = Counter(str(row.detail["reason"]) for row in rows if row.kind == "discarded")
    visited = Counter((row.journey, row.step) for row in _distinct(rows, "step"))
    sent = Counter(row.action for row in _distinct(rows, "message"))
    entered = Counter(row.journey for row in _distinct(rows, "entered"))
    ended = Counter((row.journey, str(row.detail["reason"])) for row in _distinct(rows, "ended"))
    return {
        "journeys": {
            name: {
                "entered": entered[name],
                "ended": {
                    reason: count for (journey, reason), count in sorted(ended.items()) if journey == name
                },
                "under_way": entered[name] - sum(n for (journey, _), n in ended.items() if journey == name),
                "steps": {step: visited[name, step] for step in journey_plan.steps},
            }
            for name, journey_plan in plan.journeys.items()
        },
        "actions": {name: {"sent": sent[name]} for name in plan.actions},
        "discards": dict(sorted(discards.items())),
    }


def _distinct(rows: Sequence[Happening], kind: str) -> Iterable[Happening]:
    """Rows of a kind, each once per instance and step: exports repeat rows when work was done again."""
    found = {(row.instance, row.journey, row.step): row for row in rows if row.kind == kind}
    return found.values()

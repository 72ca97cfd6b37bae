"""Journeys within a cohort: events that the platform accepted lead people through them, and messages come back.

A cohort's journeys run in its own environment: whoever a journey concerns lives in one cohort, so what happens does
not depend on how cohorts are dealt to workers, and a message reaches the phone at its very moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np
import orjson
import simpy

from simulator.core.distributions import Constant, Distribution
from simulator.core.randomness import bits_one, key_of, mix_int, uniform_one
from simulator.core.simtime import MS_PER_SECOND, Calendar
from simulator.journeys import JourneyEngine, LogRow, Message, PersonProfile, Plan, set_attribute
from simulator.people import Cohort
from simulator.run.calling import Callouts, Outbound, PushToCome
from simulator.run.persons import CohortProfiles, attributes_of
from simulator.scenario.models import Push
from simulator.sdk import KINDS, Hit, MobileSdk, Route, render_hit

JournalRow = tuple[int, str, str, int, str, str, str, Mapping[str, Any]]
"""A :class:`LogRow` as a plain tuple, as it travels from workers."""


class InHand(Protocol):
    """A phone, or the app on it, as its person uses it."""

    def foreground(self, now: int) -> None:
        """The app comes to the front."""

    def background(self, now: int) -> None:
        """The app leaves the front."""


Announce = Callable[[int, str, Mapping[str, Any]], None]
"""Takes what a person (index within the cohort) received: the name of the action, and what came with it."""


class LazyProfile(PersonProfile):
    """A person whose profile record is made when somebody looks at it: most are never looked at."""

    def __init__(self, ordinal: int, name: str, key: int, make: Callable[[], dict[str, Any]]) -> None:
        self.ordinal = ordinal
        self.name = name
        self.key = key
        self._make = make
        self._made: dict[str, Any] | None = None

    @property
    def attributes(self) -> dict[str, Any]:  # type: ignore[override]
        """The XDM profile record."""
        if self._made is None:
            self._made = self._make()
        return self._made


class CohortEvaluation:
    """The journeys of one cohort."""

    def __init__(
        self,
        env: simpy.Environment,
        plan: Plan,
        cohort: Cohort,
        calendar: Calendar,
        *,
        push: Push,
        seed: int,
        duration_ms: int,
        people: int,
        outbound: Outbound | None = None,
        keep_messages: bool = False,
    ) -> None:
        """``people`` is the number of people in the run; ``outbound`` makes the calls that really go out; kept
        messages can be opened by hand (:meth:`open`)."""
        self.journal: list[JournalRow] = []
        """What happened since the last window."""
        self._env = env
        self._plan = plan
        self._cohort = cohort
        self._calendar = calendar
        self._push = push
        self._first = cohort.spec.first_person
        self._people_of_run = people
        self._people: dict[int, LazyProfile] = {}
        self._known: dict[tuple[str, str], int] = {}
        self._waiting: dict[int, list[Message]] = {}
        self._apps: Sequence[InHand] = ()
        self._sdks: Sequence[MobileSdk] = ()
        self._announce: Announce | None = None
        self._keep_messages = keep_messages
        # Messages that were received and may be opened by whoever decides it, by their ids.
        self._announced: dict[str, tuple[Message, int]] = {}
        self._latency = plan.model.latency
        self._horizon = duration_ms
        self._profiles = CohortProfiles(cohort)
        self._engine = JourneyEngine(
            env,
            plan,
            self,
            Callouts(env, plan, calendar.utc, outbound, self.hand_over),
            self,
            cast(Callable[[LogRow], None], self.journal.append),
            date_of=calendar.utc,
            seed=seed,
            horizon=duration_ms,
            cap_of=self._share_of_cap,
        )

    def _share_of_cap(self, cap: int) -> int:
        """The part of a profile cap that falls to this cohort: in proportion, and all parts add up to the cap."""
        first, people = self._first, self._people_of_run
        return cap * (first + self._cohort.size) // people - cap * first // people

    def serve(
        self, apps: Sequence[InHand], sdks: Sequence[MobileSdk], announce: Announce | None = None
    ) -> None:
        """The phones that messages go to, in the order of the cohort's people.

        ``announce`` is told what people receive who act by a script, and open messages when it says so.
        """
        self._apps, self._sdks, self._announce = apps, sdks, announce

    def collect(self) -> list[JournalRow]:
        """The rows since the last call."""
        taken = self.journal[:]
        self.journal.clear()
        return taken

    # --- events on their way in ---------------------------------------------------------------------------

    def accept(self, hit: Hit) -> None:
        """The platform takes an event now; the journeys hear of it after their latency."""
        latency = self._latency
        seconds = (
            latency.value if isinstance(latency, Constant) else self._drawn(latency, hit[1].id_key, hit[4])
        )
        timer = simpy.Timeout(self._env, max(0, round(seconds * MS_PER_SECOND)), hit)
        timer.callbacks.append(self._arrived)

    def _drawn(self, distribution: Distribution, key: int, counter: int) -> float:
        u = np.array([uniform_one(mix_int(key ^ _LATENCY), counter)])
        return float(distribution.ppf(u)[0])

    def _arrived(self, timer: simpy.Event) -> None:
        hit = cast(Hit, timer.value)
        sender, body = hit[1], render_hit(hit, self._calendar)
        entity: dict[str, Any] = orjson.loads(body)
        for namespace, identities in (entity.get("identityMap") or {}).items():
            for identity in identities:
                self._known[namespace, str(identity.get("id"))] = sender.person
        self._engine.receive(entity, len(body))

    # --- people -------------------------------------------------------------------------------------------

    def find(self, namespace: str, identity: str) -> PersonProfile | None:
        """The person who has sent an identity before."""
        person = self._known.get((namespace, identity))
        return None if person is None else self.profile(person)

    def stranger(self, namespace: str, identity: str) -> PersonProfile | None:
        """Nobody here is a stranger: all events are those of the people of the run."""
        return None

    def profile(self, person: int) -> LazyProfile:
        """The person of that ordinal."""
        profile = self._people.get(person)
        if profile is None:
            local = person - self._first
            key = int(self._cohort.keys[local])
            name = self._cohort.person_id(local)
            profile = LazyProfile(
                person, name, mix_int(key ^ _JOURNEYS), lambda: self._record(local, key, name)
            )
            self._people[person] = profile
        return profile

    def _record(self, local: int, key: int, name: str) -> dict[str, Any]:
        """The XDM profile record of a person: who they are, and the attributes of their group."""
        facts = self._profiles.profile(local)
        record: dict[str, Any] = {
            "personID": name,
            "person": {
                "name": {"firstName": facts.given_name, "lastName": facts.family_name},
                "birthYear": facts.birth_year,
            },
            "personalEmail": {"address": facts.email},
            "mobilePhone": {"number": facts.phone_number},
            "homeAddress": {"city": facts.city, "countryCode": facts.country_code},
        }
        for path, value in attributes_of(self._cohort.group, key):
            set_attribute(record, path, value)
        return record

    # --- messages on their way back -----------------------------------------------------------------------

    def hand_over(self, push: PushToCome) -> None:
        """Send a push message that did not come from the journeys here, at its time."""
        message = Message(
            at=push.at,
            journey=push.journey,
            step=push.step,
            instance=push.instance,
            action=push.action,
            channel="push",
            title=push.title,
            body=None,
            person=self.profile(push.person),
            identity="",
        )
        timer = simpy.Timeout(self._env, max(0, push.at - int(self._env.now)), message)
        timer.callbacks.append(lambda _: self._hand_in(message))

    def _hand_in(self, message: Message) -> None:
        self.deliver(message)

    def deliver(self, message: Message) -> bool:
        """Take a message for its person. Only push messages reach the phone; the others are on record."""
        if message.channel != "push" or not self._sdks:
            return True
        if not self._sdks[message.person.ordinal - self._first].allows_push:
            self._note("refused", message, {"action": message.action, "reason": "push_not_allowed"})
            return False
        delay = self._draw(self._push.latency, message, _ON_ITS_WAY)
        simpy.Timeout(self._env, delay, message).callbacks.append(self._comes)
        return True

    def _comes(self, timer: simpy.Event) -> None:
        """A push message is at the push service; it waits there for a phone without a connection."""
        message = cast(Message, timer.value)
        local = message.person.ordinal - self._first
        sdk = self._sdks[local]
        if sdk.online:
            self._received(message)
            return
        self._waiting.setdefault(local, []).append(message)
        sdk.on_connected = lambda now: self._connected(local)

    def _connected(self, local: int) -> None:
        self._sdks[local].on_connected = None
        for message in self._waiting.pop(local, []):
            self._received(message)

    def _received(self, message: Message) -> None:
        now = int(self._env.now)
        self._note("received", message, {"action": message.action, "sent": message.at})
        if self._keep_messages:
            self._announced[message_id(message.instance, message.step)] = message, now
        if self._announce is not None:
            brought = _tracking(message, self._plan)
            self._announced[brought["id"]] = message, now
            self._announce(message.person.ordinal - self._first, message.action, brought)
            return
        key = mix_int(message.person.key ^ key_of("push", message.instance, message.step))
        if uniform_one(key, _OPENS) < self._push.opened:
            delay = self._draw(self._push.opened_after, message, _OPENED)
            simpy.Timeout(self._env, delay, (message, now)).callbacks.append(self._opens)

    def _opens(self, timer: simpy.Event) -> None:
        """The person opens the message, and with it the app, if the phone lets them."""
        message, received = cast("tuple[Message, int]", timer.value)
        if not self._keep_messages or message_id(message.instance, message.step) in self._announced:
            self._open(message, received)

    def open(self, identifier: str) -> bool:
        """A kept message is opened now, by hand; whether it could be (once, and on a phone that is on)."""
        found = self._announced.get(identifier)
        return found is not None and self._open(*found)

    def _open(self, message: Message, received: int) -> bool:
        now, local = int(self._env.now), message.person.ordinal - self._first
        app, sdk = self._apps[local], self._sdks[local]
        was_open = sdk.in_front
        if not was_open:
            app.foreground(now)
            if not sdk.in_front:
                return False  # the phone is off
            stay = self._draw(self._push.session, message, _STAYS)
            simpy.Timeout(self._env, max(stay, 1)).callbacks.append(
                lambda _: app.background(int(self._env.now))
            )
        self._announced.pop(message_id(message.instance, message.step), None)
        self._note("opened", message, {"action": message.action, "received": received})
        sdk.push_opened(now, _tracking(message, self._plan))
        return True

    def opened(self, identifier: str) -> None:
        """Somebody opened, by a script, the message of this id."""
        if (found := self._announced.pop(identifier, None)) is not None:
            message, received = found
            self._note("opened", message, {"action": message.action, "received": received})

    def _draw(self, distribution: Distribution, message: Message, purpose: int) -> int:
        key = mix_int(message.person.key ^ key_of("push", message.instance, message.step))
        u = np.array([uniform_one(key, purpose)])
        return max(0, round(float(distribution.ppf(u)[0]) * MS_PER_SECOND))

    def _note(self, kind: str, message: Message, detail: Mapping[str, Any]) -> None:
        person = message.person
        identity = ""
        row = (
            int(self._env.now),
            kind,
            message.journey,
            person.ordinal,
            identity,
            message.instance,
            message.step,
            detail,
        )
        self.journal.append(row)


_JOURNEYS = key_of("purpose", "journeys")
_LATENCY = key_of("purpose", "journey latency")
_ON_ITS_WAY, _OPENS, _OPENED, _STAYS = range(4)


class JourneyTap:
    """Hands what leaves the phones of a worker on, and shows the journeys what concerns them."""

    def __init__(self, plan: Plan, post: Callable[[Hit], None], routes: Sequence[int]) -> None:
        """``routes`` are the ways of the kinds of events."""
        self._post = post
        wanted = plan.event_types()
        everything = plan.reads_history or None in wanted
        self._kinds = frozenset(
            number
            for number, kind in enumerate(KINDS)
            if routes[number] != Route.EDGE_ONLY and (everything or kind in wanted)
        )
        self._firsts: list[int] = []
        self._evaluations: list[CohortEvaluation] = []

    def add(self, first_person: int, evaluation: CohortEvaluation) -> None:
        """Add the journeys of the cohort whose people begin with ``first_person``; cohorts come in order."""
        self._firsts.append(first_person)
        self._evaluations.append(evaluation)

    def post(self, hit: Hit) -> None:
        """An event reaches the endpoint."""
        self._post(hit)
        if hit[2] in self._kinds:
            number = bisect_right(self._firsts, hit[1].person) - 1
            self._evaluations[number].accept(hit)


def message_id(instance: str, step: str) -> str:
    """The id of the push message that a step of an instance sends."""
    return f"{instance}-{step}"


def _tracking(message: Message, plan: Plan) -> dict[str, Any]:
    """What a push message brings along for tracking (mobile_sdk.md 6.3)."""
    journey = plan.journeys.get(message.journey)
    execution = {
        "messageExecutionID": f"{bits_one(key_of(message.instance, message.step), 0):016x}",
        "journeyVersionID": "" if journey is None else journey.version_id,
        "journeyVersionInstanceID": message.instance,
        "journeyVersionNodeID": message.step,
    }
    experience = {"customerJourneyManagement": {"messageExecution": execution}}
    return {"id": message_id(message.instance, message.step), "_xdm": {"mixins": {"_experience": experience}}}

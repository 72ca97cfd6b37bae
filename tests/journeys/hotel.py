"""A small world to run journeys in: people, a clock, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import simpy

from simulator.core.randomness import mix_int
from simulator.journeys.callouts import StubCallout
from simulator.journeys.engine import JourneyEngine
from simulator.journeys.log import LogRow
from simulator.journeys.plan import Fault
from simulator.journeys.planning import make_plan
from simulator.journeys.surroundings import Message, PersonProfile
from simulator.scenario.models.journeys import Journeys

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


def faults_of(document: Mapping[str, Any], zone: str = "UTC") -> list[Fault]:
    """Everything wrong with a `journeys` section."""
    return make_plan(Journeys.model_validate(document), ZoneInfo(zone))[1]


class Stage:
    """Journeys on a stage: send events, let time pass, look at what happened."""

    def __init__(
        self, document: Mapping[str, Any], *, zone: str = "UTC", days: float = 400, seed: int = 1
    ) -> None:
        plan, faults = make_plan(Journeys.model_validate(document), ZoneInfo(zone))
        assert [fault for fault in faults if not fault.warning] == []
        self.env = simpy.Environment()
        self.people: dict[str, PersonProfile] = {}
        self.rows: list[LogRow] = []
        self.messages: list[Message] = []
        self.unreachable: set[str] = set()
        self.plan = plan
        self.engine = JourneyEngine(
            self.env,
            plan,
            self,
            StubCallout(self.env, plan, self.date_of),
            self,
            self.rows.append,
            date_of=self.date_of,
            seed=seed,
            horizon=round(days * DAY),
        )
        self._sent = 0

    def date_of(self, now: int) -> datetime:
        return START + timedelta(milliseconds=now)

    def person(self, name: str, **attributes: Any) -> PersonProfile:
        ordinal = len(self.people)
        profile = PersonProfile(ordinal, name, mix_int(ordinal + 7), attributes)
        self.people[name] = profile
        return profile

    def find(self, namespace: str, identity: str) -> PersonProfile | None:
        return self.people.get(identity)

    def stranger(self, namespace: str, identity: str) -> PersonProfile | None:
        return None

    def deliver(self, message: Message) -> bool:
        self.messages.append(message)
        return message.person.name not in self.unreachable

    def send(self, name: str, event_id: str = "", size: int = 900, **fields: Any) -> str:
        """An event of a person reaches the journeys now; the id of the event."""
        self._sent += 1
        entity: dict[str, Any] = {
            "_id": f"event-{self._sent}",
            "timestamp": self.date_of(int(self.env.now)).isoformat().replace("+00:00", "Z"),
            "identityMap": {"ECID": [{"id": name}]},
            **fields,
        }
        if event_id:
            entity["_experience"] = {"campaign": {"orchestration": {"eventID": event_id}}}
        self.engine.receive(entity, size)
        return str(entity["_id"])

    def pass_time(self, milliseconds: int) -> None:
        self.env.run(until=self.env.now + milliseconds)

    def story(self, name: str) -> list[tuple[str, str]]:
        """The steps that a person passed, with their paths or states."""
        return [
            (row.step, str(row.detail.get("path") or row.detail["status"]))
            for row in self.rows
            if row.kind == "step" and row.identity == name
        ]

    def ends(self, name: str) -> list[str]:
        return [row.detail["reason"] for row in self.rows if row.kind == "ended" and row.identity == name]

    def discards(self, name: str | None = None) -> list[str]:
        return [
            row.detail["reason"]
            for row in self.rows
            if row.kind == "discarded" and name in (None, row.identity)
        ]

    def received(self, name: str) -> list[str]:
        return [message.action for message in self.messages if message.person.name == name]

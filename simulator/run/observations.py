"""What people receive, announced to those whose scripts wait for it.

The journeys of a run, or whatever receives messages for it, announce "this person received that"; a scripted person
waits for it, up to a time.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import simpy

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """A message that a person received: its name, and what came with it."""

    name: str
    message: Message


class Observations:
    """The messages of the people of one cohort, in its environment."""

    def __init__(self, env: simpy.Environment) -> None:
        self._env = env
        self.last: dict[int, Message] = {}
        """The message that each person received last."""
        # What was received and not waited for yet.
        self._inbox: dict[int, list[Received]] = {}
        self._waiting: dict[int, tuple[str, simpy.Event]] = {}

    def announce(self, person: int, name: str, message: Message | None = None, at: int | None = None) -> None:
        """Person (index within the cohort) receives a message, now or at a later virtual time ``at``.

        ``message`` is as a push service delivers it.
        """
        received = Received(name, message or {"id": name})
        later = 0 if at is None else at - int(self._env.now)
        if later > 0:
            self._env.timeout(later).callbacks.append(lambda _: self._deliver(person, received))
        else:
            self._deliver(person, received)

    def _deliver(self, person: int, received: Received) -> None:
        self.last[person] = received.message
        waiting = self._waiting.get(person)
        if waiting is not None and waiting[0] == received.name:
            del self._waiting[person]
            waiting[1].succeed(received)
        else:
            self._inbox.setdefault(person, []).append(received)

    def wait_for(
        self, person: int, name: str, within_ms: int
    ) -> Generator[simpy.Event, Any, Received | None]:
        """Wait until a person has received a message of the name since last asked for one; None if in vain."""
        inbox = self._inbox.get(person, [])
        found = [received for received in inbox if received.name == name]
        if found:
            self._inbox[person] = [received for received in inbox if received.name != name]
            self.last[person] = found[0].message
            return found[0]
        event = self._env.event()
        self._waiting[person] = name, event
        yield self._env.any_of((event, self._env.timeout(within_ms)))
        self._waiting.pop(person, None)
        return event.value if event.triggered else None

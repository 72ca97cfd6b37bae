"""What the evaluator needs from outside: people, and a way to call other systems.

The evaluator knows neither the simulation nor HTTP; whoever runs it hands these in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import simpy

from simulator.scenario.references import Reference


@dataclass(slots=True)
class PersonProfile:
    """A person as the platform's profile store knows them.

    ``ordinal`` is the number of the person in the run, ``key`` the 64-bit key of their draws. ``attributes`` is the
    XDM profile record.
    """

    ordinal: int
    name: str
    key: int
    attributes: dict[str, Any]

    @property
    def is_test(self) -> bool:
        """Whether it is a test profile."""
        return self.attributes.get("testProfile") is True


def set_attribute(attributes: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set what lies at ``path``; what is no object on the way there becomes one."""
    for name in path[:-1]:
        below = attributes.get(name)
        if not isinstance(below, dict):
            below = attributes[name] = {}
        attributes = below
    attributes[path[-1]] = value


class Directory(Protocol):
    """Finds people."""

    def find(self, namespace: str, identity: str) -> PersonProfile | None:
        """The person with an identity; None if the platform knows nobody of that name."""

    def stranger(self, namespace: str, identity: str) -> PersonProfile | None:
        """Somebody new, whom an event names without saying more; None where everybody is known."""


class Call(NamedTuple):
    """One call of a custom action, ready to go out, but for its secrets: those are still references to them."""

    action: str
    method: str
    url: str | Reference
    headers: Mapping[str, str | Reference]
    query: Mapping[str, str | Reference]
    body: Any
    person: PersonProfile
    attempt: int
    within: int
    """How long the answer may take, in milliseconds where the call is answered (see ``Callout.pace``)."""
    journey: str = ""
    step: str = ""
    instance: str = ""


class Answer(NamedTuple):
    """The answer to a call; ``status`` is None when there was none, for the reason ``error``."""

    status: int | None
    body: Any
    error: str = ""


class Callout(Protocol):
    """Makes calls."""

    def pace(self, action: str) -> float:
        """How many milliseconds of the journeys pass in one where the calls of an action are answered."""

    def call(self, call: Call) -> simpy.Event:
        """Send ``call`` now; the event happens with the :class:`Answer` when it is there."""


class Message(NamedTuple):
    """A message that a channel action sends to a person."""

    at: int
    journey: str
    step: str
    instance: str
    action: str
    channel: str
    title: str
    body: Any
    person: PersonProfile
    identity: str


class Post(Protocol):
    """Delivers messages."""

    def deliver(self, message: Message) -> bool:
        """Take a message for its person; False if it is certain that it can't reach them."""

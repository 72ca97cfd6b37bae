"""What the evaluator needs from outside: people, and a way to call other systems.

The evaluator knows neither the simulation nor HTTP; whoever runs it hands these in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import simpy


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


class Directory(Protocol):
    """Finds people."""

    def find(self, namespace: str, identity: str) -> PersonProfile | None:
        """The person with an identity; None if the platform knows nobody of that name."""


class Call(NamedTuple):
    """One call of a custom action, ready to go out. Texts of ``headers`` may hold secrets: never log them."""

    action: str
    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    person: PersonProfile
    attempt: int


class Answer(NamedTuple):
    """The answer to a call; ``status`` is None when there was none."""

    status: int | None
    body: Any


class Callout(Protocol):
    """Makes calls."""

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

    def deliver(self, message: Message) -> None:
        """Take a message for its person."""

"""What an expression can see while it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from simulator.journeys.expressions.values import Value

Dialect = Literal["jo", "ajo"]
ReferenceKind = Literal["event", "data", "action"]
# The data source of the properties of journeys: `${name}` is short for `#{JourneyProperties.name}`.
PROPERTIES_SOURCE = "JourneyProperties"


class Scope(Protocol):
    """The surroundings of one evaluation: the journey instance and its person."""

    @property
    def now(self) -> datetime:
        """The simulation's clock, in UTC."""

    def event(self, name: str) -> Value:
        """The payload of an event that the instance has received; None if it has not."""

    def data(self, source: str, field_group: str, parameters: Mapping[str, Value]) -> Value:
        """What a data source knows of the person. Raises FetchError when it does not answer."""

    def action(self, name: str) -> Value:
        """The response of a custom action; None before its call."""

    def constant(self, name: str) -> Value:
        """A constant such as `supplementalId`, or a property of the journey; None if there is none."""

    def member(self, audience: str) -> bool:
        """Whether the person is in an audience (realized or existing)."""

    def random(self) -> float:
        """The next draw from 0 to below 1."""

    def uuid(self) -> str:
        """The next random UUID."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a field, as it stands in an expression; ``column`` counts from 1.

    ``path`` holds the names of fields below ``head``, without collection methods: of
    ``@event{Lobby.identityMap.entry('Email').first().id}`` it is ``("identityMap", "id")``. ``plain``: there were none,
    so that the path alone leads to the value.
    """

    kind: ReferenceKind
    head: str
    path: tuple[str, ...]
    column: int
    plain: bool = True

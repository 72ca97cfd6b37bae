"""A person as the other systems know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from simulator.core.identifiers import ecid
from simulator.core.randomness import bits_one
from simulator.people import Line
from simulator.scenario.models import SOURCES, Source
from simulator.sdk import Sender
from simulator.xdm import ItemFacts, json_value

# Digits of a loyalty card.
_CARD_DIGITS = 12


def item_facts(line: Line) -> ItemFacts:
    """A line as events speak of it."""
    product = line.product
    return ItemFacts(product.sku, product.name, line.units, line.cents, product.category)


def card_number(key: int) -> str:
    """The number of the loyalty card of a member; ``key`` is that of ids."""
    return f"{bits_one(key, 5) % 10**_CARD_DIGITS:0{_CARD_DIGITS}d}"


class Customer:
    """One person: identities, card, and the numbers of the events that are told of them."""

    def __init__(self, person: int, key: int, mail: Callable[[], str], card: str | None) -> None:
        """``person`` is the ordinal within the run, ``key`` that of ids; members have the namespace of a ``card``."""
        self.key = key
        self._person = person
        self._mail = mail
        self._card = card
        self._senders: dict[str, Sender] = {}
        self._numbers: dict[str, int] = {}

    @property
    def member(self) -> bool:
        """Whether the person has a loyalty card."""
        return self._card is not None

    @cached_property
    def card_number(self) -> str:
        """The number of the loyalty card."""
        return card_number(self.key)

    @cached_property
    def known(self) -> bytes:
        """The identity map of systems that know the person: by the card, or else by the mail address."""
        namespace = self._card
        known = (namespace, self.card_number) if namespace is not None else ("Email", self._mail())
        return json_value({known[0]: [_item(known[1], primary=True)]})

    @cached_property
    def anonymous_browser(self) -> bytes:
        """The identity map of the person's browser."""
        return json_value({"ECID": self._browser(primary=True)})

    @cached_property
    def browser(self) -> bytes:
        """The same after a login."""
        mail: Mapping[str, Sequence[Any]] = {"Email": [_item(self._mail(), primary=False)]}
        return json_value({"ECID": self._browser(primary=True), **mail})

    def peek(self, source: Source) -> tuple[Sender, int]:
        """Who tells of the next event of a system, and the number that it will have."""
        sender = self._senders.get(source)
        if sender is None:
            number = SOURCES.index(source)
            sender = Sender(self._person, bits_one(self.key, number), False, number)
            self._senders[source] = sender
        return sender, self._numbers.get(source, 0)

    def next_event(self, source: Source) -> tuple[Sender, int]:
        """Who tells of the next event of a system, and its number."""
        sender, number = self.peek(source)
        self._numbers[source] = number + 1
        return sender, number

    def _browser(self, *, primary: bool) -> list[dict[str, Any]]:
        own = ecid(bits_one(self.key, 6))
        return [{"id": own, "authenticatedState": "ambiguous", "primary": primary}]


def _item(id: str, *, primary: bool) -> dict[str, Any]:
    return {"id": id, "authenticatedState": "authenticated", "primary": primary}

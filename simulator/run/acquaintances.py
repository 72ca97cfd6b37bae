"""Who is behind the identities of events that come over a network: people of the scenario, or strangers."""

from __future__ import annotations

from typing import Any

from simulator.core.randomness import key_of
from simulator.journeys import PersonProfile, identities_of
from simulator.run.knowledge import KnownPeople
from simulator.run.simulation import World

Identity = tuple[str, str]
"""A namespace, and an id in it."""


class Acquaintances:
    """People by the identities that they have shown.

    Identities that come in the same event belong to the same person. People of the scenario are known by their ECID,
    login, loyalty card and mail address from the beginning, and have the profiles that they have in a run; everybody
    else is a stranger: somebody with a number behind those of the scenario's people and an empty profile.
    """

    def __init__(self, world: World, known: KnownPeople) -> None:
        self._known = known
        self._seed = world.scenario.seed
        self._next_ordinal = world.people
        self._by_identity: dict[Identity, PersonProfile] = {}

    def meet(self, identity_map: Any) -> None:
        """Learn the identities of an event."""
        shown = identities_of(identity_map)
        person = next((found for one in shown if (found := self.find(*one)) is not None), None)
        if person is None and shown:
            person = self.stranger(*shown[0])
        if person is not None:
            for one in shown:
                self._by_identity.setdefault(one, person)

    def stranger(self, namespace: str, identity: str) -> PersonProfile:
        """Somebody new, who is known by this identity from now on."""
        key = key_of(self._seed, "stranger", namespace, identity)
        person = PersonProfile(self._next_ordinal, identity, key, {})
        self._next_ordinal += 1
        self._by_identity[namespace, identity] = person
        return person

    def find(self, namespace: str, identity: str) -> PersonProfile | None:
        """The person with an identity; None if it was never shown, and none of the scenario's people has it."""
        one = namespace, str(identity)
        person = self._by_identity.get(one)
        if person is None and namespace in self._known.namespaces:
            ordinal = self._known.person_of(one[1])
            if ordinal is not None:
                person = self._by_identity[one] = self._known.profile(ordinal)
        return person

"""How the phones of a run stand, as the page shows them: what changed since the page was last told."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from simulator.phone import MonitoredPhone
from simulator.run import Simulation
from simulator.run.led import PERMISSIONS, Led

_NAMES = {permission: name for name, permission in PERMISSIONS.items()}
# All phones are looked at once in so many ticks; those to which something happened in every tick.
_TICKS_FOR_ALL = 5


class Look(NamedTuple):
    """A phone at one moment, with the names that the page uses."""

    online: bool
    why_offline: tuple[str, ...]
    power: bool
    app: str
    permission: str | None
    """None where it makes no difference."""
    queue: int
    noticing: tuple[tuple[int, bool, int], ...]

    def shown(self) -> dict[str, Any]:
        """As the page gets it."""
        noticing = [{"place": place, "entry": entry, "at": at} for place, entry, at in self.noticing]
        return self._asdict() | {"noticing": noticing}


class Phones:
    """The phones of all people of a simulation, by ordinal."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._firsts = [model.first_person for model in simulation.models]
        self._people = sum(model.people for model in simulation.models)
        self._told: list[Look] = [self.look(person) for person in range(self._people)]
        self._tick = 0

    def led_of(self, person: int) -> tuple[Led, int]:
        """Who leads a person, and the index of the person there."""
        number = bisect_right(self._firsts, person) - 1
        return self._simulation.models[number].led, person - self._firsts[number]

    def look(self, person: int) -> Look:
        """How a phone stands now."""
        led, who = self.led_of(person)
        phone, sdk = led.phone(who), led.sdk(who)
        app = "front" if sdk.in_front else "background" if sdk.until >= self._simulation.now else "off"
        monitored = phone if isinstance(phone, MonitoredPhone) else None
        return Look(
            sdk.online,
            phone.why_offline,
            phone.is_on,
            app,
            None if monitored is None else _NAMES[monitored.permission],
            sdk.queued,
            () if monitored is None else tuple(monitored.noticing),
        )

    def changes(self, concerned: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        """What is new of people to whom something happened, and of some of the others, in turns."""
        self._tick = (self._tick + 1) % _TICKS_FOR_ALL
        for person in {*concerned, *range(self._tick, self._people, _TICKS_FOR_ALL)}:
            before, after = self._told[person], self.look(person)
            if before != after:
                self._told[person] = after
                yield person, changed(before, after)

    def state(self, person: int) -> dict[str, Any]:
        """How a phone stands now, all of it."""
        return self.look(person).shown()

    def can_permit(self, person: int) -> bool:
        """Whether the location permission makes a difference to this phone."""
        return self._told[person].permission is not None


def changed(before: Look, after: Look) -> dict[str, Any]:
    """The members of ``after`` that differ from ``before``."""
    shown, names = after.shown(), Look._fields
    return {name: shown[name] for name, old, new in zip(names, before, after, strict=True) if old != new}

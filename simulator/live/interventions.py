"""What a presenter does to people and their phones: done now, kept on record, and done again in a replay.

The record is `interventions.ndjson` in the run folder, a line for each. Together with the scenario it makes the run
again: what is done at a virtual time is done before anything goes on at that time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from simulator.core.errors import DeliveryError, UsageError
from simulator.run.led import PERMISSIONS, Border

if TYPE_CHECKING:
    from simulator.live.show import Stage

INTERVENTIONS_FILE = "interventions.ndjson"

_VALUES: dict[str, tuple[Any, ...]] = {
    "network": (True, False),
    "airplane": (True, False),
    "power": (True, False),
    "permission": tuple(PERMISSIONS),
    "app": ("open", "close", "force_quit", "crash", "update", "reinstall"),
}


class CanNotError(Exception):
    """It can't be done as things stand; the text says why."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """One thing that was done at a virtual time to a person (ordinal).

    ``deed`` has ``move`` (a position) and ``by``, or ``let`` (what happens to the phone) and ``value``, or ``open``
    (the id of a message).
    """

    at: int
    person: int
    deed: dict[str, Any]


class Interventions:
    """The record of one run; the file exists once something was done."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / INTERVENTIONS_FILE

    def keep(self, intervention: Intervention) -> None:
        """Add one; DeliveryError when it can't be written."""
        line = {"at": intervention.at, "person": intervention.person, **intervention.deed}
        try:
            with self._path.open("ab") as file:
                file.write(orjson.dumps(line) + b"\n")
        except OSError as error:
            raise DeliveryError(f"cannot write {self._path}: {error.strerror or error}") from error


def read_interventions(folder: Path) -> list[Intervention]:
    """What was done by hand in a run, in order; UsageError for a damaged record."""
    path = folder / INTERVENTIONS_FILE
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            deed = orjson.loads(line)
            found.append(Intervention(int(deed.pop("at")), int(deed.pop("person")), deed))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}:{number}: is damaged") from error
    return found


def perform(stage: Stage, intervention: Intervention, home: tuple[float, float]) -> dict[str, Any]:
    """Do it now; what came of it. UsageError for what makes no sense, CanNotError for what is not possible."""
    person, deed, now = intervention.person, intervention.deed, stage.now
    led, who = stage.phones.led_of(person)
    movements = stage.movements
    if "move" in deed:
        here = movements.position(person, now) or home
        latitude, longitude = deed["move"]
        borders = led.move(who, now, here, movements.inside(person), (latitude, longitude), deed["by"])
        stage.crossed_by_hand()
        return {"crossings": [_border(border) for border in borders]}
    if "let" in deed:
        _let(led.let, who, now, deed["let"], deed["value"])
        return {}
    if not led.open(now, deed["open"]):
        raise CanNotError("the message was opened already, or the phone is off")
    return {}


def _let(let: Callable[[int, int, str, Any], None], who: int, now: int, what: str, value: Any) -> None:
    values = _VALUES.get(what)
    if values is None:
        raise UsageError(f"{what}: expected one of {', '.join(_VALUES)}")
    # 1 equals True, but is not meant here.
    if not any(value is one or (isinstance(value, str) and value == one) for one in values):
        raise UsageError(f"{what}: expected one of {', '.join(str(one).lower() for one in values)}")
    let(who, now, what, value)


def _border(border: Border) -> dict[str, Any]:
    return {"place": border.place, "entry": border.entry, "t": border.time}

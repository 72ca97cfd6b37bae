"""What a persona makes of a group: the built-in personas, and how personas are laid over groups.

Laying one model over another takes every key that the upper one was given and keeps the rest of the lower
one, down to the last level; of keys that exclude each other, such as `around` and `near_places`, those of the
upper one count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from simulator.core.distributions import Choice, LogNormal, Normal, PowerLaw, Uniform
from simulator.scenario.models import (
    HOUR,
    KILOMETRE,
    MINUTE,
    WEEKDAYS,
    Errands,
    Evening,
    Group,
    Lunch,
    Mobility,
    Mode,
    Model,
    Persona,
    Scenario,
    Schedule,
    Sessions,
    Travel,
    WorkHabits,
)

_ModelT = TypeVar("_ModelT", bound=Model)

# Keys of which a model takes only one: giving one of them puts the others out of force.
_EXCLUSIVE = frozenset({"around", "near_places", "towns", "distance"})

# Where somebody works whose group names no place of work [a]; many work near, some far away.
DEFAULT_DISTANCE_TO_WORK = LogNormal(4.5 * KILOMETRE, 1.15, 300.0, 100 * KILOMETRE)

# Built-in personas name no places: where people live and work is up to the group. Habits that nobody has published
# in this form are assumptions [a]; a mix of them meets the published figures of how people move (`make realism`).

# Between the 0.6 of exploration and preferential return and the 0.3 of the diary model (Pappalardo & Simini 2018).
_MOBILITY = Mobility(explore=0.5)
# Far enough for the longest trips of a day: gravity decides, not the reach.
_REACH = 300 * KILOMETRE
# Leisure has no usual length: waiting times as in exploration and preferential return (Song et al. 2010 [v]).
_LEISURE = PowerLaw(1.8, 20 * MINUTE, 8 * HOUR, 17 * HOUR)
# Long trips go faster; everything else is as for everybody.
_LONG_DISTANCE = Mode(speed=Normal(27.0, 5.0, 15.0, 50.0), beyond=30 * KILOMETRE, detour=1.25)
_TRANSIT = Mode(
    speed=Normal(6.5, 1.5, 3.0, 14.0), beyond=1 * KILOMETRE, up_to=30 * KILOMETRE, weight=1.5, detour=1.4
)
_TRAVEL = Travel(
    car=Mode(speed=Normal(9.5, 2.5, 4.0, 22.0), beyond=800.0, up_to=30 * KILOMETRE, weight=4.0),
    transit=_TRANSIT,
    long_distance=_LONG_DISTANCE,
)


def _errands(**more: Any) -> Errands:
    """Errands as most people run them: several on one tour."""
    habits = {
        "within": _REACH,
        "chain": 0.95,
        # Mean 31 min, as in the largest chain of stores (Placer.ai 2024, realism.md 1 [v]).
        "stay": LogNormal(24 * MINUTE, 0.7, 2 * MINUTE, 3 * HOUR),
        "per_day": Choice((0.0, 1.0, 2.0, 3.0, 4.0), (2.0, 2.0, 3.0, 3.0, 2.0)),
        "per_working_day": Choice((0.0, 1.0, 2.0, 3.0), (3.0, 2.0, 3.0, 2.0)),
    }
    return Errands(**(habits | more))


BUILT_IN: Mapping[str, Persona] = {
    "commuter": Persona(
        work=WorkHabits(attendance=0.8),
        mobility=_MOBILITY,
        travel=_TRAVEL,
        schedule=Schedule(
            lunch=Lunch(share=0.15),
            errands=_errands(),
            evening=Evening(within=_REACH, stay=_LEISURE, share=0.12),
        ),
    ),
    "student": Persona(
        work=WorkHabits(
            attendance=0.88, leave_home=Uniform(7 * HOUR, 9 * HOUR), leave_work=Uniform(14 * HOUR, 17 * HOUR)
        ),
        mobility=_MOBILITY,
        travel=Travel(transit=_TRANSIT, car=None, long_distance=_LONG_DISTANCE),
        schedule=Schedule(
            lunch=Lunch(share=0.15),
            errands=_errands(at=Uniform(11 * HOUR, 19 * HOUR)),
            evening=Evening(within=_REACH, stay=_LEISURE, share=0.2),
        ),
        sessions=Sessions(per_day=LogNormal(5.0, 0.7, 0.0, 16.0)),
    ),
    "tourist": Persona(
        work=None,
        mobility=Mobility(explore=1.0, fading=0.05),
        travel=Travel(car=None),
        schedule=Schedule(
            errands=Errands(
                per_day=Choice((2.0, 3.0, 4.0, 5.0), (2.0, 3.0, 2.0, 1.0)),
                at=Uniform(9.5 * HOUR, 17 * HOUR),
                stay=LogNormal(55 * MINUTE, 0.6, 5 * MINUTE, 4 * HOUR),
                within=15 * KILOMETRE,
                chain=0.8,
            ),
            evening=Evening(share=0.7, at=Uniform(18.5 * HOUR, 20.5 * HOUR), within=5 * KILOMETRE),
        ),
        sessions=Sessions(per_day=LogNormal(5.0, 0.7, 0.0, 16.0), weekend=1.0),
    ),
    "shift_worker": Persona(
        work=WorkHabits(
            attendance=0.7,
            days=WEEKDAYS,
            leave_home=Choice((5 * HOUR, 13 * HOUR, 21 * HOUR), (1.0, 1.0, 1.0)),
            stay=Normal(8.25 * HOUR, 0.2 * HOUR, 7.5 * HOUR, 9 * HOUR),
            drawn="weekly",
        ),
        mobility=_MOBILITY,
        travel=_TRAVEL,
        schedule=Schedule(
            errands=_errands(at=Uniform(10 * HOUR, 18 * HOUR)),
            evening=Evening(within=_REACH, stay=_LEISURE, share=0.12),
        ),
    ),
    "stay_at_home": Persona(
        work=None,
        mobility=_MOBILITY,
        travel=_TRAVEL,
        schedule=Schedule(errands=_errands(), evening=Evening(within=_REACH, stay=_LEISURE, share=0.12)),
    ),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """The people of a group who share a persona, and the group as it is for them."""

    persona: str | None
    """None for a group without personas."""
    weight: float
    group: Group
    sessions: Sessions


def persona_named(scenario: Scenario, name: str) -> Persona:
    """The persona called ``name`` with everything that it extends. The name must be known."""
    persona = scenario.personas.get(name)
    if persona is None:
        return BUILT_IN[name]
    if persona.extends is None:
        return persona
    if persona.extends == name:  # one of the scenario that changes the built-in one of its name
        return laid_over(BUILT_IN[name], persona)
    return laid_over(persona_named(scenario, persona.extends), persona)


def kinds_of(scenario: Scenario, group_name: str) -> tuple[Kind, ...]:
    """What kinds of people a group has. Raises pydantic's ``ValidationError`` where a persona does not fit."""
    group = scenario.people[group_name]
    if group.personas is None:
        return (Kind(None, 1.0, group, scenario.app.sessions),)
    return tuple(kind_named(scenario, group_name, name) for name in sorted(group.personas))


def kind_named(scenario: Scenario, group_name: str, name: str) -> Kind:
    """The people of a group who have the persona ``name``; see :func:`kinds_of`."""
    persona, sessions = persona_named(scenario, name), scenario.app.sessions
    group = lower = scenario.people[group_name]
    if persona.work is not None:
        work = _given(group.work) if group.work is not None else {"distance": DEFAULT_DISTANCE_TO_WORK}
        lower = group.model_copy(update={"work": WorkHabits(**work)})
    merged = _merged(lower, dict(persona), frozenset(persona.model_fields_set - {"extends", "sessions"}))
    if merged.get("work") is not None:
        merged["work"] = _given(merged["work"])
    if persona.sessions is not None:
        sessions = laid_over(sessions, persona.sessions)
    return Kind(name, (group.personas or {}).get(name, 0.0), Group(**merged), sessions)


def laid_over(lower: _ModelT, upper: _ModelT) -> _ModelT:
    """The model ``lower`` with everything that ``upper`` was given."""
    return type(lower)(**_merged(lower, dict(upper), frozenset(upper.model_fields_set)))


def _given(model: Model) -> dict[str, Any]:
    return {key: getattr(model, key) for key in model.model_fields_set}


def _merged(lower: Model, upper: Mapping[str, Any], given: frozenset[str]) -> dict[str, Any]:
    replaced = _EXCLUSIVE if any(upper[key] is not None for key in given & _EXCLUSIVE) else frozenset()
    result = {key: value for key, value in _given(lower).items() if key not in replaced}
    for key in given:
        below, above = getattr(lower, key, None), upper[key]
        if isinstance(below, Model) and isinstance(above, Model) and key not in _EXCLUSIVE:
            result[key] = type(below)(**_merged(below, dict(above), frozenset(above.model_fields_set)))
        else:
            result[key] = above
    return result

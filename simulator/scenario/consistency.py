"""What must hold between distant parts of a scenario, beyond what each model says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from pydantic import ValidationError

from simulator.scenario.destination_checks import check_destination_names, check_destinations
from simulator.scenario.messages import Finding, value_at
from simulator.scenario.models import (
    LARGEST_HOUSEHOLD,
    Clock,
    Conditions,
    Consent,
    Group,
    PhoneMix,
    Scenario,
    WorkHabits,
)
from simulator.scenario.personas import BUILT_IN, kind_named
from simulator.scenario.units import nearest, one_of, shown

_LIBRARY_USERS = (
    ("home", "near_places"),
    ("work", "near_places"),
    ("schedule", "lunch"),
    ("schedule", "errands"),
    ("schedule", "evening"),
    ("shopping", "stores"),
)
_SYSTEMS = ("ios", "android")
_POSITION_SOURCES = ("gnss", "wifi", "cell")
_CONSENTS = ("yes", "pending", "no")
_PERMISSIONS = ("always", "while_in_use", "approximate", "denied")


def check_references(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Names that must be unique or known. Works on plain data, so other mistakes don't hide these."""
    places = data.get("places")
    names: dict[str, int] = {}
    for index, library in enumerate(places if isinstance(places, list) else ()):
        name = library.get("library") if isinstance(library, dict) else None
        if not isinstance(name, str):
            continue
        if name in names:
            what = f"{shown(name)} is already the name of places.{names[name]}"
            yield Finding(("places", index, "library"), what, "give each library a name of its own")
        names.setdefault(name, index)
    for part in ("people", "personas"):
        bodies = data.get(part)
        for group, body in bodies.items() if isinstance(bodies, dict) else ():
            for user in _LIBRARY_USERS:
                library = value_at(body, (*user, "library"))
                if isinstance(library, str) and library not in names and names:
                    hint = _hint(library, list(names))
                    yield Finding((part, group, *user, "library"), f"no library {shown(library)}", hint)
    yield from check_destination_names(data)


def _hint(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else f"there are {one_of(known, joint='and')}"


def check_sense(scenario: Scenario) -> Iterator[Finding]:
    """Combinations of valid values that make no sense. Needs a scenario without other mistakes."""
    yield from _check_start(scenario.clock)
    if all(group.size.bounds()[1] <= 0 for group in scenario.people.values()):
        first = next(iter(scenario.people))
        where = ("people", first, "size") if len(scenario.people) == 1 else ("people",)
        yield Finding(where, "there is nobody: the size is 0", "give at least one group a size of 1 or more")
    unsound = list(_check_personas(scenario))
    yield from unsound
    for name, group in scenario.people.items():
        path = ("people", name)
        yield from _check_group(group, path)
        yield from _check_household(group, (*path, "household"))
        if group.personas is not None and not unsound:
            yield from _check_kinds(scenario, name)
        if group.trace is not None or group.script:
            ignored = {"work", "schedule", "mobility", "personas", "household"}
            ignored |= {"home", "travel"} if group.trace is not None else {"shopping"}
            for key in sorted(
                key for key in ignored & group.model_fields_set if getattr(group, key) is not None
            ):
                instead = "follow a `trace`" if group.trace is not None else "act by a `script`"
                what = f"changes nothing, because the people {instead}"
                yield Finding((*path, key), what, "remove one of the two", warning=True)
    yield from _check_sources(scenario)
    yield from _check_consent(scenario.app.consent)
    yield from check_destinations(scenario)
    for index, expectation in enumerate(scenario.expect):
        low, high = expectation.at_least, expectation.at_most
        if low is not None and high is not None and low > high:
            what = "can never hold: `at_least` is greater than `at_most`"
            yield Finding(("expect", index), what, "swap the two numbers")


def _unknown(noun: str, name: str, known: Sequence[str]) -> tuple[str, str]:
    """What is wrong with a name, and what is expected."""
    near = nearest(name, known)
    return f"unknown {noun} {shown(name)}", f"did you mean {near!r}?" if near else f"expected {one_of(known)}"


def _check_group(group: Group, path: tuple[str, ...]) -> Iterator[Finding]:
    """A group as it stands there, or as it is for those of its people who share a persona."""
    if group.work is not None:
        yield from _check_work(group.work, path)
    elif group.schedule.lunch is not None and group.personas is None:
        what = "nobody has lunch, because the group has no `work`"
        yield Finding((*path, "schedule", "lunch"), what, "give the group `work`, or remove it", warning=True)
    yield from _check_phone(group.phone, (*path, "phone"))
    for kind, mode in group.travel:
        if mode is not None and mode.up_to is not None and mode.beyond >= mode.up_to:
            where = (*path, "travel", kind, "beyond")
            yield Finding(where, "no distance is left", "`beyond` must be less than `up_to`")


def _check_sources(scenario: Scenario) -> Iterator[Finding]:
    """Systems that have nobody to tell of."""
    groups, personas = scenario.people.values(), scenario.personas.values()
    if any(group.script or group.shopping is not None for group in groups):
        return
    if any(persona.shopping is not None for persona in personas):
        return
    for key in sorted(scenario.sources.model_fields_set):
        if getattr(scenario.sources, key) is not None:
            what = "sends nothing, because nobody shops"
            yield Finding(("sources", key), what, "give a group `shopping`, or remove it", warning=True)


def _check_personas(scenario: Scenario) -> Iterator[Finding]:
    """Names of personas that nobody has, and personas that extend each other in a circle."""
    known = sorted({*BUILT_IN, *scenario.personas})
    for group_name, group in scenario.people.items():
        for name in group.personas or ():
            if name not in known:
                where = ("people", group_name, "personas", name)
                yield Finding(where, f"no persona {shown(name)}", _hint(name, known))
    for name, persona in scenario.personas.items():
        path = ("personas", name, "extends")
        others = sorted({*known} - {name} | ({name} & BUILT_IN.keys()))
        base = persona.extends
        if base is not None and base not in others:
            yield Finding(path, f"no other persona {shown(base)}", _hint(base, others))
        elif _leads_back(scenario, name):
            yield Finding(path, "leads back to itself", "personas extend one another in one direction")


def _leads_back(scenario: Scenario, name: str) -> bool:
    seen: set[str] = set()
    while name in scenario.personas and name not in seen:
        seen.add(name)
        base = scenario.personas[name].extends
        if base is None or base == name:  # what extends its own name changes the built-in one
            return False
        name = base
    return name in seen


def _check_kinds(scenario: Scenario, group_name: str) -> Iterator[Finding]:
    """What the personas of a group make of it, where that makes no sense."""
    for name in scenario.people[group_name].personas or ():
        path = ("people", group_name, "personas", name)
        try:
            kind = kind_named(scenario, group_name, name)
        except ValidationError as error:
            for item in error.errors(include_url=False):
                what = str(item["msg"]).removeprefix("Value error, ")
                key = ".".join(str(part) for part in item["loc"])
                yield Finding(path, f"does not fit the group: {key}: {what}" if key else what, "")
        else:
            for finding in _check_group(kind.group, ()):
                if not finding.warning:
                    yield Finding(
                        path, f"{'.'.join(map(str, finding.path))}: {finding.what}", finding.expected
                    )


def _check_household(group: Group, path: tuple[str, ...]) -> Iterator[Finding]:
    for size in group.household or ():
        if not size.isdecimal() or not 1 <= int(size) <= LARGEST_HOUSEHOLD:
            what = f"{shown(size)} is not a number of people who share a home"
            yield Finding((*path, size), what, f"expected a whole number from 1 to {LARGEST_HOUSEHOLD}")


def _check_phone(phone: PhoneMix, path: tuple[str, ...]) -> Iterator[Finding]:
    kinds = (
        ("os", "operating system", phone.os, _SYSTEMS),
        ("permission", "permission", phone.permission, _PERMISSIONS),
    )
    for key, noun, weights, known in kinds:
        for name in weights:
            if name not in known:
                yield Finding((*path, key, name), *_unknown(noun, name, known))
    conditions = phone.conditions
    if isinstance(conditions, Conditions) and conditions.permission and conditions.permission.to:
        for name in conditions.permission.to:
            if name not in _PERMISSIONS:
                where = (*path, "conditions", "permission", "to", name)
                yield Finding(where, *_unknown("permission", name, _PERMISSIONS))
    for os in ("ios", "android"):
        for name in getattr(phone.os_profile, os).positions or ():
            if name not in _POSITION_SOURCES:
                where = (*path, "os_profile", os, "positions", name)
                yield Finding(where, *_unknown("source of positions", name, _POSITION_SOURCES))
    if phone.monitoring == "ideal":
        useless = {"permission"} if phone.conditions not in (None, "ideal") else {"permission", "os_profile"}
        for key in sorted(useless & phone.model_fields_set):
            what = "changes nothing, because the phones notice everything (`monitoring: ideal`)"
            yield Finding((*path, key), what, "set `monitoring: os`, or remove it", warning=True)


def _check_work(work: WorkHabits, path: tuple[str, ...]) -> Iterator[Finding]:
    if work.stay is None and work.leave_work.bounds()[1] <= work.leave_home.bounds()[0]:
        what = "people leave work before they leave home"
        yield Finding((*path, "work", "leave_work"), what, "it must be later than `leave_home`")
    if not work.days:
        yield Finding((*path, "work", "days"), "is empty", "give at least one day, or remove `work`")


def _check_consent(consent: Consent) -> Iterator[Finding]:
    for key, weights in (("start", consent.start), ("answer", consent.answer)):
        for name in weights:
            if name not in _CONSENTS:
                yield Finding(("app", "consent", key, name), *_unknown("choice", name, _CONSENTS))
    if "pending" not in consent.start:
        for key in sorted({"answer", "answered_after"} & consent.model_fields_set):
            what = "changes nothing, because nobody's consent is `pending` at the start"
            yield Finding(
                ("app", "consent", key), what, "let `start` have `pending`, or remove it", warning=True
            )


def _check_start(clock: Clock) -> Iterator[Finding]:
    local = clock.start.replace(tzinfo=clock.timezone)
    if local.astimezone(UTC).astimezone(clock.timezone).replace(tzinfo=None) != clock.start:
        what = "is skipped on this day, because the clocks go forward"
        later = (clock.start + timedelta(hours=1)).isoformat(timespec="minutes")
        yield Finding(("clock", "start"), what, f"did you mean {later}?", warning=True)

"""What must hold between distant parts of a scenario, beyond what each model says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from typing import Any

from simulator.scenario.messages import Finding, value_at
from simulator.scenario.models import Clock, PhoneMix, Scenario, Work
from simulator.scenario.units import nearest, one_of, shown

_LIBRARY_USERS = (
    ("home", "near_places"),
    ("work", "near_places"),
    ("schedule", "lunch"),
    ("schedule", "errands"),
    ("schedule", "evening"),
)
_SYSTEMS = ("ios", "android")
_PERMISSIONS = ("always", "while_in_use", "approximate", "denied")
_SCHEMES = ("http", "https", "file", "kafka", "provisioned")
DESTINATION_FORMS = (
    "expected receiver, http(s)://HOST/collection/INLET, "
    "kafka:BROKER/TOPIC, http:URL, file:PATH.ndjson, file:PATH.parquet, "
    "provisioned:FILE or -"
)


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
    people = data.get("people")
    for group, body in people.items() if isinstance(people, dict) else ():
        for user in _LIBRARY_USERS:
            library = value_at(body, (*user, "library"))
            if isinstance(library, str) and library not in names and names:
                near = nearest(library, list(names))
                hint = f"did you mean {near!r}?" if near else f"there are {one_of(list(names), joint='and')}"
                yield Finding(("people", group, *user, "library"), f"no library {shown(library)}", hint)
    several = data.get("destinations")
    paths: list[tuple[str, ...]] = [("destination",)]
    paths += [("destinations", name) for name in several] if isinstance(several, dict) else []
    for path in paths:
        if path[1:] and isinstance(value_at(data, path), dict) and "to" not in value_at(data, path):
            yield Finding((*path, "to"), "is missing", DESTINATION_FORMS)
        to = value_at(data, (*path, "to"))
        if isinstance(to, str) and to and not _is_destination(to):
            meant = _meant(to)
            hint = f"did you mean {meant!r}?" if meant else DESTINATION_FORMS
            yield Finding((*path, "to"), f"{shown(to)} is not a destination", hint)


def _is_destination(text: str) -> bool:
    if text in ("receiver", "-"):
        return True
    scheme, _, rest = text.partition(":")
    return bool(rest.strip("/")) and scheme in _SCHEMES


def _meant(text: str) -> str | None:
    """The destination that ``text`` may have been meant to be."""
    if ":" not in text and any(suffix in text for suffix in (".ndjson", ".jsonl", ".parquet")):
        return f"file:{text}"
    scheme, colon, rest = text.partition(":")
    near = nearest(scheme, _SCHEMES if colon else ("receiver",))
    return near and f"{near}{colon}{rest}"


def check_sense(scenario: Scenario) -> Iterator[Finding]:
    """Combinations of valid values that make no sense. Needs a scenario without other mistakes."""
    yield from _check_start(scenario.clock)
    if all(group.size.bounds()[1] <= 0 for group in scenario.people.values()):
        first = next(iter(scenario.people))
        where = ("people", first, "size") if len(scenario.people) == 1 else ("people",)
        yield Finding(where, "there is nobody: the size is 0", "give at least one group a size of 1 or more")
    for name, group in scenario.people.items():
        path = ("people", name)
        if group.work is not None:
            yield from _check_work(group.work, path)
        elif group.schedule.lunch is not None:
            what = "nobody has lunch, because the group has no `work`"
            yield Finding(
                (*path, "schedule", "lunch"), what, "give the group `work`, or remove it", warning=True
            )
        yield from _check_phone(group.phone, (*path, "phone"))
        for kind, mode in group.travel:
            if mode is not None and mode.up_to is not None and mode.beyond >= mode.up_to:
                yield Finding(
                    (*path, "travel", kind, "beyond"),
                    "no distance is left",
                    "`beyond` must be less than `up_to`",
                )
    yield from _check_destinations(scenario)
    for index, expectation in enumerate(scenario.expect):
        low, high = expectation.at_least, expectation.at_most
        if low is not None and high is not None and low > high:
            what = "can never hold: `at_least` is greater than `at_most`"
            yield Finding(("expect", index), what, "swap the two numbers")


def _check_destinations(scenario: Scenario) -> Iterator[Finding]:
    for name, spec in scenario.all_destinations().items():
        path = ("destinations", name) if name else ("destination",)
        if spec.sync_validation and spec.batch_size > 1:
            what = f"an inlet validates single messages only, and `batch_size` is {spec.batch_size}"
            yield Finding((*path, "sync_validation"), what, "set `batch_size` to 1, or this to false")
        if spec.raw and spec.to.startswith(("http://", "https://")) and spec.flow_id is None:
            what = "an inlet needs to know the dataflow that maps raw events"
            yield Finding((*path, "raw"), what, "give `flow_id`, or set this to false")
    if not any("phone" in spec.sources for spec in scenario.all_destinations().values()):
        where = ("destinations",) if scenario.destinations else ("destination", "sources")
        yield Finding(where, "nothing takes the events of phones", "add `phone` to the `sources` of one")


def _check_phone(phone: PhoneMix, path: tuple[str, ...]) -> Iterator[Finding]:
    kinds = (
        ("os", "operating system", phone.os, _SYSTEMS),
        ("permission", "permission", phone.permission, _PERMISSIONS),
    )
    for key, noun, weights, known in kinds:
        for name in weights:
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean {near!r}?" if near else f"expected {one_of(known)}"
                yield Finding((*path, key, name), f"unknown {noun} {shown(name)}", hint)
    if phone.monitoring == "ideal":
        for key in sorted({"permission", "os_profile"} & phone.model_fields_set):
            what = "changes nothing, because the phones notice everything (`monitoring: ideal`)"
            yield Finding((*path, key), what, "set `monitoring: os`, or remove it", warning=True)


def _check_work(work: Work, path: tuple[str, ...]) -> Iterator[Finding]:
    if work.leave_work.bounds()[1] <= work.leave_home.bounds()[0]:
        what = "people leave work before they leave home"
        yield Finding((*path, "work", "leave_work"), what, "it must be later than `leave_home`")
    if not work.days:
        yield Finding((*path, "work", "days"), "is empty", "give at least one day, or remove `work`")


def _check_start(clock: Clock) -> Iterator[Finding]:
    local = clock.start.replace(tzinfo=clock.timezone)
    if local.astimezone(UTC).astimezone(clock.timezone).replace(tzinfo=None) != clock.start:
        what = "is skipped on this day, because the clocks go forward"
        later = (clock.start + timedelta(hours=1)).isoformat(timespec="minutes")
        yield Finding(("clock", "start"), what, f"did you mean {later}?", warning=True)

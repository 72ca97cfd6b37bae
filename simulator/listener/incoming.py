"""A call as it arrived, and what in it says whom and what it is about."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.scenario.models import ListenerRoute

# Names under which calls say what they are about, recommended ones first; signs and case don't matter.
EVENT = ("eventMsgId", "eventMessageId", "eventId")
PERSON = ("profileId", "externalKey", "ecid")
INSTANCE = ("instanceUID", "instanceId")
STEP = ("nodeName", "currentNodeName", "stepName")
JOURNEY = ("journeyVersionUID", "journeyVersionName", "journeyUID")
RUN = ("runId",)
# Values of a body that are looked through for those names.
_MOST_VALUES = 2_000


@dataclass(slots=True)
class Incoming:
    """A request. Names of ``headers`` are in lower case; ``tls`` is the protocol, empty for none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    tls: str = ""
    document: Any = field(init=False)
    """The body as JSON; None where it is none."""
    is_json: bool = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.document = orjson.loads(self.body) if self.body else None
            self.is_json = True
        except orjson.JSONDecodeError:
            self.document, self.is_json = None, False

    def at(self, where: str) -> str:
        """The value at a path such as ``body.customer.id``; empty where there is none."""
        part, _, rest = where.partition(".")
        if part == "query":
            return self.query.get(rest, "")
        if part == "headers":
            return self.headers.get(rest.lower(), "")
        value = self.document
        for name in rest.split("."):
            if isinstance(value, Mapping):
                value = value.get(name)
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                return ""
        return _text(value)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a call says it is about; empty where it says nothing."""

    person: str
    event: str
    instance: str
    step: str
    journey: str
    run: str


def keys_of(incoming: Incoming, route: ListenerRoute | None) -> Keys:
    """What a call is about: from where the route says, else from the fields with the recommended names."""
    named = _named(incoming)

    def found(where: str | None, names: Iterable[str]) -> str:
        if where is not None:
            return incoming.at(where)
        return next((named[_plain(name)] for name in names if _plain(name) in named), "")

    own = route or ListenerRoute()
    return Keys(
        found(own.person, PERSON),
        found(own.event, EVENT),
        found(own.instance, INSTANCE),
        found(own.step, STEP),
        found(None, JOURNEY),
        found(None, RUN),
    )


def _named(incoming: Incoming) -> dict[str, str]:
    """Every plain value of a call by its name, the outermost of a name first."""
    named: dict[str, str] = {}
    waiting: deque[Any] = deque([incoming.document, incoming.query])
    waiting.append({name.removeprefix("x-"): value for name, value in incoming.headers.items()})
    seen = 0
    while waiting and seen < _MOST_VALUES:
        value = waiting.popleft()
        items = value.items() if isinstance(value, Mapping) else ()
        for name, inner in items:
            seen += 1
            if text := _text(inner):
                named.setdefault(_plain(str(name)), text)
            elif isinstance(inner, Mapping | list):
                waiting.append(inner)
        if isinstance(value, list):
            waiting.extend(value)
            seen += len(value)
    return named


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def differences(sample: Any, got: Any, where: str = "body") -> list[str]:
    """How a body differs in shape from a sample of it: what is missing, null, or of another type."""
    if isinstance(sample, Mapping):
        if not isinstance(got, Mapping):
            return [f"{where}: {_kind(got)} instead of an object"]
        found = []
        for name, inner in sample.items():
            at = f"{where}.{name}"
            found += differences(inner, got[name], at) if name in got else [f"{at}: missing"]
        return found
    if isinstance(sample, list):
        if not isinstance(got, list):
            return [f"{where}: {_kind(got)} instead of a list"]
        return [
            line
            for number, item in enumerate(got if sample else ())
            for line in differences(sample[0], item, f"{where}.{number}")
        ]
    if sample is None or _kind(sample) == _kind(got):
        return []
    return [f"{where}: {_kind(got)}" + ("" if got is None else f" instead of {_kind(sample)}")]


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "true or false"), ((int, float), "a number"), (str, "text"), (list, "a list")):
        if isinstance(value, kind):
            return name
    return "an object"

"""What must hold of destinations, beyond what the model of each says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.scenario.messages import Finding, value_at
from simulator.scenario.models import Scenario
from simulator.scenario.models.scenario import STEP_EVENTS_FIELD
from simulator.scenario.units import nearest, shown

_SCHEMES = ("http", "https", "file", "edge", "kafka", "provisioned")
# They are no events of phones, and the run's own receiver and output are for those.
_NOT_FOR_STEP_EVENTS = ("receiver", "edge:", "-")
_FORMS = (
    "expected receiver, http(s)://HOST/collection/INLET, edge:https://HOST?configId=DATASTREAM, "
    "kafka:BROKER/TOPIC, http:URL, file:PATH.ndjson, file:PATH.parquet, "
    "provisioned:FILE or -"
)


def check_destination_names(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Where events go must be of a known form. Works on plain data, so other mistakes don't hide these."""
    several = data.get("destinations")
    paths: list[tuple[str, ...]] = [("destination",)]
    paths += [("destinations", name) for name in several] if isinstance(several, dict) else []
    paths.append(STEP_EVENTS_FIELD)
    for path in paths:
        if path[1:] and isinstance(value_at(data, path), dict) and "to" not in value_at(data, path):
            yield Finding((*path, "to"), "is missing", _FORMS)
        to = value_at(data, (*path, "to"))
        if isinstance(to, str) and to and not _is_destination(to):
            meant = _meant(to)
            hint = f"did you mean {meant!r}?" if meant and meant != to else _FORMS
            yield Finding((*path, "to"), f"{shown(to)} is not a destination", hint)


def check_destinations(scenario: Scenario) -> Iterator[Finding]:
    """Settings that don't fit together, and events that nothing takes."""
    step_events = scenario.step_event_destination()
    if step_events is not None and step_events.to.startswith(_NOT_FOR_STEP_EVENTS):
        what = f"step events can't be sent to {shown(step_events.to)}"
        yield Finding((*STEP_EVENTS_FIELD, "to"), what, "expected an inlet, `kafka:`, `http:` or `file:`")
    for path, spec in scenario.ways_out().items():
        if spec.sync_validation and spec.batch_size > 1:
            what = f"an inlet validates single messages only, and `batch_size` is {spec.batch_size}"
            yield Finding((*path, "sync_validation"), what, "set `batch_size` to 1, or this to false")
        if spec.raw and spec.to.startswith(("http://", "https://")) and spec.flow_id is None:
            what = "an inlet needs to know the dataflow that maps raw events"
            yield Finding((*path, "raw"), what, "give `flow_id`, or set this to false")
    if not any("phone" in spec.sources for spec in scenario.all_destinations().values()):
        where = ("destinations",) if scenario.destinations else ("destination", "sources")
        yield Finding(where, "nothing takes the events of phones", "add `phone` to the `sources` of one")


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

"""A journey as the vendor's read API returns it, turned into a `journeys` section of a scenario (journeys.md 2.7).

The API documents the fields of nodes, but not the values of their types; what isn't recognised becomes a note, not
an error, and the journey goes on with what follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
# Words in node types, most telling first; types are plain texts without a documented list.
_KINDS = (
    ("end", "end"),
    ("condition", "condition"),
    ("wait", "wait"),
    ("timer", "wait"),
    ("jump", "jump"),
    ("update", "update_profile"),
    ("reaction", "reaction"),
    ("event", "event"),
    ("action", "action"),
    ("email", "action"),
    ("push", "action"),
    ("sms", "action"),
    ("message", "action"),
    ("channel", "action"),
    ("start", "skip"),
)
_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass
class Import:
    """An imported journey: the `journeys` section, and notes on what needs a hand."""

    section: Json
    notes: list[str] = field(default_factory=list)


def import_journey(document: Mapping[str, Any]) -> Import:
    """The `journeys` section for a journey of the read API.

    Raises ValueError, saying what is missing, for a document that is no journey.
    """
    return _Importer(document).run()


class _Importer:
    def __init__(self, document: Mapping[str, Any]) -> None:
        nodes = document.get("nodes")
        if not isinstance(nodes, list) or not any(isinstance(node, Mapping) for node in nodes):
            raise ValueError(
                "the document has no `nodes`; expected a journey as GET /ajo/journey/{id} returns it"
            )
        self._document = document
        self._nodes: dict[str, Mapping[str, Any]] = {
            str(node.get("id")): node for node in nodes if isinstance(node, Mapping)
        }
        self._names: dict[str, str] = {}
        self._result = Import({"events": {}, "actions": {}, "journeys": {}})

    def run(self) -> Import:
        """Walk the nodes from the first one and write each as a step."""
        start = str(self._document.get("startNodeId") or next(iter(self._nodes)))
        if start not in self._nodes:
            raise ValueError(f"`startNodeId` names no node: {start}")
        steps: Json = {}
        for identifier in self._order(start):
            step = self._step(self._nodes[identifier])
            if step is not None:
                steps[self._name(identifier)] = step
        journey: Json = {"description": str(self._document.get("description") or ""), "steps": steps}
        self._settings(journey)
        name = _plain(str(self._document.get("name") or "imported"))
        self._result.section["journeys"][name] = journey
        return self._result

    def _note(self, text: str) -> None:
        self._result.notes.append(text)

    # --- settings -----------------------------------------------------------------------------------------

    def _settings(self, journey: Json) -> None:
        reentrance = self._document.get("reentrance")
        if isinstance(reentrance, Mapping):
            allowed = str(reentrance.get("policy", "")).lower() not in (
                "none",
                "disabled",
                "forbidden",
                "no",
                "never",
            )
            journey["reentrance"] = {"allowed": allowed}
            if isinstance(seconds := reentrance.get("durationInSecs"), int | float):
                journey["reentrance"]["wait"] = f"{seconds:g} s"
        schedule = self._document.get("schedule")
        if isinstance(schedule, Mapping):
            active = {
                key: str(schedule[name])[:16]
                for key, name in (("after", "startDate"), ("before", "endDate"))
                if schedule.get(name)
            }
            if active:
                journey["active"] = active
            if schedule.get("timezone"):
                journey["timezone"] = str(schedule["timezone"])
        timeouts = self._document.get("timeouts")
        if isinstance(timeouts, Mapping) and isinstance(
            seconds := timeouts.get("actionExecution"), int | float
        ):
            # Whether the number is in seconds or milliseconds isn't documented; 1 to 30 s are possible.
            journey["activity_timeout"] = f"{seconds / 1000 if seconds > 30 else seconds:g} s"
        if self._document.get("status") == "Paused":
            journey["paused"] = True

    # --- nodes --------------------------------------------------------------------------------------------

    def _order(self, start: str) -> list[str]:
        """The nodes that can be reached, those of a branch after each other."""
        order: list[str] = []
        ahead = [start]
        while ahead:
            identifier = ahead.pop()
            if identifier in order:
                continue
            order.append(identifier)
            ahead.extend(reversed([target for _, target in self._transitions(self._nodes[identifier])]))
        return order

    def _transitions(self, node: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str]]:
        found = node.get("transitions")
        return [
            (transition, str(transition["targetNodeId"]))
            for transition in (found if isinstance(found, list) else [])
            if isinstance(transition, Mapping) and str(transition.get("targetNodeId")) in self._nodes
        ]

    def _name(self, identifier: str) -> str:
        """The name of the step for a node; those that are no steps lend that of what follows."""
        node, passed = self._nodes[identifier], {identifier}
        while self._kind(node) == "skip":
            following = self._transitions(node)
            if not following or following[0][1] in passed:
                return "end"
            identifier = following[0][1]
            passed.add(identifier)
            node = self._nodes[identifier]
        name = self._names.get(identifier)
        if name is None:
            base = name = _plain(str(node.get("name") or node.get("type") or "step"))
            number = 2
            while name in self._names.values() or name == "end":
                name, number = f"{base}_{number}", number + 1
            self._names[identifier] = name
        return name

    def _kind(self, node: Mapping[str, Any]) -> str:
        kind = re.sub(r"[^a-z]", "", str(node.get("type", "")).lower())
        meaning = next((meaning for word, meaning in _KINDS if word in kind), "skip")
        return "skip" if meaning == "reaction" and _reaction(node) is None else meaning

    def _step(self, node: Mapping[str, Any]) -> Json | None:
        kind = self._kind(node)
        onward = self._transitions(node)
        step: Json
        if kind == "skip":
            if "reaction" in str(node.get("type", "")).lower():
                self._note(
                    f"node {node.get('name') or node.get('id')}: a reaction to nobody knows what; left out"
                )
            elif not any(word in str(node.get("type", "")).lower() for word, _ in _KINDS):
                self._note(
                    f"node {node.get('name') or node.get('id')}: type {node.get('type')!r} is not known; left out"
                )
            return None
        if kind == "end":
            return {"end": True}
        if kind == "condition":
            step = self._condition(node, onward)
        else:
            step = getattr(self, f"_{kind}")(node)
            plain = [target for transition, target in onward if not _is_error(transition)]
            step["next"] = self._name(plain[0]) if plain else "end"
            if len(plain) > 1:
                self._note(
                    f"node {node.get('name') or node.get('id')}: {len(plain)} branches beside each other, of which "
                    "only the first is followed; make a `race` of them"
                )
        errors = [target for transition, target in onward if _is_error(transition)]
        if errors and kind in ("condition", "action"):
            step["on_error"] = self._name(errors[0])
        elif errors and kind in ("event", "reaction"):
            step["on_timeout"] = self._name(errors[0])
        return step

    def _event(self, node: Mapping[str, Any]) -> Json:
        name = _plain(str(node.get("name") or "event"))
        if name not in self._result.section["events"]:
            self._result.section["events"][name] = {
                "event_id": str(node.get("correlationId") or node.get("id")),
                "namespace": str(node.get("identityNamespace") or "ECID"),
            }
            self._note(
                f"event {name}: put its event id, or its rule, into `events` (the API does not tell them)"
            )
        step: Json = {"event": name}
        if node.get("delay"):
            step["timeout"] = _duration(node["delay"])
        return step

    def _reaction(self, node: Mapping[str, Any]) -> Json:
        step: Json = {"reaction": _reaction(node)}
        if node.get("delay"):
            step["timeout"] = _duration(node["delay"])
        return step

    def _wait(self, node: Mapping[str, Any]) -> Json:
        if node.get("expression"):
            return {"wait_until": str(node["expression"])}
        return {"wait": _duration(node.get("delay") or "PT1M")}

    def _jump(self, node: Mapping[str, Any]) -> Json:
        name = _plain(str(node.get("name") or "other"))
        self._note(f"jump {name}: import the journey that it leads to, too")
        return {"jump": name}

    def _update_profile(self, node: Mapping[str, Any]) -> Json:
        pairs = {
            str(mapping.get("paramPath") or mapping.get("label")): str(mapping.get("expression") or "null")
            for mapping in _mappings(node)
        }
        return {"update_profile": pairs or {"unknown": "null"}}

    def _action(self, node: Mapping[str, Any]) -> Json:
        name = _plain(str(node.get("name") or node.get("type")))
        channel = str(node.get("channel") or node.get("type") or "").lower()
        known = next((one for one in ("push", "email", "sms") if one in channel), None)
        body = {
            str(mapping.get("paramPath") or mapping.get("label")): f"={mapping['expression']}"
            for mapping in _mappings(node)
            if mapping.get("expression")
        }
        action: Json = {"channel": known} if known else {"url": "https://action.example/" + name}
        if not known:
            self._note(f"action {name}: put its URL into `actions` (the API does not tell it)")
        if body:
            action["body"] = body
        self._result.section["actions"].setdefault(name, action)
        return {"action": name}

    def _condition(self, node: Mapping[str, Any], onward: Sequence[tuple[Mapping[str, Any], str]]) -> Json:
        paths: Json = {}
        step: Json = {"condition": paths}
        for number, (transition, target) in enumerate(onward, 1):
            if _is_error(transition):
                continue
            name = _plain(str(transition.get("name") or transition.get("targetName") or f"path_{number}"))
            path = self._path(transition)
            if path is None:
                step["other"] = self._name(target)
                continue
            paths[name if name not in paths else f"{name}_{number}"] = {**path, "next": self._name(target)}
        if not paths:
            self._note(f"condition {node.get('name')}: has no path that could be read; everyone goes on")
            paths["all"] = {"when": "true", "next": step.pop("other", "end")}
        return step

    def _path(self, transition: Mapping[str, Any]) -> Json | None:
        """What a path out of a condition asks; None for the other cases."""
        kind = str(transition.get("conditionType") or "").lower()
        if "percent" in kind or "split" in kind or "random" in kind:
            return {"percentage": f"{float(transition.get('counterValue') or 0):g} %"}
        if "cap" in kind and transition.get("counterValue"):
            return {"cap": int(transition["counterValue"])}
        if transition.get("expression"):
            return {"when": str(transition["expression"])}
        if transition.get("dates") or transition.get("times") or transition.get("days"):
            self._note(f"path {transition.get('name')}: its dates and times are not documented; check it")
            days = [str(day).lower()[:3] for day in transition.get("days") or ()]
            return {"time": {"days": days} if days else {}}
        return None


def _mappings(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = node.get("paramMappings")
    return [mapping for mapping in (found if isinstance(found, list) else []) if isinstance(mapping, Mapping)]


def _is_error(transition: Mapping[str, Any]) -> bool:
    words = " ".join(str(transition.get(key) or "") for key in ("name", "conditionType")).lower()
    return "error" in words or "timeout" in words


def _duration(value: Any) -> str:
    """A delay of the API (ISO 8601, or a number of seconds) as a scenario writes it."""
    if isinstance(value, int | float):
        return f"{value:g} s"
    match = _ISO_DURATION.fullmatch(str(value))
    if match is None:
        return "1 min"
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if total and total % size == 0:
            return f"{total // size} {unit}"
    return f"{total} s"


def _plain(name: str) -> str:
    """A name as scenarios take it: letters, digits and underscores."""
    return re.sub(r"\W+", "_", name).strip("_") or "unnamed"


def _reaction(node: Mapping[str, Any]) -> str | None:
    """The kind of a reaction by the words of its node; they are plain texts without a documented list."""
    verbs = node.get("verbs")
    words = " ".join(map(str, verbs if isinstance(verbs, list) else [node.get("name")])).lower()
    return next((kind for stem, kind in _VERBS if stem in words), None)


_VERBS = (("click", "clicked"), ("open", "opened"), ("fail", "failed"), ("sen", "sent"))

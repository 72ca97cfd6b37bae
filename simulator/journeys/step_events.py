"""Journey step events in the published format: written from the log, and read back from any export.

Fields are those of journeys.md 5.2 and 5.4. Their values are spelt differently in the vendor's own sources (5.3):
what is written is one set of them, what is read is any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.core.identifiers import derived_uuid
from simulator.journeys.discards import Discard
from simulator.journeys.instance import node_id
from simulator.journeys.log import LogRow
from simulator.journeys.plan import JourneyPlan, Plan

Json = dict[str, Any]
_STEP_TYPES = {
    "event": "EventStep",
    "wait": "Timer",
    "wait_until": "Timer",
    "race": "Scheduler",
    "condition": "ConditionalRouterStep",
    "end": "EndStep",
}
_NODE_TYPES = {"wait_until": "wait", "race": "wait", "update_profile": "action", "jump": "action"}
# What happened inside of the product when a step that waits is over (journeys.md 5.3).
_INTERNAL_EVENTS = {"wait": "scheduledNotificationReceived", "wait_until": "scheduledNotificationReceived"}
_ACTION_ERRORS = {"timedOut": "timedout", "cappingError": "capped"}


class StepEventWriter:
    """Turns log rows into step events, in their order.

    ``date_of`` turns virtual time into a moment in UTC; ``run`` is anything that names the run, for ids.
    """

    def __init__(self, plan: Plan, date_of: Callable[[int], datetime], run: object) -> None:
        self._plan = plan
        self._date_of = date_of
        self._run = run
        self._written = 0
        self._entered: dict[str, Mapping[str, Any]] = {}

    def events(self, rows: Iterable[LogRow]) -> Iterator[Json]:
        """The step events of ``rows``; rows that the product does not publish (calls, messages) make none."""
        for row in rows:
            body = self._body(row)
            if body is None:
                continue
            self._written += 1
            stamp = self._date_of(row.at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            yield {
                "_id": derived_uuid(self._run, "step event", row.instance, row.at, self._written),
                "timestamp": stamp,
                "eventType": "journey.stepEvent" if row.kind != "discarded" else "journey.serviceEvent",
                "identityMap": {self._namespace(row): [{"id": row.identity, "primary": True}]}
                if row.identity
                else {},
                "_experience": {"journeyOrchestration": body},
            }

    def _namespace(self, row: LogRow) -> str:
        journey = self._plan.journeys.get(row.journey)
        name = row.detail.get("event") if journey is None else journey.first.model.event
        definition = self._plan.definitions.get(str(name))
        return "ECID" if definition is None else definition.namespace

    def _body(self, row: LogRow) -> Json | None:
        if row.kind == "discarded":
            return self._discard(row)
        journey = self._plan.journeys.get(row.journey)
        if journey is None:
            return None
        if row.kind == "entered":
            self._entered[row.instance] = row.detail
            return None
        if row.kind == "step":
            return {"stepEvents": self._step(row, journey)}
        if row.kind == "ended":
            self._entered.pop(row.instance, None)
            return {"stepEvents": self._end(row, journey)}
        return None

    def _common(self, row: LogRow, journey: JourneyPlan) -> Json:
        entry = self._entered.get(row.instance, {})
        common: Json = {
            "journeyID": journey.id,
            "journeyVersionID": journey.version_id,
            "journeyVersionName": journey.name,
            "journeyVersion": "1.0",
            "instanceID": row.instance,
            "instanceType": "unitary",
            "externalKey": row.identity,
            "profileID": row.identity,
            "profileNamespace": self._namespace(row),
            "nodeID": node_id(journey, row.step),
            "nodeName": row.step,
            "inTest": journey.model.test_mode,
        }
        if "supplemental" in entry:
            common["supplementalID"] = entry["supplemental"]
        return common

    def _step(self, row: LogRow, journey: JourneyPlan) -> Json:
        detail, kind = row.detail, str(row.detail["kind"])
        step: Json = {
            **self._common(row, journey),
            "nodeType": _NODE_TYPES.get(kind, kind),
            "stepID": node_id(journey, row.step),
            "stepName": row.step,
            "stepType": _STEP_TYPES.get(kind, "ActionStep"),
            "stepStatus": detail["status"],
            "journeyNodeProcessed": True,
            "processingTime": int(detail.get("elapsed", 0)),
        }
        step |= self._where_from(row, journey)
        if row.step == journey.first.name:
            entry = self._entered.get(row.instance, {})
            step |= {"entrance": True, "reentrance": int(entry.get("entry", 1)) > 1, "nodeType": "start"}
            step |= {"eventID": str(entry.get("event_id") or ""), "eventName": str(entry.get("event") or "")}
            step |= {"isExternalEvent": True, "eventProcessed": True}
        elif kind in _INTERNAL_EVENTS:
            step["eventID"] = _INTERNAL_EVENTS[kind]
        elif kind == "event" and detail.get("path") not in (None, "timeout"):
            step |= {"eventName": detail["path"], "isExternalEvent": True, "eventProcessed": True}
        if kind == "action":
            step |= self._action(detail)
        if kind == "reaction":
            step |= self._reaction(journey, row.step)
        return step

    def _reaction(self, journey: JourneyPlan, step: str) -> Json:
        """Which reaction to the message of which action was waited for."""
        sender, kind = journey.steps[step].awaits.rsplit(" ", 1)
        name = journey.steps[sender].model.action or ""
        return {
            "reactionActionID": derived_uuid("action", name),
            "reactionChannel": self._plan.actions[name].model.channel,
            "reactionInteractionType": kind,
        }

    def _where_from(self, row: LogRow, journey: JourneyPlan) -> Json:
        previous = row.detail.get("previous")
        if previous is None:
            return {}
        before = journey.steps[previous]
        return {
            "parentNodeID": node_id(journey, previous),
            "parentNodeName": previous,
            "parentNodeType": "start"
            if before is journey.first
            else _NODE_TYPES.get(before.kind, before.kind),
        }

    def _action(self, detail: Mapping[str, Any]) -> Json:
        name = str(detail.get("action", ""))
        plan = self._plan.actions.get(name)
        if plan is None:
            return {}
        channel = plan.model.channel
        action: Json = {
            "eventID": "executedAction",
            "actionID": derived_uuid("action", name),
            "actionName": name,
            "actionType": "customHttpAction" if channel is None else channel,
            "actionBusinessType": "custom" if channel is None else "channel",
            "actionExecutionTime": int(detail.get("elapsed", 0)),
        }
        if channel is None:
            action["actionOriginMethod"] = plan.model.method
        else:
            action["channel"] = channel
        status = detail["status"]
        if status != "transitions":
            action["actionExecutionError"] = _ACTION_ERRORS.get(str(status), "http")
            action["actionExecutionErrorCode"] = str(detail.get("error", "")).removeprefix("http_")
        return action

    def _end(self, row: LogRow, journey: JourneyPlan) -> Json:
        reason = row.detail["reason"]
        end: Json = {
            **self._common(row, journey),
            "stepStatus": {"error": "error", "timeout": "timedOut"}.get(str(reason), "endStep"),
            "stepType": "EndStep",
            "nodeType": "end",
            "journeyNodeProcessed": False,
            "instanceEnded": True,
        }
        if reason == "exit":
            end["exitCriteriaName"] = row.detail.get("criterion", "")
        return end

    def _discard(self, row: LogRow) -> Json:
        reason = str(row.detail["reason"])
        service = Discard(reason).service
        # The two parts of the product use the pair of code and type the other way round.
        pair = ("discard", reason) if service == "dispatcher" else (reason, "discard")
        event: Json = {
            "eventID": str(row.detail.get("event_id") or ""),
            "eventCode": pair[0],
            "eventType": pair[1],
        }
        if service == "stateMachine":
            event |= {"eventClass": "external", "eventCategory": "unitary"}
        body: Json = {"serviceEvents": {service: event}}
        journey = self._plan.journeys.get(row.journey)
        if journey is not None:
            body["journey"] = {
                "ID": journey.id,
                "versionID": journey.version_id,
                "name": journey.name,
                "version": "1.0",
            }
        if row.identity:
            body["profile"] = {"ID": row.identity, "namespace": self._namespace(row)}
        return body


# --- reading ----------------------------------------------------------------------------------------------

_STATUSES = {
    "transitions": "transitions",
    "succeeded": "transitions",
    "endstep": "endStep",
    "ended": "endStep",
    "error": "error",
    "timedout": "timedOut",
    "timeout": "timedOut",
    "instancetimedout": "timedOut",
    "capped": "cappingError",
    "cappingerror": "cappingError",
    "capping": "cappingError",
}


@dataclass(frozen=True, slots=True)
class StepEvidence:
    """What one step event of an export says, in one spelling.

    ``status`` is one of transitions, endStep, error, timedOut, cappingError; ``exit`` names the criterion that ended
    the instance; ``discard`` is the reason of a discard, empty otherwise. Texts are empty where the export has nothing.
    """

    at: datetime
    identity: str
    namespace: str
    journey: str
    instance: str
    node: str
    status: str
    action: str
    error: str
    entrance: bool
    ended: bool
    exit: str
    discard: str
    event_id: str


def read_step_event(document: Mapping[str, Any]) -> Iterator[StepEvidence]:
    """What one exported record says; nothing if it is no journey step event.

    Takes `stepEvents` as an object and as a list, records with and without the long names of XDM, and every
    spelling of the enumerations. Raises ValueError for a step event without a usable timestamp.
    """
    experience = document.get("_experience")
    body = experience.get("journeyOrchestration") if isinstance(experience, Mapping) else None
    if not isinstance(body, Mapping):
        return
    at = datetime.fromisoformat(str(document.get("timestamp", "")))
    steps = body.get("stepEvents")
    for step in steps if isinstance(steps, list) else [steps]:
        if isinstance(step, Mapping):
            yield _step_evidence(step, body, document, at)
    services = body.get("serviceEvents")
    for service in services.values() if isinstance(services, Mapping) else ():
        if isinstance(service, Mapping) and (reason := _discard_reason(service)):
            yield _discard_evidence(service, reason, body, document, at)


def _step_evidence(
    step: Mapping[str, Any], body: Json | Mapping[str, Any], document: Mapping[str, Any], at: datetime
) -> StepEvidence:
    profile = _inner(body, "profile")
    journey = _inner(body, "journey")
    identity, namespace = _identity(document)
    return StepEvidence(
        at=at,
        identity=_first(step.get("profileID"), step.get("externalKey"), profile.get("ID"), identity),
        namespace=_first(step.get("profileNamespace"), profile.get("namespace"), namespace),
        journey=_first(step.get("journeyVersionName"), journey.get("name"), step.get("journeyVersionID")),
        instance=_first(step.get("instanceID")),
        node=_first(step.get("nodeName"), step.get("stepName"), step.get("nodeID"), step.get("stepID")),
        status=_STATUSES.get(str(step.get("stepStatus", "")).lower().replace("_", ""), "transitions"),
        action=_first(step.get("actionName")),
        error=_first(step.get("actionExecutionError"), step.get("fetchError")),
        entrance=step.get("entrance") is True or str(step.get("nodeType", "")).lower() == "start",
        ended=step.get("instanceEnded") is True,
        exit=_first(step.get("exitCriteriaName"), step.get("exitCriteriaID")),
        discard="",
        event_id=_first(step.get("eventID")),
    )


def _discard_evidence(
    service: Mapping[str, Any],
    reason: str,
    body: Mapping[str, Any],
    document: Mapping[str, Any],
    at: datetime,
) -> StepEvidence:
    identity, namespace = _identity(document)
    profile = _inner(body, "profile")
    return StepEvidence(
        at=at,
        identity=_first(profile.get("ID"), identity),
        namespace=_first(profile.get("namespace"), namespace),
        journey=_first(_inner(body, "journey").get("name")),
        instance="",
        node="",
        status="error",
        action="",
        error="",
        entrance=False,
        ended=False,
        exit="",
        discard=reason,
        event_id=_first(service.get("eventID")),
    )


def _discard_reason(service: Mapping[str, Any]) -> str:
    """The reason of a discard, in whichever of the two fields it stands."""
    pair = [str(service.get(field) or "") for field in ("eventCode", "eventType")]
    if "discard" in (text.lower() for text in pair):
        return next((text for text in pair if text.lower() != "discard"), "")
    known = {str(reason) for reason in Discard}
    return next((text for text in pair if text in known), "")


def _identity(document: Mapping[str, Any]) -> tuple[str, str]:
    for namespace, entries in _inner(document, "identityMap").items():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, Mapping) and entry.get("id"):
                return str(entry["id"]), str(namespace)
    return "", ""


def _inner(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def _first(*values: Any) -> str:
    return next((str(value) for value in values if value), "")

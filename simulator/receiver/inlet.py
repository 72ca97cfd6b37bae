"""One streaming inlet, without HTTP: messages in, answers out, records into the store.

The order of checks and every text follow ingestion.md 1.2-1.7. A message can be wrong in two ways: its
envelope is (the sender is told at once), or its event is (with ``sync_validation`` the sender is told;
otherwise the answer is a success and the record goes to the failed ones, as the platform does it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from simulator.core.identifiers import derived_uuid
from simulator.receiver import answers
from simulator.receiver.answers import Answer
from simulator.receiver.records import AcceptedRecord, FailedRecord
from simulator.receiver.store import EventStore
from simulator.receiver.validation import Validator

# "1 MB" may mean 10^6 or 2^20 bytes (ingestion.md 1.8): the smaller, so that what passes here passes there.
MAX_BODY_BYTES = 1_000_000
MAX_VIOLATIONS = 5  # the platform's validator stops after five (ingestion.md 1.7)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class InletOptions:
    """How an inlet answers.

    ``organization``: the only ``imsOrgId`` that messages may name; None lets any pass. ``entry_shape``:
    failed entries of a batch as the Kafka connector reads them (``status`` and ``xactionId``) or as the
    tutorial shows them (``statusCode`` alone), see ingestion.md 1.5.
    """

    organization: str | None = None
    entry_shape: Literal["connector", "tutorial"] = "connector"
    max_body_bytes: int = MAX_BODY_BYTES


class Inlet:
    """The rules of one inlet.

    ``now_ms`` gives the time of reception in milliseconds since the epoch. Accepting puts records into the
    store's buffer; they are on disk after ``store.commit()``, which the caller does before it answers.
    """

    def __init__(
        self,
        name: str,
        store: EventStore,
        validator: Validator,
        now_ms: Callable[[], int],
        options: InletOptions | None = None,
    ) -> None:
        self.name = name
        self._options = options or InletOptions()
        self._store = store
        self._validator = validator
        self._now_ms = now_ms
        self._requests = 0

    # --- the two operations (ingestion.md 1.1) --------------------------------------------------------------

    def accept_one(self, body: bytes, *, sync_validation: bool = False, flow_header: bool = False) -> Answer:
        """A single message; ``flow_header`` says that the request named a flow, as raw records do."""
        now = self._now_ms()
        xaction = self._next_xaction(now)
        message, refusal = self._parse(body)
        if refusal is not None:
            return refusal
        if flow_header and _looks_raw(message):
            return _raw_refused()
        wrong = self._envelope_fault(message)
        if wrong is not None:
            return answers.bad_request(wrong)
        errors = self._judge(message, xaction, now, drop_invalid=sync_validation)
        if errors is not None and sync_validation:
            cause = {"_streamingValidation": _innermost(errors)}
            return answers.bad_request(self._prefix(message) + answers.INVALID, cause)
        outcome = {"status": "pass"} if sync_validation else {"skipped": True}
        return Answer(
            200,
            {"inletId": self.name, "xactionId": xaction, "receivedTimeMs": now, "syncValidation": outcome},
        )

    def accept_batch(self, body: bytes, *, flow_header: bool = False) -> Answer:
        """``{"messages": [...]}``: 207 once the request can be read, even if every message fails."""
        now = self._now_ms()
        batch = self._next_xaction(now)
        request, refusal = self._parse(body)
        if refusal is not None:
            return refusal
        messages = request.get("messages") if isinstance(request, dict) else None
        if not isinstance(messages, list):
            return answers.bad_request(self._prefix(request) + answers.UNKNOWN_FORMAT)
        if flow_header and messages and all(map(_looks_raw, messages)):
            return _raw_refused()
        connector = self._options.entry_shape == "connector"
        # The connector finds a message by what follows the last "-" of its id (ingestion.md 1.5).
        stem = derived_uuid("batch", self.name, batch) + "-" if connector else batch + ":"
        responses: list[Json] = []
        for index, message in enumerate(messages):
            xaction = f"{stem}{index}"
            wrong = self._envelope_fault(message)
            if wrong is None:
                self._judge(message, xaction, now, drop_invalid=False)
                responses.append({"xactionId": xaction})
            elif connector:
                responses.append({"xactionId": xaction, "status": 400, "message": wrong})
            else:
                responses.append({"statusCode": 400, "message": wrong})
        return Answer(
            207, {"inletId": self.name, "batchId": batch, "receivedTimeMs": now, "responses": responses}
        )

    # --- in the same process, without requests
    # ---------------------------------------------------------------

    def accept_messages(self, messages: Sequence[bytes]) -> dict[int, str]:
        """Messages of ingestion.md 1.2 one by one; index and reason of those that were not accepted.

        A wrong envelope is only reported; an invalid event is among the failed records as well.
        """
        now = self._now_ms()
        stem = self._next_xaction(now)
        reasons: dict[int, str] = {}
        for index, body in enumerate(messages):
            message, refusal = self._parse(body)
            wrong = _message_of(refusal) if refusal is not None else self._envelope_fault(message)
            if wrong is not None:
                reasons[index] = wrong
                continue
            errors = self._judge(message, f"{stem}:{index}", now, drop_invalid=False)
            if errors is not None:
                reasons[index] = describe(errors)
        return reasons

    def accept_events(self, events: Sequence[bytes], *, dataset: str) -> dict[int, str]:
        """Events without envelopes, kept byte for byte; index and reason of those that were not accepted.

        Invalid events are among the failed records as well.
        """
        now = self._now_ms()
        stem = self._next_xaction(now)
        reasons: dict[int, str] = {}
        for index, body in enumerate(events):
            xaction = f"{stem}:{index}"
            try:
                event = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                reasons[index] = f"not valid JSON: {error}"
                continue
            errors = self._violations(event)
            if errors is None:
                self._store.add(accepted_record(event, body, self.name, xaction, dataset, now))
            else:
                reasons[index] = describe(errors)
                failed = {"body": {"xdmEntity": event}, **errors}
                self._store.add_failed(
                    FailedRecord(now, self.name, xaction, dataset, reasons[index], orjson.dumps(failed))
                )
        return reasons

    # --- rules ----------------------------------------------------------------------------------------------

    def _next_xaction(self, now: int) -> str:
        """An id of the documented shape ``{epochMs}:{n}:{n}``, different for each request of this inlet."""
        self._requests += 1
        high, low = divmod(self._requests, 1000)
        return f"{now}:{high}:{low}"

    def _parse(self, body: bytes) -> tuple[Any, Answer | None]:
        if len(body) > self._options.max_body_bytes:
            return None, answers.too_large(self._options.max_body_bytes)
        if body.startswith(b":)\n"):  # how Smile documents begin
            return None, smile_refused()
        try:
            return orjson.loads(body), None
        except orjson.JSONDecodeError as error:
            return None, answers.bad_request(f"{self._prefix(None)}Message is not valid JSON: {error}")

    def _prefix(self, message: Any) -> str:
        organization = self._options.organization
        if organization is None:
            header = message.get("header") if isinstance(message, dict) else None
            organization = header.get("imsOrgId") if isinstance(header, dict) else None
        return f"inletId: [{self.name}] imsOrgId: [{organization or ''}] "

    def _envelope_fault(self, message: Any) -> str | None:
        """What is wrong with the envelope, or None (ingestion.md 1.2, 1.6)."""
        if not isinstance(message, dict):
            return self._prefix(message) + answers.UNKNOWN_FORMAT
        header = message.get("header")
        if not isinstance(header, dict):
            return answers.mandatory("header")
        body = message.get("body")
        meta = body.get("xdmMeta") if isinstance(body, dict) else None
        schema = _schema_id(header)
        if schema is None or not isinstance(meta, dict) or _schema_id(meta) != schema:
            return self._prefix(message) + answers.UNKNOWN_FORMAT
        organization = header.get("imsOrgId")  # added by the service when absent
        expected = self._options.organization
        if organization is not None and (
            not isinstance(organization, str) or (expected is not None and organization != expected)
        ):
            return self._prefix(message) + answers.WRONG_ORGANIZATION
        if not isinstance(header.get("datasetId"), str) or not header["datasetId"]:
            return answers.mandatory("datasetId")
        return None

    def _judge(self, message: Json, xaction: str, now: int, *, drop_invalid: bool) -> Json | None:
        """Store a message with a right envelope; what a failed record gets added, or None if it is good."""
        header = message["header"]
        source = header.get("source")
        event = message["body"].get("xdmEntity")
        errors: Json | None
        if source is not None and not (isinstance(source, dict) and source.get("name")):
            errors = {"_errors": {"_streamingValidation": [{"message": answers.MISSING_SOURCE_NAME}]}}
        elif event is None:
            errors = {"_validationErrors": [{"message": answers.MISSING_ENTITY}]}
        else:
            errors = self._violations(event)
        dataset = header["datasetId"]
        if errors is None:
            self._store.add(accepted_record(event, orjson.dumps(event), self.name, xaction, dataset, now))
        elif not drop_invalid:
            body = orjson.dumps({**message, **errors})
            self._store.add_failed(FailedRecord(now, self.name, xaction, dataset, describe(errors), body))
        return errors

    def _violations(self, event: Any) -> Json | None:
        # The rules say what type an event has, but a lenient validator may let anything pass.
        if self._validator.is_valid(event) and isinstance(event, dict):
            return None
        violations = self._validator.violations(event, MAX_VIOLATIONS)
        return {"_validationErrors": [self._validator.report(violations)]}


def accepted_record(
    event: Json, body: bytes, inlet: str, xaction: str, dataset: str, received_ms: int
) -> AcceptedRecord:
    """What is kept of an event; members of an unexpected type count as absent."""
    place = event.get("placeContext")
    for key in ("POIinteraction", "poiDetail", "poiID"):
        place = place.get(key) if isinstance(place, dict) else None
    return AcceptedRecord(
        received_ms=received_ms,
        inlet=inlet,
        xaction_id=xaction,
        dataset=dataset,
        event_id=_text(event.get("_id")),
        event_type=_text(event.get("eventType")),
        timestamp_ms=_epoch_ms(event.get("timestamp")),
        place=place if isinstance(place, str) else None,
        identities=_identities(event.get("identityMap")),
        body=body,
    )


def describe(errors: Json) -> str:
    """One line for people out of the members of a failed record."""
    first = _innermost(errors)[0]
    parts = first.get("causingExceptions") or [first]
    return "; ".join(
        f"{part.get('pointerToViolation', '')} {part.get('message', '')}".strip() for part in parts
    )


def smile_refused() -> Answer:
    """The platform reads binary Smile documents (ingestion.md 1.1); this receiver reads JSON only."""
    return answers.unsupported("Smile bodies are not supported by this receiver; send application/json")


def _raw_refused() -> Answer:
    return answers.problem(
        400,
        "raw-not-supported",
        "Raw records are not supported",
        "the request names a flow and its body has no header; this receiver takes XDM messages only: "
        "send an object with `header` and `body`",
    )


def _innermost(errors: Json) -> list[Json]:
    found = errors.get("_validationErrors") or errors["_errors"]["_streamingValidation"]
    return list(found)


def _message_of(refusal: Answer) -> str:
    return str(refusal.body.get("detail") or refusal.body["report"]["message"])


def _looks_raw(message: Any) -> bool:
    return isinstance(message, dict) and "header" not in message and "messages" not in message


def _schema_id(holder: Json) -> str | None:
    """The schema that a header or ``xdmMeta`` names; any spelling of the content type will do."""
    schema = holder.get("schemaRef")
    if not isinstance(schema, dict):
        return None
    name, content_type = schema.get("id"), schema.get("contentType")
    return name if isinstance(name, str) and name and isinstance(content_type, str) and content_type else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _epoch_ms(value: Any) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return round(instant.timestamp() * 1000) if instant.tzinfo is not None else None


def _identities(identity_map: Any) -> tuple[str, ...]:
    if not isinstance(identity_map, dict):
        return ()
    items = (item for entries in identity_map.values() if isinstance(entries, list) for item in entries)
    ids = (item.get("id") for item in items if isinstance(item, dict))
    return tuple(value for value in ids if isinstance(value, str))

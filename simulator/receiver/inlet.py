"""One streaming inlet, without HTTP: messages in, answers out, records into the store.

The order of checks and every text follow ingestion.md 1.2-1.7. A message can be wrong in two ways: its
envelope is (the sender is told at once), or its event is (with ``sync_validation`` the sender is told;
otherwise the answer is a success and the record goes to the failed ones, as the platform does it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from simulator.core.identifiers import derived_uuid
from simulator.receiver import answers, raw
from simulator.receiver.answers import Answer
from simulator.receiver.datasets import Datasets
from simulator.receiver.inlet_spec import Flow, InletSpec
from simulator.receiver.limits import Window
from simulator.receiver.options import InletOptions
from simulator.receiver.record_of import accepted_record, describe, epoch_ms, innermost
from simulator.receiver.records import FailedRecord
from simulator.receiver.store import EventStore

MAX_VIOLATIONS = 5  # the platform's validator stops after five (ingestion.md 1.7)

Json = dict[str, Any]


class Inlet:
    """The rules of one inlet.

    ``now_ms`` gives the time of reception in milliseconds since the epoch. Accepting puts records into the
    store's buffer; they are on disk after ``store.commit()``, which the caller does before it answers.
    """

    def __init__(
        self,
        spec: InletSpec,
        store: EventStore,
        datasets: Datasets,
        now_ms: Callable[[], int],
        options: InletOptions | None = None,
    ) -> None:
        self.spec = spec
        self.name = spec.id
        self._options = options or InletOptions()
        self._organization = spec.organization or self._options.organization
        self._store = store
        self._datasets = datasets
        self._now_ms = now_ms
        self._requests = 0
        rates = self._options
        self._request_rate = Window(rates.requests_per_second, 1_000)
        self._message_rate = Window(rates.messages_per_second, 1_000)
        self._sync_rate = Window(rates.sync_per_minute, 60_000)

    def refusal(self, *, sync_validation: bool = False) -> Answer | None:
        """The answer to a request that comes too fast or wants what this inlet does not do; None lets it in."""
        now = self._now_ms()
        if sync_validation and not self._options.sync_validation:
            return answers.no_sync_validation()
        wait = self._request_rate.wait_s(now)
        if not wait and sync_validation:
            wait = self._sync_rate.wait_s(now)
        return answers.too_many(wait) if wait else None

    # --- the two operations (ingestion.md 1.1) --------------------------------------------------------------

    def accept_one(
        self, body: bytes, *, sync_validation: bool = False, flow_id: str | None = None, dataset: str = ""
    ) -> Answer:
        """A single message, or a raw record if the request names a flow; ``dataset`` is for raw ones alone."""
        now = self._now_ms()
        xaction = self._next_xaction(now)
        message, refusal = self._parse(body)
        if refusal is not None:
            return refusal
        if wait := self._message_rate.wait_s(now):
            return answers.too_many(wait)
        if self._is_raw(message, flow_id):
            errors, wrong = self._judge_raw(message, flow_id, dataset, xaction, now, sync_validation)
        else:
            wrong = self._envelope_fault(message)
            errors = None if wrong else self._judge(message, xaction, now, drop_invalid=sync_validation)
        if wrong is not None:
            return answers.bad_request(wrong)
        if errors is not None and sync_validation:
            cause = {"_streamingValidation": innermost(errors)}
            return answers.bad_request(self._prefix(message) + answers.INVALID, cause)
        outcome = {"status": "pass"} if sync_validation else {"skipped": True}
        return Answer(
            200,
            {"inletId": self.name, "xactionId": xaction, "receivedTimeMs": now, "syncValidation": outcome},
        )

    def accept_batch(self, body: bytes, *, flow_id: str | None = None, dataset: str = "") -> Answer:
        """``{"messages": [...]}``: 207 once the request can be read, even if every message fails."""
        now = self._now_ms()
        batch = self._next_xaction(now)
        request, refusal = self._parse(body)
        if refusal is not None:
            return refusal
        messages = request.get("messages") if isinstance(request, dict) else None
        if not isinstance(messages, list):
            return answers.bad_request(self._prefix(request) + answers.UNKNOWN_FORMAT)
        if wait := self._message_rate.wait_s(now, len(messages)):
            return answers.too_many(wait)
        connector = self._options.entry_shape == "connector"
        # The connector finds a message by what follows the last "-" of its id (ingestion.md 1.5).
        stem = derived_uuid("batch", self.name, batch) + "-" if connector else batch + ":"
        responses: list[Json] = []
        for index, message in enumerate(messages):
            xaction = f"{stem}{index}"
            if self._is_raw(message, flow_id):
                _, wrong = self._judge_raw(message, flow_id, dataset, xaction, now, drop_invalid=False)
            else:
                wrong = self._envelope_fault(message)
                if wrong is None:
                    self._judge(message, xaction, now, drop_invalid=False)
            if wrong is None:
                responses.append({"xactionId": xaction})
            elif connector:
                responses.append({"xactionId": xaction, "status": 400, "message": wrong})
            else:
                responses.append({"statusCode": 400, "message": wrong})
        return Answer(
            207,
            {"inletId": self.name, "batchId": batch, "receivedTimeMs": now, "responses": responses},
        )

    # --- in the same process, without requests --------------------------------------------------------------

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
            errors = self._violations(event, dataset, now)
            if errors is None:
                self._store.add(accepted_record(event, body, self.name, xaction, dataset, now))
            else:
                reasons[index] = describe(errors)
                failed = {"body": {"xdmEntity": event}, **errors}
                self._fail(failed, errors, xaction, dataset, now)
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
        organization = self._organization
        if organization is None:
            header = message.get("header") if isinstance(message, dict) else None
            organization = header.get("imsOrgId") if isinstance(header, dict) else None
        return f"inletId: [{self.name}] imsOrgId: [{organization or ''}] "

    def _is_raw(self, message: Any, flow_id: str | None) -> bool:
        if self.spec.data_type is not None:
            return self.spec.data_type == "raw"
        return flow_id is not None and isinstance(message, dict) and "header" not in message

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
        expected = self._organization
        if organization is not None and (
            not isinstance(organization, str) or (expected is not None and organization != expected)
        ):
            return self._prefix(message) + answers.WRONG_ORGANIZATION
        dataset = header.get("datasetId")
        if not isinstance(dataset, str) or not dataset:
            return answers.mandatory("datasetId")
        bound = self._datasets.schema_id(dataset)
        if bound is not None and schema != bound:
            return self._prefix(message) + answers.UNKNOWN_FORMAT
        return None

    def _judge(self, message: Json, xaction: str, now: int, *, drop_invalid: bool) -> Json | None:
        """Store a message with a right envelope; what a failed record gets added, or None if it is good."""
        header = message["header"]
        source = header.get("source")
        event = message["body"].get("xdmEntity")
        dataset = header["datasetId"]
        errors: Json | None
        if source is not None and not (isinstance(source, dict) and source.get("name")):
            errors = {"_errors": {"_streamingValidation": [{"message": answers.MISSING_SOURCE_NAME}]}}
        elif event is None:
            errors = {"_validationErrors": [{"message": answers.MISSING_ENTITY}]}
        else:
            errors = self._violations(event, dataset, now)
        if errors is None:
            self._store.add(accepted_record(event, orjson.dumps(event), self.name, xaction, dataset, now))
        elif not drop_invalid:
            self._fail({**message, **errors}, errors, xaction, dataset, now)
        return errors

    def _judge_raw(
        self, record: Any, flow_id: str | None, dataset: str, xaction: str, now: int, drop_invalid: bool
    ) -> tuple[Json | None, str | None]:
        """Store a raw record: what a failed one gets added, and what is wrong with the request; both may be None.

        A flow that is not known here keeps the record as it is (ingestion.md 1.3).
        """
        if flow_id is None:
            return None, answers.mandatory("x-adobe-flow-id")
        if not isinstance(record, dict):
            return None, self._prefix(record) + answers.UNKNOWN_FORMAT
        flow = self.spec.flows.get(flow_id)
        if flow is None and self.spec.flows:
            return None, self._prefix(record) + f"there is no flow {flow_id!r} on this inlet"
        flow = flow or Flow(dataset)
        event = raw.mapped(record, flow.mapping) if flow.mapping else record
        errors = self._violations(event, flow.dataset, now) if flow.mapping else None
        if errors is None:
            body = orjson.dumps(event)
            self._store.add(accepted_record(event, body, self.name, xaction, flow.dataset, now))
        elif not drop_invalid:
            self._fail({**record, **errors}, errors, xaction, flow.dataset, now)
        return errors, None

    def _fail(self, body: Json, errors: Json, xaction: str, dataset: str, now: int) -> None:
        reason = describe(errors)
        self._store.add_failed(FailedRecord(now, self.name, xaction, dataset, reason, orjson.dumps(body)))

    def _violations(self, event: Any, dataset: str, now: int) -> Json | None:
        return violations(event, self._datasets, dataset, now, reject_future=self._options.future == "reject")


def violations(
    event: Any, datasets: Datasets, dataset: str, now: int, *, reject_future: bool = False
) -> Json | None:
    """What a failed record of ``event`` gets added (ingestion.md 1.7), or None if it is good."""
    validator = datasets.validator(dataset)
    # The rules say what type an event has, but a lenient validator may let anything pass.
    if not (validator.is_valid(event) and isinstance(event, dict)):
        found = validator.violations(event, MAX_VIOLATIONS)
        return {"_validationErrors": [validator.report(found)]}
    if reject_future and (epoch_ms(event.get("timestamp")) or now) > now:
        return {"_validationErrors": [answers.IN_THE_FUTURE]}
    return None


def smile_refused() -> Answer:
    """The platform reads binary Smile documents (ingestion.md 1.1); this receiver reads JSON only."""
    return answers.unsupported("Smile bodies are not supported by this receiver; send application/json")


def _message_of(refusal: Answer) -> str:
    return str(refusal.body.get("detail") or refusal.body["report"]["message"])


def _schema_id(holder: Mapping[str, Any]) -> str | None:
    """The schema that a header or ``xdmMeta`` names; any spelling of the content type will do."""
    schema = holder.get("schemaRef")
    if not isinstance(schema, dict):
        return None
    name, content_type = schema.get("id"), schema.get("contentType")
    return name if isinstance(name, str) and name and isinstance(content_type, str) and content_type else None

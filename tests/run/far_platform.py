"""A real HTTP server that plays the platform: takes events, leads people through a journey, and calls out."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.delivery.peer import Got, Peer, Says

Event = dict[str, Any]


class Platform:
    """Whoever enters a place, and whom ``takes`` takes, is called for ``delay`` seconds later, at ``call_url()``.

    ``export`` writes what happened as the product exports it.
    """

    def __init__(
        self,
        call_url: Callable[[], str],
        *,
        takes: Callable[[Event], bool] = lambda event: True,
        delay: float = 0.3,
        anonymous: bool = False,
    ) -> None:
        self._call_url = call_url
        self._takes = takes
        self._delay = delay
        self._anonymous = anonymous
        self._steps: list[dict[str, Any]] = []
        self._timers: list[threading.Timer] = []
        self._peer = Peer(self._answer)
        self.failures: list[str] = []

    @property
    def inlet(self) -> str:
        return f"{self._peer.url}/collection/demo"

    def __enter__(self) -> Platform:
        self._peer.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        for timer in self._timers:
            timer.join()
        self._peer.__exit__(*error)

    def export(self, path: Path) -> Path:
        path.write_bytes(b"".join(orjson.dumps(step) + b"\n" for step in self._steps))
        return path

    def _answer(self, got: Got) -> Says:
        event = got.document["body"]["xdmEntity"]
        if event.get("eventType") == "location.entry":
            self._consider(event)
        return Says(200, {"inletId": "demo", "xactionId": "1", "receivedTimeMs": 1})

    def _consider(self, event: Event) -> None:
        identity = event["identityMap"]["ECID"][0]["id"]
        if not self._takes(event):
            self._step(identity, "", serviceEvents={
                "dispatcher": {"eventCode": "discard", "eventType": "EVENT_WITH_NO_JOURNEY", "eventID": event["_id"]}
            })  # fmt: skip
            return
        instance = str(uuid.uuid4())
        self._step(identity, instance, nodeType="start", nodeName="enter", stepStatus="transitions",
                   eventID=event["_id"])  # fmt: skip
        timer = threading.Timer(self._delay, self._call, (event, identity, instance))
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _call(self, event: Event, identity: str, instance: str) -> None:
        body = {
            "profileId": identity,
            "eventMsgId": event["_id"],
            "instanceUID": instance,
            "nodeName": "offer",
        }
        if self._anonymous:
            body = {"hello": "coupon"}
        error: dict[str, str] = {}
        try:
            answer = httpx.post(self._call_url(), json=body, timeout=5, trust_env=False)
            if not answer.is_success:
                error = {"actionExecutionError": "http"}
        except httpx.HTTPError as failed:
            self.failures.append(str(failed))
            error = {"actionExecutionError": "timedout"}
        self._step(identity, instance, nodeType="action", nodeName="offer", actionName="Coupon",
                   stepStatus="error" if error else "transitions", **error)  # fmt: skip
        self._step(identity, instance, nodeType="end", stepStatus="endStep", instanceEnded=True)

    def _step(self, identity: str, instance: str, **fields: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if "serviceEvents" in fields:
            body: dict[str, Any] = {**fields, "profile": {"ID": identity, "namespace": "ECID"}}
        else:
            body = {"stepEvents": {
                "journeyVersionName": "coupon", "instanceID": instance, "profileID": identity, **fields
            }}  # fmt: skip
        self._steps.append(
            {"_id": str(uuid.uuid4()), "timestamp": now, "_experience": {"journeyOrchestration": body}}
        )

"""The listener itself: what a call is answered, and what is kept of it (journeys.md 6.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import orjson

from simulator.listener.access import Access
from simulator.listener.attempts import Attempts
from simulator.listener.incoming import Incoming, Keys, differences, keys_of
from simulator.scenario.models import ListenerAnswer, ListenerRoute

_LONGEST_TEXT = 2_000
_DEFAULT = ListenerAnswer()


class Said(NamedTuple):
    """An answer: after ``delay`` seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay: float


@dataclass(slots=True)
class HeardCall:
    """One attempt of a call as it is kept; nothing in it is secret.

    ``received`` is when it arrived in milliseconds since 1970; ``delivery`` numbers calls, ``attempt`` the attempts at
    one of them. ``at`` (virtual milliseconds) and ``ordinal`` (the person) are for who knows them.
    """

    number: int
    received: int
    route: str
    action: str
    delivery: int
    attempt: int
    status: int
    delay: float
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    keys: Keys
    wrong: list[str] = field(default_factory=list)
    becomes: str = ""
    title: str = ""
    tls: str = ""
    at: int | None = None
    ordinal: int | None = None

    def document(self) -> dict[str, Any]:
        """The row that is kept."""
        return {
            "kind": "call",
            "number": self.number,
            "received": stamp(self.received),
            "at": self.at,
            "action": self.action,
            "route": self.route,
            "delivery": self.delivery,
            "attempt": self.attempt,
            "status": self.status,
            "delay": self.delay,
            "person": self.ordinal,
            "identity": self.keys.person,
            "event": self.keys.event,
            "instance": self.keys.instance,
            "step": self.keys.step,
            "journey": self.keys.journey,
            "run": self.keys.run,
            "becomes": self.becomes,
            "wrong": self.wrong,
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "headers": dict(self.headers),
            "tls": self.tls,
            "body": self.body,
        }


class CallListener:
    """Answers calls as its routes say. Belongs to one thread.

    ``record`` takes every call as it arrives; ``now_ms`` is the clock of the wall. Raises UsageError where a secret
    that a route names isn't there.
    """

    def __init__(
        self,
        routes: Mapping[str, ListenerRoute],
        record: Callable[[HeardCall], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._routes = routes
        self._record = record
        self._now_ms = now_ms
        self._access = Access(routes, now_ms)
        self._attempts = Attempts()
        self._calls = 0

    def hear(self, incoming: Incoming) -> Said:
        """Take a call: what it is answered."""
        name, route = self._route_of(incoming)
        if route is not None and route.token is not None:
            status, body = self._access.token(name, route.token, incoming)
            return Said(status, {}, body, 0.0)
        now = self._now_ms()
        keys = keys_of(incoming, route)
        delivery, attempt = self._attempts.number(name, incoming, keys, now)
        answer = self._answer(name, route, incoming, attempt)
        self._attempts.answered(name, incoming, keys, answer.status, answer.delay * 1000)
        self._calls += 1
        self._record(
            HeardCall(
                number=self._calls,
                received=now,
                route=name,
                action=incoming.path.rstrip("/").rpartition("/")[2]
                if route is None
                else route.action or name,
                delivery=delivery,
                attempt=attempt,
                status=answer.status,
                delay=answer.delay,
                method=incoming.method,
                path=incoming.path,
                query=self._access.hidden(incoming.query),
                headers=self._access.hidden(incoming.headers),
                body=self._kept(incoming),
                keys=keys,
                wrong=[]
                if route is None or route.shape is None
                else differences(route.shape, incoming.document),
                becomes="" if route is None else route.becomes or "",
                title=incoming.at(route.title) if route is not None and route.title else "",
                tls=incoming.tls,
            )
        )
        return answer

    def _route_of(self, incoming: Incoming) -> tuple[str, ListenerRoute | None]:
        for name, route in self._routes.items():
            if route.method in (None, incoming.method) and fnmatchcase(incoming.path, route.path):
                return name, route
        return "", None

    def _answer(self, name: str, route: ListenerRoute | None, incoming: Incoming, attempt: int) -> Said:
        if route is not None and not self._access.may(name, route, incoming):
            return Said(401, {}, b'{"error":"unauthorized"}', 0.0)
        answers = route.answers if route is not None else ()
        answer = answers[min(attempt, len(answers)) - 1] if answers else _DEFAULT
        if answer.text is not None:
            body = answer.text.encode()
        else:
            body = orjson.dumps({} if answer.body is None else answer.body)
        return Said(answer.status, answer.headers, body, answer.delay)

    def _kept(self, incoming: Incoming) -> Any:
        """The body as it is kept: JSON as such, anything else as the beginning of its text."""
        raw = self._access.hide(incoming.body)
        if incoming.is_json:
            try:
                return orjson.loads(raw) if raw else None
            except orjson.JSONDecodeError:
                pass  # what was hidden held the quotes
        return {"text": raw.decode("utf-8", "replace")[:_LONGEST_TEXT]}


def stamp(epoch_ms: int) -> str:
    """A moment of the wall as text."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

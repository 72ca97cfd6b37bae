"""Tokens that custom actions carry: fetched from an endpoint of the user's, kept, renewed (journeys.md 6.1)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from simulator.scenario.models import TokenCall

# After a failure the endpoint is left alone for so many seconds [a].
_PAUSE_AFTER_FAILURE = 5.0
_JSON = "json://"


class TokenRefusedError(Exception):
    """No token could be had; the message has no secret."""


class CallTokens:
    """The token of one action; thread-safe. Those who come while it is fetched wait for it.

    ``fetch`` asks the endpoint, within so many seconds, and gives status and body of the answer.
    """

    def __init__(
        self,
        spec: TokenCall,
        fetch: Callable[[float], tuple[int, bytes]],
        monotonic: Callable[[], float],
    ) -> None:
        self._spec = spec
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._not_before = 0.0
        self._failure = ""

    def token(self, within: float) -> str:
        """The token to use now. Raises TokenRefusedError, or what ``fetch`` raises."""
        with self._lock:
            now = self._monotonic()
            if self._token and now < self._renew_at:
                return self._token
            if self._failure and now < self._not_before:
                raise TokenRefusedError(self._failure)
            self._token = ""
            try:
                self._token = self._new(within)
            except Exception as error:
                self._failure = str(error) or type(error).__name__
                self._not_before = self._monotonic() + _PAUSE_AFTER_FAILURE
                raise
            self._failure = ""
            self._renew_at = now + self._spec.valid_for
            return self._token

    def refused(self, token: str) -> None:
        """A call with ``token`` was answered 401: the next one gets another, unless it has one already."""
        with self._lock:
            if token == self._token:
                self._token = ""

    def _new(self, within: float) -> str:
        status, raw = self._fetch(within)
        if not 200 <= status < 300:
            raise TokenRefusedError(f"no token: the endpoint answered {status}")
        token = _token_in(raw, self._spec.token_in)
        if not token or not token.isprintable():
            raise TokenRefusedError(f"no token: the answer of the endpoint has none at {self._spec.token_in}")
        return token


def _token_in(raw: bytes, where: str) -> str:
    if not where.startswith(_JSON):
        return raw.decode("utf-8", "replace").strip()
    try:
        value: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return ""
    for name in where.removeprefix(_JSON).strip("/").replace("/", ".").split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""

"""Who may call: user names, keys and tokens that routes ask for, and tokens that they give out."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import orjson

from simulator.delivery import Vault
from simulator.listener.incoming import Incoming
from simulator.scenario.models import ListenerRoute, TokenAnswer
from simulator.scenario.references import Reference

# What is in the names of headers and parameters that carry a secret.
_SECRET_NAMES = ("authorization", "cookie", "token", "secret", "password", "apikey", "signature")
_HIDDEN = "***"


class Access:
    """Checks what calls bring, and hides it in what is kept. Raises UsageError where a secret isn't there."""

    def __init__(self, routes: Mapping[str, ListenerRoute], now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._vault = Vault()
        self._tokens: dict[str, dict[str, int]] = {}
        """For each token route when its tokens end."""
        self._wanted: dict[str, tuple[str, str, str]] = {}
        """Of each route: ``header`` or ``query``, the name, the value."""
        self._parameters: dict[str, dict[str, str]] = {}
        for name, route in routes.items():
            self._learn(name, route)

    def _learn(self, name: str, route: ListenerRoute) -> None:
        def reveal(reference: Reference, field: str) -> str:
            return self._vault.reveal(reference, f"routes.{name}.{field}")

        if route.token is not None:
            self._tokens[name] = {}
            self._parameters[name] = {
                key: reveal(value, f"token.expects.{key}") for key, value in route.token.expects.items()
            }
        needed = route.requires
        if needed is None:
            return
        if needed.basic is not None:
            user = reveal(needed.basic.user, "requires.basic.user")
            password = reveal(needed.basic.password, "requires.basic.password")
            coded = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._vault.keep(coded)
            self._wanted[name] = "header", "authorization", f"Basic {coded}"
        elif needed.api_key is not None:
            key = needed.api_key
            self._wanted[name] = key.place, key.name, reveal(key.value, "requires.api_key.value")

    def may(self, name: str, route: ListenerRoute, incoming: Incoming) -> bool:
        """Whether a call brings what the route asks for."""
        if route.requires is None:
            return True
        if route.requires.token is not None:
            return self._brings_token(incoming, self._tokens[route.requires.token])
        place, key, value = self._wanted[name]
        brought = incoming.query.get(key, "") if place == "query" else incoming.headers.get(key.lower(), "")
        return hmac.compare_digest(brought.encode(), value.encode())

    def _brings_token(self, incoming: Incoming, tokens: Mapping[str, int]) -> bool:
        """A token that holds, as a bearer, in any header or in the query."""
        now = self._now_ms()
        brought = [*incoming.headers.values(), *incoming.query.values()]
        return any(tokens.get(value.removeprefix("Bearer "), 0) > now for value in brought)

    def token(self, name: str, spec: TokenAnswer, incoming: Incoming) -> tuple[int, bytes]:
        """Answer a request for a token."""
        given = _parameters(incoming)
        wanted = self._parameters[name].items()
        if any(not hmac.compare_digest(given.get(key, "").encode(), value.encode()) for key, value in wanted):
            return 401, b'{"error":"invalid_client"}'
        token = secrets.token_urlsafe(24)
        self._vault.keep(token)
        self._tokens[name][token] = self._now_ms() + round(spec.valid_for * 1000)
        answer = {"access_token": token, "token_type": "bearer", "expires_in": round(spec.valid_for)}
        return 200, orjson.dumps(answer)

    def hidden(self, named: Mapping[str, str]) -> dict[str, str]:
        """Headers or parameters as they may be kept."""
        return {name: _HIDDEN if _secret(name) else self._vault.hide(text) for name, text in named.items()}

    def hide(self, data: bytes) -> bytes:
        """A body as it may be kept."""
        return self._vault.hide_bytes(data)


def _secret(name: str) -> bool:
    plain = name.lower().replace("-", "").replace("_", "")
    return any(word in plain for word in _SECRET_NAMES)


def _parameters(incoming: Incoming) -> dict[str, str]:
    given = dict(incoming.query)
    if isinstance(incoming.document, Mapping):
        return given | {str(key): str(value) for key, value in incoming.document.items()}
    form = parse_qs(incoming.body.decode("utf-8", "replace"), keep_blank_values=True)
    return given | {key: values[0] for key, values in form.items()}

"""Single calls of other systems, as custom actions make them: authenticated, bounded in time, never in clear.

What may hold a secret comes as a reference and is read when a call leaves; what is said of a call afterwards has none.
"""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson

from simulator.core.errors import UsageError
from simulator.delivery.addresses import host_allowed, is_loopback, split_url
from simulator.delivery.call_tokens import CallTokens, TokenRefusedError
from simulator.delivery.curl import certificates
from simulator.delivery.secrets import Vault
from simulator.scenario.models import ApiKey, BasicCredentials, CallAuthentication, TokenCall
from simulator.scenario.references import Reference

Text = str | Reference
_MOST_BYTES = 1 << 20  # of an answer; more than a journey may hold (journeys.md 7)
_LONGEST_REASON = 200
_UNAUTHORIZED = 401
_ABOUT_CALL = "journeysim"  # the key of httpx's extensions under which a request says what it is about


class OutgoingCall(NamedTuple):
    """One call; ``name`` is that of the action, ``follow`` whether redirects are followed."""

    name: str
    method: str
    url: Text
    headers: Mapping[str, Text]
    query: Mapping[str, Text]
    body: bytes | None
    authentication: CallAuthentication | None = None
    follow: bool = True


class Reply(NamedTuple):
    """What came of a call; ``status`` None if there was no answer, for the reason ``error``.

    ``body`` is the JSON of the answer, None if it has none. ``seconds`` is how long it took.
    """

    status: int | None
    body: Any
    error: str
    seconds: float
    timed_out: bool = False


class _NotAllowedError(Exception):
    """A call, or where it was sent on to, is not allowed to leave."""


@dataclass(slots=True)
class _Ready:
    """A call with its secrets in place. ``secret`` are the names of the headers that hold some."""

    url: str
    headers: dict[str, str]
    query: dict[str, str]
    secret: set[str] = field(default_factory=set)
    exposed: bool = False
    """Whether there is a secret anywhere in it."""
    secret_body: bool = False
    token: str = ""


class Caller:
    """Makes calls, each in the thread that asks for it. Only hosts of ``allowed`` and this machine are called."""

    def __init__(self, allowed: Sequence[str], monotonic: Callable[[], float]) -> None:
        self._allowed = tuple(allowed)
        self._monotonic = monotonic
        self._vault = Vault()
        self._lock = threading.Lock()
        self._tokens: dict[str, CallTokens] = {}
        self._clients: dict[bool, httpx.Client] = {}

    def call(self, call: OutgoingCall, within: float) -> Reply:
        """Make one call and wait up to ``within`` seconds for all of its answer."""
        began = self._monotonic()
        try:
            ready = self._ready(call, within)
            left = within - (self._monotonic() - began)
            status, raw = self._exchange(call, ready, max(left, 0.001))
        except httpx.TimeoutException:
            return Reply(None, None, "no answer in time", self._monotonic() - began, timed_out=True)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
            return self._failed(str(error) or type(error).__name__, began)
        except (UsageError, TokenRefusedError, _NotAllowedError) as error:
            return self._failed(str(error), began)
        if status == _UNAUTHORIZED and ready.token:
            self._tokens[call.name].refused(ready.token)
        return Reply(status, _json(raw), "", self._monotonic() - began)

    def close(self) -> None:
        """Give connections back."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _failed(self, why: str, began: float) -> Reply:
        with self._lock:
            said = self._vault.hide(why)
        return Reply(None, None, said[:_LONGEST_REASON], self._monotonic() - began)

    # --- secrets ------------------------------------------------------------------------------------------

    def _reveal(self, text: Text, field: str) -> str:
        if isinstance(text, str):
            return text
        with self._lock:
            return self._vault.reveal(text, field)

    def _texts(self, call: str, texts: Mapping[str, Text]) -> dict[str, str]:
        return {name: self._reveal(text, f"{call}.{name}") for name, text in texts.items()}

    def _ready(self, call: OutgoingCall, within: float) -> _Ready:
        ready = _Ready(
            self._reveal(call.url, f"{call.name}.url"),
            self._texts(call.name, call.headers),
            self._texts(call.name, call.query),
        )
        ready.secret = {name.lower() for name, text in call.headers.items() if _is_secret(text)}
        ready.exposed = bool(ready.secret) or any(map(_is_secret, (call.url, *call.query.values())))
        way = call.authentication
        if way is None:
            return ready
        ready.exposed = True
        if way.basic is not None:
            self._carry(ready, "Authorization", self._basic(way.basic, call.name))
        elif way.api_key is not None:
            self._carry_key(ready, way.api_key, call.name)
        elif way.token is not None:
            self._carry_token(ready, call.name, way.token, within)
        return ready

    def _basic(self, basic: BasicCredentials, call: str) -> str:
        user = self._reveal(basic.user, f"{call}.user")
        password = self._reveal(basic.password, f"{call}.password")
        coded = base64.b64encode(f"{user}:{password}".encode()).decode()
        with self._lock:
            self._vault.keep(coded)
        return f"Basic {coded}"

    def _carry_key(self, ready: _Ready, key: ApiKey, call: str) -> None:
        value = self._reveal(key.value, f"{call}.{key.name}")
        if key.place == "query":
            ready.query[key.name] = value
        else:
            self._carry(ready, key.name, value)

    def _carry_token(self, ready: _Ready, call: str, spec: TokenCall, within: float) -> None:
        with self._lock:
            tokens = self._tokens.get(call)
            if tokens is None:
                tokens = self._tokens[call] = CallTokens(
                    spec, lambda seconds: self._fetch(call, spec, seconds), self._monotonic
                )
        ready.token = tokens.token(within)
        with self._lock:
            self._vault.keep(ready.token)
        if spec.send_as == "query":
            ready.query[str(spec.name)] = ready.token
        elif spec.send_as == "header":
            self._carry(ready, str(spec.name), ready.token)
        else:
            self._carry(ready, "Authorization", f"Bearer {ready.token}")

    @staticmethod
    def _carry(ready: _Ready, header: str, value: str) -> None:
        ready.headers[header] = value
        ready.secret.add(header.lower())

    def _fetch(self, call: str, spec: TokenCall, seconds: float) -> tuple[int, bytes]:
        """Ask for a token; the status and body of the answer."""
        parameters = self._texts(f"{call}.token", spec.body)
        if spec.body_type == "json":
            kind, body = "application/json", orjson.dumps(parameters)
        else:
            kind, body = "application/x-www-form-urlencoded", str(httpx.QueryParams(parameters)).encode()
        request = OutgoingCall(f"{call}.token", spec.method, spec.url, {}, {}, None)
        own = {} if spec.method == "GET" else {"Content-Type": kind}
        ready = _Ready(
            self._reveal(spec.url, f"{call}.token.url"),
            {**own, **self._texts(f"{call}.token", spec.headers)},
            {},
            {name.lower() for name in spec.headers},
            exposed=True,
            secret_body=True,
        )
        return self._exchange(request._replace(body=body if spec.method == "POST" else None), ready, seconds)

    # --- the wire -----------------------------------------------------------------------------------------

    def _exchange(self, call: OutgoingCall, ready: _Ready, seconds: float) -> tuple[int, bytes]:
        """Send a request and read its answer, within ``seconds`` altogether."""
        until = self._monotonic() + seconds
        parts = split_url(ready.url, f"{call.name}: expected an address that begins with http:// or https://")
        client = self._client(local=is_loopback(parts.hostname or ""))
        url = httpx.URL(ready.url)
        if ready.query:
            url = url.copy_merge_params(ready.query)
        request = client.build_request(
            call.method,
            url,
            headers=ready.headers,
            content=call.body,
            timeout=seconds,
            extensions={_ABOUT_CALL: (ready, url)},
        )
        response = client.send(request, stream=True, follow_redirects=call.follow)
        try:
            raw = bytearray()
            for piece in response.iter_bytes():
                raw += piece
                if len(raw) > _MOST_BYTES:
                    raise ValueError("the answer is longer than 1 MB")
                if self._monotonic() > until:
                    break
            if self._monotonic() > until:  # the library counts each way and each read by itself
                raise httpx.ReadTimeout("too slow", request=request)
            return response.status_code, bytes(raw)
        finally:
            response.close()

    def _client(self, *, local: bool) -> httpx.Client:
        """One for this machine, which no proxy can reach, and one for all others."""
        with self._lock:
            client = self._clients.get(local)
            if client is None:
                nothing_kept = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
                client = self._clients[local] = httpx.Client(
                    verify=ssl.create_default_context(cafile=certificates()),
                    trust_env=not local,
                    cookies=nothing_kept,
                    limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
                    event_hooks={"request": [self._look_at]},
                    headers={"User-Agent": "journeysim"},
                )
            return client

    def _look_at(self, request: httpx.Request) -> None:
        """Before anything leaves, on the first way and after each redirect."""
        about = request.extensions.get(_ABOUT_CALL)
        host = request.url.host
        if not host_allowed(host, self._allowed):
            raise _NotAllowedError(
                f"{host} is not this machine, and nothing says that it may be called "
                f"(`allow_hosts`, --allow-host {host})"
            )
        if about is None:
            return
        ready, first = about
        if (request.url.scheme, host, request.url.port) != (first.scheme, first.host, first.port):
            if ready.secret_body and request.method != "GET":
                raise _NotAllowedError(
                    "the request for a token was sent on to another place, which gets no secrets"
                )
            for name in ready.secret:  # they are for the first host only
                request.headers.pop(name, None)
        elif ready.exposed and request.url.scheme != "https" and not is_loopback(host):
            raise _NotAllowedError(f"secrets would go to {host} without encryption; use https://")


def host_of(url: Reference) -> str | None:
    """The host that a call goes to, as far as it is known before; None if an expression decides, or a secret."""
    if not url.literal or url.text.startswith("="):
        return None
    return urlsplit(url.text).hostname


def _is_secret(text: Text) -> bool:
    return isinstance(text, Reference)


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return None

"""Calls of the platform's APIs: with a token, tried again where that is right, and free of secrets when they fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx
import orjson

from simulator.core.errors import DeliveryError, UsageError
from simulator.provision.plan import PlatformAccess
from simulator.scenario.references import Reference, UnresolvedError

Json = Any

_TRIES = 4
_TRY_AGAIN = (429, 500, 502, 503, 504)
_LONGEST_WAIT_S = 60.0
_SHORTEST_SECRET = 4


class PlatformError(DeliveryError):
    """The platform was not reached or refused a call; ``status`` is 0 when nothing was answered."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def part_of(answer: Json, name: str) -> Json:
    """A member of an answer; PlatformError for an answer that lacks it."""
    if not isinstance(answer, dict) or name not in answer:
        raise PlatformError(f"the answer has no `{name}`, which the platform should give here")
    return answer[name]


class Access(Protocol):
    """How calls are made, or shown."""

    def call(
        self, method: str, path: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        """The decoded answer (None for an empty one); raises ``PlatformError`` for anything but success."""

    def send(self, url: str, messages: list[Json], authenticated: bool) -> list[str]:
        """Send messages to an inlet; why some were refused."""


class HttpAccess:
    """Calls over HTTP, as a context manager."""

    def __init__(self, access: PlatformAccess, sleep: Callable[[float], None] = time.sleep) -> None:
        self._access = access
        self._sleep = sleep
        self._secrets: list[str] = []
        client_id = self._reveal(access.client_id, "platform.client_id", secret=False)
        self._client_secret = self._reveal(access.client_secret, "platform.client_secret", secret=True)
        self._client_id = client_id
        self._token = ""
        verify: Any = True if access.ca_file is None else _trusting(str(access.ca_file))
        # A proxy has no business between this machine and itself.
        direct = dict.fromkeys(("all://127.0.0.1", "all://localhost", "all://[::1]"))
        self._http = httpx.Client(timeout=access.timeout, verify=verify, mounts=direct)

    def __enter__(self) -> HttpAccess:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(
        self, method: str, path: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        answer = self._request(method, self._access.url + path, body, headers or {}, authorized=True)
        if answer.status_code == 401 and self._token:  # the token may have ended: once with a new one
            self._token = ""
            answer = self._request(method, self._access.url + path, body, headers or {}, authorized=True)
        return self._decoded(answer, f"{method} {path}")

    def send(self, url: str, messages: list[Json], authenticated: bool) -> list[str]:
        address = url.replace("/collection/", "/collection/batch/")
        answer = self._request("POST", address, {"messages": messages}, {}, authorized=authenticated)
        document = self._decoded(answer, "POST to the inlet")
        responses = document.get("responses", []) if isinstance(document, dict) else []
        refused = [one for one in responses if int(one.get("status") or one.get("statusCode") or 200) >= 400]
        return [self._hidden(str(one.get("message", "refused"))) for one in refused]

    # --- one request ----------------------------------------------------------------------------------------

    def _request(
        self, method: str, url: str, body: Json, headers: Mapping[str, str], *, authorized: bool
    ) -> httpx.Response:
        given = dict(headers)
        if authorized:
            given |= {
                "Authorization": f"Bearer {self._bearer()}",
                "x-api-key": self._client_id,
                "x-gw-ims-org-id": self._access.organization,
                "x-sandbox-name": self._access.sandbox,
            }
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            given.setdefault("Content-Type", "application/json")
        return self._tried(lambda: self._http.request(method, url, content=content, headers=given), url)

    def _tried(self, request: Callable[[], httpx.Response], url: str) -> httpx.Response:
        """Make a request, again after answers that allow it; a create may then be found made already."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                answer = request()
            except httpx.HTTPError as error:
                if last or not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    reason = self._hidden(str(error) or type(error).__name__)
                    raise PlatformError(f"{_shown(url)} was not reached: {reason}") from None
                answer = None
            if answer is not None and (answer.status_code not in _TRY_AGAIN or last):
                return answer
            self._sleep(_wait_s(answer, attempt))
        raise AssertionError("unreachable")

    def _bearer(self) -> str:
        if not self._token:
            form = {
                "client_id": self._client_id,
                "client_secret": self._client_secret,
                "grant_type": "client_credentials",
                "scope": ",".join(self._access.scopes),
            }
            url = self._access.token_url
            answer = self._tried(lambda: self._http.post(url, data=form), url)
            document = self._decoded(answer, "the token request")
            token = document.get("access_token") if isinstance(document, dict) else None
            if not isinstance(token, str) or not token:
                raise PlatformError(f"{_shown(url)} answered without a token")
            self._token = token
            self._secrets.append(token)
        return self._token

    def _decoded(self, answer: httpx.Response, what: str) -> Json:
        if answer.is_success:
            if not answer.content:
                return None
            try:
                return orjson.loads(answer.content)
            except orjson.JSONDecodeError:
                raise PlatformError(f"{what}: the answer is not JSON", answer.status_code) from None
        raise PlatformError(
            f"{what}: {answer.status_code}: {self._hidden(_said(answer))}", answer.status_code
        )

    # --- secrets --------------------------------------------------------------------------------------------

    def _reveal(self, reference: Reference, field: str, *, secret: bool) -> str:
        try:
            value, found = reference.resolve()
        except UnresolvedError as error:
            raise UsageError(f"{field}: {error}") from None
        if secret:
            self._secrets += found
        return value

    def _hidden(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "***")
        return text


def _trusting(ca_file: str) -> Any:
    import ssl

    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise UsageError(f"platform.ca_file: {ca_file}: {error.strerror or error}") from None


def _wait_s(answer: httpx.Response | None, attempt: int) -> float:
    named = answer.headers.get("retry-after", "") if answer is not None else ""
    seconds = float(named) if named.isdecimal() and named.isascii() else 2.0**attempt
    return min(seconds, _LONGEST_WAIT_S)


def _said(answer: httpx.Response) -> str:
    """What an answer says went wrong, in whichever of the platform's forms."""
    try:
        document = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return answer.text[:300] or answer.reason_phrase
    if isinstance(document, dict):
        report = document.get("report")
        inner = report.get("message") if isinstance(report, dict) else None
        for text in (
            document.get("detail"),
            document.get("error_description"),
            document.get("message"),
            inner,
        ):
            if isinstance(text, str) and text:
                return text[:500]
    return answer.text[:300]


def _shown(url: str) -> str:
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.netloc.decode()}"

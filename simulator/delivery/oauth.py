"""Access tokens for servers: fetched, kept, renewed before they expire (ingestion.md 3.1)."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from simulator.core.errors import DeliveryError
from simulator.delivery.addresses import is_loopback
from simulator.delivery.curl import certificates
from simulator.delivery.secrets import Vault
from simulator.scenario.models import ServerCredentials

# The token service may throttle those who ask more often than they need (ingestion.md 3.1).
_RENEW_BEFORE = 60.0  # seconds before the token expires, as the platform's own Kafka connector does (5.2)
_RENEW_SHARE = 0.1  # of a short life
_PAUSE_AFTER_FAILURE = 5.0
_LONGEST_REASON = 200


class TokenError(DeliveryError):
    """No token could be had; the message names the host, never what was sent.

    ``refused`` says that the service was there and doesn't accept the credentials.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a token is asked for with."""

    token_url: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Credentials({self.token_url}, {self.client_id})"

    @classmethod
    def of(cls, spec: ServerCredentials, vault: Vault, field: str) -> Credentials:
        """Read the secrets that ``spec`` refers to; raises ``UsageError`` naming ``field`` if one isn't there."""
        return cls(
            spec.token_url,
            vault.reveal(spec.client_id, f"{field}.client_id"),
            vault.reveal(spec.client_secret, f"{field}.client_secret"),
            spec.scopes,
        )


class Tokens(Protocol):
    """Where a sender gets its token from."""

    def token(self) -> str:
        """The token to use now. Raises :class:`TokenError` if there is none and none can be had."""

    def refused(self, token: str) -> None:
        """The other side doesn't want ``token``."""


class TokenSource:
    """One token for all requests of a destination; thread-safe.

    ``token`` gives the present one and renews it in time. A renewal that fails is no matter while the present
    token holds; it is tried again ``5 s`` later.
    """

    def __init__(
        self,
        credentials: Credentials,
        vault: Vault,
        *,
        timeout: float,
        ca_file: Path | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._credentials = credentials
        self._vault = vault
        self._timeout = timeout
        self._ca_file = ca_file
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._expires_at = 0.0
        self._not_before = 0.0
        self._failure = ""
        self.fetches = 0

    def token(self) -> str:
        """The token to use now. Raises :class:`TokenError` if there is none and none can be had."""
        with self._lock:
            now = self._monotonic()
            if self._token and now < self._renew_at:
                return self._token
            if now < self._not_before:
                if self._token and now < self._expires_at:
                    return self._token
                raise TokenError(self._failure)
            try:
                self._fetch(now)
            except TokenError as error:
                self._failure = str(error)
                self._not_before = self._monotonic() + _PAUSE_AFTER_FAILURE
                if not self._token or now >= self._expires_at:
                    raise
            return self._token

    def lease(self) -> tuple[str, float]:
        """The token to use now, and until when (of the monotonic clock) there is no reason to ask again."""
        token = self.token()
        with self._lock:
            # Where a renewal failed, its next try is what to wait for.
            return token, max(self._renew_at, min(self._not_before, self._expires_at))

    def refused(self, token: str) -> None:
        """The other side doesn't want ``token``: get another one next time, unless that has happened already."""
        with self._lock:
            if token == self._token:
                self._token = ""

    def _fetch(self, now: float) -> None:
        credentials = self._credentials
        host = urlsplit(credentials.token_url).hostname or ""
        form = {
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "grant_type": "client_credentials",
            "scope": ",".join(credentials.scopes),
        }
        self.fetches += 1
        try:
            with httpx.Client(
                timeout=self._timeout, verify=_verification(self._ca_file), trust_env=not is_loopback(host)
            ) as client:
                answer = client.post(credentials.token_url, data=form)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            why = self._vault.hide(str(error) or type(error).__name__).lower()[:_LONGEST_REASON]
            raise TokenError(f"no access token from {host}: {why}") from None
        if answer.status_code != 200:
            raise TokenError(
                f"no access token from {host}: {answer.status_code}{self._said(answer)}",
                refused=400 <= answer.status_code < 500 and answer.status_code not in (408, 429),
            )
        try:
            document = answer.json()
            token, life = document["access_token"], float(document["expires_in"])
        except (ValueError, KeyError, TypeError):
            raise TokenError(f"no access token from {host}: the answer to the request isn't one") from None
        if not isinstance(token, str) or not token.isprintable() or not token:
            raise TokenError(f"no access token from {host}: the answer to the request isn't one")
        self._vault.keep(token)
        self._token = token
        self._expires_at = now + life
        self._renew_at = now + life - min(_RENEW_BEFORE, life * _RENEW_SHARE)

    def _said(self, answer: httpx.Response) -> str:
        """The error in words: OAuth 2 has ``error`` and ``error_description``; anything may come."""
        try:
            document = answer.json()
            text = str(document.get("error_description") or document.get("error") or "")
        except (ValueError, AttributeError):
            text = " ".join(answer.text.split())
        return f": {self._vault.hide(text)}"[:_LONGEST_REASON] if text else ""


def _verification(ca_file: Path | None) -> ssl.SSLContext:
    bundle = str(ca_file) if ca_file is not None else certificates()
    return ssl.create_default_context(cafile=bundle)

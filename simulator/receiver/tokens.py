"""Access tokens: handed out by the token endpoint, asked for by authenticated inlets and the platform's APIs.

A token is signed, not stored: it says when it ends, and nobody but this receiver can make one. A receiver that
keeps its store keeps the key with it, so tokens outlive a restart.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Literal

LIFE_S = 86_399  # ingestion.md 3.1

TokenState = Literal["good", "missing", "invalid", "expired"]


class Tokens:
    """Makes and checks tokens.

    ``key`` is a secret of 32 bytes. ``client_secret`` is what clients of the token endpoint must know; None takes
    any. ``accepted`` are further tokens that are good as they are.
    """

    def __init__(
        self, key: bytes, *, client_secret: str | None = None, accepted: frozenset[str] = frozenset()
    ) -> None:
        self._key = key
        self._client_secret = client_secret
        self._accepted = accepted

    def knows(self, client_secret: str) -> bool:
        """Whether a client with this secret gets a token."""
        expected = self._client_secret
        return expected is None or hmac.compare_digest(client_secret.encode(), expected.encode())

    def issue(self, now_ms: int, life_s: int = LIFE_S) -> str:
        """A token that ends ``life_s`` seconds from now."""
        payload = (now_ms // 1000 + life_s).to_bytes(6, "big")
        return urlsafe_b64encode(payload + self._sign(payload)).decode().rstrip("=")

    def state(self, token: str, now_ms: int) -> TokenState:
        """What is to be said of ``token``."""
        if not token:
            return "missing"
        if any(hmac.compare_digest(token.encode(), known.encode()) for known in self._accepted):
            return "good"
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return "invalid"
        payload, signature = raw[:6], raw[6:]
        if not hmac.compare_digest(signature, self._sign(payload)):
            return "invalid"
        return "good" if int.from_bytes(payload, "big") * 1000 > now_ms else "expired"

    def check(self, headers: Mapping[bytes, bytes], now_ms: int) -> TokenState:
        """:meth:`state` of the bearer token of a request."""
        value = headers.get(b"authorization", b"").decode("latin-1")
        scheme, _, token = value.partition(" ")
        if not value:
            return "missing"
        return self.state(token.strip(), now_ms) if scheme.lower() == "bearer" else "invalid"

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, hashlib.sha256)

"""What destinations over HTTP have in common: settings, a thread that sends, and its way to the event loop."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from simulator.core.errors import UsageError
from simulator.delivery.base import Batch, DeliveryStats, Receipt
from simulator.delivery.limits import RateCap
from simulator.delivery.oauth import Credentials, TokenError, Tokens, TokenSource
from simulator.delivery.secrets import Vault
from simulator.delivery.sending_thread import SendingThread, resolve
from simulator.scenario.models import ServerCredentials


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How to talk to any endpoint over HTTP, field by field as in a scenario; durations in seconds.

    ``cap`` holds the rate below a service's limit. ``field`` is how messages call the destination. Destinations that
    share ``tokens`` (and the vault) use one token for the same credentials.
    """

    connections: int = 16
    timeout: float = 10.0
    give_up_after: float = 30.0
    authentication: ServerCredentials | None = None
    ca_file: Path | None = None
    cap: RateCap | None = None
    field: str = "destination"
    tokens: dict[Credentials, Tokens] = dataclasses.field(default_factory=dict)


class OverHttp(ABC):
    """A destination that sends in a thread of its own; the event loop only waits for it."""

    pipelined = True

    def __init__(
        self, url: str, settings: HttpSettings, *, vault: Vault | None, monotonic: Callable[[], float]
    ) -> None:
        """``url`` is where requests go; its query is never shown."""
        self.url = url
        self.description = url.partition("?")[0]
        self.stats = DeliveryStats()
        self.vault = vault or Vault()
        self.common = settings
        self.monotonic = monotonic
        self._thread: threading.Thread | None = None
        self._sender: SendingThread | None = None

    @abstractmethod
    def make_sender(self, tokens: Tokens | None) -> SendingThread:
        """What sends; made when the destination is opened, because secrets may be in it."""

    async def open(self) -> None:
        """Read the secrets, get a token, start the thread; connections are made when they are needed."""
        tokens = await asyncio.to_thread(self.open_tokens)
        self._sender = self.make_sender(tokens)
        self._thread = threading.Thread(target=self._sender.run, name="http", daemon=True)
        self._thread.start()

    def open_tokens(self) -> Tokens | None:
        """Where tokens come from, with a first one if the service is there; None without ``authentication``.

        Raises ``UsageError`` for secrets that aren't there and for credentials that are not accepted.
        """
        settings = self.common
        if settings.authentication is None:
            return None
        field = f"{settings.field}.authentication"
        credentials = Credentials.of(settings.authentication, self.vault, field)
        with suppress(KeyError):
            return settings.tokens[credentials]
        tokens = settings.tokens[credentials] = TokenSource(
            credentials,
            self.vault,
            timeout=settings.timeout,
            ca_file=settings.ca_file,
            monotonic=self.monotonic,
        )
        try:
            tokens.token()
        except TokenError as error:
            if error.refused:
                raise UsageError(f"{field}: {error}") from None
        return tokens

    async def send(self, batch: Batch) -> Receipt:
        """Send the batch. A call that is cancelled still finishes its requests in flight before it ends."""
        if self._sender is None:
            raise RuntimeError("send() without open()")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()

        def done(result: Receipt | BaseException) -> None:
            loop.call_soon_threadsafe(resolve, answer, result)

        self._sender.submit(batch, done)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            self.interrupt()
            await answer
            raise

    def interrupt(self) -> None:
        """Start no more requests: those in flight are finished, all others stay pending. From any thread."""
        if self._sender is not None:
            self._sender.stop()

    async def close(self) -> None:
        """Drop the connections and end the thread."""
        if self._thread is not None and self._sender is not None:
            self._sender.close()
            await asyncio.to_thread(self._thread.join)
            self._thread = self._sender = None

"""Endpoints over HTTP as destinations: a streaming inlet, and any other that takes events.

A thread of its own sends each batch from first to last (``sending.py``); the event loop only waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from simulator.core.errors import UsageError
from simulator.delivery.addresses import split_url, without_query
from simulator.delivery.base import Batch, DeliveryStats, Receipt
from simulator.delivery.curl import Pool
from simulator.delivery.envelope import Envelope, MessageHeader, inlet_urls
from simulator.delivery.formats import Format, InletFormat
from simulator.delivery.limits import RateCap
from simulator.delivery.oauth import Credentials, TokenError, TokenSource
from simulator.delivery.secrets import Vault
from simulator.delivery.sending import Sender
from simulator.delivery.template import TemplateFormat
from simulator.scenario.models import Authentication
from simulator.scenario.references import Reference


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How to talk to any endpoint over HTTP, field by field as in a scenario; durations in seconds.

    ``cap`` holds the rate below a service's limit. ``field`` is how messages call the destination.
    """

    connections: int = 16
    timeout: float = 10.0
    give_up_after: float = 30.0
    authentication: Authentication | None = None
    ca_file: Path | None = None
    cap: RateCap | None = None
    field: str = "destination"


@dataclass(frozen=True, slots=True)
class InletSettings(HttpSettings):
    """How to talk to an inlet. ``header`` is None for raw events, which need ``flow_id`` instead."""

    header: MessageHeader | None = None
    batch_size: int = 1
    sync_validation: bool = False
    gzip: bool = False
    flow_id: str | None = None
    sandbox: str | None = None


class _OverHttp:
    """What destinations over HTTP have in common; they say what a request looks like."""

    def __init__(
        self, url: str, settings: HttpSettings, *, vault: Vault | None, monotonic: Callable[[], float]
    ) -> None:
        self._url = url
        self.description = url.partition("?")[0]
        self.stats = DeliveryStats()
        self._vault = vault or Vault()
        self._common = settings
        self._monotonic = monotonic
        self._thread: ThreadPoolExecutor | None = None
        self._sender: Sender | None = None

    def _format(self) -> Format:
        """Made when the destination is opened, because secrets may be in it."""
        raise NotImplementedError

    _method = "POST"
    _sync = False

    async def open(self) -> None:
        """Read the secrets, get a token, prepare the thread; connections are made when they are needed."""
        common = self._common
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="http")
        tokens = await asyncio.get_running_loop().run_in_executor(self._thread, self._tokens)
        format = self._format()
        self._sender = Sender(
            self._url,
            Pool(
                common.connections,
                common.timeout,
                format.headers,
                method=self._method,
                ca_file=common.ca_file,
            ),
            format,
            self.stats,
            sync_validation=self._sync,
            give_up_after=common.give_up_after,
            monotonic=self._monotonic,
            tokens=tokens,
            cap=common.cap,
            hide=self._vault.hide,
        )

    def _tokens(self) -> TokenSource | None:
        return open_tokens(self._common, self._vault, self._monotonic)

    async def send(self, batch: Batch) -> Receipt:
        """Send the batch. A call that is cancelled still finishes its requests in flight before it ends."""
        if self._thread is None or self._sender is None:
            raise RuntimeError("send() without open()")
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._sender.run, batch)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self.interrupt()
            await work
            raise

    def interrupt(self) -> None:
        """Start no more requests: those in flight are finished, all others stay pending. From any thread."""
        if self._sender is not None:
            self._sender.stop()

    async def close(self) -> None:
        """Drop the connections and end the thread."""
        if self._thread is not None:
            if self._sender is not None:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._sender.close)
            self._thread.shutdown()
            self._thread = self._sender = None


class InletDestination(_OverHttp):
    """``http(s)://HOST/collection/INLET``: single messages, or batches if ``batch_size`` is 2 or more.

    Synchronous validation is for single messages only (ingestion.md 1.1) and left out of batches.
    """

    def __init__(
        self,
        url: str,
        settings: InletSettings,
        *,
        vault: Vault | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        single, batch = inlet_urls(url)
        chosen = batch if settings.batch_size > 1 else single
        super().__init__(chosen, settings, vault=vault, monotonic=monotonic)
        self._settings = settings
        self._sync = settings.sync_validation and settings.batch_size == 1

    def _format(self) -> Format:
        settings = self._settings
        return InletFormat(
            Envelope(settings.header),
            settings.batch_size,
            gzip=settings.gzip,
            flow_id=settings.flow_id if settings.header is None else None,
            sandbox=settings.sandbox,
        )


class HttpDestination(_OverHttp):
    """``http:URL``: any endpoint, with method, headers and the template of the body from the scenario."""

    def __init__(
        self,
        url: str,
        settings: HttpSettings,
        *,
        method: str = "POST",
        headers: Mapping[str, Reference] | None = None,
        body: str | None = None,
        batch_size: int = 1,
        vault: Vault | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ``UsageError`` for what is no address, and for a template that doesn't fit."""
        parts = split_url(url, "expected http:URL, such as http:https://api.example.com/events")
        super().__init__(parts.geturl(), settings, vault=vault, monotonic=monotonic)
        self.description = without_query(parts)
        self._method = method
        self._headers = headers or {}
        self._body = body
        self._batch_size = batch_size
        TemplateFormat(body, batch_size)

    def _format(self) -> Format:
        headers = []
        for name, reference in self._headers.items():
            field = f"{self._common.field}.request.headers.{name}"
            headers.append(f"{name}: {self._vault.reveal(reference, field)}")
        return TemplateFormat(self._body, self._batch_size, headers)


def open_tokens(
    settings: HttpSettings, vault: Vault, monotonic: Callable[[], float]
) -> TokenSource | None:
    """Where tokens come from, with a first one if the service is there; None without ``authentication``.

    Raises ``UsageError`` for secrets that aren't there and for credentials that are not accepted.
    """
    if settings.authentication is None:
        return None
    field = f"{settings.field}.authentication"
    tokens = TokenSource(
        Credentials.of(settings.authentication, vault, field),
        vault,
        timeout=settings.timeout,
        ca_file=settings.ca_file,
        monotonic=monotonic,
    )
    try:
        tokens.token()
    except TokenError as error:
        if error.refused:
            raise UsageError(f"{field}: {error}") from None
    return tokens

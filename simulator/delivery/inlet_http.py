"""Endpoints over HTTP as destinations: a streaming inlet, and any other that takes events."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.delivery.addresses import split_url, without_query
from simulator.delivery.envelope import Envelope, MessageHeader, inlet_urls
from simulator.delivery.formats import Format, InletFormat
from simulator.delivery.oauth import Tokens
from simulator.delivery.over_http import HttpSettings, OverHttp
from simulator.delivery.pools import make_pool
from simulator.delivery.secrets import Vault
from simulator.delivery.sending import Sender
from simulator.delivery.template import TemplateFormat
from simulator.scenario.references import Reference

HTTP_EXPECTED = "expected http:URL, such as http:https://api.example.com/events"


@dataclass(frozen=True, slots=True)
class InletSettings(HttpSettings):
    """How to talk to an inlet. ``header`` is None for raw events, which need ``flow_id`` instead."""

    header: MessageHeader | None = None
    batch_size: int = 1
    sync_validation: bool = False
    gzip: bool = False
    flow_id: str | None = None
    sandbox: str | None = None


class InletDestination(OverHttp):
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

    def make_sender(self, tokens: Tokens | None) -> Sender:
        """A sender of messages."""
        settings = self._settings
        format = InletFormat(
            Envelope(settings.header),
            settings.batch_size,
            gzip=settings.gzip,
            flow_id=settings.flow_id if settings.header is None else None,
            sandbox=settings.sandbox,
        )
        sync = settings.sync_validation and settings.batch_size == 1
        return _sender(self, format, tokens, sync_validation=sync)


class HttpDestination(OverHttp):
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
        parts = split_url(url, HTTP_EXPECTED)
        super().__init__(parts.geturl(), settings, vault=vault, monotonic=monotonic)
        self.description = f"http:{without_query(parts)}"
        self._method = method
        self._headers = headers or {}
        self._body = body
        self._batch_size = batch_size
        TemplateFormat(body, batch_size)

    def make_sender(self, tokens: Tokens | None) -> Sender:
        """A sender of what the template says."""
        headers = []
        for name, reference in self._headers.items():
            field = f"{self.common.field}.request.headers.{name}"
            headers.append(f"{name}: {self.vault.reveal(reference, field)}")
        format = TemplateFormat(self._body, self._batch_size, headers)
        return _sender(self, format, tokens, method=self._method)


def _sender(
    destination: OverHttp,
    format: Format,
    tokens: Tokens | None,
    *,
    method: str = "POST",
    sync_validation: bool = False,
) -> Sender:
    common = destination.common
    pool = make_pool(
        destination.url,
        common.connections,
        common.timeout,
        format.headers,
        method=method,
        ca_file=common.ca_file,
    )
    return Sender(
        destination.url,
        pool,
        format,
        destination.stats,
        sync_validation=sync_validation,
        give_up_after=common.give_up_after,
        monotonic=destination.monotonic,
        tokens=tokens,
        cap=common.cap,
        hide=destination.vault.hide_bytes,
    )

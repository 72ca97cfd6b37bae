"""The Edge Network as a destination: every phone sends its events one after the other, as the Mobile SDK does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, quote

from simulator.core.errors import UsageError
from simulator.delivery.addresses import split_url
from simulator.delivery.edge_lanes import LaneSender
from simulator.delivery.edge_requests import CollectFormat, interact_v1, interact_v2
from simulator.delivery.oauth import Tokens
from simulator.delivery.over_http import HttpSettings, OverHttp
from simulator.delivery.pools import make_pool
from simulator.delivery.secrets import Vault
from simulator.delivery.sending import Sender
from simulator.delivery.sending_thread import SendingThread
from simulator.sdk import EdgeEndpoint

EXPECTED = "expected edge:https://HOST?configId=DATASTREAM"
_PREFIX = "/ee"
_ID_NAMES = ("configid", "datastreamid")
_HEADERS = ("accept: application/json", "Content-Type: application/json")


@dataclass(frozen=True, slots=True)
class EdgeSettings(HttpSettings):
    """How to talk to the Edge Network; ``organization`` is named to hosts that ask for a token."""

    version: Literal["v1", "v2"] = "v1"
    batch_size: int = 1
    organization: str = ""


def parse_edge(to: str) -> EdgeEndpoint:
    """The endpoint that ``edge:https://HOST[/PREFIX]?configId=ID`` names; raises ``UsageError`` for what is none."""
    parts = split_url(to.removeprefix("edge:"), EXPECTED)
    ids = [value for name, value in parse_qsl(parts.query) if name.lower() in _ID_NAMES]
    if len(ids) != 1 or len(parse_qsl(parts.query)) != 1:
        shown = f"edge:{parts.scheme}://{parts.netloc}{parts.path}"
        what = "names no datastream" if not ids else "has more in it than one datastream"
        raise UsageError(f"{shown}: the address {what}; {EXPECTED}")
    return EdgeEndpoint(f"{parts.scheme}://{parts.netloc}", ids[0], parts.path.rstrip("/") or _PREFIX)


def shown_edge(endpoint: EdgeEndpoint) -> str:
    """An endpoint as `--to` takes it. The id of a datastream is no secret: every app carries it."""
    prefix = endpoint.prefix if endpoint.prefix != _PREFIX else ""
    return f"edge:{endpoint.base}{prefix}?configId={quote(endpoint.datastream_id)}"


class EdgeDestination(OverHttp):
    """``edge:URL?configId=ID``: requests of version 1 as phones make them, or of version 2 as servers do.

    With version 2 and a ``batch_size`` of 2 or more, events of all phones share requests to `collect`.
    """

    speaks_edge = True

    def __init__(
        self,
        to: str,
        settings: EdgeSettings,
        *,
        vault: Vault | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ``UsageError`` for a wrong address, and for batches of version 1, which has none."""
        self._endpoint = parse_edge(to)
        self._settings = settings
        url = f"{self._endpoint.base}{self._endpoint.prefix}/v2/collect"
        super().__init__(url, settings, vault=vault, monotonic=monotonic)
        self.description = self.vault.hide(shown_edge(self._endpoint))
        if settings.version == "v1" and settings.batch_size > 1:
            raise UsageError(
                "batch_size: the Mobile SDK sends every event in a request of its own; "
                "set it to 1, or edge.version to v2"
            )

    def make_sender(self, tokens: Tokens | None) -> SendingThread:
        """Lanes, one for each phone; for batches a sender as that of inlets."""
        settings = self._settings
        headers = list(_HEADERS)
        if settings.authentication is not None:
            client = self.vault.reveal(
                settings.authentication.client_id, f"{settings.field}.authentication.client_id"
            )
            headers += [f"x-api-key: {client}", f"x-gw-ims-org-id: {settings.organization}"]
        if settings.batch_size > 1:
            return self._collect(headers, tokens)
        pool = make_pool(self.url, settings.connections, settings.timeout, headers, ca_file=settings.ca_file)
        return LaneSender(
            self._endpoint,
            interact_v1 if settings.version == "v1" else interact_v2,
            pool,
            self.stats,
            give_up_after=settings.give_up_after,
            monotonic=self.monotonic,
            tokens=tokens,
            cap=settings.cap,
            hide=self.vault.hide_bytes,
        )

    def _collect(self, headers: list[str], tokens: Tokens | None) -> Sender:
        settings = self._settings
        pool = make_pool(self.url, settings.connections, settings.timeout, headers, ca_file=settings.ca_file)
        return Sender(
            f"{self.url}?datastreamId={self._endpoint.datastream_id}",
            pool,
            CollectFormat(settings.batch_size),
            self.stats,
            give_up_after=settings.give_up_after,
            monotonic=self.monotonic,
            tokens=tokens,
            cap=settings.cap,
            hide=self.vault.hide_bytes,
        )

"""Messages of the streaming inlet, built around events that are bytes already (ingestion.md 1.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlunsplit

import orjson

from simulator.core.errors import UsageError
from simulator.delivery.addresses import split_url, without_query

CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"
# "1 MB" may mean 10^6 or 2^20 bytes (ingestion.md 1.8): the smaller is safe with both.
MAX_REQUEST_BYTES = 1_000_000

_BATCH_OPEN = b'{"messages":['
_BATCH_CLOSE = b"]}"
_INLET_PATH = re.compile(r"(?P<base>.*/collection)(?P<batch>/batch)?/(?P<inlet>[^/]+)")


@dataclass(frozen=True, slots=True)
class MessageHeader:
    """What every message says about itself: members of ``header`` in ingestion.md 1.2."""

    organization: str
    schema_id: str
    dataset_id: str
    source_name: str
    flow_id: str | None = None


class Envelope:
    """The constant bytes before and after an event; ``overhead`` is their number. Raw events have none."""

    __slots__ = ("_prefix", "_suffix", "overhead")

    def __init__(self, header: MessageHeader | None) -> None:
        """``header`` is None for raw events, which go as they are (ingestion.md 1.3)."""
        if header is None:
            self._prefix = self._suffix = b""
            self.overhead = 0
            return
        schema = {"id": header.schema_id, "contentType": CONTENT_TYPE}
        top: dict[str, object] = {
            "schemaRef": schema,
            "imsOrgId": header.organization,
            "datasetId": header.dataset_id,
        }
        if header.flow_id is not None:
            top["flowId"] = header.flow_id
        top["source"] = {"name": header.source_name}
        message = {"header": top, "body": {"xdmMeta": {"schemaRef": schema}, "xdmEntity": None}}
        self._prefix = orjson.dumps(message).removesuffix(b"null}}")
        self._suffix = b"}}"
        self.overhead = len(self._prefix) + len(self._suffix)

    def single(self, event: bytes) -> bytes:
        """The body of a request with one message."""
        return self._prefix + event + self._suffix

    def batch(self, events: Sequence[bytes]) -> bytes:
        """The body of a request with several messages."""
        between = self._suffix + b"," + self._prefix
        return _BATCH_OPEN + self._prefix + between.join(events) + self._suffix + _BATCH_CLOSE

    def cut(self, bodies: Sequence[bytes], most: int) -> list[range]:
        """Divide a batch into requests of at most ``most`` events whose bodies stay under the size limit.

        An event too large for any request gets one of its own: the endpoint says what it thinks of it.
        """
        if most == 1:
            return [range(index, index + 1) for index in range(len(bodies))]
        room = MAX_REQUEST_BYTES - len(_BATCH_OPEN) - len(_BATCH_CLOSE) - 1
        pieces: list[range] = []
        start = size = 0
        for index, body in enumerate(bodies):
            needed = len(body) + self.overhead + 1  # and the comma
            if index > start and (index - start == most or size + needed > room):
                pieces.append(range(start, index))
                start, size = index, 0
            size += needed
        if start < len(bodies):
            pieces.append(range(start, len(bodies)))
        return pieces


def inlet_urls(url: str) -> tuple[str, str]:
    """The addresses for single messages and for batches, out of either of them.

    Raises ``UsageError`` for what is no inlet's address.
    """
    expected = "expected http(s)://HOST/collection/INLET"
    parts = split_url(url, expected)
    match = _INLET_PATH.fullmatch(parts.path)
    if match is None or match["inlet"] == "batch":
        raise UsageError(
            f"{without_query(parts)}: not the address of an inlet; {expected}, "
            "or http:URL for any other endpoint"
        )
    base, inlet = match["base"], match["inlet"]

    def with_path(path: str) -> str:
        return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))

    return with_path(f"{base}/{inlet}"), with_path(f"{base}/batch/{inlet}")

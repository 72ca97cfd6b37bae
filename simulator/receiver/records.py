"""What the receiver keeps of a message, and how it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.core.identifiers import derived_uuid


@dataclass(slots=True)
class AcceptedRecord:
    """An event that was accepted.

    Times are milliseconds since the epoch; ``timestamp_ms`` is the event's own and None when it has none that
    can be read. ``body`` is the event itself as JSON. ``sequence`` counts accepted records from 1 and is
    given by the store. ``identities`` are the ids of the identity map, whatever their namespace; they serve
    look-ups and are not filled in when a record is read back.
    """

    received_ms: int
    inlet: str
    xaction_id: str
    dataset: str
    event_id: str
    event_type: str
    timestamp_ms: int | None
    place: str | None
    body: bytes
    sequence: int = 0
    identities: tuple[str, ...] = ()


@dataclass(slots=True)
class FailedRecord:
    """A record that was received and found wrong afterwards (ingestion.md 1.7, asynchronous form).

    ``reason`` is one line for people; ``body`` is the original payload with ``_validationErrors`` or
    ``_errors`` added, as a failed batch of the platform holds it.
    """

    received_ms: int
    inlet: str
    xaction_id: str
    dataset: str
    reason: str
    body: bytes
    sequence: int = 0


BATCH_MS = 60_000
"""How much time a batch covers."""


@dataclass(frozen=True, slots=True)
class FailedBatch:
    """Failed records of one dataset that came in the same minute: the platform keeps streamed data as batches.

    ``start_ms`` is the beginning of the minute, ``size`` the bytes of its records.
    """

    dataset: str
    start_ms: int
    records: int
    size: int

    @property
    def id(self) -> str:
        """32 hexadecimal digits that name dataset and minute."""
        return derived_uuid("failed batch", self.dataset, self.start_ms).replace("-", "")


@dataclass(frozen=True, slots=True)
class Query:
    """Which accepted records are wanted; None means any.

    ``identity`` matches an id in any namespace, ``from_ms`` (inclusive) and ``to_ms`` (exclusive) bound the
    event's own timestamp.
    """

    event_type: str | None = None
    identity: str | None = None
    place: str | None = None
    inlet: str | None = None
    dataset: str | None = None
    event_id: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records there are; ``duplicates`` are accepted ones whose dataset and ``_id`` came before."""

    accepted: int
    failed: int
    duplicates: int

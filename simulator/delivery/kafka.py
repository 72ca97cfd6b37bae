"""A Kafka topic as a destination, through librdkafka (extra ``kafka``).

Each event is one record: its value is the message that the platform's sink connector passes on unchanged
(ingestion.md 5.1), its key the sender's identity, so that a sender's events stay in one partition, in order.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simulator.core.errors import UsageError
from simulator.delivery.base import Batch, DeliveryStats, Fate, Receipt
from simulator.delivery.envelope import Envelope, MessageHeader
from simulator.delivery.identity import identity_of
from simulator.delivery.secrets import Vault
from simulator.scenario.references import Reference

EXPECTED = "expected kafka:BROKER[:PORT][,BROKER...]/TOPIC"
DEFAULT_PORT = 9092
_BROKER = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\[\]:/@\s,]+)(?::(?P<port>[0-9]{1,5}))?")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
# Settings that the delivery itself depends on.
_OURS = (
    "bootstrap.servers",
    "enable.idempotence",
    "acks",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "on_delivery",
)
# Errors that are about the record itself: a second try would end the same way.
_ABOUT_THE_RECORD = (
    "MSG_SIZE_TOO_LARGE",
    "INVALID_RECORD",
    "INVALID_MSG",
    "INVALID_MSG_SIZE",
    "INVALID_TIMESTAMP",
)
# Errors after which a record may be there all the same: those of this side, but for these, and few of the brokers'.
_NEVER_SENT = ("_PURGE_QUEUE", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION", "_QUEUE_FULL")
_PERHAPS_WRITTEN = ("REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS_AFTER_APPEND")
_POLL = 0.05  # seconds between looks at whether to stop
_INTERRUPTED = "the run was interrupted before it was delivered"


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How to talk to the brokers; ``header`` is None for raw events, durations are in seconds."""

    header: MessageHeader | None = None
    timeout: float = 10.0
    give_up_after: float = 30.0
    ca_file: Path | None = None
    settings: Mapping[str, Reference] = field(default_factory=dict)
    field: str = "destination"


def parse_kafka(to: str) -> tuple[str, str, list[str]]:
    """Brokers as librdkafka wants them, topic, and the brokers' hosts, out of ``kafka:BROKERS/TOPIC``.

    Raises ``UsageError`` for what is none.
    """
    brokers, slash, topic = to.removeprefix("kafka:").removeprefix("//").rpartition("/")
    if not slash or not topic:
        raise UsageError(f"{to}: no topic; {EXPECTED}")
    if not _TOPIC.fullmatch(topic) or topic in (".", ".."):
        raise UsageError(f"{topic!r}: not a topic; {EXPECTED}")
    addresses, hosts = [], []
    for broker in brokers.split(","):
        match = _BROKER.fullmatch(broker.strip())
        if match is None or not 0 < int(match["port"] or DEFAULT_PORT) < 65536:
            raise UsageError(f"{broker!r}: not a broker; {EXPECTED}")
        addresses.append(f"{match['host']}:{match['port'] or DEFAULT_PORT}")
        hosts.append(match["host"].strip("[]"))
    return ",".join(addresses), topic, hosts


class KafkaDestination:
    """``kafka:BROKERS/TOPIC``: an idempotent producer; an event is acknowledged when all replicas have it.

    Events that the brokers didn't confirm within ``give_up_after`` are pending.
    """

    def __init__(
        self,
        to: str,
        settings: KafkaSettings,
        *,
        vault: Vault | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ``UsageError`` for a wrong address or setting, or if the extra isn't installed."""
        self._brokers, self._topic, _ = parse_kafka(to)
        self.description = f"kafka:{self._brokers}/{self._topic}"
        self.stats = DeliveryStats()
        self._settings = settings
        self._vault = vault or Vault()
        self._envelope = Envelope(settings.header)
        self._monotonic = monotonic
        self._thread: ThreadPoolExecutor | None = None
        self._producer: Any = None
        self._stop = threading.Event()
        self._trouble: deque[str] = deque(maxlen=1)
        for name in settings.settings:
            if name in _OURS:
                raise UsageError(f"{settings.field}.kafka.settings: {name} is set by journeysim itself")
        _library()

    async def open(self) -> None:
        """Make the producer; raises ``UsageError`` for settings that librdkafka doesn't take."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka")
        self._producer = self._new_producer()

    def _new_producer(self) -> Any:
        settings = self._settings
        where = f"{settings.field}.kafka.settings"
        given = {
            name: self._vault.reveal(value, f"{where}.{name}") for name, value in settings.settings.items()
        }
        if settings.ca_file is not None:
            given.setdefault("ssl.ca.location", str(settings.ca_file))
        library = _library()
        try:
            return library.Producer(
                {
                    "client.id": "journeysim",
                    "linger.ms": 5,
                    "compression.type": "zstd",
                    # As Java's producers do it: records of one key meet in the partition where theirs are.
                    "partitioner": "murmur2_random",
                    "queue.buffering.max.messages": 200_000,
                    "socket.timeout.ms": max(1000, round(settings.timeout * 1000)),
                    **given,
                    "bootstrap.servers": self._brokers,
                    "enable.idempotence": True,
                    "message.timeout.ms": max(1000, round(settings.give_up_after * 1000)),
                    "error_cb": lambda error: self._trouble.append(error.str()),
                    "logger": _Silent(),
                }
            )
        except library.KafkaException as error:
            raise UsageError(f"{where}: {self._vault.hide(error.args[0].str())}") from None

    async def send(self, batch: Batch) -> Receipt:
        """Produce every event and wait for the brokers' word on each."""
        if self._thread is None or self._producer is None:
            raise RuntimeError("send() without open()")
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._send, batch)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self.interrupt()
            await work
            raise

    def interrupt(self) -> None:
        """Produce no more: what the brokers have not confirmed in time stays pending. From any thread."""
        self._stop.set()

    async def close(self) -> None:
        """Let go of the producer; nothing is left in it."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = self._producer = None

    # --- in the thread --------------------------------------------------------------------------------------

    def _send(self, batch: Batch) -> Receipt:
        stats = self.stats
        stats.requests += len(batch)
        receipt = Receipt.of(len(batch), Fate.PENDING)
        receipt.reasons.clear()
        left = [len(batch)]
        self._trouble.clear()

        def settled(index: int, error: Any) -> None:
            left[0] -= 1
            fate = Fate.ACKNOWLEDGED
            if error is not None:
                name = error.name()
                stats.statuses[name.strip("_").lower()] += 1
                fate = Fate.REJECTED if name in _ABOUT_THE_RECORD else Fate.PENDING
                receipt.reasons[index] = self._reason(error)
                if fate is Fate.PENDING and _may_have_arrived(name):
                    receipt.doubtful.add(index)
            receipt.fates[index] = fate
            if batch.on_settled is not None and fate is not Fate.PENDING:
                batch.on_settled((index,), fate)

        for index, body in enumerate(batch.bodies):
            if self._stop.is_set():
                unsent = range(index, len(batch))
                left[0] -= len(unsent)
                receipt.reasons.update(dict.fromkeys(unsent, _INTERRUPTED))
                break
            self._produce(index, body, settled)
        self._wait(self._producer, left)
        for index in np.flatnonzero(receipt.fates == Fate.PENDING).tolist():
            if index not in receipt.reasons:
                receipt.reasons[index] = f"{_INTERRUPTED}; it may have arrived"
                receipt.doubtful.add(index)
        stats.statuses["ok"] += int((receipt.fates == Fate.ACKNOWLEDGED).sum())
        return receipt

    def _produce(self, index: int, body: bytes, settled: Callable[[int, Any], None]) -> None:
        value = self._envelope.single(body)
        library = _library()
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    value,
                    key=identity_of(body) or None,
                    on_delivery=lambda error, _: settled(index, error),
                )
            except BufferError:  # the producer holds as much as it may
                self._producer.poll(_POLL)
            except library.KafkaException as error:  # too large for this client, or nothing more goes
                settled(index, error.args[0])
                return
            else:
                self.stats.bytes += len(value)
                if not index & 255:
                    self._producer.poll(0)
                return

    def _wait(self, producer: Any, left: list[int]) -> None:
        """Until every record has its word. After an interruption only as long as one answer may take."""
        until: float | None = None
        while left[0]:
            producer.poll(_POLL)
            if self._stop.is_set():
                now = self._monotonic()
                until = until or now + self._settings.timeout
                if now >= until:
                    producer.purge()
                    producer.flush(1.0)
                    return

    def _reason(self, error: Any) -> str:
        """Why a record was not confirmed, in words; the last trouble with the brokers says more than a time-out."""
        text = f"Kafka: {error.str()}"
        if error.name() == "_MSG_TIMED_OUT":
            text = f"Kafka: not confirmed within {max(1.0, self._settings.give_up_after):g} s; it may have arrived"
            if self._trouble:
                text += f" ({self._trouble[0]})"
        elif error.name().startswith("_PURGE"):
            text = f"{_INTERRUPTED}; it may have arrived" if "INFLIGHT" in error.name() else _INTERRUPTED
        return self._vault.hide(text)


def _may_have_arrived(name: str) -> bool:
    """Whether a record whose delivery ended with this error may have been written."""
    return name in _PERHAPS_WRITTEN or (name.startswith("_") and name not in _NEVER_SENT)


class _Silent:
    """librdkafka would write its log to standard error; what matters comes through the receipts."""

    def log(self, *_: object, **__: object) -> None:
        """Say nothing."""

    debug = info = warning = error = critical = exception = log


def _library() -> Any:
    try:
        import confluent_kafka
    except ImportError:
        raise UsageError(
            "sending to Kafka needs the extra `kafka`: pip install 'journeysim[kafka]'"
        ) from None
    return confluent_kafka

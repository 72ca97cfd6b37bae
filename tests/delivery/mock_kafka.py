"""librdkafka's own mock cluster: real sockets on the loopback and the real protocol, without a broker."""

from __future__ import annotations

import ctypes
import time
from collections import defaultdict
from types import TracebackType
from typing import Any

import confluent_kafka
from confluent_kafka import cimpl

_LIBRARY = ctypes.CDLL(cimpl.__file__)
_PRODUCER = 0
_TEXT = 512


def _function(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_LIBRARY, name)
    function.restype, function.argtypes = result, arguments
    return function


_pointer, _int, _text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
_conf_new = _function("rd_kafka_conf_new", _pointer)
_conf_set = _function("rd_kafka_conf_set", _int, _pointer, _text, _text, _text, ctypes.c_size_t)
_new = _function("rd_kafka_new", _pointer, _int, _pointer, _text, ctypes.c_size_t)
_destroy = _function("rd_kafka_destroy", None, _pointer)
_cluster_new = _function("rd_kafka_mock_cluster_new", _pointer, _pointer, _int)
_cluster_destroy = _function("rd_kafka_mock_cluster_destroy", None, _pointer)
_bootstraps = _function("rd_kafka_mock_cluster_bootstraps", _text, _pointer)
_topic_create = _function("rd_kafka_mock_topic_create", _int, _pointer, _text, _int, _int)
_set_down = _function("rd_kafka_mock_broker_set_down", _int, _pointer, _int)
_set_up = _function("rd_kafka_mock_broker_set_up", _int, _pointer, _int)
_set_leader = _function(
    "rd_kafka_mock_partition_set_leader", _int, _pointer, _text, ctypes.c_int32, ctypes.c_int32
)
_push_errors = _function(
    "rd_kafka_mock_push_request_errors_array", None, _pointer, ctypes.c_int16, ctypes.c_size_t, _pointer
)

PRODUCE = 0  # number of the request in the protocol


class MockCluster:
    """A cluster of ``brokers`` with one topic; a context manager."""

    def __init__(self, brokers: int = 3, *, topic: str = "events", partitions: int = 4) -> None:
        self.topic = topic
        self.partitions = partitions
        self.brokers = brokers
        text = ctypes.create_string_buffer(_TEXT)
        conf = _conf_new()
        assert _conf_set(conf, b"log_level", b"0", ctypes.cast(text, _text), _TEXT) == 0
        self._client = _new(_PRODUCER, conf, ctypes.cast(text, _text), _TEXT)
        assert self._client, text.value
        self._cluster = _cluster_new(self._client, brokers)
        assert self._cluster
        assert _topic_create(self._cluster, topic.encode(), partitions, min(brokers, 3)) == 0

    @property
    def addresses(self) -> str:
        return str(_bootstraps(self._cluster).decode())

    @property
    def url(self) -> str:
        return f"kafka:{self.addresses}/{self.topic}"

    def lose(self, broker: int) -> None:
        """Broker ``broker``, counted from 1, is gone: its connections end and no new ones are taken."""
        assert _set_down(self._cluster, broker) == 0

    def lead(self, broker: int) -> None:
        """Broker ``broker`` now leads all partitions, as the others of a real cluster would agree."""
        for number in range(self.partitions):
            assert _set_leader(self._cluster, self.topic.encode(), number, broker) == 0

    def find(self, broker: int) -> None:
        """It is back."""
        assert _set_up(self._cluster, broker) == 0

    def fail_produce(self, *errors: int) -> None:
        """The next produce requests are answered with these error codes."""
        codes = (ctypes.c_int * len(errors))(*errors)
        _push_errors(self._cluster, PRODUCE, len(errors), ctypes.cast(codes, _pointer))

    def records(self, count: int, seconds: float = 20.0) -> dict[int, list[tuple[bytes | None, bytes]]]:
        """(key, value) of all records by partition in their order, once there are ``count`` and no more come."""
        consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": self.addresses,
                "group.id": f"reader-{time.monotonic_ns()}",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        consumer.assign(
            [confluent_kafka.TopicPartition(self.topic, number, 0) for number in range(self.partitions)]
        )
        found: dict[int, list[tuple[bytes | None, bytes]]] = defaultdict(list)
        total = 0
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                message = consumer.poll(0.3 if total >= count else 1.0)
                if message is None:
                    if total >= count:
                        break
                    continue
                assert message.error() is None, message.error()
                found[message.partition()].append((message.key(), message.value()))
                total += 1
        finally:
            consumer.close()
        return dict(found)

    def __enter__(self) -> MockCluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _cluster_destroy(self._cluster)
        _destroy(self._client)

"""Where events go, behind one seam: ``open``, ``send(batch)``, ``close``.

``make_destination`` turns a scenario's ``destination`` into a streaming inlet over HTTP, a file or standard
output; each says what became of every event (``Receipt``). ``UndeliveredWriter`` keeps what could not be
delivered and ``read_events`` reads such files back. Start at ``base.py``.
"""

from simulator.delivery.addresses import host_allowed, is_loopback
from simulator.delivery.base import (
    Batch,
    Bulk,
    DeliveryStats,
    Destination,
    Fate,
    Indices,
    InProcesses,
    Pipelined,
    Receipt,
)
from simulator.delivery.calls import Caller, OutgoingCall, Reply, host_of
from simulator.delivery.edge import EdgeDestination, EdgeSettings
from simulator.delivery.envelope import MessageHeader
from simulator.delivery.fan_out import FanOut, Member, combined
from simulator.delivery.files import FileDestination, StandardOutput
from simulator.delivery.inlet_http import HttpDestination, InletDestination, InletSettings
from simulator.delivery.kafka import KafkaDestination, KafkaSettings
from simulator.delivery.over_http import HttpSettings
from simulator.delivery.parquet import ParquetDestination
from simulator.delivery.parse import RECEIVER, Target, make_destination, make_destinations, target_of
from simulator.delivery.reader import read_events
from simulator.delivery.rotation import RotatingFiles
from simulator.delivery.secrets import Vault
from simulator.delivery.undelivered import UndeliveredFiles, UndeliveredWriter

__all__ = [
    "RECEIVER",
    "Batch",
    "Bulk",
    "Caller",
    "DeliveryStats",
    "Destination",
    "EdgeDestination",
    "EdgeSettings",
    "FanOut",
    "Fate",
    "FileDestination",
    "HttpDestination",
    "HttpSettings",
    "InProcesses",
    "Indices",
    "InletDestination",
    "InletSettings",
    "KafkaDestination",
    "KafkaSettings",
    "Member",
    "MessageHeader",
    "OutgoingCall",
    "ParquetDestination",
    "Pipelined",
    "Receipt",
    "Reply",
    "RotatingFiles",
    "StandardOutput",
    "Target",
    "UndeliveredFiles",
    "UndeliveredWriter",
    "Vault",
    "combined",
    "host_allowed",
    "host_of",
    "is_loopback",
    "make_destination",
    "make_destinations",
    "read_events",
    "target_of",
]

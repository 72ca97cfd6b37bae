"""Where events go, behind one seam: ``open``, ``send(batch)``, ``close``.

``make_destination`` turns a scenario's ``destination`` into a streaming inlet over HTTP, a file or standard
output; each says what became of every event (``Receipt``). ``UndeliveredWriter`` keeps what could not be
delivered and ``read_events`` reads such files back. Start at ``base.py``.
"""

from simulator.delivery.base import Batch, DeliveryStats, Destination, Fate, Pipelined, Receipt
from simulator.delivery.envelope import MessageHeader
from simulator.delivery.files import FileDestination, StandardOutput
from simulator.delivery.inlet_http import InletDestination, InletSettings
from simulator.delivery.parse import RECEIVER, make_destination
from simulator.delivery.reader import read_events
from simulator.delivery.undelivered import UndeliveredWriter

__all__ = [
    "RECEIVER",
    "Batch",
    "DeliveryStats",
    "Destination",
    "Fate",
    "FileDestination",
    "InletDestination",
    "InletSettings",
    "MessageHeader",
    "Pipelined",
    "Receipt",
    "StandardOutput",
    "UndeliveredWriter",
    "make_destination",
    "read_events",
]

"""The embedded stand-in for the platform: a streaming inlet over HTTP that validates, remembers and shows.

``Receiver`` joins an ``EventStore`` with a validator; ``create_app`` makes it an ASGI application, ``serve``
and ``ServerThread`` put it on a socket, and its ``Inlet`` can be used without HTTP. Start at ``receiver.py``.
"""

from simulator.receiver.answers import Answer
from simulator.receiver.app import create_app
from simulator.receiver.datasets import Datasets
from simulator.receiver.edge.options import EdgeOptions
from simulator.receiver.export import write_export
from simulator.receiver.faults.models import Fault, Faults
from simulator.receiver.faults.reading import load_faults
from simulator.receiver.inlet import Inlet
from simulator.receiver.inlet_spec import Flow, InletSpec
from simulator.receiver.journey_rows import JourneyEvaluation, JourneyRow, JourneyRows
from simulator.receiver.options import InletOptions, parse_options
from simulator.receiver.receiver import Receiver
from simulator.receiver.records import AcceptedRecord, Counts, FailedRecord, Query
from simulator.receiver.schema_file import load_schema
from simulator.receiver.server import ServerThread, Tls, serve
from simulator.receiver.store import EventStore
from simulator.receiver.tokens import Tokens
from simulator.receiver.validation import AcceptAll, Validator

__all__ = [
    "AcceptAll",
    "AcceptedRecord",
    "Answer",
    "Counts",
    "Datasets",
    "EdgeOptions",
    "EventStore",
    "FailedRecord",
    "Fault",
    "Faults",
    "Flow",
    "Inlet",
    "InletOptions",
    "InletSpec",
    "JourneyEvaluation",
    "JourneyRow",
    "JourneyRows",
    "Query",
    "Receiver",
    "ServerThread",
    "Tls",
    "Tokens",
    "Validator",
    "create_app",
    "load_faults",
    "load_schema",
    "parse_options",
    "serve",
    "write_export",
]

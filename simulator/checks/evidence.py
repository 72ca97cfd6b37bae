"""Everything on record of a run that expectations about people are judged by.

The ledger has the crossings, ``journeys.ndjson`` what happened in journeys, ``received.ndjson`` the events
themselves. An export of step events of the real product can take the place of the second. ``calls.ndjson`` has what a
listener heard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from simulator.checks.happenings import Happening, NobodyKnown, People, read_happenings
from simulator.checks.heard import Heard, join_calls
from simulator.checks.record import RunRecord
from simulator.core.simtime import to_ms
from simulator.journeys import Plan
from simulator.ledger import Rows
from simulator.listener import CALLS_FILE

RECEIVED_FILE = "received.ndjson"


@dataclass
class Evidence:
    """The record of one run. ``end`` is how far it went, in virtual milliseconds.

    ``patience`` is added to deadlines, in virtual milliseconds. ``silent`` says that nobody tells what happened in
    journeys before their actions: somebody else evaluates them, and there is no export of step events.
    """

    record: RunRecord
    plan: Plan | None
    people: People
    happenings: Mapping[int, Sequence[Happening]]
    """What happened to each person, in the order of time; -1 are those whom nobody knows."""
    end: int
    actions_heard: Mapping[str, str] = field(default_factory=dict)
    """The actions that a listener stands for, each with what its calls become (empty: nothing)."""
    patience: int = 0
    silent: bool = False

    @cached_property
    def rows_of(self) -> Callable[[int], Rows]:
        """The crossings of a person in the order of time."""
        rows = self.record.ledger.rows
        order = np.lexsort((rows["crossed"], rows["person"]))
        sorted_rows = rows[order]
        people = np.ascontiguousarray(
            sorted_rows["person"]
        )  # a column of rows would be copied by each search

        def of(person: int) -> Rows:
            first, last = np.searchsorted(people, [person, person + 1])
            return sorted_rows[first:last]

        return of

    @cached_property
    def nobodys_calls(self) -> Counter[str]:
        """How many calls of each action came that don't say for whom."""
        return Counter(one.action for one in self.happenings.get(-1, ()) if one.kind == "arrived")

    @cached_property
    def size(self) -> int:
        """How many people the run has."""
        return sum(size for _, _, size in self.record.ledger.header["groups"])

    def name(self, person: int) -> str:
        """Group and number of a person."""
        return self.record.ledger.person_id(person)

    def place(self, number: int) -> str:
        """The name of a place."""
        return str(self.record.ledger.header["places"][number][1])

    def clock(self, t: int) -> str:
        """Virtual time as the time of day in the scenario's time zone."""
        return f"{self.record.calendar.local(t):%H:%M:%S}"

    def event(self, number: int) -> Mapping[str, Any] | None:
        """An event by its number in the run's event stream; None where it is not on record."""
        lines = self._received
        if not 0 <= number < len(lines):
            return None
        event = orjson.loads(lines[number])
        return event if isinstance(event, Mapping) else None

    @cached_property
    def _received(self) -> Sequence[bytes]:
        """The lines of the received events, if there is one for every event of the stream."""
        path = self.record.folder / RECEIVED_FILE
        if not path.is_file():
            return ()
        lines = path.read_bytes().splitlines()
        sent = (self.record.summary or {}).get("sent", len(lines))
        return lines if len(lines) == sent else ()


def bare_evidence(record: RunRecord) -> Evidence:
    """What is on record of a run, without its scenario: enough to tell what happened."""
    happenings = read_happenings(record.folder)
    if (record.folder / CALLS_FILE).is_file():
        join_calls(happenings, Heard.read(record.folder / CALLS_FILE), NobodyKnown(), record.virtual)
    end = (record.summary or {}).get("simulated_seconds")
    return Evidence(record, None, NobodyKnown(), happenings, 0 if end is None else to_ms(end))

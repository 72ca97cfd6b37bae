"""The delivery log: what it says of each destination is what was told to it, as far as it is whole."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.errors import UsageError
from simulator.delivery import Fate, Receipt
from simulator.run.delivery_log import DeliveryLog, Past, Remembered, State, read_delivery_log

IDENTITY = {"journeysim_version": "1", "scenario": "abc"}
EVENTS = 12
NAMES = [
    Remembered("one", "http://one"),
    Remembered("two", "http://two"),
    Remembered("three", "kafka:three/t"),
]

Said = tuple[int, list[int], int]
"""A destination, events there, and the state that they were said to have."""

_SOME = st.lists(st.integers(0, EVENTS - 1), min_size=1, max_size=6, unique=True).map(sorted)
_STATES = st.sampled_from([State.HANDED_OVER, State.KEPT, State.ACKNOWLEDGED, State.REJECTED])
SAID = st.lists(st.tuples(st.integers(0, 2), _SOME, _STATES), max_size=20)
_FATES = {State.KEPT: Fate.PENDING, State.ACKNOWLEDGED: Fate.ACKNOWLEDGED, State.REJECTED: Fate.REJECTED}


def say(log: DeliveryLog, said: Said) -> None:
    """Each in a block of its own, by one of the ways in which it can be said."""
    at, events, state = said
    numbers = np.array(events)
    if state == State.HANDED_OVER:
        log.handed_over(numbers, at)
    elif state == State.KEPT or len(events) % 2:
        log.receipt(numbers, Receipt.of(len(events), _FATES[State(state)]), at)
    else:
        log.settled(events[0], [event - events[0] for event in events], _FATES[State(state)], at)
    log.flush()


def expected(said: list[Said]) -> list[list[int]]:
    states = [[0] * EVENTS for _ in NAMES]
    for at, events, state in said:
        for event in events:
            if states[at][event] < State.ACKNOWLEDGED:
                states[at][event] = state
    return states


def found(past: Past) -> list[list[int]]:
    assert list(past.destinations) == NAMES[: len(past.destinations)]
    known = [known.of(0, EVENTS).tolist() for known in past.known]
    return known + [[0] * EVENTS for _ in range(len(NAMES) - len(known))]


@given(SAID)
@settings(deadline=None)
def test_each_destination_has_the_states_that_were_said(said: list[Said]) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "delivery.log"
        with closing(DeliveryLog(path, IDENTITY, NAMES)) as log:
            for one in said:
                say(log, one)
        assert found(read_delivery_log(path, IDENTITY)) == expected(said)


@given(SAID, st.data())
@settings(deadline=None)
def test_a_log_that_was_cut_off_anywhere_says_what_was_said_up_to_there_and_goes_on(
    said: list[Said], data: st.DataObject
) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "delivery.log"
        with closing(DeliveryLog(path, IDENTITY, NAMES)) as log:
            for one in said:
                say(log, one)
        whole = path.read_bytes()
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
        cut = found(read_delivery_log(path, IDENTITY))
        lengths = [length for length in range(len(said) + 1) if expected(said[:length]) == cut]
        assert lengths
        with closing(DeliveryLog(path, IDENTITY, NAMES)) as log:
            for one in said[lengths[0] :]:
                say(log, one)
        assert found(read_delivery_log(path, IDENTITY)) == expected(said)


@given(SAID, st.integers(1, 2), st.integers(0, 20))
@settings(deadline=None)
def test_destinations_can_be_added_and_nothing_that_is_known_changes(
    said: list[Said], begun: int, later: int
) -> None:
    first = [one for one in said[:later] if one[0] < begun]
    with TemporaryDirectory() as name:
        path = Path(name) / "delivery.log"
        with closing(DeliveryLog(path, IDENTITY, NAMES[:begun])) as log:
            for one in first:
                say(log, one)
        with closing(DeliveryLog(path, IDENTITY, NAMES)) as log:
            assert found(read_delivery_log(path, IDENTITY)) == expected(first)
            for one in said[later:]:
                say(log, one)
        assert found(read_delivery_log(path, IDENTITY)) == expected(first + said[later:])
        assert [file.name for file in Path(name).iterdir()] == ["delivery.log"]


def test_events_that_follow_each_other_share_a_row_at_each_destination(tmp_path: Path) -> None:
    path = tmp_path / "delivery.log"
    with closing(DeliveryLog(path, IDENTITY, NAMES)) as log:
        begin = path.stat().st_size
        for at in range(3):
            log.receipt(np.arange(10_000), Receipt.of(10_000, Fate.ACKNOWLEDGED), at)
        log.flush()
        assert path.stat().st_size - begin == 12 + 3 * 16


def test_a_log_of_an_older_format_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "delivery.log"
    path.write_text(json.dumps({"format": 1, **IDENTITY}) + "\n")
    with pytest.raises(
        UsageError, match=r"is a delivery log of format 1, and this version .* reads format 2"
    ):
        read_delivery_log(path, IDENTITY)


@pytest.mark.parametrize(
    "text", ["nonsense\n", "[]\n", '{"destinations": 5}\n', '{"destinations": [["a"]]}\n']
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "delivery.log"
    path.write_text(text)
    with pytest.raises(UsageError, match="is no delivery log, or is damaged"):
        read_delivery_log(path, IDENTITY)

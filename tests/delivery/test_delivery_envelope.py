"""Messages and requests as bytes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import orjson
from hypothesis import given
from hypothesis import strategies as st

from simulator.delivery.envelope import MAX_REQUEST_BYTES, Envelope
from tests.delivery.sending import HEADER, events

ENVELOPE = Envelope(HEADER)


def test_a_single_message_holds_the_event_unchanged() -> None:
    event = b'{"a": 1.50}'
    body = ENVELOPE.single(event)
    assert event in body
    assert orjson.loads(body)["body"]["xdmEntity"] == {"a": 1.5}


def test_the_flow_is_named_only_if_there_is_one() -> None:
    assert "flowId" not in orjson.loads(ENVELOPE.single(b"{}"))["header"]
    with_flow = Envelope(replace(HEADER, flow_id="f-1"))
    assert orjson.loads(with_flow.single(b"{}"))["header"]["flowId"] == "f-1"


def test_a_batch_holds_the_messages_in_order() -> None:
    messages = orjson.loads(ENVELOPE.batch(events(3)))["messages"]
    assert messages == [orjson.loads(ENVELOPE.single(event)) for event in events(3)]


@given(sizes=st.lists(st.integers(1, 700_000), max_size=25), most=st.integers(1, 8))
def test_a_batch_is_cut_into_requests_that_fit_and_hold_every_event_once(sizes: list[int], most: int) -> None:
    bodies = [b"x" * size for size in sizes]
    cuts = ENVELOPE.cut(bodies, most)
    assert [index for cut in cuts for index in cut] == list(range(len(bodies)))
    for cut in cuts:
        assert 1 <= len(cut) <= most
        assert len(ENVELOPE.batch([bodies[index] for index in cut])) < MAX_REQUEST_BYTES
    for cut, following in pairwise(cuts):
        joined = [bodies[index] for index in (*cut, following[0])]
        assert len(joined) > most or len(ENVELOPE.batch(joined)) >= MAX_REQUEST_BYTES - 1, (
            "no cut without need"
        )

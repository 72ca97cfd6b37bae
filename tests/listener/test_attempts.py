"""However calls come, deliveries and attempts are numbered without a gap."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from simulator.listener.attempts import Attempts
from simulator.listener.incoming import Incoming, keys_of

CALLS = st.lists(
    st.tuples(
        st.sampled_from(["", "i1", "i2"]),
        st.sampled_from(["", "e1", "e2"]),
        st.sampled_from(["", "one", "two"]),
        st.sampled_from([200, 404, 500]),
        st.integers(0, 40_000),
    ),
    max_size=30,
)


@given(CALLS)
def test_every_delivery_has_its_attempts_in_order(calls: list[tuple[str, str, str, int, int]]) -> None:
    attempts, now = Attempts(), 0
    found: dict[int, list[int]] = defaultdict(list)
    for instance, event, step, status, later in calls:
        now += later
        body = f'{{"instanceUID":"{instance}","eventMsgId":"{event}","nodeName":"{step}"}}'.encode()
        incoming = Incoming("POST", "/x", {}, {}, body)
        keys = keys_of(incoming, None)
        assert (keys.instance, keys.event, keys.step) == (instance, event, step)
        delivery, attempt = attempts.number("x", incoming, keys, now)
        attempts.answered("x", incoming, keys, status, 0)
        found[delivery].append(attempt)
    assert list(found) == list(range(1, len(found) + 1))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in found.values())
    assert attempts.deliveries == len(found)

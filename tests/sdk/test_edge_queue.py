"""The hit queue of one phone: serial, persistent, blocked by its first hit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.distributions import Constant, Uniform
from simulator.ledger import CROSSING_FIELDS, Outcome
from simulator.phone import Os
from simulator.scenario.models import Answers, Fault, Network
from simulator.sdk import Network as SdkNetwork
from tests.sdk.phones import (
    CALENDAR,
    Moment,
    Pocket,
    Sent,
    ends,
    entered,
    exited,
    left,
    offline,
    online,
    opened,
    play,
    reinstalled,
    runs,
    wakes,
)

HOUR = 3_600_000
SLOW = Network(latency=Constant(0.25))


def fault(answer: Any, *, minutes: float = 60.0, retry_after: float | None = None, **more: Any) -> Network:
    """A network that is out of order from nine, when the phone's day begins, for a while."""
    trouble = Fault(at=9 * 3600.0, length=minutes * 60, answer=answer, retry_after=retry_after)
    return Network(faults=(trouble,), **more)


def told(hit: Sent | tuple[int, ...]) -> dict[str, int]:
    """The crossing of a hit by the names of the ledger."""
    row = hit.crossing if isinstance(hit, Sent) else hit
    assert row is not None
    return dict(zip(CROSSING_FIELDS, row, strict=True))


def times(sent: list[Sent]) -> list[int]:
    return [hit.sent for hit in sent]


# --- one after the other ------------------------------------------------------------------------------------


def test_the_next_hit_leaves_when_the_answer_to_the_one_before_is_in() -> None:
    sent = play([(1000, entered), (1001, exited), (1002, entered), (5000, exited)], network=SLOW)
    assert times(sent) == [1000, 1250, 1500, 5000]
    assert [hit.dated for hit in sent] == [1000, 1001, 1002, 5000]
    third = told(sent[2])
    assert (third["queued"], third["sent"], third["acknowledged"], third["attempts"]) == (1002, 1500, 1750, 1)


def test_what_happens_offline_is_sent_in_order_with_its_own_times_when_the_network_is_back() -> None:
    script = [(0, offline), (1000, entered), (2000, exited), (3000, entered), (2400_000, online)]
    sent = play(script, network=SLOW)
    # Without a connection the first one is looked at every five seconds: 1 s, 6 s, ..., 2,401 s.
    assert times(sent) == [2401_000, 2401_250, 2401_500]
    assert [hit.dated for hit in sent] == [1000, 2000, 3000]
    assert [told(hit)["outcome"] for hit in sent] == [Outcome.DELIVERED_LATE] * 3


def test_what_is_acknowledged_in_time_is_not_late() -> None:
    sent = play([(0, offline), (1000, entered), (56_000, online), (70_000, exited)], network=SLOW)
    assert [told(hit)["outcome"] for hit in sent] == [Outcome.OPEN, Outcome.OPEN]
    assert told(sent[0])["acknowledged"] == 56_250


# --- answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [408, 429, 502, 503, 504, 507])
def test_a_recoverable_answer_is_tried_again_every_five_seconds_and_blocks_what_follows(code: int) -> None:
    pocket = Pocket(network=fault(code, minutes=1))
    sent = pocket.live([(0, runs), (1000, entered), (2000, exited)])
    assert times(sent) == [61_000, 61_000]
    assert (told(sent[0])["attempts"], told(sent[1])["attempts"]) == (13, 1)
    assert pocket.record.failed == 12
    assert len({hit.event["_id"] for hit in sent}) == 2


@pytest.mark.parametrize("code", [201, 202, 206, 301, 400, 401, 403, 404, 422, 500, 501])
def test_every_other_answer_drops_the_hit_and_frees_the_queue(code: int) -> None:
    pocket = Pocket(network=fault(code, minutes=1))
    sent = pocket.live([(0, runs), (59_000, entered), (61_000, exited)])
    assert times(sent) == [61_000]
    (lost,) = pocket.record.collect()
    assert told(lost)["outcome"] == Outcome.DROPPED_BY_CODE
    assert (told(lost)["queued"], told(lost)["sent"], told(lost)["attempts"]) == (59_000, -1, 1)


@pytest.mark.parametrize("code", [200, 204, 207])
def test_success_has_three_codes(code: int) -> None:
    sent = play([(1000, entered)], network=fault(code))
    assert [told(hit)["outcome"] for hit in sent] == [Outcome.OPEN]


@pytest.mark.parametrize(("os", "retried"), [("ios", 31_000), ("android", 31_000)])
def test_retry_after_says_how_long_to_wait(os: Os, retried: int) -> None:
    sent = play([(1000, entered)], os=os, network=fault(503, minutes=0.5, retry_after=30))
    assert times(sent) == [retried]


def test_an_answer_lost_on_its_way_makes_the_phone_send_the_same_bytes_again() -> None:
    sent = play([(1000, entered), (1500, exited)], network=fault("lost", minutes=0.3))
    # The phone waits 5 s for the answer and 5 s more, twice; the exit comes after.
    assert times(sent) == [1000, 11_000, 21_000, 21_000]
    assert sent[0].event == sent[1].event == sent[2].event
    assert [hit.again for hit in sent] == [False, True, True, False]
    assert [hit.crossing is not None for hit in sent] == [False, False, True, True]
    assert told(sent[2])["attempts"] == 3


def test_what_does_not_arrive_is_no_request() -> None:
    pocket = Pocket(network=fault("unreachable", minutes=0.3))
    sent = pocket.live([(0, runs), (1000, entered)])
    assert (times(sent), pocket.record.failed) == ([21_000], 2)


def test_an_answer_later_than_five_seconds_comes_too_late_for_the_phone() -> None:
    sent = play([(1000, entered)], network=Network(latency=Constant(6.0)), until=40_000)
    assert times(sent) == [1000, 11_000, 21_000, 31_000]
    assert [hit.again for hit in sent] == [False, True, True, True]


# --- the process --------------------------------------------------------------------------------------------


def test_a_suspended_process_sends_nothing_until_it_is_woken() -> None:
    pocket = Pocket(network=fault(503, minutes=1))
    sent = pocket.live([(1000, wakes(10_000)), (1000, entered), (HOUR, wakes(10_000))])
    assert times(sent) == [HOUR]
    assert told(sent[0])["attempts"] == 4  # at 1, 6 and 11 s, and when woken


def test_a_process_that_ended_forgets_its_waits_but_not_its_hits() -> None:
    pocket = Pocket(network=fault(503, minutes=0.05, retry_after=600))
    sent = pocket.live([(0, runs), (1000, entered), (5000, ends), (6000, wakes(1000))])
    assert times(sent) == [6000]


def test_an_answer_that_nobody_waits_for_any_more_makes_a_duplicate() -> None:
    pocket = Pocket(network=SLOW)
    script: list[Moment] = [(0, runs), (900, exited), (1000, entered), (1200, ends), (60_000, runs)]
    sent = pocket.live(script)
    assert times(sent) == [900, 1150, 60_000] or times(sent) == [900, 60_000]


def test_the_queue_is_lost_with_the_apps_storage() -> None:
    pocket = Pocket()
    sent = pocket.live(
        [(0, runs), (0, offline), (1000, entered), (2000, reinstalled), (3000, online), (4000, opened)]
    )
    assert [hit.type for hit in sent] == ["launch"]
    (lost,) = pocket.record.collect()
    assert told(lost)["outcome"] == Outcome.QUEUE_LOST


def test_what_is_in_the_queue_at_the_end_is_on_record() -> None:
    pocket = Pocket()
    assert pocket.live([(0, runs), (0, offline), (1000, entered)]) == []
    (open_row,) = pocket.record.pending()
    assert told(open_row)["outcome"] == Outcome.QUEUED_AT_END
    assert (told(open_row)["queued"], told(open_row)["sent"]) == (1000, -1)


def test_what_the_endpoint_has_without_the_phone_knowing_is_unconfirmed() -> None:
    pocket = Pocket(network=fault("lost"))
    sent = pocket.live([(0, runs), (1000, entered)], until=20_000)
    assert len(sent) == 2
    (open_row,) = pocket.record.pending()
    assert told(open_row)["outcome"] == Outcome.UNCONFIRMED


def test_the_clock_of_the_phone_dates_events_and_nothing_else() -> None:
    (sent,) = Pocket(skew=90_000).live([(0, runs), (1000, entered)])
    assert (sent.sent, sent.dated, sent.event["timestamp"]) == (1000, 91_000, "2026-03-02T08:01:31.000Z")
    assert told(sent)["noticed"] == 1000


@given(st.integers(0, 2**64 - 1), st.integers(0, 5000), st.integers(0, 900_000))
def test_the_quick_look_at_the_network_sees_what_the_close_one_does(key: int, event: int, now: int) -> None:
    settings = fault(
        503, minutes=5, lost_answers=0.2, latency=Uniform(0.0, 6.0), answers=(Answers(code=500, share=0.1),)
    )
    network = SdkNetwork(settings, CALENDAR, 10**9)
    swift, attempt = network.swift(key, event, now), network.attempt(key, event, 0, now)
    if now < 300_000:
        assert swift == -1
    else:
        assert swift == (attempt.took if attempt.code == 200 else -1)


# --- whatever happens ---------------------------------------------------------------------------------------

networks = st.builds(
    Network,
    latency=st.sampled_from([Constant(0.0), Constant(0.2), Constant(4.9), Constant(7.0)]),
    lost_answers=st.sampled_from([0.0, 0.3]),
    answers=st.sampled_from([(), (Answers(code=503, share=0.3),), (Answers(code=500, share=0.2),)]),
    faults=st.lists(
        st.builds(
            Fault,
            at=st.floats(9 * 3600, 9.2 * 3600),
            length=st.floats(1, 300),
            answer=st.sampled_from([503, 404, "lost", "unreachable"]),
        ),
        max_size=2,
    ).map(tuple),
)
happenings = st.sampled_from(
    [entered, exited, opened, left, offline, online, ends, runs, wakes(3000), wakes(30_000), reinstalled]
)
scripts = st.lists(st.tuples(st.integers(0, 900_000), happenings), max_size=25).map(
    lambda moments: sorted(moments, key=lambda moment: moment[0])
)


@given(networks, scripts, st.sampled_from(["ios", "android"]))
def test_whatever_happens_no_event_is_lost_without_a_word_or_acknowledged_twice(
    network: Network, script: list[Moment], os: Os
) -> None:
    pocket = Pocket(os, network=network)
    sent = pocket.live(script, until=3 * HOUR)
    told_of = sum(what in (entered, exited) for _, what in script)
    acknowledged = [hit for hit in sent if hit.crossing is not None]
    lost, waiting = pocket.record.collect(), pocket.record.pending()
    assert len(acknowledged) + len(lost) + len(waiting) == told_of
    ids = [hit.event["_id"] for hit in acknowledged]
    assert len(ids) == len(set(ids))
    seen: set[str] = set()
    for hit in sent:
        assert hit.again == (hit.event["_id"] in seen)
        seen.add(hit.event["_id"])
    # First requests leave in the order in which events were made; a queue lost with its app leaves gaps.
    first = [hit for hit in sent if not hit.again]
    assert times(sent) == sorted(times(sent))
    locations = [hit.dated for hit in first if hit.kind.startswith("location.")]
    assert locations == sorted(locations)
    for hit in acknowledged:
        row = told(hit)
        assert row["crossed"] <= row["noticed"] <= row["queued"] <= row["sent"] <= row["acknowledged"]

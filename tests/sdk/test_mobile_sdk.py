"""The Mobile SDK on one phone: when it sends what."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ledger import Outcome
from simulator.sdk import LIFECYCLE_DEBOUNCE_MS, MobileSdk
from tests.sdk.phones import CALENDAR, ECID, entered, exited, left, opened, play

# --- lifecycle ----------------------------------------------------------------------------------------------


def test_a_session_is_a_launch_and_a_close() -> None:
    launch, close = play([(1000, opened), (9000, left)])
    assert (launch.type, launch.sent, launch.dated) == ("launch", 1000, 1000)
    assert close.type == "close"
    assert close.event["application"]["sessionLength"] == 8


def test_a_close_is_dated_at_the_pause_and_sent_half_a_second_later() -> None:
    _, close = play([(1000, opened), (9000, left)])
    assert (close.dated, close.sent) == (9000, 9500)
    assert close.event["timestamp"] == "2026-03-02T08:00:09.000Z"


@pytest.mark.parametrize("away", [0, 1, 499, 500])
def test_who_is_back_within_half_a_second_was_never_away(away: int) -> None:
    launch, close = play([(1000, opened), (9000, left), (9000 + away, opened), (20_000, left)])
    assert (launch.type, close.type) == ("launch", "close")
    assert close.event["application"]["sessionLength"] == 19


@pytest.mark.parametrize("away", [501, 5000])
def test_who_stays_away_longer_starts_a_new_session(away: int) -> None:
    sent = play([(1000, opened), (9000, left), (9000 + away, opened), (20_000, left)])
    assert [hit.type for hit in sent] == ["launch", "close", "launch", "close"]
    assert sent[1].event["application"]["sessionLength"] == 8


def test_leaving_and_returning_again_and_again_waits_anew_each_time() -> None:
    script = [(1000, opened), *((2000 + 300 * n, opened if n % 2 else left) for n in range(9))]
    launch, close = play(script)
    assert launch.sent == 1000
    assert close.dated == 2000 + 300 * 8
    assert close.sent == close.dated + LIFECYCLE_DEBOUNCE_MS


def test_only_the_last_pause_counts_when_several_follow_each_other_quickly() -> None:
    script = [(1000, opened), (2000, left), (2100, opened), (2200, left), (2600, opened), (9000, left)]
    launch, close = play(script)
    assert (launch.dated, close.dated) == (1000, 9000)


def test_repeated_states_are_ignored() -> None:
    sent = play([(1000, opened), (2000, opened), (9000, left), (9200, left), (30_000, left)])
    assert [(hit.type, hit.dated) for hit in sent] == [("launch", 1000), ("close", 9000)]


def test_leaving_an_app_that_was_never_opened_sends_nothing() -> None:
    assert play([(1000, left)]) == []


@pytest.mark.parametrize(("length_ms", "seconds"), [(1000, 1), (1999, 1), (2000, 2), (312_999, 312)])
@pytest.mark.parametrize("os", ["ios", "android"])
def test_the_session_length_is_in_whole_seconds_rounded_down(os: str, length_ms: int, seconds: int) -> None:
    _, close = play([(0, opened), (length_ms, left)], os=os)
    assert close.event["application"]["sessionLength"] == seconds


def test_a_length_of_zero_is_sent_by_ios_and_left_out_by_android() -> None:
    closes = {
        os: play([(1000, opened), (1999, left)], os=os)[1].event["application"] for os in ("ios", "android")
    }
    assert closes["ios"] == {"isClose": True, "closeType": "close", "sessionLength": 0}
    assert closes["android"] == {"isClose": True, "closeType": "close"}


Course = list[tuple[int, Callable[[MobileSdk, int], None]]]


def sessions(script: Course) -> list[tuple[int, int | None]]:
    """Start and end of the sessions that a course amounts to, looking back from its end."""
    stays: list[tuple[int, int | None]] = []
    for at, what in script:
        if what is opened and (not stays or stays[-1][1] is not None):
            short = bool(stays) and at - (stays[-1][1] or 0) <= LIFECYCLE_DEBOUNCE_MS
            stays.append((stays.pop()[0] if short else at, None))
        elif what is left and stays and stays[-1][1] is None:
            stays[-1] = (stays[-1][0], at)
    return stays


states = st.lists(st.tuples(st.integers(0, 700), st.booleans()), max_size=40)


@given(states)
def test_launches_and_closes_take_turns_whatever_people_do(course: list[tuple[int, bool]]) -> None:
    at, script = 0, []
    for pause, opens in course:
        at += pause
        script.append((at, opened if opens else left))
    sent = play(script)
    assert [hit.type for hit in sent] == [("launch", "close")[n % 2] for n in range(len(sent))]
    for launch, close in zip(sent[::2], sent[1::2], strict=False):
        assert close.sent == close.dated + LIFECYCLE_DEBOUNCE_MS
        assert close.event["application"].get("sessionLength", 0) == (close.dated - launch.dated) // 1000
    times = [hit.sent for hit in sent]
    assert times == sorted(times)
    dates = [hit.dated for hit in sent]
    assert dates == [at for session in sessions(script) for at in session if at is not None]


# --- region events ------------------------------------------------------------------------------------------


def test_a_region_event_is_sent_when_it_is_noticed_and_carries_its_crossing() -> None:
    entry, exit = play([(1234, entered), (99_999, exited)])
    assert (entry.sent, entry.dated) == (1234, 1234)
    assert (entry.type, exit.type) == ("entry", "exit")
    #                         person, place, entry, crossed, noticed, queued, sent, acknowledged, attempts, outcome
    assert entry.crossing == (3, 0, True, 1234, 1234, 1234, 1234, 1234, 1, Outcome.OPEN)
    assert exit.crossing == (3, 0, False, *[99_999] * 5, 1, Outcome.OPEN)


def test_region_events_need_no_open_app_and_open_none() -> None:
    assert [hit.type for hit in play([(1, entered), (2, exited), (3, entered)])] == ["entry", "exit", "entry"]


def test_only_location_events_have_a_crossing() -> None:
    sent = play([(1000, opened), (2000, entered), (9000, left)])
    assert [hit.crossing is not None for hit in sent] == [False, True, False]


# --- identity -----------------------------------------------------------------------------------------------

SCRIPT = [(1000, opened), (2000, entered), (3000, left), (5000, exited), (5000, entered)]


def test_ids_are_in_capitals_on_ios_and_in_small_letters_on_android() -> None:
    capital, small = ([hit.event["_id"] for hit in play(SCRIPT, os=os)] for os in ("ios", "android"))
    assert all(name == name.upper() for name in capital)
    assert all(name == name.lower() for name in small)
    assert [name.lower() for name in capital] == small
    assert len(set(small)) == len(SCRIPT)
    assert all(UUID(name).version == 4 for name in small)


@pytest.mark.parametrize("form", ["sdk", "rich"])
def test_every_event_carries_the_ecid_as_the_sdk_does(form: str) -> None:
    for hit in play(SCRIPT, location_events=form):
        assert hit.event["identityMap"] == {
            "ECID": [{"id": ECID, "authenticatedState": "ambiguous", "primary": False}]
        }


def test_the_ecid_is_two_halves_of_a_random_uuid() -> None:
    assert len(ECID) == 38
    assert ECID.isdecimal()
    assert 0 <= int(ECID[:19]) <= 2**63
    assert 2**62 < int(ECID[19:]) <= 2**63


def test_timestamps_are_utc_with_milliseconds() -> None:
    sent = play(SCRIPT)
    for hit in sent:
        assert hit.event["timestamp"] == CALENDAR.stamp(hit.dated).decode()
    assert sent[1].event["timestamp"] == "2026-03-02T08:00:02.000Z"

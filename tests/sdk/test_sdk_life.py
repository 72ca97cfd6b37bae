"""The SDK over the life of an app: installations, crashes, logins, consent, push messages, rules."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.core.distributions import Constant
from simulator.ledger import CROSSING_FIELDS, Outcome
from simulator.phone import Cause, Os, ProcessEnd, RegionEvent
from simulator.scenario.models import Consent, Login, Push, Rule
from simulator.sdk import MobileSdk
from simulator.sdk.consent import Choice
from simulator.xdm import EventValidator, identity_map
from tests.sdk.phones import (
    ECID,
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
    region,
    reinstalled,
    runs,
    updated,
    wakes,
)

DAY = 86_400_000
# Nobody logs in before the run unless it begins at 0.
LOGIN = Login(namespace="CRMID", after=Constant(10.0), logout_after=Constant(20.0))
SESSIONS: list[Moment] = [
    (at, what) for start in (1000, 11_000, 21_000) for at, what in ((start, opened), (start + 2000, left))
]


def crashes(sdk: MobileSdk, at: int) -> None:
    sdk.ended(at, ProcessEnd.CRASH)


def types(sent: list[Sent]) -> list[str]:
    return [hit.kind.rpartition(".")[2] for hit in sent]


def identities(hit: Sent) -> dict[str, Any]:
    found = hit.event["identityMap"]
    assert isinstance(found, dict)
    return found


def outcomes(pocket: Pocket) -> list[int]:
    return [row[CROSSING_FIELDS.index("outcome")] for row in pocket.record.collect()]


# --- lifecycle ----------------------------------------------------------------------------------------------


def test_a_session_that_ends_in_a_crash_is_closed_at_the_next_start_dated_two_seconds_after_the_last_activity() -> (
    None
):
    script: list[Moment] = [(1000, opened), (61_000, entered), (90_000, crashes), (DAY, opened)]
    sent = play(script)
    assert types(sent) == ["launch", "entry", "close", "launch"]
    close = sent[2]
    assert (close.sent, close.dated) == (DAY, 63_000)
    assert close.event["application"] == {"isClose": True, "closeType": "unknown", "sessionLength": 62}


def test_activity_is_noted_every_two_seconds_at_most() -> None:
    script: list[Moment] = [
        (1000, opened),
        (61_000, entered),
        (62_999, exited),
        (90_000, crashes),
        (DAY, opened),
    ]
    assert play(script)[3].dated == 63_000


def test_what_happens_after_the_crash_does_not_move_it() -> None:
    script: list[Moment] = [
        (1000, opened),
        (9000, crashes),
        (50_000, wakes(5000)),
        (50_000, entered),
        (DAY, opened),
    ]
    sent = Pocket().live([(0, runs), *script])
    assert [(hit.dated, kind) for hit, kind in zip(sent, types(sent), strict=True)][2:] == [
        (3000, "close"),
        (DAY, "launch"),
    ]


@pytest.mark.parametrize(("os", "told"), [("ios", {"sessionLength": 2}), ("android", {"sessionLength": 2})])
def test_a_crash_right_after_the_launch_is_two_seconds_of_session(os: Os, told: dict[str, int]) -> None:
    close = play([(1000, opened), (1500, crashes), (9000, opened)], os=os)[1]
    assert close.event["application"] == {"isClose": True, "closeType": "unknown", **told}


def test_an_app_that_ends_in_the_background_was_closed_before() -> None:
    script: list[Moment] = [(1000, opened), (9000, left), (20_000, ends), (30_000, runs), (40_000, opened)]
    assert types(play(script)) == ["launch", "close", "launch"]


def test_an_app_that_ends_before_its_close_is_sure_is_closed_at_the_next_start() -> None:
    sent = play([(1000, opened), (9000, left), (9200, ends), (40_000, opened)])
    assert types(sent) == ["launch", "close", "launch"]
    assert sent[1].event["application"]["closeType"] == "unknown"


def test_a_close_that_was_due_while_the_process_was_suspended_follows_when_it_wakes() -> None:
    sent = Pocket().live([(1000, opened), (9000, wakes(100)), (9000, left), (70_000, wakes(1000))])
    assert [(hit.sent, hit.dated) for hit in sent] == [(1000, 1000), (70_000, 9000)]


def test_the_first_launch_of_an_installation_says_so_once() -> None:
    sent = play([(0, reinstalled), (1000, opened), (3000, left), (5000, opened)])
    flags = [hit.event["application"].get("isInstall") for hit in sent]
    assert flags == [True, None, None]


def test_the_first_launch_of_another_version_is_an_upgrade() -> None:
    sent = play([(0, updated), (1000, opened), (3000, left), (5000, opened)])
    assert [hit.event["application"].get("isUpgrade") for hit in sent] == [True, None, None]
    assert sent[0].event["application"]["version"] == "3.2 (119)"


def test_an_installation_is_never_an_upgrade() -> None:
    launch = play([(0, reinstalled), (500, updated), (1000, opened)])[0].event["application"]
    assert launch["isInstall"] is True
    assert "isUpgrade" not in launch


def test_a_wake_up_in_the_background_is_no_launch() -> None:
    assert types(Pocket().live([(1000, wakes(10_000)), (1000, entered)])) == ["entry"]


# --- identity -----------------------------------------------------------------------------------------------


def test_a_fresh_installation_has_an_ecid_of_its_own() -> None:
    before, after = play([(1000, entered), (2000, reinstalled), (3000, runs), (4000, exited)])
    assert identities(before) == identity_map(ECID)
    (other,) = identities(after)["ECID"]
    assert other["id"] != ECID
    assert (len(other["id"]), other["authenticatedState"]) == (38, "ambiguous")


def test_a_login_is_an_authenticated_identity_after_the_ecid_from_the_next_event_on() -> None:
    sent = play(SESSIONS, login=LOGIN)
    states = [identities(hit).get("CRMID", [{}])[0].get("authenticatedState") for hit in sent]
    assert types(sent) == ["launch", "close"] * 3
    assert states == [None, None, None, "authenticated", "authenticated", "loggedOut"]
    assert list(identities(sent[3])) == ["ECID", "CRMID"]
    assert identities(sent[3])["CRMID"][0] == {
        "id": "CRMID-of-three",
        "authenticatedState": "authenticated",
        "primary": False,
    }


def test_who_was_logged_in_before_the_run_is_from_its_first_event_on() -> None:
    (sent,) = play([(1000, entered)], login=Login())
    assert identities(sent)["Email"][0]["id"] == "Email-of-three"


def test_what_was_queued_before_a_login_goes_out_without_it() -> None:
    script: list[Moment] = [
        (0, offline),
        (1000, entered),
        (11_000, opened),
        (12_000, exited),
        (20_000, online),
    ]
    entry, launch, exit = play(script, login=LOGIN)
    assert "CRMID" not in identities(entry) and "CRMID" not in identities(launch)
    assert identities(exit)["CRMID"][0]["authenticatedState"] == "authenticated"


@pytest.mark.parametrize("how", ["removed", "reset"])
def test_a_logout_may_take_the_login_away_or_everything(how: Any) -> None:
    last = play(SESSIONS, login=LOGIN.model_copy(update={"logout": how}))[-1]
    assert "CRMID" not in identities(last)
    assert (identities(last)["ECID"][0]["id"] == ECID) == (how == "removed")


# --- consent ------------------------------------------------------------------------------------------------


def test_events_wait_for_consent_and_then_leave_at_once_in_their_order() -> None:
    pending = Consent(start={"pending": 1.0}, answered_after=Constant(100.0))
    script: list[Moment] = [(1000, entered), (2000, exited), (100_000, opened)]
    sent = play(script, consent=pending)
    assert [hit.sent for hit in sent] == [100_000] * 4
    assert [hit.kind for hit in sent] == [
        "location.entry",
        "location.exit",
        "application.launch",
        "set-consent",
    ]
    assert sent[3].event["consent"][0]["value"]["collect"] == {"val": "y"}
    assert [hit.crossing and hit.crossing[-1] for hit in sent[:2]] == [Outcome.DELIVERED_LATE] * 2


def test_a_refusal_throws_the_queue_away_and_is_itself_sent() -> None:
    pending = Consent(start={"pending": 1.0}, answer={"no": 1.0}, answered_after=Constant(100.0))
    pocket = Pocket(consent=pending)
    sent = pocket.live([(0, runs), (1000, entered), (100_000, opened), (200_000, exited)])
    assert [hit.kind for hit in sent] == ["set-consent"]
    assert sent[0].event["consent"] == [
        {
            "standard": "Adobe",
            "version": "2.0",
            "value": {"collect": {"val": "n"}, "metadata": {"time": "2026-03-02T08:01:40.000Z"}},
        }
    ]
    assert outcomes(pocket) == [Outcome.CONSENT_NO] * 2


def test_consent_that_nobody_ever_gives_holds_everything_back() -> None:
    pocket = Pocket(consent=Consent(start={"pending": 1.0}, answer={"pending": 1.0}))
    assert pocket.live([(0, runs), (1000, entered), (2000, opened)]) == []
    assert [row[-1] for row in pocket.record.pending()] == [Outcome.QUEUED_AT_END]


def test_consent_can_be_withdrawn_during_the_run() -> None:
    withdrawn = Consent(withdrawn=1.0, withdrawn_after=Constant(10.0))
    script: list[Moment] = [(1000, entered), (11_000, opened), (12_000, exited)]
    assert [hit.kind for hit in play(script, consent=withdrawn)] == [
        "location.entry",
        "application.launch",
        "set-consent",
    ]


def test_a_fresh_installation_asks_again() -> None:
    pending = Consent(start={"pending": 1.0})
    pocket = Pocket(consent=pending)
    script: list[Moment] = [
        (0, runs),
        (1000, opened),
        (2000, reinstalled),
        (3000, wakes(9000)),
        (3000, entered),
    ]
    sent = pocket.live([*script, (60_000, opened)])
    assert [hit.kind for hit in sent] == [
        *("application.launch", "set-consent", "location.entry", "application.launch", "set-consent"),
    ]


# --- push ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("os", "platform"), [("ios", "apns"), ("android", "fcm")])
def test_a_push_token_is_registered_at_the_first_launch_of_an_installation(os: Os, platform: str) -> None:
    script: list[Moment] = [
        (1000, opened),
        (3000, left),
        (5000, opened),
        (9000, reinstalled),
        (20_000, opened),
    ]
    sent = [hit for hit in play(script, os=os, push=Push()) if hit.kind == "push token"]
    assert [hit.sent for hit in sent] == [1000, 20_000]
    (details,) = sent[0].event["data"]["pushNotificationDetails"]
    token = details.pop("token")
    assert details == {
        "appID": "com.example.shop",
        "platform": platform,
        "denylisted": False,
        "identity": {"namespace": {"code": "ECID"}, "id": ECID},
    }
    assert token != sent[1].event["data"]["pushNotificationDetails"][0]["token"]
    assert "eventType" not in sent[0].event


def test_opening_a_push_message_is_tracked_with_what_the_message_brought() -> None:
    journey = {"messageExecution": {"messageExecutionID": "E-1", "journeyVersionID": "JV-1"}}
    message = {"id": "m-1", "_xdm": {"cjm": {"_experience": {"customerJourneyManagement": journey}}}}
    opened_it, dismissed = play(
        [
            (1000, lambda sdk, at: sdk.push_opened(at, message)),
            (2000, lambda sdk, at: sdk.push_acted(at, message, "Dismiss")),
        ]
    )
    assert opened_it.event["eventType"] == "pushTracking.applicationOpened"
    assert opened_it.event["pushNotificationTracking"] == {
        "pushProvider": "apns",
        "pushProviderMessageID": "m-1",
    }
    assert opened_it.event["application"] == {"launches": {"value": 1}}
    assert opened_it.event["_experience"] == {
        "customerJourneyManagement": {
            **journey,
            "messageProfile": {"channel": {"_id": "https://ns.adobe.com/xdm/channels/push"}},
            "pushChannelContext": {"platform": "apns"},
        }
    }
    assert dismissed.event["eventType"] == "pushTracking.customAction"
    assert dismissed.event["pushNotificationTracking"]["customAction"] == {"actionID": "Dismiss"}
    assert dismissed.event["application"] == {"launches": {"value": 0}}
    validator = EventValidator()
    for hit in (opened_it, dismissed):
        assert validator.is_valid(hit.event), validator.violations(hit.event)


# --- places and rules ---------------------------------------------------------------------------------------


def test_a_region_event_of_a_place_that_is_no_longer_listed_is_taken_for_an_old_one() -> None:
    def stale(sdk: MobileSdk, at: int) -> None:
        event = region(at, False)
        event.listed = False
        sdk.region_event(event)

    pocket = Pocket()
    assert pocket.live([(0, runs), (1000, stale)]) == []
    assert outcomes(pocket) == [Outcome.STALE_POI]


def test_a_region_event_without_a_crossing_is_an_event_and_counted_apart() -> None:
    def stray(sdk: MobileSdk, at: int) -> None:
        sdk.region_event(RegionEvent(0, True, -1, at, 48.1, 11.5, {0: None}, cause=Cause.POOR_POSITION))

    pocket = Pocket()
    (sent,) = pocket.live([(0, runs), (1000, stray)])
    assert (sent.kind, sent.crossing, pocket.record.stray) == ("location.entry", None, 1)


def test_the_sdk_repeats_what_the_system_repeats() -> None:
    assert types(play([(1000, entered), (2000, entered), (3000, exited), (4000, exited)])) == [
        *("entry", "entry", "exit", "exit"),
    ]


@pytest.mark.parametrize(("os", "sent"), [("ios", ["entry", "exit"]), ("android", ["entry", "exit", "exit"])])
def test_an_app_may_hold_repetitions_back(os: Os, sent: list[str]) -> None:
    pocket = Pocket(os, dedupe=True)
    script: list[Moment] = [(0, runs), (1000, entered), (2000, entered), (3000, exited), (4000, exited)]
    assert types(pocket.live(script)) == sent
    assert outcomes(pocket) == [Outcome.DEDUPLICATED] * (4 - len(sent))


@pytest.mark.parametrize(("os", "kept"), [("ios", 1), ("android", 0)])
def test_android_makes_no_event_of_a_place_without_metadata(os: Os, kept: int) -> None:
    pocket = Pocket(os, no_metadata="absent")
    kiosk: Moment = (1000, lambda sdk, at: sdk.region_event(region(at, True, place=1, inside=[1])))
    assert len(pocket.live([(0, runs), kiosk])) == kept
    assert outcomes(pocket) == [Outcome.NO_METADATA] * (1 - kept)


@pytest.mark.parametrize("form", ["sdk", "rich"])
def test_rules_add_fields_and_event_ids_to_the_types_they_name(form: str) -> None:
    rules = (
        Rule(on=("location.entry",), event_id="ev-1", attach={"environment.ipV4": "192.0.2.1"}),
        Rule(on=("*",), attach={"productionLevel": "beta"}),
    )
    entry, exit = play([(1000, entered), (2000, exited)], location_events=form, rules=rules)
    assert entry.event["_experience"] == {"campaign": {"orchestration": {"eventID": "ev-1"}}}
    assert entry.event["environment"]["ipV4"] == "192.0.2.1"
    assert "_experience" not in exit.event
    assert entry.event["productionLevel"] == exit.event["productionLevel"] == "beta"


def test_a_choice_of_consent_has_the_letter_of_the_wire() -> None:
    assert [choice.letter for choice in Choice] == ["y", "p", "n"]

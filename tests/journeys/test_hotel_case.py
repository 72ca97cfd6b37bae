"""The documented hotel cases: two beacons, five kinds of guests, one race against a wait."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.hotel import HOUR, MINUTE, Stage

NOT_CONTACTED = """count(#{ExperiencePlatform.MarltonExperience.experienceevent.all(
    currentDataPackField.directMarketing.sends.value > 0 and
    currentDataPackField.timestamp > nowWithDelta(-1, "days")).timestamp}) == 0"""
MEMBER = "#{ExperiencePlatform.MarltonProfiles._customer.marlton.loyaltyMember}"


def hotel(dialect: str = "ajo") -> dict[str, Any]:
    return {
        "dialect": dialect,
        "events": {"LobbyBeacon": {"event_id": "lobby-1"}, "RestaurantBeacon": {"event_id": "restaurant-1"}},
        "data_sources": {
            "Reservation": {
                "stub": {
                    "answers": [
                        {"when": '@event{call.parameters.id} == "guest"', "body": {"reservation": True}}
                    ],
                    "body": {"reservation": False},
                }
            }
        },
        "actions": {
            "Membership": {"channel": "email", "title": "Loyalty membership"},
            "Welcome": {"channel": "push", "body": "Welcome"},
            "RoomRates": {"channel": "push", "body": "Room rates"},
            "MealDiscount": {"channel": "push", "body": "Meal discount"},
        },
        "journeys": {
            "marlton": {
                "steps": {
                    "lobby": {"event": "LobbyBeacon"},
                    "loyalty": {
                        "condition": {
                            "stranger": {"when": f"{NOT_CONTACTED} and not {MEMBER}", "next": "join"},
                            "member": {"when": f"{NOT_CONTACTED} and {MEMBER}", "next": "booked"},
                        }
                    },
                    "join": {"action": "Membership", "next": "end"},
                    "booked": {
                        "condition": {
                            "yes": {
                                "when": "#{Reservation.main.reservation, params: "
                                "{id: @event{LobbyBeacon.identityMap.entry('ECID').first().id}}}",
                                "next": "welcome",
                            }
                        },
                        "other": "rates",
                    },
                    "rates": {"action": "RoomRates", "next": "end"},
                    "welcome": {"action": "Welcome"},
                    "dinner": {
                        "race": [
                            {"event": "RestaurantBeacon", "next": "meal"},
                            {"wait": 6 * HOUR / 1000, "next": "end"},
                        ]
                    },
                    "meal": {"action": "MealDiscount"},
                }
            }
        },
    }


@pytest.fixture(params=["jo", "ajo"])
def stage(request: pytest.FixtureRequest) -> Stage:
    stage = Stage(hotel(request.param))
    for name, member in (("contacted", True), ("stranger", False), ("member", True), ("guest", True)):
        stage.person(name, _customer={"marlton": {"loyaltyMember": member}})
    stage.send("contacted", directMarketing={"sends": {"value": 1}})
    stage.pass_time(5 * HOUR)
    return stage


def test_who_was_contacted_within_a_day_gets_nothing(stage: Stage) -> None:
    stage.send("contacted", "lobby-1")
    stage.pass_time(HOUR)
    assert stage.received("contacted") == []
    assert stage.ends("contacted") == ["no_path"]


def test_who_is_no_member_is_asked_to_become_one(stage: Stage) -> None:
    stage.send("stranger", "lobby-1")
    stage.pass_time(HOUR)
    assert stage.received("stranger") == ["Membership"]
    assert stage.story("stranger") == [
        ("lobby", "transitions"),
        ("loyalty", "stranger"),
        ("join", "transitions"),
    ]


def test_a_member_without_a_room_is_offered_one(stage: Stage) -> None:
    stage.send("member", "lobby-1")
    stage.pass_time(HOUR)
    assert stage.received("member") == ["RoomRates"]


@pytest.mark.parametrize(
    ("hours", "messages", "path"),
    [(5.9, ["Welcome", "MealDiscount"], "RestaurantBeacon"), (6.1, ["Welcome"], "wait")],
)
def test_the_restaurant_within_six_hours_wins_the_race(
    stage: Stage, hours: float, messages: list[str], path: str
) -> None:
    stage.send("guest", "lobby-1")
    stage.pass_time(round(hours * HOUR))
    stage.send("guest", "restaurant-1")
    stage.pass_time(HOUR)
    assert stage.received("guest") == messages
    assert ("dinner", path) in stage.story("guest")
    assert stage.ends("guest") == ["end"]


def test_the_first_event_is_contacted_only_for_a_day(stage: Stage) -> None:
    stage.pass_time(20 * HOUR)
    stage.send("contacted", "lobby-1")
    stage.pass_time(MINUTE)
    assert stage.received("contacted") == ["RoomRates"]


@pytest.mark.parametrize(("dialect", "messages"), [("jo", 2), ("ajo", 1)])
def test_only_the_newer_product_guards_against_entering_again_within_five_minutes(
    dialect: str, messages: int
) -> None:
    stage = Stage(hotel(dialect))
    stage.person("stranger", _customer={"marlton": {"loyaltyMember": False}})
    stage.send("stranger", "lobby-1")
    stage.pass_time(2 * MINUTE)
    stage.send("stranger", "lobby-1")
    stage.pass_time(MINUTE)
    assert len(stage.received("stranger")) == messages
    assert stage.discards() == ([] if messages == 2 else ["reentranceNotAllowed"])


def test_what_a_condition_read_is_on_record_and_what_it_searched_is_not(stage: Stage) -> None:
    stage.send("member", "lobby-1")
    stage.pass_time(HOUR)
    read = {row.step: row.detail.get("values") for row in stage.rows if row.identity == "member"}
    assert read["loyalty"] == {"ExperiencePlatform.MarltonProfiles._customer.marlton.loyaltyMember": True}
    assert read["booked"] == {"Reservation.main.reservation": False}

"""Power, signal and the app's process: what the app is told of, and what it never hears of."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from simulator.core.distributions import Constant
from simulator.ledger import Outcome
from simulator.phone import Cause, Os, Permission
from simulator.world import PlaceSet
from tests.phone.phones import SECOND, IdealTrial, Trial, far_apart


def outcomes(trial: IdealTrial) -> list[Outcome]:
    return [Outcome(outcome) for *_, outcome in trial.lost()]


def with_dead_zones(*numbers: int) -> PlaceSet:
    places = far_apart(5).places
    return PlaceSet([replace(place, dead_zone=n in numbers) for n, place in enumerate(places)])


def make(kind: str, **settings: object) -> IdealTrial:
    """A phone of either kind, which notices quickly."""
    if kind == "ideal":
        return IdealTrial(**settings)  # type: ignore[arg-type]
    return Trial(detection_delay=Constant(0.0), **settings)  # type: ignore[arg-type]


both = pytest.mark.parametrize("kind", ["ideal", "os"])


# --- signal -------------------------------------------------------------------------------------------------


@both
def test_the_app_hears_when_the_signal_goes_and_when_it_comes_back(kind: str) -> None:
    trial = make(kind)
    trial.do(10, "offline", True)
    trial.do(70, "offline", False)
    assert trial.app.heard == [("down", 10_000), ("up", 70_000)]


@both
def test_the_signal_is_back_only_when_the_last_reason_for_its_loss_is_gone(kind: str) -> None:
    trial = make(kind)
    trial.do(10, "offline", True)
    trial.do(20, "airplane_mode", True)
    trial.do(30, "offline", False)
    trial.do(40, "offline", False)  # said twice
    trial.do(50, "airplane_mode", False)
    assert trial.app.heard == [("down", 10_000), ("up", 50_000)]


@both
def test_crossings_are_noticed_without_signal(kind: str) -> None:
    trial = make(kind)
    trial.do(10, "offline", True)
    trial.enter(20)
    assert trial.told() == [(0, True, 20.0, 20.0)]


@both
def test_inside_a_dead_zone_there_is_no_signal(kind: str) -> None:
    trial = make(kind, places=with_dead_zones(1))
    trial.enter(10, place=0)
    trial.enter(20, place=1)
    trial.leave(30, place=0)
    trial.leave(40, place=1)
    trial.at(50)
    assert trial.app.heard == [("down", 20_000), ("up", 40_000)]
    assert len(trial.told()) == 4


@both
def test_overlapping_dead_zones_are_one(kind: str) -> None:
    trial = make(kind, places=with_dead_zones(0, 1))
    trial.enter(10, place=0)
    trial.enter(20, place=1)
    trial.leave(30, place=0)
    trial.leave(40, place=1)
    assert trial.app.heard == [("down", 10_000), ("up", 40_000)]


@both
def test_a_run_may_begin_in_a_dead_zone(kind: str) -> None:
    trial = make(kind, places=with_dead_zones(0))
    trial.phone.start_in(0)
    trial.phone.start_in(1)
    trial.leave(40, place=0)
    assert trial.app.heard == [("down", 0), ("up", 40_000)]


# --- power --------------------------------------------------------------------------------------------------


@both
def test_a_phone_that_is_off_notices_nothing(kind: str) -> None:
    trial = make(kind)
    trial.do(10, "power", True)
    trial.enter(20)
    trial.open_app(30)
    trial.close_app(40)
    trial.do(50, "power", False)
    trial.leave(60)
    assert trial.app.heard == [("down", 10_000), ("power_off", 10_000), ("up", 50_000)]
    assert trial.told() == [(0, False, 60.0, 60.0)]
    assert trial.lost() == [(0, True, 20_000, Outcome.PHONE_OFF)]
    assert (trial.app.front, trial.app.back) == ([], [])


def test_what_was_being_detected_when_the_phone_went_off_is_lost() -> None:
    trial = Trial()
    trial.enter(100)
    trial.do(130, "power", True)
    trial.do(140, "power", False)
    assert trial.told() == []
    assert trial.lost() == [(0, True, 100_000, Outcome.PHONE_OFF)]


def test_a_restart_while_the_phone_is_off_does_not_switch_it_on() -> None:
    trial = make("ideal")
    trial.do(10, "power", True)
    trial.do(20, "power", True)
    trial.do(30, "power", False)
    trial.enter(40)
    trial.do(50, "power", False)
    trial.leave(60)
    assert outcomes(trial) == [Outcome.PHONE_OFF]
    assert len(trial.told()) == 1


@pytest.mark.parametrize(
    ("os", "changes", "expected"),
    [
        ("ios", {}, []),
        ("android", {}, [Outcome.NOT_MONITORED]),
        ("android", {"regions_survive_restart": True}, []),
    ],
)
def test_a_restart_costs_android_its_regions_until_the_app_is_opened(
    os: Os, changes: dict[str, object], expected: list[Outcome]
) -> None:
    trial = Trial(os, initial_trigger=False, **changes)
    trial.do(10, "power", True)
    trial.do(70, "power", False)
    trial.enter(100)
    trial.open_app(1000)
    trial.close_app(1010)
    trial.leave(2000)
    told = trial.told()
    assert outcomes(trial) == expected
    assert (0, False, 2000.0, 2060.0) in told
    assert len(told) == 2 - len(expected)


# --- the app's process --------------------------------------------------------------------------------------


@both
def test_a_region_event_wakes_the_app_for_a_few_seconds(kind: str) -> None:
    trial = make(kind)
    trial.enter(100)
    trial.told(101)
    assert trial.app.runs_until == 110 * SECOND


def test_an_app_that_leaves_the_front_runs_on_for_a_few_seconds() -> None:
    trial = make("ideal", background_run_time=25.0)
    trial.open_app(100)
    trial.close_app(130)
    assert trial.app.runs_until == 155 * SECOND


@pytest.mark.parametrize(("os", "heard"), [("ios", 0), ("android", 1)])
@both
def test_only_android_wakes_an_app_that_was_ended_by_force(kind: str, os: Os, heard: int) -> None:
    trial = make(kind, os=os)
    trial.open_app(10)
    trial.close_app(20)
    trial.do(21, "force_quit")
    trial.enter(100)
    assert len(trial.told(200)) == heard
    assert outcomes(trial) == [Outcome.APP_NOT_RUNNING] * (1 - heard)
    trial.open_app(300)
    trial.leave(310)
    assert len(trial.told(400)) == heard + 1
    assert trial.app.heard == [("force_quit", 21_000)]


def test_an_app_opened_before_detection_is_over_hears_of_a_crossing_from_when_it_did_not_run() -> None:
    trial = Trial()
    trial.do(10, "force_quit")
    trial.enter(100)
    trial.open_app(120)
    assert trial.told() == [(0, True, 100.0, 160.0)]


@both
def test_an_app_that_crashed_is_not_in_front_any_more(kind: str) -> None:
    trial = make(kind)
    trial.open_app(10)
    trial.do(15, "crash")
    trial.close_app(20)
    trial.do(30, "crash")  # it does not run in front: nothing to crash
    assert trial.app.heard == [("crash", 15_000)]
    assert trial.app.back == []


def test_a_crash_ends_what_was_being_detected_for_an_app_allowed_while_in_use() -> None:
    trial = Trial(permission=Permission.WHILE_IN_USE)
    trial.open_app(10)
    trial.enter(12)
    trial.do(15, "crash")
    assert trial.told() == []
    assert outcomes(trial) == [Outcome.NO_PERMISSION]


@both
def test_the_system_ends_only_an_app_that_is_not_in_front(kind: str) -> None:
    trial = make(kind)
    trial.open_app(10)
    trial.do(11, "system_end")
    trial.close_app(20)
    trial.do(40, "system_end")
    trial.enter(50)
    assert trial.app.heard == [("system", 40_000)]
    assert len(trial.told()) == 1


@both
def test_an_update_waits_for_nobody_to_use_the_app(kind: str) -> None:
    trial = make(kind)
    trial.open_app(10)
    trial.do(11, "update")
    trial.close_app(20)
    trial.do(40, "update")
    assert trial.app.heard == [("system", 40_000), ("updated", 40_000)]


@pytest.mark.parametrize("os", ["ios", "android"])
def test_an_app_installed_afresh_learns_nothing_until_it_is_opened(os: Os) -> None:
    trial = Trial(os, initial_trigger=False)
    trial.enter(90)
    trial.do(100, "reinstall")
    trial.leave(200)
    trial.open_app(300)
    trial.enter(310)
    assert trial.app.heard == [("force_quit", 100_000), ("installed", 100_000)]
    assert outcomes(trial) == [Outcome.NOT_MONITORED] * 2
    assert trial.told() == [(0, True, 310.0, 320.0)]


# --- Doze and saving energy ---------------------------------------------------------------------------------


def test_doze_holds_the_network_back_until_the_next_maintenance_window() -> None:
    trial = Trial("android", doze_share=1.0, doze_delay=Constant(600.0))
    trial.enter(100)
    trial.at(761)
    assert trial.app.heard == [("down", 160_000), ("up", 760_000)]
    assert trial.app.runs_until == 770 * SECOND


def test_opening_the_app_ends_doze() -> None:
    trial = Trial("android", doze_share=1.0, doze_delay=Constant(600.0))
    trial.enter(100)
    trial.open_app(200)
    trial.enter(205, place=1)
    trial.at(5000)
    assert trial.app.heard == [("down", 160_000), ("up", 200_000)]


def test_a_phone_that_saves_energy_detects_later() -> None:
    trial = Trial(saver_delay_factor=3)
    trial.do(50, "battery_saver", True)
    trial.enter(100)
    trial.do(1000, "battery_saver", False)
    trial.leave(2000)
    assert [noticed - crossed for _, _, crossed, noticed in trial.told()] == [180.0, 60.0]


# --- permission ---------------------------------------------------------------------------------------------


def test_a_permission_that_is_withdrawn_ends_detection_and_one_that_is_given_begins_it() -> None:
    trial = Trial()
    trial.enter(100)
    trial.do(130, "permit", Permission.DENIED)
    trial.leave(500)
    trial.do(600, "permit", Permission.ALWAYS)
    trial.enter(1000)
    assert outcomes(trial) == [Outcome.NO_PERMISSION] * 2
    assert trial.told() == [(0, True, 1000.0, 1060.0)]


def test_an_app_in_front_may_use_a_permission_at_once() -> None:
    trial = Trial(permission=Permission.DENIED)
    trial.open_app(100)
    trial.do(110, "permit", Permission.WHILE_IN_USE)
    trial.enter(120)
    trial.close_app(140)
    trial.leave(200)
    assert trial.told() == [(0, True, 120.0, 130.0)]
    assert outcomes(trial) == [Outcome.NO_PERMISSION]


# --- region events without a crossing -----------------------------------------------------------------------


def causes(trial: Trial) -> list[tuple[bool, Cause, bool]]:
    trial.told()
    return [(region.entry, region.cause, region.crossed >= 0) for region in trial.app.regions]


def test_android_reports_a_place_that_is_registered_from_within() -> None:
    trial = Trial("android", permission=Permission.WHILE_IN_USE)
    trial.enter(100)
    trial.open_app(200)
    assert causes(trial) == [(True, Cause.ALREADY_INSIDE, False)]
    assert trial.app.regions[0].noticed == 200 * SECOND
    assert outcomes(trial) == [Outcome.NO_PERMISSION]


def test_ios_does_not_report_a_place_that_is_registered_from_within() -> None:
    trial = Trial("ios", permission=Permission.WHILE_IN_USE)
    trial.enter(100)
    trial.open_app(200)
    assert causes(trial) == []


def test_android_reports_nothing_twice_that_it_knows_already() -> None:
    trial = Trial("android")
    trial.enter(100)
    trial.open_app(500)
    trial.close_app(510)
    trial.open_app(600)
    assert causes(trial) == [(True, Cause.CROSSING, True)]


def test_after_a_restart_android_reports_where_the_phone_is_when_the_app_is_opened() -> None:
    trial = Trial("android")
    trial.enter(100)
    trial.do(500, "power", True)
    trial.do(560, "power", False)
    trial.open_app(600)
    assert causes(trial) == [(True, Cause.CROSSING, True), (True, Cause.ALREADY_INSIDE, False)]


def test_a_poor_position_makes_the_system_believe_for_a_while_that_the_person_is_outside_again() -> None:
    trial = Trial(false_triggers=1.0, positions={"cell": 1.0})
    trial.enter(100)
    assert causes(trial) == [
        (True, Cause.CROSSING, True),
        (False, Cause.POOR_POSITION, False),
        (True, Cause.POOR_POSITION, False),
    ]
    noticed = [region.noticed for region in trial.app.regions]
    assert all(30_000 <= later - earlier <= 300_000 for earlier, later in pairwise(noticed))
    assert list(trial.phone.inside) == [0]


def test_who_truly_leaves_during_a_mistake_was_taken_for_gone_already() -> None:
    trial = Trial(false_triggers=1.0, positions={"cell": 1.0})
    trial.enter(100)
    while not trial.phone.inside:
        trial.env.step()
    while trial.phone.inside:
        trial.env.step()
    trial.leave(trial.env.now / SECOND + 1)
    assert outcomes(trial) == [Outcome.NOT_NOTICED]
    assert [entry for entry, *_ in causes(trial)] == [True, False]
    assert not trial.phone.inside


def test_good_positions_in_large_fences_lead_to_no_mistakes() -> None:
    mistakes = 0
    for key in range(300):
        trial = Trial(key=key, places=far_apart(1, 5000.0), false_triggers=0.03, positions={"gnss": 1.0})
        trial.enter(100)
        mistakes += len(causes(trial)) > 1
    assert mistakes == 0


def test_the_position_of_a_region_event_is_as_far_off_as_its_accuracy_says() -> None:
    within = 0
    for key in range(400):
        trial = Trial(key=key)
        trial.enter(100)
        trial.told()
        region = trial.app.regions[0]
        north = (region.latitude - 50.0) * 111_195.0
        east = (region.longitude - 0.0) * 111_195.0 * 0.642788
        within += (north * north + east * east) ** 0.5 <= region.accuracy
    assert 0.6 < within / 400 < 0.76

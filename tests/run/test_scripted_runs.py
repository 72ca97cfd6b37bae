"""People who act by a script: what they do, when, and what becomes of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.core.errors import ExitCode, InputError
from simulator.run import Prepared, RunOptions, Simulation, prepare, run
from simulator.world import geodesy
from simulator.xdm import EventValidator, missing_essentials
from tests.delivery.misbehaving import MisbehavingServer, Reply, Request
from tests.delivery.test_delivery_edge import answer
from tests.run.running import Record, ecid_of, run_to_file, write_scenario

HOME = [52.5000, 13.4000]
SHOP = {"name": "Shop", "at": [52.5000, 13.4200], "radius": "200 m"}
FAR = {"name": "Far", "at": [52.5200, 13.4200], "radius": "100 m"}
PRODUCTS = [
    {"sku": "A", "name": "Apple", "price": 0.35},
    {"sku": "B", "name": "Bread", "price": 2.99, "category": "bakery"},
    {"sku": "C", "name": "Cheese", "price": 12.10},
]
Steps = list[dict[str, Any]]


def document(script: Steps, group: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "name": "script",
        "description": "Somebody acts by a script.",
        "clock": {"start": "2026-03-02T10:00", "timezone": "Europe/Berlin", "duration": "1 d"},
        "places": [{"library": "Shops", "inline": [SHOP, FAR]}],
        "products": PRODUCTS,
        "people": {
            "anna": {
                "size": 1,
                "home": {"around": {"at": HOME, "radius": "0.01 m"}},
                "phone": {"monitoring": "ideal", "conditions": "ideal", "os": "android"},
                "script": script,
                **(group or {}),
            }
        },
        "app": {"id": "com.example", "name": "App", "login": {"share": 0, "namespace": "Email"}},
        **more,
    }


def scripted(folder: Path, script: Steps, group: dict[str, Any] | None = None, **more: Any) -> Record:
    return run_to_file(write_scenario(folder, document(script, group, **more)), folder / "run")


def timeline(record: Record) -> list[tuple[str, str]]:
    """(time of day in UTC, event type) of all events."""
    return [(event["timestamp"][11:19], event["eventType"]) for event in record.events]


def crossings(record: Record) -> list[tuple[bool, float]]:
    """(entry, seconds since the start) of every crossing, in order."""
    rows = record.ledger.rows
    return sorted(
        ((bool(e), int(t) / 1000) for e, t in zip(rows["entry"], rows["crossed"], strict=True)),
        key=lambda crossing: crossing[1],
    )


# --- time -------------------------------------------------------------------------------------------------


def test_steps_happen_at_their_times_or_after_one_another(tmp_path: Path) -> None:
    script: Steps = [
        {"at": "12:05", "app": "open"},
        {"after": "30 s", "view": "A"},
        {"wait": "1 min"},
        {"view": "B"},
        {"at": "2026-03-02T13:00", "view": "C"},
        {"at": "09:00", "view": "A"},  # earlier than the last time: the next morning
    ]
    record = scripted(tmp_path, script)
    assert timeline(record) == [
        ("11:05:00", "application.launch"),
        ("11:05:30", "commerce.productViews"),
        ("11:06:30", "commerce.productViews"),
        ("12:00:00", "commerce.productViews"),
        ("08:00:00", "commerce.productViews"),
    ]
    assert record.summary["script_steps"] == 6


def test_a_step_whose_time_has_passed_is_done_as_soon_as_the_one_before_is_over(tmp_path: Path) -> None:
    script: Steps = [{"at": "12:00", "wait": "20 min"}, {"at": "12:10", "app": "open"}]
    assert timeline(scripted(tmp_path, script)) == [("11:20:00", "application.launch")]


def test_borders_are_crossed_at_the_exact_moment_that_speed_and_way_give(tmp_path: Path) -> None:
    record = scripted(tmp_path, [{"at": "12:00", "walk_by": "Shop", "speed": "1.4 m/s"}])
    to_centre = float(geodesy.distance(*HOME, *SHOP["at"]))
    (entered, entry), (left, exit_) = crossings(record)
    assert (entered, left) == (True, False)
    assert entry == pytest.approx(7200 + (to_centre - 200) / 1.4, abs=0.02)
    assert exit_ == pytest.approx(7200 + (to_centre + 200) / 1.4, abs=0.02)


def test_who_enters_stays_inside_and_who_leaves_stays_outside(tmp_path: Path) -> None:
    script: Steps = [
        {"at": "12:00", "enter": "Shop", "takes": "10 min"},
        {"enter": "Shop"},  # is there already
        {"after": "1 h", "leave": "Shop", "takes": "5 min"},
        {"leave": "Shop"},
        {"go_to": "Shop", "takes": "5 min"},
        {"go_to": "home", "takes": "10 min"},
    ]
    record = scripted(tmp_path, script)
    assert [entry for entry, _ in crossings(record)] == [True, False, True, False]
    (_, first), (_, second), *_ = crossings(record)
    assert 7200 < first < 7800
    assert 7800 + 3600 < second < 7800 + 3600 + 300


def test_of_several_places_of_a_name_the_nearest_one_is_meant(tmp_path: Path) -> None:
    places = [{"library": "Shops", "inline": [FAR | {"name": "Shop"}, SHOP]}]
    record = scripted(tmp_path, [{"at": "12:00", "enter": "Shop"}], places=places)
    (visited,) = record.summary["busiest_places"]
    assert visited["entries"] == 1
    assert {event["placeContext"]["POIinteraction"]["poiDetail"]["poiID"] for event in record.events} == {
        visited["id"]
    }
    assert crossings(record)[0][1] < 7200 + 3600  # 1.2 km, not 2.6


# --- the phone and the app --------------------------------------------------------------------------------


def test_a_phone_that_is_off_notices_nothing_and_one_without_network_keeps_its_events(tmp_path: Path) -> None:
    script: Steps = [
        {"at": "12:00", "phone": "off"},
        {"enter": "Shop"},
        {"phone": "on"},
        {"app": "open"},
        {"network": "off"},
        {"leave": "Shop"},
        {"wait": "10 min"},
        {"network": "on"},
    ]
    record = scripted(tmp_path, script)
    assert record.summary["outcomes"] == {"phone_off": 1, "delivered_late": 1}
    (exit_event,) = [event for event in record.events if event["eventType"] == "location.exit"]
    assert exit_event["timestamp"][11:16] < "11:50"


def test_location_and_permission_decide_what_the_system_tells_the_app(tmp_path: Path) -> None:
    visit: Steps = [{"enter": "Shop"}, {"wait": "20 min"}, {"leave": "Shop"}, {"wait": "20 min"}]
    script: Steps = [
        {"at": "11:00", "location": "off"},
        *visit,
        {"location": "on"},
        *visit,
        {"permission": "denied"},
        *visit,
        {"location": "on"},  # nothing comes back that was not allowed
        *visit,
        {"permission": "always"},
        *visit,
    ]
    phone = {"os": "ios", "monitoring": "os", "conditions": "ideal", "permission": "always"}
    record = scripted(tmp_path, script, {"phone": phone})
    assert record.summary["outcomes"] == {"delivered": 4, "no_permission": 6}


def test_logging_in_and_out_shows_in_the_identities_from_then_on(tmp_path: Path) -> None:
    script: Steps = [
        {"at": "12:00", "app": "open"},
        {"after": "10 s", "account": "log_in"},
        {"after": "10 s", "view": "A"},
        {"after": "10 s", "account": "log_out"},
        {"after": "10 s", "view": "B"},
    ]
    before, during, after = (event["identityMap"] for event in scripted(tmp_path, script).events)
    assert "Email" not in before
    assert during["Email"][0]["authenticatedState"] == "authenticated"
    assert after.get("Email", [{"authenticatedState": "loggedOut"}])[0]["authenticatedState"] == "loggedOut"


def test_an_app_can_be_ended_updated_and_installed_afresh(tmp_path: Path) -> None:
    script: Steps = []
    for what in ("force_quit", "update", "reinstall"):
        script += [{"after": "10 min", "app": "open"}, {"after": "1 min", "app": "close"}]
        script += [{"after": "1 min", "app": what}]
    script += [{"after": "10 min", "app": "open"}]
    launches = [
        event["application"]
        for event in scripted(tmp_path, script).events
        if event["eventType"] == "application.launch"
    ]
    assert [bool(launch.get("isUpgrade")) for launch in launches] == [False, False, True, False]
    assert [bool(launch.get("isInstall")) for launch in launches] == [False, False, False, True]


# --- waiting for something --------------------------------------------------------------------------------

COUPON: Steps = [
    {"at": "12:00", "wait": "1 s"},
    {"after": {"receives": "coupon", "within": "30 min"}, "react": "open"},
]


def test_who_waits_in_vain_goes_on_when_the_time_is_over_or_stops(tmp_path: Path) -> None:
    record = scripted(tmp_path, COUPON)
    assert timeline(record)[0] == ("11:30:01", "application.launch")
    assert (record.summary["script_steps"], record.summary["waits_in_vain"]) == (2, 1)
    stops = [COUPON[0], {"after": {"receives": "coupon", "otherwise": "stop"}, "react": "open"}]
    (tmp_path / "stop").mkdir()
    record = scripted(tmp_path / "stop", stops)
    assert record.bodies == []
    assert (record.summary["script_steps"], record.summary["waits_in_vain"]) == (1, 1)


@pytest.mark.parametrize("minutes", [60, 135])
def test_who_receives_it_in_time_goes_on_at_that_moment(tmp_path: Path, minutes: int) -> None:
    prepared = prepare(write_scenario(tmp_path, document(COUPON)))
    simulation = Simulation(prepared.world, prepared.world.cohorts())
    bodies = simulation.advance(minutes * 60_000).bodies
    assert bodies == []
    assert simulation.announce(0, "coupon", {"id": "m-17"})
    events = [orjson.loads(body) for body in simulation.advance(prepared.world.duration_ms).bodies]
    # Received an hour before anybody asked for it counts as received: it is there at once.
    assert events[0]["timestamp"][11:19] == ("11:00:01" if minutes == 60 else "11:15:00")
    opened = next(event for event in events if event["eventType"] == "pushTracking.applicationOpened")
    assert opened["pushNotificationTracking"]["pushProviderMessageID"] == "m-17"
    scripts = simulation.models[0].scripts
    assert scripts is not None
    assert (scripts.done, scripts.in_vain) == (2, 0)


def test_nobody_hears_of_messages_to_people_without_a_script(tmp_path: Path) -> None:
    both = document(COUPON)
    both["people"] = {"others": {"size": 5, "home": {"around": {"at": HOME, "radius": "2 km"}}}} | both[
        "people"
    ]
    prepared = prepare(write_scenario(tmp_path, both))
    simulation = Simulation(prepared.world, prepared.world.cohorts())
    assert [simulation.announce(person, "coupon") for person in range(7)] == [False] * 5 + [True, False]


def test_another_message_is_not_the_one_that_is_waited_for(tmp_path: Path) -> None:
    prepared = prepare(write_scenario(tmp_path, document(COUPON)))
    simulation = Simulation(prepared.world, prepared.world.cohorts())
    scripts = simulation.models[0].scripts
    assert scripts is not None
    simulation.announce(0, "newsletter")
    simulation.advance(prepared.world.duration_ms)
    assert scripts.in_vain == 1


def reactions(simulation: Simulation, until: int = 24 * 60) -> list[str]:
    """The messages that were reacted to from now on until so many minutes of the run."""
    bodies = simulation.advance(until * 60_000).bodies
    tracked = [
        event["pushNotificationTracking"]
        for event in map(orjson.loads, bodies)
        if "push" in event["eventType"]
    ]
    return [tracking["pushProviderMessageID"] for tracking in tracked]


def test_people_react_to_the_message_received_last_whether_they_waited_for_it_or_not(tmp_path: Path) -> None:
    script: Steps = [{"wait": "1 h"}, {"react": "open"}, {"wait": "1 h"}, {"react": "open"}]
    prepared = prepare(write_scenario(tmp_path, document(script)))
    simulation = Simulation(prepared.world, prepared.world.cohorts())
    simulation.announce(0, "coupon", {"id": "m-1"})
    simulation.announce(0, "coupon", {"id": "m-2"})
    assert reactions(simulation, until=90) == ["m-2"]
    simulation.announce(0, "newsletter", {"id": "m-3"})
    assert reactions(simulation) == ["m-3"]


def test_waiting_for_one_message_does_not_lose_another(tmp_path: Path) -> None:
    script: Steps = [
        {"after": "1 h", "app": "open"},
        {"after": {"receives": "second"}, "react": "open"},
        {"after": {"receives": "first"}, "react": "open"},
        {"after": {"receives": "first", "otherwise": "stop"}, "react": "open"},
    ]
    prepared = prepare(write_scenario(tmp_path, document(script)))
    simulation = Simulation(prepared.world, prepared.world.cohorts())
    simulation.announce(0, "first", {"id": "m-1"})
    simulation.announce(0, "second", {"id": "m-2"})
    assert reactions(simulation) == ["m-2", "m-1"]
    scripts = simulation.models[0].scripts
    assert scripts is not None
    assert scripts.in_vain == 1


# --- products ---------------------------------------------------------------------------------------------

SKUS = st.sampled_from(["A", "B", "C"])
UNITS = st.integers(1, 5)
SHOPPING = st.lists(
    st.one_of(
        st.builds(lambda sku: {"view": sku}, SKUS),
        st.builds(lambda sku, n: {"add_to_cart": sku, "quantity": n}, SKUS, UNITS),
        st.builds(lambda sku, n: {"remove_from_cart": sku, "quantity": n}, SKUS, UNITS),
        st.sampled_from([{"check_out": "buy"}, {"check_out": "give_up"}]),
        st.builds(lambda skus: {"buy_in_store": skus}, st.lists(SKUS, min_size=1, max_size=4)),
    ),
    max_size=14,
)
CENTS = {"A": 35, "B": 299, "C": 1210}


def sent(prepared: Prepared) -> list[dict[str, Any]]:
    simulation = Simulation(prepared.world, prepared.world.cohorts())
    return [orjson.loads(body) for body in simulation.advance(prepared.world.duration_ms).bodies]


@given(shopping=SHOPPING)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_added_less_what_is_removed_is_what_is_checked_out_and_paid(
    tmp_path: Path, shopping: Steps
) -> None:
    script = [{"at": "12:00", "app": "open"}, *({"after": "5 s", **step} for step in shopping)]
    events = sent(prepare(write_scenario(tmp_path, document(script))))
    validator = EventValidator()
    cart: Counter[str] = Counter()
    carts: set[str] = set()
    orders: list[str] = []
    for event in events:
        assert not validator.violations(event)
        assert not missing_essentials(event)
        kind = event["eventType"].removeprefix("commerce.")
        items = event.get("productListItems", [])
        units = Counter({item["SKU"]: item["quantity"] for item in items})
        for item in items:
            assert round(item["priceTotal"] * 100) == CENTS[item["SKU"]] * item["quantity"]
        if kind == "productListAdds":
            cart += units
        elif kind == "productListRemovals":
            assert units <= cart
            cart -= units
        elif kind in ("checkouts", "productListViews"):
            assert units == cart
        elif kind == "purchases":
            order = event["commerce"]["order"]
            paid = sum(round(payment["paymentAmount"] * 100) for payment in order["payments"])
            costs = sum(CENTS[sku] * n for sku, n in units.items())
            assert round(order["priceTotal"] * 100) == paid == costs
            orders.append(order["purchaseID"])
            if "ECID" in event["identityMap"]:
                assert units == cart
                assert event["commerce"]["cart"]["cartID"] not in carts
                carts.add(event["commerce"]["cart"]["cartID"])
                cart.clear()
    assert len(orders) == len(set(orders))
    assert len({event["_id"] for event in events}) == len(events)
    assert sum("buy_in_store" in step for step in shopping) == sum(
        "ECID" not in event["identityMap"] for event in events
    )


# --- many -------------------------------------------------------------------------------------------------


def test_scripted_and_planned_people_go_together_and_workers_change_nothing(tmp_path: Path) -> None:
    script: Steps = [
        {"at": "12:00", "go_to": "Shop", "by": "cycle"},
        {"after": "10 min", "app": "open"},
        {"after": "1 min", "app": "close"},
        {"go_to": "home", "by": "walk"},
    ]
    both = document(script, {"size": 30, "home": {"around": {"at": HOME, "radius": "500 m"}}})
    both["people"]["others"] = {"size": 200, "home": {"around": {"at": HOME, "radius": "2 km"}}}
    path = write_scenario(tmp_path, both)
    one, two = run_to_file(path, tmp_path / "one"), run_to_file(path, tmp_path / "two", workers=2)
    assert one.bodies == two.bodies
    assert one.summary["script_steps"] == two.summary["script_steps"] == 120
    assert sum(one.summary["outcomes"].values()) == one.summary["crossings"]
    alone = document(script, {"size": 30, "home": {"around": {"at": HOME, "radius": "500 m"}}})
    (tmp_path / "alone").mkdir()
    few = run_to_file(write_scenario(tmp_path / "alone", alone), tmp_path / "alone" / "run")
    assert set(few.bodies) <= set(one.bodies)


# --- mistakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([{"go_to": "Shp"}], "script.0.go_to: no place 'Shp'; did you mean 'Shop'?"),
        ([{"enter": "home"}], "script.0.enter: no place 'home'; there are Shop"),
        ([{"app": "open"}, {"view": "D"}], "script.1.view: no product 'D'; there are A, B and C"),
        ([{"buy_in_store": ["A", "D"]}], "script.0.buy_in_store: no product 'D'"),
        ([{"view": "A"}], "script.0.view: happens in the app, which is not in front at this step"),
        ([{"app": "open"}, {"phone": "off"}, {"check_out": "buy"}],
         "script.2.check_out: happens in the app, which is not in front at this step"),
        ([{"go_to": "Shop", "by": "cycle"}], "script.0.by: nobody of the group moves by 'cycle'"),
        ([{"go_to": "Shop", "wait": "1 min"}], "script.0: `go_to` and `wait` are two steps"),
        ([{"at": "12:00"}], "script.0: a step must say what is done"),
        ([{"at": "12:00", "after": "1 min", "app": "open"}], "script.0: give either `at` or `after`, not both"),
        ([{"wait": "1 min", "by": "walk"}], "script.0.by: only for steps that move"),
        ([{"wait": "1 min", "quantity": 2}], "script.0.quantity: only for `add_to_cart` and `remove_from_cart`"),
        ([{"phone": "off"}, {"app": "open"}, {"view": "A"}],
         "script.2.view: happens in the app, which is not in front at this step; put a step `phone: on`"),
        ([{"go_to": "Shop", "speed": "1 m/s", "takes": "1 min"}], "script.0.takes: not together with `speed`"),
        ([{"at": "noon", "app": "open"}], "script.0.at: 'noon' is not valid; expected a time of day such as"),
        ([{"after": {"receive": "x"}, "app": "open"}], "script.0.after.receive: unknown key; did you mean 'receives'?"),
        ([{"after": {"receives": "x", "within": 0}, "app": "open"}], "script.0.after.within: 0 is too small"),
        ([{"after": {}, "app": "open"}], "script.0.after.receives: is missing; expected text"),
        ([{"go_to": {"lat": 91, "lon": 13}}], "script.0.go_to.lat: 91 is out of range"),
        ([{"go_to": [91, 13]}], "script.0.go_to.0: 91 is out of range"),
        ([{"go_to": [52, "x"]}], "script.0.go_to.1: 'x' is not a longitude in degrees"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_step(tmp_path: Path, steps: Steps, message: str) -> None:
    group = {"travel": {"cycle": None}}
    with pytest.raises(InputError) as caught:
        prepare(write_scenario(tmp_path, document(steps, group)))
    assert f"people.anna.{message}" in str(caught.value)


def test_accounts_need_a_login_and_skus_are_unique(tmp_path: Path) -> None:
    broken = document([{"account": "log_in"}], products=[*PRODUCTS, PRODUCTS[0]])
    del broken["app"]["login"]
    with pytest.raises(InputError) as caught:
        prepare(write_scenario(tmp_path, broken))
    assert "script.0.account: the app has no accounts; give `app` a `login`" in str(caught.value)
    assert "products.3.sku: 'A' is already the SKU of products.0" in str(caught.value)


def test_what_changes_nothing_is_warned_of(tmp_path: Path) -> None:
    script: Steps = [{"permission": "denied"}, {"at": "2026-03-05T12:00", "app": "open"}]
    warnings = prepare(write_scenario(tmp_path, document(script, {"schedule": {}}))).warnings
    text = "\n".join(map(str, warnings))
    assert "people.anna.schedule: warning: changes nothing, because the people act by a `script`" in text
    assert "script.0.permission: warning: changes nothing, because the phones notice everything" in text
    assert "script.1.at: warning: means 2026-03-05 12:00, when the run is over" in text


@pytest.mark.parametrize(
    ("steps", "warnings"),
    [
        ([{"at": "2026-03-02T09:00", "app": "open"}, {"at": "2026-03-02T11:00", "app": "close"},
          {"at": "2026-03-02T10:30", "app": "open"}],
         ["0.at: warning: means 2026-03-02 09:00, before the run begins; the step is done at once",
          "2.at: warning: means 2026-03-02 10:30, before an earlier step; the step is done at once"]),
        ([{"app": "open"}, {"add_to_cart": "A", "quantity": 2}, {"remove_from_cart": "A", "quantity": 3},
          {"check_out": "buy"}],
         ["2.remove_from_cart: warning: the cart holds 2 of 'A' at this step; no more are taken out",
          "3.check_out: warning: changes nothing, because the cart is empty at this step"]),
        ([{"app": "open"}, {"add_to_cart": "A"}, {"check_out": "give_up"}, {"check_out": "buy"},
          {"check_out": "give_up"}],
         ["4.check_out: warning: changes nothing, because the cart is empty at this step"]),
        ([{"phone": "off"}, {"app": "open"}, {"phone": "on"}, {"app": "open"}, {"view": "A"}],
         ["1.app: warning: changes nothing, because the phone is off at this step"]),
    ],
)  # fmt: skip
def test_steps_that_can_do_nothing_are_warned_of(tmp_path: Path, steps: Steps, warnings: list[str]) -> None:
    told = list(map(str, prepare(write_scenario(tmp_path, document(steps))).warnings))
    assert len(told) == len(warnings)
    for warning, expected in zip(told, warnings, strict=True):
        assert f"people.anna.script.{expected}" in warning


def test_the_app_registers_the_places_around_where_the_script_has_led_the_person(tmp_path: Path) -> None:
    far = [53.0, 14.0]
    crowd = [
        {
            "name": f"Shop {n}",
            "at": [around[0] + 0.004 * (n % 5), around[1] + 0.006 * (n // 5)],
            "radius": "150 m",
        }
        for around in (HOME, far)
        for n in range(25)
    ]
    places = [
        {"library": "Near", "inline": crowd[:25]},
        {"library": "Far", "inline": [place | {"name": f"Far {n}"} for n, place in enumerate(crowd[25:])]},
    ]
    script: Steps = [
        {"at": "11:00", "go_to": [52.99, 13.99], "by": "car", "takes": "1 h"},
        {"wait": "30 min"},
        {"enter": "Far 0"},
        {"wait": "30 min"},
        {"permission": "denied"},
        {"leave": "Far 0"},
    ]
    phone = {"os": "ios", "monitoring": "os", "conditions": "ideal", "permission": "always"}
    record = scripted(tmp_path, script, {"phone": phone}, places=places)
    visited = [event for event in record.events if event["eventType"] == "location.entry"]
    assert [event["placeContext"]["POIinteraction"]["poiDetail"]["name"] for event in visited][-1] == "Far 0"
    assert record.summary["outcomes"]["no_permission"] == 1


# --- whatever happens -------------------------------------------------------------------------------------

ANYTHING = st.lists(
    st.one_of(
        st.sampled_from(["Shop", "Far"]).flatmap(
            lambda name: st.sampled_from(
                [{key: name, "by": "car"} for key in ("go_to", "walk_by", "enter", "leave")]
            )
        ),
        st.sampled_from(
            [{"app": what} for what in ("open", "close", "force_quit", "crash", "update", "reinstall")]
        ),
        st.sampled_from([{key: to} for key in ("phone", "network", "location") for to in ("off", "on")]),
        st.sampled_from(
            [{"permission": what} for what in ("always", "while_in_use", "approximate", "denied")]
        ),
        st.sampled_from(
            [{"account": "log_in"}, {"account": "log_out"}, {"react": "open"}, {"react": "dismiss"}]
        ),
        st.sampled_from([{"go_to": "home", "by": "car"}, {"wait": "3 min"}, {"wait": "40 min"}]),
    ),
    max_size=25,
)


@given(
    script=ANYTHING, os=st.sampled_from(["ios", "android"]), conditions=st.sampled_from(["ideal", "typical"])
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_crossing_of_any_script_has_one_outcome_and_entries_and_exits_alternate(
    tmp_path: Path, script: Steps, os: str, conditions: str
) -> None:
    phone = {"os": os, "monitoring": "os", "conditions": conditions, "permission": "always"}
    script = [{"at": "10:00", "wait": "1 s"}, *script]
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    record = scripted(folder, script, {"phone": phone})
    assert sum(record.summary["outcomes"].values()) == record.summary["crossings"]
    rows = record.ledger.rows
    for place in (0, 1):
        mine = rows[rows["place"] == place]
        entries = mine[mine["crossed"].argsort(kind="stable")]["entry"].astype(bool).tolist()
        assert entries == [number % 2 == 0 for number in range(len(entries))]


def test_a_phone_with_new_identities_keeps_its_place_in_the_edge_network_but_not_its_state(
    tmp_path: Path,
) -> None:
    script: Steps = [
        {"at": "12:00", "app": "open"},
        {"after": "10 s", "account": "log_in"},
        {"after": "10 s", "view": "A"},
        {"after": "10 s", "account": "log_out"},
        {"after": "10 s", "view": "B"},
        {"after": "10 s", "view": "C"},
    ]
    hint = {"scope": "EdgeNetwork", "hint": "irl1", "ttlSeconds": 1800}

    def remembering(request: Request) -> Reply:
        entry = {"key": f"k{request.number}", "value": "v", "maxAge": 3600}
        return answer(
            {"type": "state:store", "payload": [entry]}, {"type": "locationHint:result", "payload": [hint]}
        )

    login = {"share": 0, "namespace": "Email", "logout": "reset"}
    with MisbehavingServer(remembering) as server:
        scripted_document = document(
            script,
            app={"id": "com.example", "name": "App", "login": login},
            destination={"to": f"edge:{server.base}?configId=demo"},
        )
        prepared = prepare(write_scenario(tmp_path, scripted_document))
        result = run(prepared, RunOptions(out=tmp_path / "run"))
    assert result.exit_code is ExitCode.OK
    requests = [orjson.loads(request.body) for request in server.requests]
    phones = [ecid_of(body["xdm"]) for body in requests]
    entries = [
        [entry["key"] for entry in body["meta"].get("state", {"entries": []})["entries"]] for body in requests
    ]
    assert phones[0] == phones[1] != phones[2] == phones[3]
    assert entries[:4] == [[], ["k0"], [], ["k2"]]
    assert ["/irl1/" in request.path for request in server.requests[:4]] == [False, True, True, True]

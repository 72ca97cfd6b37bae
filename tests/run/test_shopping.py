"""People who shop by habit: what the app, the till, the loyalty programme and the web shop tell adds up."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.core.errors import ExitCode, InputError
from simulator.core.simtime import Calendar
from simulator.run import RunOptions, prepare, run
from simulator.run.simulation import Simulation
from simulator.scenario.models import SOURCES
from simulator.xdm import COMMERCE_TYPES, EventValidator, missing_essentials
from tests.cli.program import SCENARIOS
from tests.run.running import run_to_file, write_scenario

Document = dict[str, Any]
CENTS = {"A": 35, "B": 299, "C": 1210}
RATE = 7.5
SHOP = [52.5200, 13.4050]
LIVELY: Document = {
    "sessions": "100 %",
    "pause": "4 s",
    "add": 0.4,
    "look_at_cart": 0.4,
    "check_out": 0.5,
    "stores": {"library": "Stores", "buys": "70 %"},
}


def document(people: int = 12, days: int = 3, shopping: Document | None = None, **more: Any) -> Document:
    return {
        "version": 1,
        "name": "shopping",
        "description": "People shop.",
        "clock": {"start": "2026-03-02T00:00", "timezone": "Europe/Berlin", "duration": f"{days} d"},
        "places": [
            {"library": "Stores", "inline": [{"name": "Store", "at": SHOP, "radius": "100 m"}]},
            {"library": "Parks", "inline": [{"name": "Park", "at": [52.528, 13.41], "radius": "100 m"}]},
        ],
        "people": {
            "shoppers": {
                "size": people,
                "home": {"around": {"at": SHOP, "radius": "3 km"}},
                "schedule": {"errands": {"per_day": 2, "per_working_day": 1, "within": "9 km"}},
                "shopping": LIVELY | (shopping or {}),
                "phone": {"conditions": "ideal"},
            }
        },
        "products": [{"sku": sku, "name": sku, "price": cents / 100} for sku, cents in CENTS.items()],
        "app": {
            "id": "com.example.shop",
            "name": "Shop",
            "sessions": {"per_day": 2, "length": "50 s"},
        },
        **more,
    }


def sent(path: Path) -> list[tuple[int, str, int, Document]]:
    """The events of a run in the order of their happening: person, source, time of sending, event."""
    prepared = prepare(path)
    window = Simulation(prepared.world, prepared.world.cohorts()).advance(prepared.world.duration_ms)
    rows = zip(
        window.person.tolist(), window.source.tolist(), window.sent.tolist(), window.bodies, strict=True
    )
    events = [(person, SOURCES[source], at, orjson.loads(body)) for person, source, at, body in rows]
    return sorted(events, key=lambda row: row[3]["timestamp"])


def units_of(event: Document) -> Counter[str]:
    return Counter({item["SKU"]: item["quantity"] for item in event.get("productListItems", [])})


def cents_of(event: Document) -> int:
    return sum(round(item["priceTotal"] * 100) for item in event["productListItems"])


# --- a month ----------------------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32),
    shopping=st.fixed_dictionaries(
        {name: st.sampled_from([0.0, 0.3, 0.9]) for name in ("add", "look_at_cart", "remove", "check_out")}
        | {"checkout_steps": st.integers(1, 3), "in_store": st.just({"pay": 1})}
    ),
    start=st.sampled_from([0, 480]),
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_carts_orders_and_points_of_each_person_add_up_over_a_month(
    tmp_path: Path, seed: int, shopping: Document, start: int
) -> None:
    loyalty = {"share": "60 %", "points": RATE, "start": start, "tiers": {"silver": 500, "gold": 2000}}
    sources = {
        "till": {"delay": "3 s"},
        "loyalty": loyalty | {"delay": "5 s", "every_change": True, "tenant": "acme"},
        "web": {"share": "70 %", "sessions": {"per_day": 0.5, "length": "3 min"}},
    }
    path = write_scenario(tmp_path, document(8, 30, shopping, seed=seed, sources=sources))
    of_person: dict[int, list[tuple[str, Document]]] = defaultdict(list)
    events = sent(path)
    assert len({event["_id"] for *_, event in events}) == len(events)
    validator = EventValidator()
    for person, source, _, event in events:
        assert not validator.violations(event)
        assert not missing_essentials(event)
        of_person[person].append((source, event))
    for rows in of_person.values():
        carts_add_up([event for source, event in rows if source in ("phone", "web")])
        bought = [event for _, event in rows if event["eventType"] == "commerce.purchases"]
        orders_add_up(bought)
        points_add_up([event for source, event in rows if source == "loyalty"], bought, start)


def carts_add_up(events: list[Document]) -> None:
    cart: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    bought: set[str] = set()
    opened: set[str] = set()
    for event in events:
        if event["eventType"] not in COMMERCE_TYPES:
            continue
        kind = event["eventType"].removeprefix("commerce.")
        counts[kind] += 1
        assert event["commerce"][kind]["value"] == 1
        for item in event.get("productListItems", []):
            assert round(item["priceTotal"] * 100) == CENTS[item["SKU"]] * item["quantity"]
        units = units_of(event)
        if kind == "productListOpens":
            assert not cart
            opened.add(event["commerce"]["cart"]["cartID"])
        elif kind == "productListAdds":
            cart += units
        elif kind == "productListRemovals":
            assert units <= cart
            cart -= units
        elif kind != "productViews":
            assert units == cart
        if kind == "purchases":
            bought.add(event["commerce"]["cart"]["cartID"])
            cart.clear()
    assert counts["purchases"] == len(bought)
    assert bought <= opened
    assert counts["purchases"] <= counts["checkouts"]
    assert counts["productListAdds"] >= counts["productListOpens"] >= len(opened)


def orders_add_up(bought: list[Document]) -> None:
    orders = [event["commerce"]["order"] for event in bought]
    assert len({order["purchaseID"] for order in orders}) == len(orders)
    for event, order in zip(bought, orders, strict=True):
        paid = sum(round(payment["paymentAmount"] * 100) for payment in order["payments"])
        assert round(order["priceTotal"] * 100) == paid == cents_of(event) > 0


def points_add_up(told: list[Document], bought: list[Document], start: int) -> None:
    accounts = [(event["eventType"], event["_acme"]["loyalty"]) for event in told]
    if not accounts:
        assert not bought or all("Loyalty" not in event["identityMap"] for event in bought)
        return
    assert len({account["memberId"] for _, account in accounts}) == 1
    earned = [account["pointsChange"] for kind, account in accounts if kind == "loyalty.pointsEarned"]
    changes = [cents_of(event) * 75 // 1000 for event in bought]
    # What is bought in the last seconds of the run is not told any more.
    assert earned == [change for change in changes if change][: len(earned)]
    assert len(changes) - len(earned) <= 1 + changes.count(0)
    balances = [account["points"] for kind, account in accounts if kind == "loyalty.pointsEarned"]
    assert balances[0] == start + earned[0]
    assert all(
        later - before == won for (before, later), won in zip(pairwise(balances), earned[1:], strict=True)
    )
    reached = {account["threshold"] for kind, account in accounts if kind == "loyalty.tierReached"}
    assert reached == {limit for limit in (500, 2000) if start < limit <= balances[-1]}


# --- the systems ------------------------------------------------------------------------------------------


def test_the_till_tells_after_the_fact_and_knows_the_card_or_the_mail_address(tmp_path: Path) -> None:
    sources = {"till": {"delay": "7 s"}, "loyalty": {"share": "50 %", "namespace": "Card"}}
    path = write_scenario(tmp_path, document(30, 7, sources=sources))
    told = [(at, event) for _, source, at, event in sent(path) if source == "till"]
    assert {name for _, event in told for name in event["identityMap"]} == {"Card", "Email"}
    calendar = prepare(path).world.calendar
    for at, event in told:
        assert event["eventType"] == "commerce.purchases"
        assert calendar.utc(at - 7000).isoformat()[:23] == event["timestamp"][:23]
        assert "implementationDetails" not in event


def test_a_till_may_tell_in_batches(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, document(30, 7, sources={"till": {"every": "1 h"}}))
    times = [at for _, source, at, _ in sent(path) if source == "till"]
    assert times
    assert all(at % 3_600_000 == 0 for at in times)


def test_of_customers_unknown_to_the_till_nothing_is_told(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, document(30, 7, sources={"till": {"known": "0 %"}}))
    assert not [source for _, source, _, _ in sent(path) if source == "till"]


def test_only_places_of_the_library_of_stores_are_stores(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, document(30, 7, {"stores": {"library": "Parks", "buys": 0}}))
    assert not [source for _, source, _, _ in sent(path) if source == "till"]


def test_purchases_in_stores_are_made_during_true_visits(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, document(30, 7))
    inside: dict[int, bool] = {}
    paid = 0
    for person, source, _, event in sent(path):
        if event["eventType"].startswith("location."):
            if event["placeContext"]["POIinteraction"]["poiDetail"]["name"] == "Store":
                inside[person] = event["eventType"] == "location.entry"
        elif source == "till":
            paid += 1
            assert inside.get(person, True)  # who is there when the run begins has not entered
    assert paid > 20


def test_the_web_shop_knows_the_same_people_by_another_identity(tmp_path: Path) -> None:
    sources = {"web": {"share": 1, "sessions": {"per_day": 2, "length": "3 min"}, "logs_in": "50 %"}}
    path = write_scenario(tmp_path, document(20, 5, sources=sources))
    phones, browsers = defaultdict(set), defaultdict(set)
    names: set[frozenset[str]] = set()
    kinds: Counter[str] = Counter()
    for person, source, _, event in sent(path):
        identities = event["identityMap"]
        if source == "web":
            browsers[person].add(identities["ECID"][0]["id"])
            names.add(frozenset(identities))
            kinds[event["eventType"]] += 1
        elif "ECID" in identities:
            phones[person].add(identities["ECID"][0]["id"])
    assert kinds["web.webpagedetails.pageViews"] >= kinds["commerce.productViews"] > 0
    assert names == {frozenset({"ECID"}), frozenset({"ECID", "Email"})}
    assert all(len(ids) == 1 and ids.isdisjoint(phones[person]) for person, ids in browsers.items())


def test_events_go_where_their_source_is_sent(tmp_path: Path) -> None:
    destinations = {
        "mobile": {"to": f"file:{tmp_path / 'phone.ndjson'}", "sources": ["phone"]},
        "server": {"to": f"file:{tmp_path / 'server.ndjson'}", "sources": ["till", "loyalty", "web"]},
    }
    sources = {"loyalty": {"share": 1, "tiers": {"silver": 10}}, "web": {"share": 1}}
    path = write_scenario(tmp_path, document(30, 4, sources=sources, destinations=destinations))
    result = run(prepare(path), RunOptions(out=tmp_path / "run"))
    assert result.exit_code is ExitCode.OK
    phone, server = (
        [orjson.loads(line) for line in (tmp_path / f"{name}.ndjson").read_bytes().splitlines()]
        for name in ("phone", "server")
    )
    assert all("implementationDetails" in event for event in phone)
    assert not any("implementationDetails" in event for event in server)
    assert {"loyalty.tierReached", "commerce.purchases"} <= {event["eventType"] for event in server}
    assert len(phone) + len(server) == result.summary["sent"]


# --- habits -----------------------------------------------------------------------------------------------


def test_the_surroundings_change_what_people_do(tmp_path: Path) -> None:
    never = {"sessions": 0, "at_home": {"sessions": 1}}
    kinds = [event["eventType"] for *_, event in sent(write_scenario(tmp_path, document(20, 3, never)))]
    assert "commerce.productViews" in kinds
    nowhere = {"sessions": 1, "at_home": {"sessions": 0}, "in_store": {"sessions": 0}}
    path = write_scenario(tmp_path, document(20, 3, nowhere) | {"people": at_home(nowhere)})
    assert not [1 for *_, event in sent(path) if event["eventType"] in COMMERCE_TYPES]


def at_home(shopping: Document) -> Document:
    """People who never leave their homes, far from all places."""
    home = {"around": {"at": [52.40, 13.10], "radius": "500 m"}}
    nothing = {"errands": {"per_day": 0, "per_working_day": 0}}
    return {"hermits": {"size": 20, "home": home, "schedule": nothing, "shopping": LIVELY | shopping}}


def test_only_people_of_personas_with_habits_shop(tmp_path: Path) -> None:
    base = document(40, 3)
    base["personas"] = {"shopper": {"shopping": LIVELY}, "other": {}}
    base["people"]["shoppers"].pop("shopping")
    base["people"]["shoppers"]["personas"] = {"shopper": 1, "other": 1}
    who = {
        person
        for person, *_, event in sent(write_scenario(tmp_path, base))
        if event["eventType"] in COMMERCE_TYPES
    }
    assert 8 <= len(who) <= 32


def test_who_does_not_shop_changes_nothing_for_others(tmp_path: Path) -> None:
    """The phones' own events are the same with and without shopping."""
    with_it = write_scenario(tmp_path, document(20, 2))
    plain = [
        (event["_id"][:0], event["eventType"], event["timestamp"])
        for *_, event in sent(with_it)
        if event["eventType"] not in COMMERCE_TYPES
    ]
    without = document(20, 2)
    del without["people"]["shoppers"]["shopping"]
    others = [
        (event["_id"][:0], event["eventType"], event["timestamp"])
        for *_, event in sent(write_scenario(tmp_path, without))
    ]
    assert sorted(plain) == sorted(others)


@pytest.mark.parametrize("phone", [{}, {"monitoring": "os"}])
def test_workers_change_nothing_for_people_who_shop(tmp_path: Path, phone: Document) -> None:
    sources = {"till": {"every": "5 min"}, "loyalty": {"every_change": True}, "web": {}}
    base = document(4500, 1, sources=sources)
    base["clock"]["duration"] = "14 h"
    base["people"]["shoppers"]["phone"] = phone
    path = write_scenario(tmp_path, base)
    one, three = (run_to_file(path, tmp_path / str(n), workers=n) for n in (1, 3))
    assert one.bodies == three.bodies
    assert one.numbers == three.numbers
    assert one.summary["events"]["loyalty.pointsEarned"] > 0


def test_a_library_of_stores_must_exist(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, document(shopping={"stores": {"library": "Storse"}}))
    with pytest.raises(Exception, match="did you mean 'Stores'"):
        prepare(path)


def test_some_visit_must_be_long_enough_and_not_too_long(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, document(shopping={"stores": {"shortest": "3 h", "longest": "1 h"}}))
    with pytest.raises(InputError, match="no visit is left"):
        prepare(path)


# --- the gallery ------------------------------------------------------------------------------------------


def journal_of(folder: Path) -> list[Document]:
    return [orjson.loads(line) for line in (folder / "journeys.ndjson").read_bytes().splitlines()]


def test_a_reminder_goes_to_those_and_only_those_who_buy_nothing_for_two_days(tmp_path: Path) -> None:
    record = run_to_file(SCENARIOS / "cart_reminder.yaml", tmp_path / "run", people=400)
    calendar, two_days = record.prepared.world.calendar, 2 * 86_400_000
    bought: dict[str, list[int]] = defaultdict(list)
    for event in record.events:
        if event["eventType"] == "commerce.purchases":
            bought[event["identityMap"]["ECID"][0]["id"]].append(since_start(calendar, event["timestamp"]))
    journal = journal_of(record.folder)
    entered = {row["instance"]: (row["identity"], row["at"]) for row in journal if row["kind"] == "entered"}
    reminded = {row["instance"]: row["at"] for row in journal if row["kind"] == "message"}
    wanted = {
        instance: at + two_days
        for instance, (identity, at) in entered.items()
        if not any(at < when < at + two_days for when in bought[identity])
        and at + two_days < record.prepared.world.duration_ms
    }
    assert reminded == wanted
    assert 50 < len(reminded) < len(entered)


def since_start(calendar: Calendar, stamp: str) -> int:
    return round((datetime.fromisoformat(stamp) - calendar.utc(0)).total_seconds() * 1000)


def test_a_cart_reminds_in_the_store_within_two_days_of_the_first_product(tmp_path: Path) -> None:
    record = run_to_file(SCENARIOS / "abandoned_cart.yaml", tmp_path / "run", people=200)
    journal = journal_of(record.folder)
    entered = {row["instance"]: row["at"] for row in journal if row["kind"] == "entered"}
    entries = {event["_id"]: event for event in record.events if event["eventType"] == "location.entry"}
    reminded = [row for row in journal if row["kind"] == "message"]
    paths = Counter(row["detail"].get("path") for row in journal if row["step"] == "wait")
    assert len(reminded) > 50
    waited = [row["at"] - entered[row["instance"]] for row in reminded]
    assert 0 <= min(waited) < max(waited) < 2 * 86_400_000
    assert entries
    assert paths["StoreEntry"] == len(reminded)
    assert paths["Purchase"] > 0


def test_who_reaches_ten_thousand_points_is_congratulated_once(tmp_path: Path) -> None:
    record = run_to_file(
        SCENARIOS / "loyalty_10000.yaml", tmp_path / "run", people=80, overrides=["expect=[]"]
    )
    gold = [
        event
        for event in record.events
        if event["eventType"] == "loyalty.tierReached" and event["_acme"]["loyalty"]["threshold"] == 10_000
    ]
    members = [event["_acme"]["loyalty"]["memberId"] for event in gold]
    mails = [row["identity"] for row in journal_of(record.folder) if row["kind"] == "message"]
    assert len(members) == len(set(members)) > 10
    assert sorted(mails) == sorted(members)


def test_systems_without_customers_are_warned_of(tmp_path: Path) -> None:
    base = document(sources={"till": {"every": "1 h"}, "loyalty": {}})
    assert prepare(write_scenario(tmp_path, base)).warnings == ()
    del base["people"]["shoppers"]["shopping"]
    warnings = prepare(write_scenario(tmp_path, base)).warnings
    assert [(problem.field, problem.what) for problem in warnings] == [
        (f"sources.{name}", "sends nothing, because nobody shops") for name in ("till", "loyalty")
    ]

"""Journeys that the receiver evaluates: the same scenario by the clock over HTTP, and in virtual time, one verdict."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.checks import Verdict, evaluate
from simulator.core.errors import UsageError
from simulator.receiver import AcceptAll, EventStore, Receiver, ServerThread
from simulator.run import (
    Prepared,
    RunOptions,
    WallClock,
    describe_people,
    exported_counts,
    prepare,
    read_evidence,
    run,
)
from simulator.run.calling import Calling
from simulator.run.exports import exported_lines
from simulator.run.knowledge import KnownPeople
from simulator.run.served_journeys import ServedJourneys
from tests.delivery.peer import Peer, Says

pytestmark = pytest.mark.slow

LOUNGE = Path(__file__).with_name("lounge.yaml")
SPA = Path(__file__).parents[2] / "scenarios" / "spa_beacon.yaml"
SPEED = 60


class Tower(WallClock):
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@contextmanager
def served(
    prepared: Prepared,
    *,
    speed: float = 1.0,
    start: datetime | None = None,
    calling: Calling | None = None,
    clock: WallClock | None = None,
) -> Iterator[tuple[str, EventStore]]:
    """A receiver with the journeys of a scenario on loopback: its URL, and its store."""
    plan = prepared.world.journey_plan()
    assert plan is not None
    journeys = ServedJourneys(prepared.world, plan, speed=speed, start=start, calling=calling, clock=clock)
    with EventStore() as store:
        journeys.keep_in(store.journeys)
        with journeys, ServerThread(Receiver(store, AcceptAll(), journeys=journeys)) as server:
            yield server.url, store


def ask(url: str, path: str) -> dict[str, Any]:
    answer = httpx.get(url + path, trust_env=False)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def until(condition: Any, seconds: float = 10.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def send(url: str, *entities: Mapping[str, Any]) -> None:
    schema = {"id": "https://ns.example.com/s", "contentType": "application/json"}
    for entity in entities:
        header = {"schemaRef": schema, "datasetId": "d" * 24, "source": {"name": "test"}}
        message = {"header": header, "body": {"xdmMeta": {"schemaRef": schema}, "xdmEntity": entity}}
        answer = httpx.post(f"{url}/collection/test", json=message, trust_env=False)
        assert answer.status_code == 200, answer.text


def beacon(person: str, at: str, number: int = 0, **more: Any) -> dict[str, Any]:
    """An event of the spa's beacon."""
    return {
        "_id": f"{person}-{number}",
        "timestamp": at,
        "eventType": "location.entry",
        "identityMap": {"ECID": [{"id": person}]},
        "_experience": {"campaign": {"orchestration": {"eventID": "5d3e7a90c1b24f6e8a7d"}}},
        **more,
    }


# --- one verdict ------------------------------------------------------------------------------------------------


def said(verdicts: Sequence[Verdict]) -> list[tuple[str, bool]]:
    return [(verdict.name or verdict.metric, verdict.ok) for verdict in verdicts]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Verdict], list[Verdict], dict[str, Any]]:
    """The verdicts on the lounge in virtual time, and at 60 times real time by what the receiver's journeys did."""
    folder = tmp_path_factory.mktemp("lounge")
    virtual = prepare(LOUNGE)
    run(virtual, RunOptions(out=folder / "virtual"))
    summary = json.loads((folder / "virtual" / "summary.json").read_bytes())
    of_virtual = evaluate(
        virtual.scenario.expect, summary, partial(read_evidence, folder / "virtual", virtual.world)
    )
    with served(prepare(LOUNGE), speed=SPEED) as (url, _):
        paced = prepare(LOUNGE, overrides=[f"clock.speed={SPEED}", f"destination.to={url}/collection/lounge"])
        run(paced, RunOptions(out=folder / "paced"))
        until(lambda: ask(url, "/journeys")["journeys"]["lounge"]["under_way"] == 0)
        standing = ask(url, "/journeys")
        evidence = read_evidence(folder / "paced", paced.world, f"{url}/journeys/step-events")
    summary = json.loads((folder / "paced" / "summary.json").read_bytes()) | exported_counts(evidence)
    return of_virtual, evaluate(paced.scenario.expect, summary, lambda: evidence), standing


Both = tuple[list[Verdict], list[Verdict], dict[str, Any]]


def test_a_paced_run_against_the_receiver_is_judged_like_one_in_virtual_time(both: Both) -> None:
    virtual, paced, _ = both
    assert said(paced) == said(virtual)
    assert [name for name, ok in said(virtual) if not ok] == ["Everybody gets a drink"]
    assert len(virtual) == 14


def test_it_is_about_the_same_people_and_fails_for_the_same_reasons(both: Both) -> None:
    virtual, paced, _ = both
    for one, other in zip(virtual, paced, strict=True):
        counts = ("of", "held")
        assert [one.counts.get(name) for name in counts] == [other.counts.get(name) for name in counts]
        assert [failure.people for failure in one.failures] == [failure.people for failure in other.failures]


def test_times_agree_to_within_what_a_second_of_the_wall_is_in_the_scenario(both: Both) -> None:
    found = [next(verdict for verdict in verdicts if verdict.unit) for verdicts in both[:2]]
    assert found[0].found is not None and found[1].found is not None
    assert abs(found[0].found - found[1].found) <= SPEED


def test_the_receiver_tells_where_its_journeys_stand(both: Both) -> None:
    standing = both[2]
    lounge = standing["journeys"]["lounge"]
    assert (lounge["entered"], lounge["ended"], lounge["under_way"]) == (11, {"end": 11}, 0)
    assert standing["actions"]["Drink"] == {"sent": 5}
    assert standing["actions"]["Hurry"] == {"http_200": 2}
    assert standing["faults"] == 0
    assert standing["clock"]["now"].startswith("2026-03-02T09:")


def test_a_rehearsal_is_judged_by_what_the_served_journeys_did_and_by_what_they_called(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    hurry = [f"journeys.actions.Hurry.url=http://127.0.0.1:{port}/hurry", "journeys.actions.Hurry.call=true"]
    listener = json.dumps({"port": port, "routes": {"Hurry": {"path": "/hurry"}}})
    with served(prepare(LOUNGE, overrides=hurry), speed=SPEED, calling=Calling()) as (url, _):
        overrides = [
            *hurry,
            f"clock.speed={SPEED}",
            f"destination.to={url}/collection/lounge",
            "journeys.evaluation=platform",
            "journeys.patience=0 s",
            f"journeys.listener={listener}",
        ]
        paced = prepare(LOUNGE, overrides=overrides)
        result = run(paced, RunOptions(out=tmp_path / "run"))
        assert "journeys" not in result.summary  # nobody but the receiver evaluated them
        until(lambda: ask(url, "/journeys")["journeys"]["lounge"]["under_way"] == 0)
        evidence = read_evidence(tmp_path / "run", paced.world, f"{url}/journeys/step-events")
    verdicts = evaluate(paced.scenario.expect, result.summary | exported_counts(evidence), lambda: evidence)
    assert [name for name, ok in said(verdicts) if not ok] == ["Everybody gets a drink"]
    assert set(evidence.actions_heard) == {"Hurry"}


# --- the clock --------------------------------------------------------------------------------------------------


def test_the_first_event_sets_the_clock_and_time_passes_as_told() -> None:
    clock = Tower()
    with served(prepare(SPA), speed=60, clock=clock) as (url, _):
        assert ask(url, "/journeys")["clock"] == {"now": None, "speed": 60}
        send(url, beacon("anna", "2025-12-31T23:50:00-05:00"))
        until(lambda: ask(url, "/journeys")["clock"]["now"] == "2025-12-31T23:50:00.000-05:00")
        clock.now += 10.0
        assert ask(url, "/journeys")["clock"]["now"] == "2026-01-01T00:00:00.000-05:00"


def test_an_event_from_a_little_ahead_puts_the_clock_forward_and_one_from_far_ahead_does_not() -> None:
    with served(prepare(SPA), speed=60, clock=Tower()) as (url, _):
        for number, (at, now) in enumerate(
            [
                ("2025-12-31T23:50:00-05:00", "2025-12-31T23:50:00.000-05:00"),
                ("2025-12-31T23:49:00-05:00", "2025-12-31T23:50:00.000-05:00"),
                ("2025-12-31T23:54:59-05:00", "2025-12-31T23:54:59.000-05:00"),
                ("2026-01-01T00:00:00-05:00", "2025-12-31T23:54:59.000-05:00"),
            ]
        ):
            send(url, beacon("anna", at, number))
            until(lambda number=number: ask(url, "/journeys")["events"] == number + 1)
            assert ask(url, "/journeys")["clock"]["now"] == now


def test_a_start_that_is_given_sets_the_clock_at_once_and_events_do_not_move_it() -> None:
    clock, start = Tower(), datetime.fromisoformat("2026-01-01T12:00:00-05:00")
    with served(prepare(SPA), speed=60, start=start, clock=clock) as (url, _):
        assert ask(url, "/journeys")["clock"]["now"] == "2026-01-01T12:00:00.000-05:00"
        send(url, beacon("anna", "2025-12-31T23:50:00-05:00"))
        clock.now += 1.0
        until(lambda: ask(url, "/journeys/log")["total"] == 1)
        (row,) = ask(url, "/journeys/log")["records"]
        assert row["detail"]["reason"] == "outsideJourneyWindow"
        assert row["time"] == "2026-01-01T17:00:01.000Z"


def test_events_of_a_time_before_the_scenario_are_taken_as_well() -> None:
    clock = Tower()
    with served(prepare(SPA), speed=60, clock=clock) as (url, _):
        send(url, beacon("anna", "2025-12-24T10:00:00Z"))
        until(lambda: ask(url, "/journeys")["clock"]["now"])
        clock.now += 1.0
        until(lambda: ask(url, "/journeys/log?kind=entered")["total"] == 1)
        assert ask(url, "/journeys/log")["records"][0]["time"] == "2025-12-24T10:00:01.000Z"


# --- people -----------------------------------------------------------------------------------------------------


def test_people_of_the_scenario_have_their_profiles_and_strangers_have_none() -> None:
    prepared, clock = prepare(SPA), Tower()
    known = {line["person"]: line["ecid"] for line in describe_people(prepared.world)}
    at = "2025-12-31T23:50:00-05:00"
    with served(prepared, speed=60, clock=clock) as (url, _):
        send(url, beacon(known["woman/0"], at), beacon(known["man/0"], at), beacon("stranger", at))
        until(lambda: ask(url, "/journeys")["events"] == 3)
        clock.now += 1.0
        until(lambda: ask(url, "/journeys/log?kind=ended")["total"] == 3)
        mails = ask(url, "/journeys/log?kind=message")["records"]
        assert [mail["identity"] for mail in mails] == [known["woman/0"]]
        people = {row["identity"]: row["person"] for row in ask(url, "/journeys/log?kind=entered")["records"]}
        assert [people[known["woman/0"]], people[known["man/0"]], people["stranger"]] == [0, 3, 6]


def test_a_stranger_may_be_known_by_the_key_alone() -> None:
    key = "@event{SpaBeacon.endUserIDs._experience.mcid.id}"
    definition = json.dumps({"event_id": "5d3e7a90c1b24f6e8a7d", "key": key})
    prepared, clock = prepare(SPA, overrides=[f"journeys.events.SpaBeacon={definition}"]), Tower()
    at, shown = "2025-12-31T23:50:00-05:00", {"endUserIDs": {"_experience": {"mcid": {"id": "77"}}}}
    event = beacon("anna", at, **shown)
    del event["identityMap"]
    with served(prepared, speed=60, clock=clock) as (url, _):
        send(url, event)
        until(lambda: ask(url, "/journeys")["events"] == 1)
        clock.now += 1.0
        until(lambda: ask(url, "/journeys/log?kind=ended&identity=77")["total"] == 1)


def test_people_are_known_by_the_ecid_of_an_app_installed_afresh(tmp_path: Path) -> None:
    script = '[{app: open}, {app: reinstall}, {app: open}, {at: "09:00", enter: Lounge}]'
    prepared = prepare(LOUNGE, overrides=[f"people.guest.script={script}", "expect=[]"])
    run(prepared, RunOptions(out=tmp_path / "run"))
    known = KnownPeople(prepared.world)
    first = {line["ecid"] for line in describe_people(prepared.world)}
    seen = set()
    for line in (tmp_path / "run" / "received.ndjson").read_text(encoding="utf-8").splitlines():
        (identity,) = json.loads(line)["identityMap"]["ECID"]
        assert known.person_of(identity["id"]) is not None
        seen.add(identity["id"])
    assert len(seen - first) == 3  # those of the guests
    assert known.person_of("1" * 38) is None


def test_people_are_known_by_the_cards_and_mail_addresses_that_tills_and_the_programme_show(
    tmp_path: Path,
) -> None:
    settings = [
        "people.guest.shopping={}",
        "people.guest.size=12",
        "sources.loyalty={share: 50 %}",
        "app.login={namespace: CRM}",
        "expect=[]",
    ]
    world = prepare(LOUNGE, overrides=settings).world
    known = KnownPeople(world)
    assert known.namespaces == {"ECID", "CRM", "Email", "Loyalty"}
    cards = 0
    for ordinal, person in enumerate(describe_people(world)):
        shown = [person["ecid"], person["profile"]["email"], *person["identities"].values()]
        assert [known.person_of(identity) for identity in shown] == [ordinal] * len(shown)
        cards += "Loyalty" in person["identities"]
    assert 0 < cards < world.people
    assert known.person_of("000000000000") is None


def test_a_member_who_is_known_by_the_card_alone_has_a_profile() -> None:
    events = "events.Till={rule: '@event{Till.eventType} == \"commerce.purchases\"', namespace: Loyalty}"
    vip = "{condition: {yes: {when: '#{Profile.attributes.loyalty.vip}', next: end}}}"
    settings = [
        "people.guest.shopping={}",
        "people.guest.attributes={loyalty.vip: {true: 1}}",
        "sources.loyalty={share: 1}",
        "expect=[]",
        f"journeys.{events}",
        f"journeys.journeys={{till: {{steps: {{bought: {{event: Till}}, vip: {vip}}}}}}}",
    ]
    prepared, clock = prepare(LOUNGE, overrides=settings), Tower()
    cards = {person["person"]: person["identities"]["Loyalty"] for person in describe_people(prepared.world)}
    at = prepared.world.calendar.utc(3_600_000).isoformat()
    event = beacon(
        "", at, eventType="commerce.purchases", identityMap={"Loyalty": [{"id": cards["guest/0"]}]}
    )
    with served(prepared, speed=60, clock=clock) as (url, _):
        send(url, event)
        until(lambda: ask(url, "/journeys")["events"] == 1)
        clock.now += 1.0
        until(lambda: sum(ask(url, "/journeys")["journeys"]["till"]["ended"].values()) == 1)
        assert ask(url, "/journeys")["journeys"]["till"]["ended"] == {"end": 1}


def test_events_that_make_no_sense_do_not_stop_the_journeys() -> None:
    clock, at = Tower(), "2025-12-31T23:50:00-05:00"
    odd: list[Any] = [[], {"ECID": "x"}, {"ECID": [7]}, {"ECID": [{"id": ["x"]}]}, {"ECID": [{}]}, 3]
    with served(prepare(SPA), speed=60, clock=clock) as (url, _):
        send(url, *(beacon("x", at, number, identityMap=one) for number, one in enumerate(odd)))
        send(url, beacon("anna", at, 9))
        until(lambda: ask(url, "/journeys")["events"] == len(odd) + 1)
        clock.now += 1.0
        until(lambda: ask(url, "/journeys/log?kind=entered&identity=anna")["total"] == 1)


@pytest.mark.parametrize(
    "at", ["9999-12-31T23:59:59.999-10:00", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z"]
)
def test_a_first_event_from_no_time_at_all_does_not_set_the_clock(at: str) -> None:
    clock = Tower()
    with served(prepare(SPA), speed=60, clock=clock) as (url, _):
        send(url, beacon("anna", at))
        until(lambda: ask(url, "/journeys")["events"] == 1)
        assert ask(url, "/journeys")["clock"]["now"] == "2025-12-31T23:45:00.000-05:00"
        send(url, beacon("bert", "2025-12-31T23:45:01-05:00"))
        until(lambda: ask(url, "/journeys")["events"] == 2)
        clock.now += 1.0
        until(lambda: ask(url, "/journeys/log?kind=entered&identity=bert")["total"] == 1)


# --- calls ---


def test_actions_really_call_only_where_that_was_asked_for() -> None:
    at = "2025-12-31T23:50:00-05:00"
    with Peer(lambda got: Says(201, {"ticket": 7})) as peer:
        action = {"url": f"{peer.url}/mail", "call": True, "body": {"who": "=#{JourneyProperties.profileId}"}}
        prepared = prepare(
            SPA, overrides=[f"journeys.actions.SpaDiscount={json.dumps(action)}", "journeys.latency=0 s"]
        )
        woman = next(line["ecid"] for line in describe_people(prepared.world) if line["person"] == "woman/0")
        for calling, status, calls in ((None, "http_200", 0), (Calling(), "http_201", 1)):
            with served(prepared, calling=calling) as (url, _):
                send(url, beacon(woman, at))
                until(lambda url=url: ask(url, "/journeys/log?kind=call")["total"] == 1)
                (row,) = ask(url, "/journeys/log?kind=call")["records"]
                assert row["detail"]["status"] == status
                until(lambda url=url: ask(url, "/journeys/log?kind=ended")["total"] == 1)
            assert [got.document for got in peer.got] == [{"who": woman}] * calls


# --- reading ----------------------------------------------------------------------------------------------------


def test_rows_are_paged_filtered_and_given_as_lines() -> None:
    clock, at = Tower(), "2025-12-31T23:50:00-05:00"
    with served(prepare(SPA), speed=60, clock=clock) as (url, _):
        send(url, *(beacon(name, at) for name in ("anna", "ben", "cem")))
        until(lambda: ask(url, "/journeys")["events"] == 3)
        clock.now += 1.0
        until(lambda: ask(url, "/journeys/log?kind=ended")["total"] == 3)
        everything = ask(url, "/journeys/log")
        pages, path = [], "/journeys/log?limit=2"
        while path:
            page = ask(url, path)
            pages += page["records"]
            assert page["count"] <= 2
            path = page["next"]
        assert pages == everything["records"]
        assert ask(url, f"/journeys/log?after={everything['last']}")["records"] == []
        assert {row["identity"] for row in ask(url, "/journeys/log?identity=ben")["records"]} == {"ben"}
        lines = httpx.get(f"{url}/journeys/step-events?format=ndjson", trust_env=False).text.splitlines()
        assert [json.loads(line) for line in lines] == ask(url, "/journeys/step-events")["records"]
        assert httpx.get(f"{url}/journeys/log?format=xml", trust_env=False).status_code == 400
        assert httpx.get(f"{url}/journeys/log?person=1", trust_env=False).status_code == 400


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/journeys"), ("POST", "/reset")])
def test_journeys_can_begin_anew(method: str, path: str) -> None:
    clock = Tower()
    with served(prepare(SPA), speed=60, clock=clock) as (url, _):
        for at in ("2025-12-31T23:50:00-05:00", "2025-12-30T10:00:00-05:00"):
            send(url, beacon("anna", at))
            until(lambda: ask(url, "/journeys")["events"] == 1)
            clock.now += 1.0
            until(lambda: ask(url, "/journeys/log?kind=entered")["total"] == 1)
            assert httpx.request(method, url + path, trust_env=False).status_code == 200
            assert ask(url, "/journeys")["clock"]["now"] is None
            assert ask(url, "/journeys/log")["total"] == ask(url, "/journeys/step-events")["total"] == 0


def test_a_receiver_without_journeys_says_so() -> None:
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        for path in ("/journeys", "/journeys/log", "/journeys/step-events"):
            answer = httpx.get(server.url + path, trust_env=False)
            assert answer.status_code == 404
            assert "--journeys" in answer.json()["detail"]


def test_repeated_events_that_are_not_kept_are_not_heard_either() -> None:
    heard: list[str] = []
    at = "2025-12-31T23:50:00-05:00"
    with EventStore(idempotent=True) as store:
        store.on_kept = lambda records: heard.extend(record.event_id for record in records)
        with ServerThread(Receiver(store, AcceptAll())) as server:
            send(server.url, beacon("anna", at), beacon("anna", at), beacon("anna", at, 1))
    assert heard == ["anna-0", "anna-1"]


def test_an_export_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        with pytest.raises(UsageError, match="answered with 404"):
            exported_lines(f"{server.url}/journeys/step-events?secret=1")
        gone = server.url
    with pytest.raises(UsageError, match="not to be had"):
        exported_lines(gone)
    with pytest.raises(UsageError, match="no such file"):
        exported_lines(str(tmp_path / "none.ndjson"))

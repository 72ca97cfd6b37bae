"""Setting a platform up from a plan, sending there, and taking it all back: against the receiver, for real."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.core.errors import UsageError
from simulator.provision import PlatformError
from simulator.receiver import ServerThread
from simulator.run import RunOptions, prepare, run
from simulator.scenario import Option, read_provisioned
from tests.delivery.peer import Got, Peer, Says
from tests.provision.setting_up import (
    ECHO,
    SECRET,
    VARIABLE,
    between,
    serving,
    set_up,
    take_back,
    what_is_there,
    write_plan,
)

PROFILES = "test_profiles: {count: 12}\n"
EVERYTHING = {
    "mixins": 1,
    "schemas": 2,
    "unions": 2,
    "dataSets": 2,
    "connections": 2,
    "sourceConnections": 2,
    "targetConnections": 2,
    "flows": 2,
    "descriptors": 1,
}


@pytest.fixture
def server() -> Iterator[ServerThread]:
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)


def received(url: str, **query: str) -> list[dict[str, Any]]:
    records = httpx.get(f"{url}/received", params={"limit": "1000", **query}).json()["records"]
    return [dict(record) for record in records]


@pytest.mark.parametrize("authenticated", [False, True])
def test_what_is_set_up_takes_the_events_of_a_run_and_leaves_nothing_when_deleted(
    server: ServerThread, tmp_path: Path, authenticated: bool
) -> None:
    plan = write_plan(
        tmp_path, server.url, f"events: {{authenticated: {str(authenticated).lower()}}}\n{PROFILES}"
    )
    set_up(plan)
    assert what_is_there(server.url) == EVERYTHING
    known = read_provisioned(tmp_path / "provisioned.json")
    assert known.inlet is not None and known.profile_inlet is not None

    to = Option("--to", "destination.to", f"provisioned:{tmp_path / 'provisioned.json'}")
    prepared = prepare(tmp_path / "small.yaml", overrides=[to])
    result = run(prepared, RunOptions(out=tmp_path / "run"))
    assert result.exit_code == 0 and result.summary["acknowledged"] > 50

    events = received(server.url, inlet=known.inlet.id)
    assert len(events) == result.summary["acknowledged"]
    assert {record["datasetId"] for record in events} == {known.inlet.dataset_id}
    assert httpx.get(f"{server.url}/failed").json()["total"] == 0
    profiles = received(server.url, inlet=known.profile_inlet.id)
    assert [record["event"]["testProfile"] for record in profiles] == [True] * 12

    take_back(plan)
    assert what_is_there(server.url) == {}
    assert httpx.post(known.inlet.url, json={}).status_code == 404
    assert not (tmp_path / "provisioned.json").exists()


def test_what_is_set_up_takes_all_that_a_scenario_with_shops_and_journeys_sends(
    server: ServerThread, tmp_path: Path
) -> None:
    plan, scenario = write_plan(tmp_path, server.url), tmp_path / "small.yaml"
    shops = """\
sources: {till: {every: 15 min}, loyalty: {share: 100%, tenant: journeysim}, web: {share: 100%}}
journeys:
  events: {Entry: {rule: '@event{Entry.eventType} == "location.entry"'}}
  actions: {Hello: {channel: push, title: Hello}}
  journeys: {hello: {steps: {in: {event: Entry}, hello: {action: Hello}}}}
"""
    text = scenario.read_text().replace("    home:", "    shopping: {sessions: 100%}\n    home:")
    text = text.replace("name: Small}", "name: Small, push: {share: 100%, opened: 100%}}")
    scenario.write_text(text + shops)
    set_up(plan)
    to = Option("--to", "destination.to", f"provisioned:{tmp_path / 'provisioned.json'}")
    result = run(prepare(scenario, overrides=[to]), RunOptions(out=tmp_path / "run"))
    kinds = {kind.partition(".")[0] for kind in result.summary["events"]}
    assert kinds >= {"location", "application", "commerce", "loyalty", "web", "pushTracking"}
    failed = httpx.get(f"{server.url}/failed").json()
    assert (failed["total"], result.summary["rejected"]) == (0, 0)


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({}, "tenantId"),
        ({"/stats": {"tenantId": "t"}}, "results"),
        ({"/stats": {"tenantId": "t"}, "/fieldgroups": {"results": []}}, "$id"),
        ({"/stats": ["tenantId"]}, "tenantId"),
    ],
)
def test_an_answer_that_lacks_what_it_should_have_is_named(
    tmp_path: Path, answers: dict[str, Any], missing: str
) -> None:
    def answer(got: Got) -> Says:
        found = next((body for path, body in answers.items() if path in got.path), {"access_token": "t"})
        return Says(200, {} if got.method == "POST" and "/fieldgroups" in got.path else found)

    with (
        Peer(answer) as peer,
        pytest.raises(PlatformError, match=rf"the answer has no `{re.escape(missing)}`"),
    ):
        set_up(write_plan(tmp_path, peer.url))


def test_a_proxy_has_no_business_between_this_machine_and_itself(
    server: ServerThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert set_up(write_plan(tmp_path, server.url))


def test_events_are_judged_by_the_schema_that_was_made(server: ServerThread, tmp_path: Path) -> None:
    set_up(write_plan(tmp_path, server.url))
    inlet = read_provisioned(tmp_path / "provisioned.json").inlet
    assert inlet is not None
    reference = {"id": inlet.schema_id, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    header = {"schemaRef": reference, "datasetId": inlet.dataset_id, "source": {"name": "test"}}

    def sent(**fields: Any) -> int:
        entity = {"_id": "1", "timestamp": "2026-03-02T10:00:00Z", **fields}
        body = {"header": header, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}
        return httpx.post(inlet.url, json=body, params={"syncValidation": "true"}).status_code

    assert sent(application={"isLaunch": True}) == 200
    assert sent(_journeysim={"loyalty": {"points": 10_200, "tier": "gold"}}) == 200
    assert sent(_journeysim={"loyalty": {"points": "many"}}) == 400
    assert sent(commerce={"purchases": {"value": 1}}) == 400  # the scenario's phones don't send that


def test_a_second_call_finds_everything_and_makes_nothing(server: ServerThread, tmp_path: Path) -> None:
    plan = write_plan(tmp_path, server.url, PROFILES)
    first = set_up(plan)
    before = (tmp_path / "provisioned.json").read_bytes()
    second = set_up(plan)
    assert {line.split()[0] for line in first} == {"created", "sent"}
    assert {line.split()[0] for line in second} == {"found", "sent"}
    assert what_is_there(server.url) == EVERYTHING
    assert (tmp_path / "provisioned.json").read_bytes() == before
    health = httpx.get(f"{server.url}/health").json()
    assert (health["accepted"], health["duplicates"]) == (24, 12)  # profiles keep their ids


def test_a_plan_that_wants_more_changes_what_is_there(server: ServerThread, tmp_path: Path) -> None:
    set_up(write_plan(tmp_path, server.url, "events: {profile: false, loyalty: false}\n"))
    lines = set_up(write_plan(tmp_path, server.url, "events: {types: [commerce.purchases]}\n"))
    changed = [line.split(maxsplit=1)[1] for line in lines if line.startswith("changed")]
    assert [line.split()[0] for line in changed] == ["schema", "dataset"]
    assert what_is_there(server.url)["unions"] == 1


def test_what_was_there_before_stays_when_the_plan_is_taken_back(
    server: ServerThread, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = write_plan(tmp_path / "a", server.url)
    second = write_plan(tmp_path / "b", server.url)
    set_up(first)
    lines = set_up(second)
    assert all(line.startswith("found") for line in lines)
    assert take_back(second) == []
    assert what_is_there(server.url)["schemas"] == 1
    take_back(first)
    assert what_is_there(server.url) == {}


def test_a_dry_run_shows_every_call_and_needs_no_network_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    plan = write_plan(tmp_path, "http://127.0.0.1:9", PROFILES)
    shown = "\n".join(set_up(plan, dry_run=True))
    for call in (
        "GET http://127.0.0.1:9/data/foundation/schemaregistry/stats",
        "POST http://127.0.0.1:9/data/foundation/schemaregistry/tenant/schemas",
        "POST http://127.0.0.1:9/data/foundation/schemaregistry/tenant/descriptors",
        "POST http://127.0.0.1:9/data/foundation/catalog/dataSets",
        "POST http://127.0.0.1:9/data/foundation/flowservice/flows",
        "(12 test profiles in one request)",
        '"$ref": "https://ns.adobe.com/xdm/context/experienceevent"',
    ):
        assert call in shown
    assert not (tmp_path / "provisioned.json").exists()


def test_a_dry_run_shows_the_calls_that_are_made(server: ServerThread, tmp_path: Path) -> None:
    made: list[str] = []

    def note(_: int, method: str, path: str) -> None:
        if path.startswith("/data/") and method != "GET":
            made.append(f"{method} {path}")

    with between(server.url, note) as url:
        plan = write_plan(tmp_path, url)
        shown = [line.replace(url, "") for line in set_up(plan, dry_run=True)]
        set_up(plan)
    assert made == [line for line in shown if line.startswith(("POST ", "PATCH "))]


def test_an_interrupted_call_loses_nothing(server: ServerThread, tmp_path: Path) -> None:
    broken_from = 0

    def meddle(number: int, method: str, path: str) -> tuple[int, dict[str, str]] | None:
        return (403, {}) if broken_from and number >= broken_from else None

    with between(server.url, meddle) as url:
        plan = write_plan(tmp_path, url, PROFILES)
        for broken_from in (6, 18, 32):  # noqa: B007 - read by the closure
            with pytest.raises(PlatformError):
                set_up(plan)
        broken_from = 0
        set_up(plan)
        assert what_is_there(server.url) == EVERYTHING
        take_back(plan)
    assert what_is_there(server.url) == {}


def test_what_cannot_be_deleted_is_said_and_deleted_another_time(
    server: ServerThread, tmp_path: Path
) -> None:
    stubborn = True

    def meddle(number: int, method: str, path: str) -> tuple[int, dict[str, str]] | None:
        return (403, {}) if stubborn and method == "DELETE" and "/flows/" in path else None

    with between(server.url, meddle) as url:
        plan = write_plan(tmp_path, url)
        set_up(plan)
        with pytest.raises(PlatformError, match=r"dataflow small events: .* 403"):
            take_back(plan)
        stubborn = False
        take_back(plan)
    assert what_is_there(server.url) == {}


def test_answers_that_allow_it_are_tried_again_after_the_time_they_name(
    server: ServerThread, tmp_path: Path
) -> None:
    slept: list[float] = []

    def meddle(number: int, method: str, path: str) -> tuple[int, dict[str, str]] | None:
        return (503, {"retry-after": "7"}) if number in (2, 3) else None

    with between(server.url, meddle) as url:
        set_up(write_plan(tmp_path, url), sleep=slept.append)
    assert slept == [7.0, 7.0]
    assert what_is_there(server.url)["flows"] == 1


def test_a_platform_that_is_not_there_is_named(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(PlatformError, match=r"http://127\.0\.0\.1:9 was not reached"):
        set_up(plan, sleep=lambda _: None)


def test_another_platform_does_not_overwrite_what_is_known_of_the_first(
    server: ServerThread, tmp_path: Path
) -> None:
    set_up(write_plan(tmp_path, server.url))
    other = write_plan(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(UsageError, match="says what was made on"):
        set_up(other)
    with pytest.raises(UsageError, match="not as the plan says"):
        take_back(other)


def test_the_field_that_identifies_the_person_becomes_mandatory(server: ServerThread, tmp_path: Path) -> None:
    extra = "events: {primary_identity: {field: /_TENANT/loyalty/memberId, namespace: Loyalty}}\n"
    plan = write_plan(tmp_path, server.url, extra)
    assert "created  identity           /_journeysim/loyalty/memberId" in set_up(plan)
    assert "found    identity           /_journeysim/loyalty/memberId" in set_up(plan)
    take_back(plan)
    assert what_is_there(server.url) == {}


def test_no_secret_is_in_anything_that_is_said_or_kept(server: ServerThread, tmp_path: Path) -> None:
    authorizations: list[str] = []
    with between(server.url, lambda *_: None, authorizations) as url:
        plan = write_plan(tmp_path, url, "events: {authenticated: true}\n" + PROFILES)
        said = "\n".join(set_up(plan) + set_up(plan, dry_run=True) + take_back(plan, dry_run=True))
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    tokens = {value.removeprefix("Bearer ") for value in authorizations if value}
    assert tokens
    for secret in (SECRET, *tokens):
        assert secret not in said and secret not in kept
    known = json.loads((tmp_path / "provisioned.json").read_text())
    assert known["credentials"]["client_secret"] == f"${{env:{VARIABLE}}}"


def test_a_platform_that_repeats_the_secret_does_not_give_it_away(
    server: ServerThread, tmp_path: Path
) -> None:
    def echo(number: int, method: str, path: str) -> tuple[int, dict[str, str]] | None:
        return (400, {ECHO: "yes"}) if path.startswith("/ims/") else None

    with between(server.url, echo) as url, pytest.raises(PlatformError) as caught:
        set_up(write_plan(tmp_path, url))
    assert "grant_type=client_credentials" in str(caught.value)  # the answer is said, without the secret
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None

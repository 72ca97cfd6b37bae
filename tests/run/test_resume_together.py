"""Going on with runs to several destinations: each gets what it lacks, and files are made anew and whole."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.core.errors import ExitCode, UsageError
from simulator.ledger import read_ledger
from simulator.run import RunOptions, RunResult, prepare, run
from tests.cli.program import started
from tests.delivery.misbehaving import MisbehavingServer, Reply, Request, good
from tests.run.cut_off import cut_off, faulty
from tests.run.running import Record, run_to_file
from tests.run.scenarios import town

QUICK = ("destination.give_up_after=200 ms",)


def begin(folder: Path, to: Mapping[str, str], *overrides: str) -> RunResult:
    return run(
        prepare(town(folder), overrides=[*QUICK, named(to), *overrides]), RunOptions(out=folder / "run")
    )


def go_on(folder: Path, to: Mapping[str, str] | None = None, *overrides: str) -> RunResult:
    given = [*([named(to)] if to is not None else []), *overrides]
    return run(prepare(folder / "run" / "scenario.yaml", overrides=given), RunOptions(resume=folder / "run"))


def named(to: Mapping[str, str]) -> str:
    return f"destinations={json.dumps({name: {'to': address} for name, address in to.items()})}"


def undisturbed(folder: Path, people: int | None = None) -> Record:
    apart = folder / "undisturbed"
    apart.mkdir()
    return run_to_file(town(apart), apart / "it", people=people)


def ids(bodies: list[bytes]) -> list[str]:
    return [orjson.loads(body)["_id"] for body in bodies]


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def dies_after(count: int) -> MisbehavingServer:
    return MisbehavingServer(lambda r: good(r) if r.number < count else Reply(503))


def fates(result: RunResult, name: str) -> dict[str, Any]:
    entry = result.summary["destinations"][name]
    resumed = dict(entry["resumed"])
    if not resumed["made_anew"]:
        del resumed["made_anew"]
    return {key: entry[key] for key in ("sent", "acknowledged", "rejected", "pending")} | {"resumed": resumed}


@pytest.mark.parametrize("anew", ["file:copy.ndjson", "receiver"])
def test_what_begins_anew_is_whole_and_an_endpoint_gets_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anew: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with dies_after(20) as server:
        first = begin(tmp_path, {"inlet": server.url, "copy": anew})
    with MisbehavingServer(good) as again:
        second = go_on(tmp_path, {"inlet": again.url, "copy": anew})
    expected = undisturbed(tmp_path)
    count = len(expected.bodies)
    file = tmp_path / "run" / "received.ndjson" if anew == "receiver" else tmp_path / "copy.ndjson"
    assert (first.exit_code, second.exit_code) == (ExitCode.NOT_DELIVERED, ExitCode.OK)
    assert lines(file) == expected.bodies
    assert Counter(server.taken) + Counter(again.taken) == Counter(ids(expected.bodies))
    assert second.summary["resumed"] == {"delivered_before": 20, "sent_again": 0}
    whole = {"sent": count, "acknowledged": count, "rejected": 0, "pending": 0}
    assert fates(second, "inlet") == {**whole, "resumed": {"delivered_before": 20, "sent_again": 0}}
    assert fates(second, "copy") == {
        **whole,
        "resumed": {"delivered_before": 0, "sent_again": 0, "made_anew": True},
    }
    assert not list((tmp_path / "run").glob("undelivered*"))
    assert not list(tmp_path.glob("*.part"))


def test_the_record_is_that_of_an_undisturbed_run(tmp_path: Path) -> None:
    file = f"file:{tmp_path / 'copy.ndjson.gz'}"
    with dies_after(20) as server:
        begin(tmp_path, {"inlet": server.url, "copy": file})
    with MisbehavingServer(good) as again:
        whole = go_on(tmp_path, {"inlet": again.url, "copy": file}).summary
    expected = undisturbed(tmp_path)
    for key in ("sent", "acknowledged", "pending", "outcomes", "events", "crossings", "timeline"):
        assert whole[key] == expected.summary[key]
    assert read_ledger(tmp_path / "run" / "ledger").rows.tobytes() == expected.ledger.rows.tobytes()


def test_each_of_several_endpoints_gets_what_it_lacks_alone(tmp_path: Path) -> None:
    def refuses_some(request: Request) -> Reply:
        return Reply(400) if request.number % 5 == 0 else good(request)

    with MisbehavingServer(refuses_some) as healthy, dies_after(30) as sick, dies_after(0) as dead:
        to = {"healthy": healthy.url, "sick": sick.url, "dead": dead.url}
        first = begin(tmp_path, to)
        asked = len(healthy.requests)
        with MisbehavingServer(good) as well:
            second = go_on(tmp_path, {**to, "sick": well.url, "dead": well.base + "/collection/other"})
        assert len(healthy.requests) == asked
    expected = ids(undisturbed(tmp_path).bodies)
    count, refused = len(expected), first.summary["destinations"]["healthy"]["rejected"]
    assert refused == -(-count // 5)
    assert first.summary["pending"] == count
    assert Counter(sick.taken) + Counter(well.taken) == Counter([*expected, *expected])
    assert second.summary["pending"] == 0
    assert second.summary["rejected"] == refused
    assert second.summary["resumed"] == {"delivered_before": 0, "sent_again": 0}
    assert fates(second, "healthy") == {
        "sent": count,
        "acknowledged": count - refused,
        "rejected": refused,
        "pending": 0,
        "resumed": {"delivered_before": count, "sent_again": 0},
    }
    assert fates(second, "sick")["resumed"] == {"delivered_before": 30, "sent_again": 0}
    assert fates(second, "dead")["resumed"] == {"delivered_before": 0, "sent_again": 0}


def test_an_endpoint_that_is_still_dead_is_all_that_is_pending(tmp_path: Path) -> None:
    file = tmp_path / "copy.ndjson"
    with dies_after(20) as server, MisbehavingServer(good) as other:
        to = {"inlet": server.url, "other": other.url, "copy": f"file:{file}"}
        begin(tmp_path, to)
        second = go_on(tmp_path)
        third = go_on(tmp_path)
    expected = undisturbed(tmp_path).bodies
    assert (second.exit_code, third.exit_code) == (ExitCode.NOT_DELIVERED, ExitCode.NOT_DELIVERED)
    assert lines(file) == expected
    assert set(other.taken.values()) == {1}
    for result in (second, third):
        entries = result.summary["destinations"]
        assert [entry["pending"] for entry in entries.values()] == [len(expected) - 20, 0, 0]
        assert entries["inlet"]["undelivered_file"] == str(tmp_path / "run" / "undelivered.inlet.ndjson")
    lacking = [body for body in expected if orjson.loads(body)["_id"] not in server.taken]
    for name in ("undelivered.ndjson", "undelivered.inlet.ndjson"):
        assert lines(tmp_path / "run" / name) == lacking


def test_what_may_have_arrived_long_ago_stays_in_doubt(tmp_path: Path) -> None:
    """The answer got lost in the first part; that the second one was refused a connection says nothing of it."""
    impatient = {"timeout": "200 ms", "connections": 100}

    def both(inlet: str, other: str, **settings: Any) -> str:
        return f"destinations={json.dumps({'inlet': {'to': inlet, **settings}, 'other': {'to': other}})}"

    with MisbehavingServer(good) as other:
        with MisbehavingServer(lambda r: Reply(takes=True, delay=2.0)) as server:
            given = [*QUICK, both(server.url, other.url, **impatient)]
            run(prepare(town(tmp_path), overrides=given), RunOptions(out=tmp_path / "run"))
            url, arrived = server.url, len(server.taken)
        assert arrived > 0
        go_on(tmp_path, None, both(url, other.url))  # nobody is there any more
        with MisbehavingServer(good) as back:
            third = go_on(tmp_path, None, both(back.url, other.url))
    assert third.exit_code is ExitCode.OK
    assert fates(third, "inlet")["resumed"]["sent_again"] >= arrived
    assert fates(third, "other")["resumed"]["sent_again"] == 0
    assert set(other.taken.values()) == {1}


def test_an_endpoint_is_known_by_its_address_under_another_name(tmp_path: Path) -> None:
    with dies_after(20) as sick, MisbehavingServer(good) as healthy:
        begin(tmp_path, {"a": sick.url, "b": healthy.url})
        only = go_on(tmp_path, None, "destinations={}", f"destination.to={healthy.url}")
        assert only.summary["resumed"]["delivered_before"] == only.summary["sent"]
        with MisbehavingServer(good) as new:
            swapped = go_on(tmp_path, {"b": sick.url, "a": healthy.url, "c": new.url})
    assert set(healthy.taken.values()) == {1}
    assert fates(swapped, "b")["resumed"] == {"delivered_before": 20, "sent_again": 0}
    assert sorted(new.taken) == sorted(healthy.taken)
    # What a destination that came later got is remembered like the rest.
    with MisbehavingServer(good) as moved:
        again = go_on(tmp_path, {"c": moved.url, "a": healthy.url})
    assert not moved.taken
    assert again.exit_code is ExitCode.OK


def test_none_of_the_endpoints_that_are_known_is_an_error_and_nothing_is_removed(tmp_path: Path) -> None:
    with dies_after(20) as sick, MisbehavingServer(good) as healthy:
        begin(tmp_path, {"a": sick.url, "b": healthy.url})
        before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()}
        with pytest.raises(UsageError, match="is none of them, by name or by address"):
            go_on(tmp_path, None, "destinations={}", "destination.to=http://127.0.0.1:9/collection/new")
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()} == before
    assert "undelivered.a.ndjson" in before


def test_sources_go_where_they_did(tmp_path: Path) -> None:
    """Events that a destination does not take are not among those that it lacks."""
    with dies_after(10) as phone, MisbehavingServer(good) as till:
        to = {"phone": {"to": phone.url, "sources": ["phone"]}, "till": {"to": till.url, "sources": ["till"]}}
        given = f"destinations={json.dumps(to)}"
        prepared = prepare(town(tmp_path), overrides=[*QUICK, given])
        run(prepared, RunOptions(out=tmp_path / "run"))
        with MisbehavingServer(good) as again:
            to["phone"]["to"] = again.url
            second = go_on(tmp_path, None, f"destinations={json.dumps(to)}")
    assert second.exit_code is ExitCode.OK
    assert fates(second, "till")["sent"] == 0
    assert len(phone.taken) + len(again.taken) == second.summary["sent"]


def test_a_load_is_for_the_events_that_endpoints_lack_and_the_file_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "copy.ndjson"
    with dies_after(20) as server:
        to = {"inlet": server.url, "copy": f"file:{file}"}
        begin(tmp_path, to)
    with MisbehavingServer(good) as again:
        second = go_on(tmp_path, {"inlet": again.url, "copy": f"file:{file}"}, "load.profile=constant 400/s")
    expected = undisturbed(tmp_path).bodies
    assert second.exit_code is ExitCode.OK
    assert lines(file) == expected
    assert Counter(server.taken) + Counter(again.taken) == Counter(ids(expected))
    assert second.summary["load"]["planned"] == len(expected) - 20


def test_ctrl_c_and_then_on_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(request: Request) -> Reply:
        time.sleep(0.01)
        return good(request)

    monkeypatch.chdir(tmp_path)
    town(tmp_path)
    with MisbehavingServer(slowly) as one, MisbehavingServer(slowly) as two:
        to = ("--to", one.url, "--to", two.url, "--to", "file:copy.ndjson")
        with started("run", "town.yaml", *to, "--quiet", "--out", "run", cwd=tmp_path) as process:
            deadline = time.monotonic() + 60
            while len(one.requests) < 50:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        assert process.returncode == ExitCode.INTERRUPTED
        stopped = json.loads((tmp_path / "run" / "summary.json").read_text())
        for server, name in ((one, "http"), (two, "http2")):
            entry = stopped["destinations"][name]
            kept = lines(tmp_path / "run" / f"undelivered.{name}.ndjson")
            assert entry["sent"] == stopped["sent"]
            assert (entry["acknowledged"], entry["pending"]) == (len(server.taken), len(kept))
            assert set(ids(kept)).isdisjoint(server.taken)
            assert kept
        second = go_on(tmp_path)
    expected = undisturbed(tmp_path).bodies
    assert second.exit_code is ExitCode.OK
    assert lines(tmp_path / "copy.ndjson") == expected
    for server in (one, two):
        assert Counter(server.taken) == Counter(ids(expected))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("batch_size", "number"), [(1, signal.SIGKILL), (5, signal.SIGKILL), (1, signal.SIGINT)]
)
def test_killed_again_and_again_with_two_endpoints_and_a_file(
    tmp_path: Path, batch_size: int, number: signal.Signals
) -> None:
    file = tmp_path / "copy.ndjson"
    people = 120 * batch_size
    with faulty(seed=batch_size, seconds=0.004) as one, faulty(seed=7, seconds=0.001) as two:
        course = cut_off(
            tmp_path,
            [one.url, two.url, f"file:{file}"],
            8,
            people=people,
            batch_size=batch_size,
            seed=4,
            longest=1.6,
            number=number,
        )
        expected = undisturbed(tmp_path, people=people)
        assert course.code == 0
        assert set(one.taken) == set(two.taken) == set(ids(expected.bodies))
    assert course.kills > 4
    assert lines(file) == expected.bodies
    summary = json.loads((course.folder / "summary.json").read_text())
    assert summary["acknowledged"] == summary["sent"] == len(expected.bodies)
    assert summary["outcomes"] == expected.summary["outcomes"]
    for entry in summary["destinations"].values():
        assert entry["acknowledged"] == entry["sent"] == len(expected.bodies)

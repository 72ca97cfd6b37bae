"""`journeysim serve` and `journeysim replay`: events over a real network, between two processes."""

# ruff: noqa: E501

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.program import SCENARIOS, call, journeysim, started, tiny
from tests.receiver.messages import message


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A receiver in a process of its own, and its URL as its output says it."""
    with started("serve", "--port", "0", *options, cwd=folder) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        found = re.fullmatch(r"journeysim receiver on (http://127\.0\.0\.1:\d+)\n", lines[0])
        assert found is not None, lines
        assert f"{found[1]}/collection/demo" in lines[1]
        assert f"{found[1]}/received" in lines[2]
        assert "Ctrl-C" in lines[3]
        yield process, found[1]


def received(client: httpx.Client, url: str) -> list[dict[str, Any]]:
    """All events that the receiver has accepted, page by page."""
    events: list[dict[str, Any]] = []
    page: str | None = "/received?limit=1000"
    while page is not None:
        document = client.get(httpx.URL(url).join(page)).json()
        events += [record["event"] for record in document["records"]]
        page = document["next"]
    return events


def by_id(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Events by what tells them apart: requests are in flight together, so their order may change."""
    return {event["_id"]: event for event in events}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as client:
        yield client


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_takes_events_shows_them_forgets_them_and_ends_in_order(
    tmp_path: Path, client: httpx.Client, number: signal.Signals
) -> None:
    with serving(tmp_path) as (process, url):
        body = message()
        assert client.post(f"{url}/collection/demo", json=body).status_code == 200
        assert received(client, url) == [body["body"]["xdmEntity"]]
        assert client.delete(f"{url}/received").json() == {"deleted": 1}
        assert received(client, url) == []
        assert client.post(f"{url}/collection/demo", json=body).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "stopped; 1 event kept\n", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--speed", "60"), "--speed: means nothing without --journeys"),
        (("--start", "2026-03-02T09:00"), "--start: means nothing without --journeys"),
        (("--journeys", str(SCENARIOS / "lunch_rush.yaml")), "the scenario has no journeys"),
        (("--call-actions",), "--call-actions: means nothing without --journeys"),
        (("--journeys", str(SCENARIOS / "spa_beacon.yaml"), "--call-actions"), "says `call: true`"),
        (("--journeys", str(SCENARIOS / "spa_beacon.yaml"), "--start", "noon"), "'noon' is no date and time"),
        (("--journeys", str(SCENARIOS / "spa_beacon.yaml"), "--set", "journeys.dialect=x"), "dialect"),
    ],
)
def test_serving_journeys_that_cannot_be_served_says_why(options: tuple[str, ...], said: str) -> None:
    result = call("serve", "--port", "0", *options)
    assert result.exit_code == 2
    assert said in result.output


def test_serve_quiet_prints_nothing(tmp_path: Path, client: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with started("serve", "--port", str(port), "--quiet", cwd=tmp_path) as process:
        while process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                client.get(f"http://127.0.0.1:{port}/health")
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_serve_on_a_port_in_use_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = journeysim("serve", "--port", port, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"journeysim: cannot serve on 127.0.0.1:{port}: port {port} is in use already; "
        "choose another one with --port, or 0 for any free one\n"
    )


def test_a_store_that_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear diary, " * 100)
    result = call("serve", "--port", "0", "--store", tmp_path / "notes.txt")
    assert result.exit_code == 2
    assert "cannot be used as the receiver's store" in result.stderr


@pytest.mark.parametrize("options", [[], ["--set", "destination.batch_size=100"]], ids=["single", "batches"])
def test_everything_that_a_run_sends_to_a_served_receiver_is_there_exactly_once(
    tmp_path: Path, client: httpx.Client, options: list[str]
) -> None:
    scenario = SCENARIOS / "lunch_rush.yaml"
    to_file = (
        "run",
        scenario,
        "--quiet",
        "--out",
        tmp_path / "to_file",
        "--to",
        f"file:{tmp_path}/sent.ndjson",
    )
    assert call(*to_file).exit_code == 0
    sent = [json.loads(line) for line in (tmp_path / "sent.ndjson").read_text(encoding="utf-8").splitlines()]
    with serving(tmp_path) as (_, url):
        run = journeysim("run", scenario, "--to", f"{url}/collection/demo", *options, "--json", cwd=tmp_path)
        assert (run.returncode, run.stderr) == (0, "")
        document = json.loads(run.stdout)
        there = received(client, url)
    assert document["sent"] == document["acknowledged"] == len(sent) > 5000
    assert document["delivery"]["resent"] == 0
    count = Counter(event["_id"] for event in there)
    assert count == dict.fromkeys((event["_id"] for event in sent), 1)
    assert by_id(there) == by_id(sent)


# --- replay -----------------------------------------------------------------------------------------------


@pytest.fixture
def undelivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a run to an endpoint that is down leaves behind."""
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    down = ("--to", f"http://127.0.0.1:{port}/collection/demo", "--set", "destination.give_up_after=0")
    assert call("run", tiny(tmp_path), "--out", "record", "--quiet", *down).exit_code == 3
    return Path("record/undelivered.ndjson")


def test_replay_sends_what_an_earlier_run_could_not(
    undelivered: Path, tmp_path: Path, client: httpx.Client
) -> None:
    kept = [json.loads(line) for line in undelivered.read_text(encoding="utf-8").splitlines()]
    with serving(tmp_path) as (_, url):
        result = call("replay", undelivered, "--to", f"{url}/collection/demo")
        assert result.exit_code == 0
        assert by_id(received(client, url)) == by_id(kept)
    assert (
        result.stdout == f"{len(kept)} events read, {len(kept)} acknowledged, 0 rejected, 0 not delivered\n"
    )


def test_replay_to_an_endpoint_that_is_still_down_keeps_everything_again(undelivered: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = call("replay", undelivered, "--to", f"http://127.0.0.1:{port}/collection/demo")
    assert result.exit_code == 3
    again = Path(f"{undelivered}.undelivered.ndjson")
    assert again.read_bytes() == undelivered.read_bytes()
    assert "connection refused" in result.stderr
    assert result.stderr.endswith(f"journeysim: what is missing is in {again}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.ndjson", "--to", "file:x.ndjson"], "nowhere.ndjson: cannot be read: No such file or directory\n1 mistake found.\n"),
        (["record/undelivered.ndjson", "--to", "receiver"], "journeysim: --to receiver: the embedded receiver lives in a run; start `journeysim serve` and name its URL\n"),
        (["record/undelivered.ndjson", "--to", "x.ndjson"], "--to: 'x.ndjson' is not a destination; did you mean 'file:x.ndjson'?\n"),
        (["record/undelivered.ndjson", "--to", "file:x.ndjson", "--set", "destination.batch_sise=5"], "--set destination.batch_sise: unknown key 'batch_sise'; did you mean 'batch_size'?\n"),
        (["tiny.yaml", "--to", "file:x.ndjson", "--set", "destination.batch_size=5"], "journeysim: --set: settings are those of a scenario; name one with --scenario\n"),
        (["tiny.yaml", "--to", "file:x.ndjson"], "tiny.yaml: event 1 is no JSON object; expected one XDM event on each line\n1 mistake found.\n"),
    ],
)  # fmt: skip
def test_a_wrong_replay_is_explained_before_anything_is_sent(
    undelivered: Path, arguments: list[str], message: str
) -> None:
    result = call("replay", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(message)
    assert not Path("x.ndjson").exists()


def test_replay_of_a_file_that_is_cut_off_sends_what_is_whole_and_says_so(undelivered: Path) -> None:
    lines = undelivered.read_bytes().splitlines(keepends=True)
    Path("cut.ndjson").write_bytes(b"".join(lines[:3]) + lines[3][:40])
    result = call("replay", "cut.ndjson", "--to", "file:x.ndjson")
    assert result.exit_code == 3
    assert result.stdout == "3 events read, 3 acknowledged, 0 rejected, 0 not delivered\n"
    assert result.stderr.startswith("cut.ndjson:4: the file is cut off or damaged")
    assert Path("x.ndjson").read_bytes() == b"".join(lines[:3])


def test_replay_talks_to_the_destination_as_the_run_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: httpx.Client
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(tmp_path) as (_, url):
        run = ("run", tiny(tmp_path), "--out", "record", "--quiet", "--to", "file:record.ndjson")
        assert call(*run, "--set", "destination.dataset_id=666000000000000000000001").exit_code == 0
        Path("record.ndjson").rename("record/events.ndjson")
        for options in ([], ["--set", "destination.dataset_id=666000000000000000000002"]):
            assert (
                call("replay", "record/events.ndjson", "--to", f"{url}/collection/x", *options).exit_code == 0
            )
        records = client.get(f"{url}/received?limit=1000").json()["records"]
    count = Counter(record["datasetId"] for record in records)
    assert list(count) == ["666000000000000000000001", "666000000000000000000002"]
    assert len(set(count.values())) == 1


def test_an_interrupted_replay_ends_with_130_and_keeps_what_is_missing(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    events = tmp_path / "events.ndjson"
    target = ("--to", f"file:{events}")
    assert call("run", scenario, *target, "--out", tmp_path / "record", "--quiet").exit_code == 0
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/collection/demo"
        settings = ("--scenario", scenario, "--set", "destination.timeout=0.3 s")
        with started("replay", events, "--to", url, *settings, cwd=tmp_path) as process:
            silent.settimeout(30)
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            connection.close()
    sent = len(events.read_bytes().splitlines())
    assert process.returncode == 130
    assert out == f"{sent} events read, 0 acknowledged, 0 rejected, {sent} not delivered\n"
    assert err.endswith("what is missing is in " + f"{events}.undelivered.ndjson\n")
    assert Path(f"{events}.undelivered.ndjson").read_bytes() == events.read_bytes()


def test_a_receiver_with_options_faults_places_and_a_schema_of_ones_own(
    tmp_path: Path, client: httpx.Client
) -> None:
    (tmp_path / "faults.yaml").write_text("faults:\n  - {path: /collection/broken, status: 503}\n")
    schema = {"type": "object", "properties": {"_id": {"type": "string"}}, "required": ["_id"]}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    options = ["--faults", "faults.yaml", "--schema", "schema.json", "--option", "entry_shape=tutorial"]
    scenario = str(SCENARIOS / "lunch_rush.yaml")
    with serving(tmp_path, *options, "--scenario", scenario, "--idempotent") as (process, url):
        assert client.post(f"{url}/collection/broken", json=message()).status_code == 503
        sync = f"{url}/collection/demo?syncValidation=true"
        violations = client.post(sync, json=message({"_id": "a", "other": 1})).json()["report"]["cause"]
        assert violations["_streamingValidation"][0]["message"] == "extraneous key [other] is not permitted"
        for _ in range(2):
            assert client.post(sync, json=message({"_id": "a"})).status_code == 200
        assert client.get(f"{url}/health").json()["accepted"] == 1
        batch = client.post(f"{url}/collection/batch/demo", json={"messages": [{}]}).json()
        assert batch["responses"][0]["statusCode"] == 400
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")


def test_places_of_a_file_are_answered(tmp_path: Path, client: httpx.Client) -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [11.5, 48.1]},
        "properties": {"name": "Hall", "radius": 100},
    }
    (tmp_path / "shops.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with serving(tmp_path, "--places", "shops.geojson") as (_, url):
        library = client.get(f"{url}/placesedgequery/libraries").json()["libraries"][0]["id"]
        query = f"{url}/placesedgequery?latitude=48.1&longitude=11.5&library={library}"
        assert client.get(query).json()["places"]["userWithin"][0]["p"][1] == "Hall"


def test_a_store_is_exported_while_it_is_used(tmp_path: Path, client: httpx.Client) -> None:
    with serving(tmp_path, "--store", "kept.sqlite") as (_, url):
        assert client.post(f"{url}/collection/demo", json=message()).status_code == 200
        done = journeysim("export", "kept.sqlite", "--to", "events.ndjson", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, "1 event written to events.ndjson\n")
    line = (tmp_path / "events.ndjson").read_text()
    assert json.loads(line)["eventType"] == "location.entry"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "no access token"),
        (["--option", "future=never"], "expected accept or reject"),
        (["--faults", "none.yaml"], "none.yaml: can't be read"),
        (["--schema", "none.json"], "none.json: can't be read"),
        (["--schema", "x.json", "--no-validation"], "not together"),
        (["--token-file", "none"], "none: can't be read"),
        (["--tls-cert", "cert.pem"], "give both"),
    ],
)
def test_a_wrong_call_of_serve_is_2_and_says_why(tmp_path: Path, options: list[str], said: str) -> None:
    done = journeysim("serve", "--port", "0", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.sqlite", "--to", "x.ndjson"], "no such file"),
        (["none.sqlite", "--to", "x.csv"], ".ndjson or .parquet"),
    ],
)
def test_a_wrong_call_of_export_is_2_and_says_why(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = journeysim("export", *arguments, cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (2, True)

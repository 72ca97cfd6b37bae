"""The commands of docs/receiver.md and docs/destinations.md do what the pages say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.receiver import EventStore, Receiver, ServerThread
from tests.cli.program import started
from tests.delivery.mock_kafka import MockCluster
from tests.docs.documents import commands, shell, workplace


def test_the_requests_shown_for_the_receiver_are_answered(tmp_path: Path) -> None:
    serve, *requests = commands("docs/receiver.md")
    assert serve == "journeysim serve --port 8080"
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        script = "\necho\n".join(requests).replace("http://127.0.0.1:8080", server.url)
        done = shell(script, workplace(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    _, sent, by_type, by_identity, by_time, failed, health, deleted = done.stdout.split("\n")[:8]
    assert json.loads(sent)["inletId"] == "demo"
    for page in (by_type, by_identity, by_time):
        document = json.loads(page)
        assert (document["total"], document["count"], document["next"]) == (1, 1, None)
    assert json.loads(failed)["records"] == []
    assert json.loads(health)["accepted"] == 1
    assert json.loads(deleted) == {"deleted": 1}


def test_the_runs_shown_for_the_destinations_arrive(tmp_path: Path) -> None:
    to_file, to_output, to_inlet, to_kafka = commands("docs/destinations.md")
    folder = workplace(tmp_path)
    with MockCluster(1) as cluster:
        done = shell(to_kafka.replace("127.0.0.1:9092", cluster.addresses), folder)
        assert done.returncode == 0, done.stderr
        assert len(cluster.records(5000)) > 1
        assert (folder / "copy.parquet").stat().st_size > 100_000
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        assert shell(to_file, folder).returncode == 0
        assert (folder / "events.ndjson.zst").stat().st_size > 100_000
        printed = shell(to_output, folder)
        assert [json.loads(line)["_id"] for line in printed.stdout.splitlines()] != []
        assert len(printed.stdout.splitlines()) == 3
        done = shell(to_inlet.replace("http://127.0.0.1:8080", server.url), folder)
        assert done.returncode == 0, done.stderr
        assert store.counts().accepted > 5000


@pytest.mark.slow
def test_a_run_by_the_clock_is_judged_by_what_the_receivers_journeys_say(tmp_path: Path) -> None:
    serve, send, look, judge = (command.replace("60", "120") for command in commands("docs/journeys.md"))
    folder = workplace(tmp_path)
    arguments = serve.replace("8080", "0").split()[1:]
    with started(*arguments, cwd=folder) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        script = "\n".join((send, look, judge)).replace("http://127.0.0.1:8080", url)
        done = shell(script, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"spa":{"entered":6' in done.stdout
    assert done.stdout.count("✔ Discounts sent") == 2
    assert "✘" not in done.stdout

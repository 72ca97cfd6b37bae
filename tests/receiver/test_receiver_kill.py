"""A receiver that is killed under load keeps what it acknowledged."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import orjson
import pytest

from simulator.receiver import EventStore
from tests.receiver.messages import batch, event, message

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20
CLIENTS = 4
SERVE = """
import sys
from pathlib import Path
from simulator.receiver import EventStore, Receiver, serve
with EventStore(Path(sys.argv[1])) as store:
    serve(Receiver(store), port=0, on_ready=lambda url: print(url, flush=True))
"""


def send(url: str, first: int, acknowledged: set[str]) -> None:
    """Send single messages and batches until nobody answers; note the ids of those that were acknowledged."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    number = first
    try:
        while True:
            count = 1 if number % 3 else 20
            events = [event(number + n) for n in range(count)]
            if count == 1:
                connection.request("POST", "/collection/demo", orjson.dumps(message(events[0])))
            else:
                connection.request("POST", "/collection/batch/demo", batch(*map(message, events)))
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (200, 207)
            acknowledged.update(str(one["_id"]) for one in events)
            number += count
    except (OSError, http.client.HTTPException):
        connection.close()


@pytest.mark.slow
def test_twenty_kills_at_random_moments_lose_no_acknowledged_record_and_leave_no_half_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.sqlite"
    acknowledged: set[str] = set()
    chance = Random(20)
    for kill in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        assert process.stdout is not None
        with process.stdout:
            url = process.stdout.readline().strip()
            before = len(acknowledged)
            clients = [
                threading.Thread(target=send, args=(url, (kill * CLIENTS + n) * 1_000_000 + 1, acknowledged))
                for n in range(CLIENTS)
            ]
            for client in clients:
                client.start()
            while len(acknowledged) == before:  # under load, not before it
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
            process.wait()
        for client in clients:
            client.join()
    with EventStore(path) as store:
        kept = [orjson.loads(record.body) for record in store.records()]
        counts = store.counts()
    assert len(acknowledged) > KILLS * 20
    assert acknowledged <= {one["_id"] for one in kept}
    assert all(one == event(int(one["_id"][-12:])) for one in kept)
    assert (counts.accepted, counts.duplicates, counts.failed) == (len(kept), 0, 0)

"""Serving: addresses, signals, and an orderly end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from simulator.core.errors import UsageError
from simulator.receiver import EventStore, Receiver, ServerThread
from tests.receiver.messages import message

_SERVE = """
import sys
from pathlib import Path
from simulator.receiver import EventStore, Receiver, serve
with EventStore(Path(sys.argv[1])) as store:
    serve(Receiver(store), port=0, on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_serving_in_order(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "store.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert httpx.post(f"{url}/collection/demo", json=message(), trust_env=False).status_code == 200
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "stopped\n", "")
    with EventStore(path) as store:
        assert store.counts().accepted == 1


def test_a_port_in_use_is_said() -> None:
    with EventStore() as store, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is in use already"):
            ServerThread(Receiver(store), port=port)


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("no-such-host.invalid", 0, "not known"),
        ("203.0.113.1", 0, "no such address"),
        ("127.0.0.1", 99999, "99999"),
    ],
)
def test_an_address_that_cannot_be_served_is_said(host: str, port: int, expected: str) -> None:
    with EventStore() as store, pytest.raises(UsageError, match=expected):
        ServerThread(Receiver(store), host=host, port=port)


def test_stopping_finishes_the_request_under_way() -> None:
    with EventStore() as store:
        server = ServerThread(Receiver(store)).start()
        with httpx.Client(trust_env=False) as client:
            assert client.post(server.inlet_url("demo"), json=message()).status_code == 200
            server.stop()
            with pytest.raises(httpx.TransportError):
                client.post(server.inlet_url("demo"), json=message())
        assert store.counts().accepted == 1

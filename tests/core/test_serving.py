"""Serving in a thread: it begins or says why not, and ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from simulator.core.errors import UsageError
from simulator.core.serving import LOOPBACK, Server, ServingThread, bind, url_of


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def serving() -> tuple[ServingThread, Any]:
    sock = bind(LOOPBACK, 0)
    return ServingThread(lambda ready: Server(hello, grace=1, on_ready=ready), sock, "greeter"), sock


def test_it_answers_from_start_to_stop_and_may_be_stopped_twice() -> None:
    thread, sock = serving()
    url = url_of(sock)
    thread.start()
    assert httpx.get(url, trust_env=False).text == "hello"
    thread.stop()
    thread.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_one_that_can_not_begin_says_so_instead_of_waiting_for_ever() -> None:
    thread, sock = serving()
    sock.close()  # as the system may take it away
    with ThreadPoolExecutor(1) as pool, pytest.raises(UsageError, match="the greeter can't begin: "):
        pool.submit(thread.start).result(10)
    thread.stop()


def test_one_that_never_began_can_be_stopped() -> None:
    thread, sock = serving()
    thread.stop()
    assert sock.fileno() < 0

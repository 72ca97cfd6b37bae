"""Requests over plain sockets: every form of an answer, every end of a connection, and the same words as libcurl's."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.delivery.curl import Pool
from simulator.delivery.http_answer import AnswerError, AnswerReader, Head, read_head
from simulator.delivery.pools import make_pool, needs_sockets_only
from simulator.delivery.sockets import SocketPool
from simulator.delivery.transport import Finished, Transport

Script = Callable[[socket.socket, int], None]
HEADERS = ["Content-Type: application/json"]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Scripted:
    """A server on the loopback that does with its connections, one after the other, as told; a context manager."""

    def __init__(self, script: Script, address: str = "127.0.0.1") -> None:
        self._script = script
        self._server = socket.create_server((address, 0), family=_family(address))
        self.port: int = self._server.getsockname()[1]
        self.url = f"http://{address}:{self.port}/in"
        self.connections = 0
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Scripted:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._thread.join()

    def _serve(self) -> None:
        workers = []
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                break
            self._open.append(connection)
            self.connections += 1
            worker = threading.Thread(target=self._run, args=(connection, self.connections), daemon=True)
            worker.start()
            workers.append(worker)
        for worker in workers:
            worker.join()

    def _run(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, EOFError), connection:
            self._script(connection, number)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def request(connection: socket.socket) -> tuple[bytes, bytes]:
    """The next request: head and body. Raises EOFError when the connection ends."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, rest = data.partition(b"\r\n\r\n")
    body = bytearray(rest)
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += _some(connection)
    return head, bytes(body)


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise EOFError
    return data


def answering(*answers: bytes) -> Script:
    """Each connection gets these answers to its requests, the last of them again and again."""

    def script(connection: socket.socket, number: int) -> None:
        for answer in answers:
            request(connection)
            connection.sendall(answer)
        while True:
            request(connection)
            connection.sendall(answers[-1])

    return script


def collect(pool: Transport[int], count: int, *, patience: float = 30.0) -> list[Finished[int]]:
    found: list[Finished[int]] = []
    end = time.monotonic() + patience
    while len(found) < count and time.monotonic() < end:
        found += pool.wait(0.05)
    assert len(found) == count
    return found


def post(
    url: str,
    count: int = 1,
    *,
    timeout: float = 2.0,
    body: bytes = b"{}",
    wall: Callable[[], float] | None = None,
) -> list[Finished[int]]:
    """Requests one after the other through the pool that the address asks for."""
    pool = (
        make_pool(url, 1, timeout, HEADERS)
        if wall is None
        else SocketPool(url, 1, timeout, HEADERS, wall=wall)
    )
    assert isinstance(pool, SocketPool)
    with contextlib.closing(pool):
        found = []
        for number in range(count):
            pool.start(url, body, number)
            found += collect(pool, 1)
        return found


# --- forms of answers ---------------------------------------------------------------------------------------

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\nwiki\r\n5;name=value\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\nTrailer: x\r\n\r\n"
)
FORMS = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello"),
    "length in small letters": (b"HTTP/1.1 201 Made\r\ncontent-length:5\r\n\r\nhello", 201, b"hello"),
    "the same length twice": (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}", 200, b"{}"),
    "no reason": (b"HTTP/1.1 429\r\nContent-Length: 0\r\n\r\n", 429, b""),
    "no body": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "chunks": (CHUNKED, 200, b"wikipedia in\r\n\r\nchunks."),
    "no chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, b""),
    "a notice before": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"{}"),
    "two notices before": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + OK,
        200,
        b"{}",
    ),
    "large": (b"HTTP/1.1 200 OK\r\nContent-Length: 700000\r\n\r\n" + b"x" * 700_000, 200, b"x" * 700_000),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_is_read_in_every_form_and_the_connection_kept(form: str) -> None:
    data, status, body = FORMS[form]
    with Scripted(answering(data)) as server:
        found = post(server.url, 3)
    assert [(one.status, one.body, one.tries) for one in found] == [(status, body, 1)] * 3
    assert server.connections == sum(one.connects for one in found) == 1


@pytest.mark.parametrize("form", [form for form in FORMS if form != "large"])
@given(cuts=st.lists(st.integers(1, 120), max_size=12))
@settings(max_examples=25, deadline=None)
def test_it_does_not_matter_in_which_pieces_an_answer_comes(form: str, cuts: list[int]) -> None:
    data, status, body = FORMS[form]
    reader = AnswerReader()
    places = sorted({cut for cut in cuts if cut < len(data)})
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    assert [reader.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert reader.head is not None
    assert (reader.head.status, reader.body, reader.clean) == (status, body, True)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more",
    ],
)
def test_a_connection_that_can_not_be_kept_is_replaced(data: bytes) -> None:
    with Scripted(answering(data)) as server:
        found = post(server.url, 3)
    assert [(one.status, one.body, one.tries, one.connects) for one in found] == [(200, b"hello", 1, 1)] * 3
    assert server.connections == 3


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    def script(connection: socket.socket, number: int) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nas long ")
        time.sleep(0.05)
        connection.sendall(b"as it lasts")

    with Scripted(script) as server:
        (found,) = post(server.url)
    assert (found.status, found.body) == (200, b"as long as it lasts")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "is not HTTP/1.1"),
        (b"HTTP/2 200\r\n\r\n", "is not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "no header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", "how long it is"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", "how long it is"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "too long"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk of unknown size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxyz\r\n", "chunk without an end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7FFFFFFF\r\nx", "too long"),
        (b"HTTP/1.1 200 " + b"x" * 70_000, "head of the answer is too long"),
    ],
)
def test_what_is_no_answer_is_a_failure_that_says_why(data: bytes, what: str) -> None:
    with Scripted(answering(data)) as server:
        (found,) = post(server.url)
    assert (found.status, found.kind, found.sent, found.fatal) == (0, "failed", True, False)
    assert found.error.startswith(f"request to 127.0.0.1:{server.port} failed: ")
    assert what in found.error


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("9" * 5000, 10**9),
        ("soon", 0),
        ("-5", 0),
        ("\u00b2", 0),
        ("Mon, 02 Mar 2020 10:00:00 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 -0000", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 10**9),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: int) -> None:
    head = read_head(f"HTTP/1.1 503 Busy\r\nRetry-After: {text}\r\nContent-Length: 0".encode("latin-1"))
    assert head.wait(1_700_000_000.0) == seconds


def test_a_date_to_wait_for_means_less_each_time_that_it_is_said() -> None:
    """Answers with the same head, byte for byte, are understood once."""
    data = b"HTTP/1.1 503 Busy\r\nRetry-After: Mon, 02 Mar 2026 10:01:00 GMT\r\nContent-Length: 0\r\n\r\n"
    ten = datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp()
    times = iter([ten, ten + 45.0, ten + 90.0])
    with Scripted(answering(data, data, data)) as server:
        found = post(server.url, 3, wall=lambda: next(times))
    assert [one.retry_after for one in found] == [60, 15, 0]
    assert {one.retry_text for one in found} == {"Mon, 02 Mar 2026 10:01:00 GMT"}


@pytest.mark.parametrize("form", ["sockets", "libcurl"])
@pytest.mark.parametrize(("status", "seconds"), [(429, 7), (502, 0), (503, 7)])
def test_what_is_said_of_waiting_is_passed_on_as_it_is_said(form: str, status: int, seconds: int) -> None:
    data = b"HTTP/1.1 %d No\r\nretry-after:  7 \r\nContent-Length: 0\r\n\r\n" % status
    with Scripted(answering(data, OK)) as server:
        pool: Transport[int] = (
            SocketPool(server.url, 1, 2.0, HEADERS) if form == "sockets" else Pool(1, 2.0, HEADERS)
        )
        with contextlib.closing(pool):
            pool.start(server.url, b"{}", 0)
            (first,) = collect(pool, 1)
            pool.start(server.url, b"{}", 1)
            (second,) = collect(pool, 1)
    assert (first.status, first.retry_after, first.retry_text) == (status, seconds, "7")
    assert (second.status, second.retry_after, second.retry_text) == (200, 0, "")


@given(st.text(st.characters(max_codepoint=255), max_size=40), st.floats(0, 1e11))
def test_whatever_is_said_of_waiting_is_some_seconds(text: str, now: float) -> None:
    assert 0 <= Head(503, 0, False, True, text.strip()).wait(now) <= 10**9


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 5000])
def test_a_length_beyond_all_numbers_is_an_answer_that_is_too_long(digits: str) -> None:
    with pytest.raises(AnswerError, match="too long"):
        read_head(f"HTTP/1.1 200 OK\r\nContent-Length: {digits}".encode())


def test_a_length_may_begin_with_zeros() -> None:
    assert read_head(b"HTTP/1.1 200 OK\r\nContent-Length: " + 30 * b"0" + b"12").length == 12


@given(st.binary(max_size=200))
def test_whatever_comes_is_an_answer_or_an_error(data: bytes) -> None:
    reader = AnswerReader()
    with contextlib.suppress(AnswerError):
        reader.feed(data)
    reader = AnswerReader()
    with contextlib.suppress(AnswerError):
        reader.feed(b"HTTP/1.1 200 OK\r\n" + data + b"\r\n\r\n")


# --- requests -----------------------------------------------------------------------------------------------


def test_a_request_says_what_it_must() -> None:
    seen: list[tuple[bytes, bytes]] = []

    def script(connection: socket.socket, number: int) -> None:
        while True:
            seen.append(request(connection))
            connection.sendall(OK)

    with Scripted(script) as server:
        pool: SocketPool[int] = SocketPool(server.url, 1, 2.0, HEADERS, method="PUT")
        with contextlib.closing(pool):
            pool.start(f"{server.url}?a=b", b"one", 1)
            collect(pool, 1)
            pool.start(server.url, b"three", 2, ("Authorization: Bearer x",))
            collect(pool, 1)
    head = f"Host: 127.0.0.1:{server.port}\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    assert seen[0] == (f"PUT /in?a=b HTTP/1.1\r\n{head}Content-Length: 3".encode(), b"one")
    assert seen[1] == (
        f"PUT /in HTTP/1.1\r\n{head}Authorization: Bearer x\r\nContent-Length: 5".encode(),
        b"three",
    )


def test_a_body_larger_than_any_buffer_arrives_whole() -> None:
    body = bytes(range(256)) * 40_000
    seen: list[bytes] = []

    def script(connection: socket.socket, number: int) -> None:
        time.sleep(0.1)
        seen.append(request(connection)[1])
        connection.sendall(OK)

    with Scripted(script) as server:
        (found,) = post(server.url, body=body, timeout=20.0)
    assert (found.status, seen) == (200, [body])


def test_an_answer_that_comes_before_the_body_was_read_counts() -> None:
    def script(connection: socket.socket, number: int) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.5)

    with Scripted(script) as server:
        (found,) = post(server.url, body=b"x" * 20_000_000)
    assert found.status == 413


def test_many_requests_at_once_find_their_own_answers() -> None:
    def script(connection: socket.socket, number: int) -> None:
        while True:
            _, body = request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    with Scripted(script) as server:
        pool: SocketPool[int] = SocketPool(server.url, 8, 2.0, HEADERS)
        answers: dict[int, bytes] = {}
        left = iter(range(400))
        with contextlib.closing(pool):
            while len(answers) < 400:
                while pool.in_flight < pool.size and (number := next(left, None)) is not None:
                    pool.start(server.url, str(number).encode(), number)
                answers.update((one.tag, one.body) for one in pool.wait(1.0))
    assert answers == {number: str(number).encode() for number in range(400)}
    assert server.connections == 8


# --- connections that end -----------------------------------------------------------------------------------


def test_a_connection_that_was_closed_while_idle_costs_nothing() -> None:
    def script(connection: socket.socket, number: int) -> None:
        request(connection)
        connection.sendall(OK)

    with Scripted(script) as server:
        pool: SocketPool[int] = SocketPool(server.url, 1, 2.0, HEADERS)
        with contextlib.closing(pool):
            for number in range(3):
                pool.start(server.url, b"{}", number)
                (found,) = collect(pool, 1)
                assert (found.status, found.tries, found.connects) == (200, 1, 1)
                time.sleep(0.05)  # long enough for the end of the connection to arrive


def test_a_kept_connection_that_is_cut_is_replaced_once_and_that_is_said() -> None:
    def script(connection: socket.socket, number: int) -> None:
        request(connection)
        if number == 1:
            connection.sendall(OK)
            request(connection)

    with Scripted(script) as server:
        first, second = post(server.url, 2)
    assert (first.status, first.tries) == (200, 1)
    assert (second.status, second.kind, second.tries, second.sent) == (0, "connection cut", 2, True)
    assert server.connections == 2


def test_half_an_answer_is_no_answer() -> None:
    def script(connection: socket.socket, number: int) -> None:
        request(connection)
        connection.sendall(OK[:-1])

    with Scripted(script) as server:
        (found,) = post(server.url)
    assert (found.status, found.kind, found.tries) == (0, "connection cut", 1)


def test_time_outs_end_single_requests_and_not_the_others() -> None:
    def script(connection: socket.socket, number: int) -> None:
        while True:
            _, body = request(connection)
            if body != b"hang":
                connection.sendall(OK)

    with Scripted(script) as server:
        pool: SocketPool[str] = SocketPool(server.url, 2, 0.3, HEADERS)
        with contextlib.closing(pool):
            began = time.monotonic()
            pool.start(server.url, b"hang", "hang")
            found: list[Finished[str]] = []
            answered = 0
            while not any(one.tag == "hang" for one in found):
                if pool.in_flight < 2:
                    pool.start(server.url, b"{}", "fine")
                found = pool.wait(0.01)
                answered += sum(one.status == 200 for one in found)
            took = time.monotonic() - began
            late = next(one for one in found if one.tag == "hang")
    assert 0.3 <= took < 0.6
    assert answered > 10
    assert (late.kind, late.error) == ("timeout", f"no answer from 127.0.0.1:{server.port} within 0.3 s")


def test_localhost_is_found_whichever_address_it_listens_at() -> None:
    for address in ("127.0.0.1", "::1"):
        with Scripted(answering(OK), address) as server:
            found = post(f"http://localhost:{server.port}/in", 2)
        assert [one.status for one in found] == [200, 200]


# --- the two ways -------------------------------------------------------------------------------------------


def _both(url: str) -> Iterator[Transport[int]]:
    yield SocketPool(url, 1, 0.3, HEADERS)
    yield Pool(1, 0.3, HEADERS)


def hang(connection: socket.socket, number: int) -> None:
    request(connection)
    request(connection)


def cut(connection: socket.socket, number: int) -> None:
    request(connection)


def test_both_ways_tell_the_same_of_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        refusing = f"http://127.0.0.1:{nobody.getsockname()[1]}/in"
    with Scripted(hang) as hanging, Scripted(cut) as cutting:
        for url in (refusing, hanging.url, cutting.url):
            told = []
            for pool in _both(url):
                with contextlib.closing(pool):
                    pool.start(url, b"{}", 7)
                    assert pool.in_flight == 1 or url == refusing
                    (one,) = collect(pool, 1)
                    assert pool.in_flight == 0
                    told.append(
                        (one.tag, one.status, one.kind, one.error, one.sent, one.fatal, one.tries > 0)
                    )
            assert told[0] == told[1]


@pytest.mark.parametrize(
    ("url", "proxy", "plain"),
    [
        ("http://127.0.0.1:8080/x", None, True),
        ("http://[::1]:8080/x", None, True),
        ("http://localhost/x", None, True),
        ("http://localhost/x", "http://proxy:3128", True),
        ("http://10.1.2.3/x", None, True),
        ("http://10.1.2.3/x", "http://proxy:3128", False),
        ("http://example.com/x", None, False),
        ("https://127.0.0.1/x", None, False),
    ],
)
def test_plain_sockets_are_for_what_needs_no_more(
    monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None, plain: bool
) -> None:
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    if proxy is not None:
        monkeypatch.setenv("http_proxy", proxy)
    assert needs_sockets_only(url) is plain


def test_systems_without_epoll_are_served_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("select.epoll", raising=False)
    with Scripted(answering(OK, CHUNKED)) as server:
        found = post(server.url, 3)
    assert [one.status for one in found] == [200, 200, 200]

"""Many POST requests at the same time through libcurl's multi interface.

Everything here belongs to one thread: ``start`` requests, then ``wait`` for some of them to finish. Measured
with 16 requests of 2 KB in flight, ``perform`` and ``select`` in a plain loop make twice as many requests per
second as the same library driven by socket callbacks of an asyncio loop, and four times as many as aiohttp on
uvloop.
"""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic
from urllib.parse import urlsplit

import pycurl

from simulator.delivery.transport import ASK_TO_WAIT, MAX_ANSWER_BYTES, Finished, Tag

# select() cannot watch file descriptors from 1024 on; with so many connections the loop looks by itself.
_SELECT_CONNECTIONS = 900
_SHORT_WAIT = 0.005
_LOOPBACK = "localhost,127.0.0.1,::1"

# Faults that no second try can mend.
_FATAL = {
    pycurl.E_URL_MALFORMAT,
    pycurl.E_UNSUPPORTED_PROTOCOL,
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_CACERT_BADFILE,
    pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_CIPHER,
}


class _Exchange(Generic[Tag]):
    """One reusable easy handle and the request it carries."""

    def __init__(self) -> None:
        self.curl = pycurl.Curl()
        self.tag: Tag
        self.parts: list[bytes] = []
        self.size = 0
        self.tries = 0
        self.retry_text = ""
        self.url = ""
        self.more_headers: tuple[str, ...] = ()

    def begin(self, tag: Tag) -> None:
        self.tag = tag
        self.parts = []
        self.size = 0
        self.tries = 0
        self.retry_text = ""

    def hear(self, line: bytes) -> None:
        """A line of the head of an answer."""
        if line[:12].lower() == b"retry-after:":
            self.retry_text = line[12:].strip().decode("latin-1")

    def receive(self, data: bytes) -> int | None:
        self.size += len(data)
        if self.size > MAX_ANSWER_BYTES:
            return 0  # libcurl then ends the transfer with a write error
        self.parts.append(data)
        return None

    def about_to_send(self, *_: object) -> int:
        self.tries += 1
        return int(pycurl.PREREQFUNC_OK)


class Pool(Generic[Tag]):
    """Up to ``size`` requests in flight on kept connections.

    ``timeout`` (seconds) bounds connecting and the whole request. Certificates are verified; proxies come
    from the usual environment variables, but never for this machine itself.
    """

    def __init__(
        self,
        size: int,
        timeout: float,
        headers: Sequence[str],
        *,
        method: str = "POST",
        ca_file: Path | None = None,
    ) -> None:
        self.size = size
        self._method = method
        self._ca_file = ca_file
        self.in_flight = 0
        self._timeout = timeout
        self._longest_wait = _SHORT_WAIT if size > _SELECT_CONNECTIONS else 1.0
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, size)
        self._by_curl: dict[Any, _Exchange[Tag]] = {}
        self._idle: list[_Exchange[Tag]] = []
        self._headers = [*headers, "Expect:"]  # no waiting for 100 Continue before large bodies

    def start(self, url: str, body: bytes, tag: Tag, more_headers: tuple[str, ...] = ()) -> None:
        """Begin a request; there must be room for it."""
        exchange = self._idle.pop() if self._idle else self._new_exchange()
        exchange.begin(tag)
        if exchange.more_headers != more_headers:
            exchange.more_headers = more_headers
            exchange.curl.setopt(pycurl.HTTPHEADER, [*self._headers, *more_headers])
        if exchange.url != url:
            exchange.url = url
            exchange.curl.setopt(pycurl.URL, url)
        exchange.curl.setopt(pycurl.POSTFIELDS, body)
        self._multi.add_handle(exchange.curl)
        self.in_flight += 1

    def wait(self, seconds: float) -> list[Finished[Tag]]:
        """Requests that have finished; returns after ``seconds`` at the latest, or earlier with some."""
        self._multi.perform()
        finished = self._collect()
        if not finished and seconds > 0:
            self._multi.select(min(seconds, self._longest_wait))
            self._multi.perform()
            finished = self._collect()
        return finished

    def close(self) -> None:
        """Drop all connections."""
        for curl in list(self._by_curl):
            curl.close()
        self._by_curl.clear()
        self._multi.close()

    def _new_exchange(self) -> _Exchange[Tag]:
        exchange: _Exchange[Tag] = _Exchange()
        curl = exchange.curl
        milliseconds = max(1, round(self._timeout * 1000))
        curl.setopt(pycurl.POST, 1)
        if self._method != "POST":
            curl.setopt(pycurl.CUSTOMREQUEST, self._method)
        curl.setopt(pycurl.HTTPHEADER, self._headers)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.TIMEOUT_MS, milliseconds)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds)
        curl.setopt(pycurl.WRITEFUNCTION, exchange.receive)
        curl.setopt(pycurl.HEADERFUNCTION, exchange.hear)
        curl.setopt(pycurl.PREREQFUNCTION, exchange.about_to_send)
        curl.setopt(pycurl.NOPROXY, _no_proxy())
        if bundle := str(self._ca_file or "") or certificates():
            curl.setopt(pycurl.CAINFO, bundle)
        self._by_curl[curl] = exchange
        return exchange

    def _collect(self) -> list[Finished[Tag]]:
        finished: list[Finished[Tag]] = []
        more = 1
        while more:
            more, good, bad = self._multi.info_read()
            finished += [self._finish(curl, 0, "") for curl in good]
            finished += [self._finish(curl, code, message) for curl, code, message in bad]
        return finished

    def _finish(self, curl: Any, code: int, message: str) -> Finished[Tag]:
        exchange = self._by_curl[curl]
        self._multi.remove_handle(curl)
        self.in_flight -= 1
        done = Finished(
            exchange.tag,
            0 if code else curl.getinfo(pycurl.RESPONSE_CODE),
            tries=exchange.tries,
            connects=curl.getinfo(pycurl.NUM_CONNECTS),
        )
        if code:
            done.kind, done.error = _explain(curl, code, message, self._timeout)
            done.sent = exchange.tries > 0
            done.fatal = code in _FATAL
        else:
            done.body = b"".join(exchange.parts)
            done.retry_text = exchange.retry_text
            if done.status in ASK_TO_WAIT:
                done.retry_after = curl.getinfo(pycurl.RETRY_AFTER)
        exchange.parts = []
        self._idle.append(exchange)
        return done


def _explain(curl: Any, code: int, message: str, timeout: float) -> tuple[str, str]:
    """Kind of a failure, and the failure in words that name the other side."""
    parts = urlsplit(curl.getinfo(pycurl.EFFECTIVE_URL))
    where = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    if code == pycurl.E_COULDNT_RESOLVE_HOST:
        return "unknown host", f"the host name {parts.hostname} is not known"
    if code == pycurl.E_COULDNT_CONNECT:
        number = curl.getinfo(pycurl.OS_ERRNO)
        if number == errno.ECONNREFUSED:
            return "connection refused", f"connection refused by {where}"
        return (
            "no connection",
            f"no connection to {where}: {os.strerror(number).lower() if number else message}",
        )
    if code == pycurl.E_OPERATION_TIMEDOUT:
        if curl.getinfo(pycurl.PRETRANSFER_TIME) == 0:
            return "timeout", f"no connection to {where} within {timeout:g} s"
        return "timeout", f"no answer from {where} within {timeout:g} s"
    if code in (pycurl.E_GOT_NOTHING, pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR, pycurl.E_PARTIAL_FILE):
        return "connection cut", f"connection cut by {where} before the whole answer"
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        return "certificate", f"the certificate of {where} cannot be trusted: {message}"
    return "failed", f"request to {where} failed: {message}"


def _no_proxy() -> str:
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return f"{given},{_LOOPBACK}" if given and given != "*" else given or _LOOPBACK


def certificates() -> str | None:
    """The file of trusted certificates: ``SSL_CERT_FILE``, the system's, or that of certifi.

    The library that pycurl's wheels bring along does not know where this system keeps them.
    """
    given = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    if given and Path(given).is_file():
        return given
    try:
        import certifi
    except ImportError:
        return None
    return certifi.where()

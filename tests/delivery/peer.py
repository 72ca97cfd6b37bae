"""A real HTTP server on loopback that answers as a test says, and keeps what it got."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson


@dataclass
class Got:
    """One request, as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Says:
    """What is answered, after so many seconds."""

    status: int = 200
    body: Any = field(default_factory=dict)
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


class Peer:
    """The server, as a context manager; ``answer`` is asked for each request, in threads of their own."""

    def __init__(self, answer: Callable[[Got], Says] = lambda got: Says()) -> None:
        self.got: list[Got] = []
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                got = Got(self.command, parts.path, query, dict(self.headers.items()), body)
                peer.got.append(got)
                says = answer(got)
                time.sleep(says.delay)
                raw = says.body if isinstance(says.body, bytes) else orjson.dumps(says.body)
                try:
                    self.send_response(says.status)
                    for name, value in says.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(raw)))
                    self.end_headers()
                    self.wfile.write(raw)
                except OSError:
                    pass  # who asked did not wait

            do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names are those of the library

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

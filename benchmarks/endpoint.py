"""An endpoint that costs as little as one in Python can: for measuring clients, on a core of its own.

uvloop, and no more of HTTP than POST requests with a length need; answers are those of an inlet.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

SINGLE = b'{"inletId":"bench","xactionId":"1741083330250:2153:240","receivedTimeMs":1741083330255}'
_LENGTH = b"content-length:"


def answer(status: bytes, body: bytes) -> bytes:
    """A whole response."""
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def batch_answer(count: int) -> bytes:
    """What an inlet answers to a batch of which nothing failed."""
    entries = b",".join(b'{"xactionId":"1741083330250:1485:153:%d"}' % index for index in range(count))
    return b'{"inletId":"bench","batchId":"1741083330250:1485:153","responses":[' + entries + b"]}"


class Endpoint(asyncio.Protocol):
    """One connection."""

    answers: tuple[bytes, bytes]

    def __init__(self) -> None:
        self._data = bytearray()
        self._need = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # uvloop's own kind of transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while len(self._data) >= max(self._need, 1):
            if not self._need:
                end = self._data.find(b"\r\n\r\n")
                if end < 0:
                    return
                head = bytes(self._data[:end]).lower()
                at = head.index(_LENGTH) + len(_LENGTH)
                stop = head.find(b"\r", at)
                self._need = end + 4 + int(head[at : stop if stop > 0 else None])
                self._answer = self.answers[b"/batch/" in head[:60]]
                continue
            del self._data[: self._need]
            self._need = 0
            self._transport.write(self._answer)


async def main() -> None:
    """Serve on the port given, or a free one, print it, and end with standard input."""
    Endpoint.answers = answer(b"200 OK", SINGLE), answer(b"207 Multi-Status", batch_answer(int(sys.argv[1])))
    loop = asyncio.get_running_loop()
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = await loop.create_server(Endpoint, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())

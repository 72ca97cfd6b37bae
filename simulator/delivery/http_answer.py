"""Reading answers of HTTP/1.1 (RFC 9112): status, length, and the body, whole or in chunks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from simulator.delivery.transport import MAX_ANSWER_BYTES

HEAD_END = b"\r\n\r\n"
_MAX_HEAD_BYTES = 64 << 10
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?")
_WITHOUT_BODY = (204, 304)
_MOST_DIGITS = 18  # of numbers; Python itself refuses to read some thousands
_LONGEST_WAIT = 10**9


class AnswerError(Exception):
    """What came is no answer of HTTP/1.1, or a body beyond all bounds."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of an answer says. ``length`` is None for bodies in chunks, and for those that end with the
    connection; ``keep``: the connection can be used again; ``retry_after``: what it says of that, as it says it."""

    status: int
    length: int | None
    chunked: bool
    keep: bool
    retry_after: str = ""

    def wait(self, now: float) -> int:
        """Seconds to wait as ``Retry-After`` says, a number of them or a date; 0 for anything else.

        ``now`` is the time in seconds since 1970: a date means less each time that it is said.
        """
        text = self.retry_after
        try:
            if text.isascii() and text.isdigit():
                return min(int(text[:_MOST_DIGITS]), _LONGEST_WAIT)
            return max(0, min(round(parsedate_to_datetime(text).timestamp() - now), _LONGEST_WAIT))
        except (ValueError, OverflowError):
            return 0


def read_head(data: bytes) -> Head:
    """Understand a head, without its empty line; raises ``AnswerError``."""
    first, *lines = data.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise AnswerError("what came back is not HTTP/1.1")
    status = int(match[2])
    lengths: set[bytes] = set()
    encodings: list[bytes] = []
    connection, retry_after = b"", ""
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise AnswerError("what came back has a line in its head that is no header")
        match name.lower():
            case b"content-length":
                lengths.update(part.strip() for part in value.split(b","))
            case b"transfer-encoding":
                encodings += [part.strip().lower() for part in value.split(b",")]
            case b"connection":
                connection += value.lower()
            case b"retry-after":
                retry_after = value.strip().decode("latin-1")
    chunked = encodings[-1:] == [b"chunked"]
    keep = b"close" not in connection and (match[1] == b"1" or b"keep-alive" in connection)
    length: int | None = None
    if status in _WITHOUT_BODY or status < 200:
        chunked, length = False, 0
    elif not encodings and lengths:
        length = _length(lengths)
    return Head(status, length, chunked, keep and (chunked or length is not None), retry_after)


def _length(given: set[bytes]) -> int:
    only, *others = given
    if others or not only.isdigit():
        raise AnswerError("the answer does not say how long it is")
    digits = only.lstrip(b"0") or b"0"
    if len(digits) > _MOST_DIGITS or int(digits) > MAX_ANSWER_BYTES:
        raise AnswerError(f"an answer of {digits[: _MOST_DIGITS + 1].decode()} bytes or more is too long")
    return int(digits)


class AnswerReader:
    """An answer as it comes, piece by piece."""

    __slots__ = ("_data", "_in_trailer", "_parts", "_size", "head")

    def __init__(self) -> None:
        self.head: Head | None = None
        self._data = bytearray()
        self._parts: list[bytes] = []
        self._size = 0
        self._in_trailer = False

    def feed(self, data: bytes) -> bool:
        """Take what came; whether the answer is complete. Raises ``AnswerError``."""
        self._data += data
        while self.head is None:
            end = self._data.find(HEAD_END)
            if end < 0:
                if len(self._data) > _MAX_HEAD_BYTES:
                    raise AnswerError("the head of the answer is too long")
                return False
            head = read_head(bytes(self._data[:end]))
            del self._data[: end + len(HEAD_END)]
            if head.status >= 200:  # what comes before is no more than a notice
                self.head = head
        if self.head.chunked:
            return self._chunks()
        if len(self._data) > MAX_ANSWER_BYTES:
            raise AnswerError("the answer is too long")
        return self.head.length is not None and len(self._data) >= self.head.length

    def ended(self) -> bool:
        """Whether the answer is complete now that the connection is closed."""
        return self.head is not None and not self.head.chunked and self.head.length is None

    @property
    def body(self) -> bytes:
        """The body of a complete answer."""
        if self._parts:
            return b"".join(self._parts)
        head = self.head
        return b"" if head is None or head.chunked else bytes(self._data[: head.length])

    @property
    def clean(self) -> bool:
        """Whether nothing came behind the end of a complete answer."""
        head = self.head
        if head is None or head.length is None:
            return not self._data
        return len(self._data) == head.length

    def _chunks(self) -> bool:
        """Move complete chunks from the data to the parts; whether the last one was there."""
        data, at = self._data, 0
        try:
            while True:
                end = data.find(b"\r\n", at)
                if end < 0:
                    if len(data) - at > _MAX_HEAD_BYTES:
                        raise AnswerError("the answer has a chunk of unknown size")
                    return False
                if self._in_trailer:  # which ends with an empty line
                    empty, at = end == at, end + 2
                    if empty:
                        return True
                    continue
                match = _CHUNK_SIZE.fullmatch(data, at, end)
                if match is None:
                    raise AnswerError("the answer has a chunk of unknown size")
                size = int(match[1], 16)
                if size == 0:
                    self._in_trailer, at = True, end + 2
                    continue
                if self._size + size > MAX_ANSWER_BYTES:
                    raise AnswerError("the answer is too long")
                first, last = end + 2, end + 2 + size
                if len(data) < last + 2:
                    return False
                if data[last : last + 2] != b"\r\n":
                    raise AnswerError("the answer has a chunk without an end")
                self._parts.append(bytes(data[first:last]))
                self._size += size
                at = last + 2
        finally:
            del data[:at]

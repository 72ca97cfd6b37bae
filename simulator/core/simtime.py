"""The simulator's time: whole milliseconds since the start of the run.

Virtual time is an integer, so that adding waits never drifts and equal times are equal. ``Calendar``
turns it into UTC and local time; it is built from the scenario's start and never reads a clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

MS_PER_SECOND = 1000
MS_PER_MINUTE = 60_000
MS_PER_HOUR = 3_600_000
MS_PER_DAY = 86_400_000

# Text of seconds and milliseconds, looked up instead of formatted: every event has a stamp.
_SECONDS = [b"%02d." % second for second in range(60)]
_PLAIN_MILLIS = [b"%03d" % ms for ms in range(1000)]
_MILLIS = [ms + b"Z" for ms in _PLAIN_MILLIS]
_SECOND_DIGITS = np.frombuffer(b"".join(_SECONDS), dtype=np.uint8).reshape(60, 3)
_MILLI_DIGITS = np.frombuffer(b"".join(_MILLIS), dtype=np.uint8).reshape(1000, 4)
STAMP_LENGTH = 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(seconds: float) -> int:
    """Seconds to whole milliseconds, nearest."""
    return round(seconds * 1000.0)


class Calendar:
    """Where the run's virtual time lies on the calendar of one time zone."""

    __slots__ = (
        "_last_local_minute",
        "_last_minute",
        "_last_prefix",
        "_local_offset",
        "_local_prefix",
        "_local_suffix",
        "start_epoch_ms",
        "zone",
    )

    def __init__(self, start: datetime, zone: ZoneInfo) -> None:
        """``start`` is aware; ``zone`` is the zone that schedules are written in."""
        self.start_epoch_ms: int = (start.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
        self.zone = zone
        self._last_minute = -1
        self._last_prefix = b""
        self._last_local_minute = -1
        self._local_prefix = self._local_suffix = b""
        self._local_offset = b""

    def utc(self, t: int) -> datetime:
        """The instant of virtual time ``t``, in UTC."""
        return _EPOCH + timedelta(milliseconds=self.start_epoch_ms + t)

    def local(self, t: int) -> datetime:
        """The instant of virtual time ``t``, in the calendar's zone."""
        return self.utc(t).astimezone(self.zone)

    def at_local(self, wall: datetime) -> int:
        """Virtual time of a naive local ``wall`` time (its first occurrence when clocks go back)."""
        instant = wall.replace(tzinfo=self.zone).astimezone(UTC)
        return (instant - _EPOCH) // timedelta(milliseconds=1) - self.start_epoch_ms

    def stamp(self, t: int) -> bytes:
        """``t`` as SDKs write it: ``2024-05-14T17:03:20.482Z``."""
        epoch_ms = self.start_epoch_ms + t
        minute, rest = divmod(epoch_ms, MS_PER_MINUTE)
        if minute != self._last_minute:
            self._last_minute = minute
            self._last_prefix = (
                (_EPOCH + timedelta(milliseconds=minute * MS_PER_MINUTE)).strftime("%Y-%m-%dT%H:%M:").encode()
            )
        return self._last_prefix + _SECONDS[rest // 1000] + _MILLIS[rest % 1000]

    def stamps(self, times: npt.NDArray[np.int64]) -> bytes:
        """:meth:`stamp` of many times, ``STAMP_LENGTH`` bytes each, one after the other."""
        minutes, rest = np.divmod(times + self.start_epoch_ms, MS_PER_MINUTE)
        distinct, which = np.unique(minutes, return_inverse=True)
        prefixes = [
            (_EPOCH + timedelta(milliseconds=minute * MS_PER_MINUTE)).strftime("%Y-%m-%dT%H:%M:")
            for minute in distinct.tolist()
        ]
        text = np.empty((len(times), STAMP_LENGTH), dtype=np.uint8)
        text[:, :17] = np.frombuffer("".join(prefixes).encode(), dtype=np.uint8).reshape(-1, 17)[which]
        text[:, 17:20] = _SECOND_DIGITS[rest // 1000]
        text[:, 20:] = _MILLI_DIGITS[rest % 1000]
        return text.tobytes()

    def local_stamp(self, t: int) -> tuple[bytes, bytes]:
        """Local time with offset, and the offset in minutes *behind* UTC (xdm.md 5.1: UTC-7 is 420), as text."""
        minute, rest = divmod(self.start_epoch_ms + t, MS_PER_MINUTE)
        if minute != self._last_local_minute:
            # Offsets of time zones change on whole minutes only, and are whole minutes since long ago.
            self._last_local_minute = minute
            local = (_EPOCH + timedelta(milliseconds=minute * MS_PER_MINUTE)).astimezone(self.zone)
            text = local.isoformat(timespec="minutes").encode()
            self._local_prefix, self._local_suffix = text[:16] + b":", text[16:]
            self._local_offset = b"%d" % -((local.utcoffset() or timedelta()) // timedelta(minutes=1))
        second, ms = divmod(rest, 1000)
        text = self._local_prefix + _SECONDS[second] + _PLAIN_MILLIS[ms] + self._local_suffix
        return text, self._local_offset

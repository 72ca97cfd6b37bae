"""How long things took: histograms that keep every percentile, merge, and cost next to nothing per value.

The layout is that of HdrHistogram: values are whole microseconds, exact up to 2,047; above that every power of
two is divided into 1,024 equal steps, so a value read back is at most 0.1 % too high, and never too low.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import numpy.typing as npt

_STEP_BITS = 10
_STEPS = 1 << _STEP_BITS
_LONGEST_US = (1 << 33) - 1  # about 2.4 hours; what is longer counts as that
_SIZE = _STEPS * (33 - _STEP_BITS + 1)
_IN_BULK = 8192  # values that are put into their buckets together

PERCENTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p999": 99.9}

Counts = npt.NDArray[np.int64]


class Histogram:
    """Counts of durations. One thread adds; any other may look at a ``copy``.

    ``fresh`` holds durations in seconds that are still to be counted: who has many appends them there and calls
    ``gather`` now and then.
    """

    __slots__ = ("_counts", "_lock", "_longest", "_sum", "fresh")

    def __init__(self) -> None:
        self._counts: Counts = np.zeros(_SIZE, dtype=np.int64)
        self._lock = Lock()  # what is moved from one to the other is neither seen twice nor missed
        self.fresh: list[float] = []
        self._sum = 0.0
        self._longest = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration; less than nothing counts as nothing."""
        self.fresh.append(seconds)
        self.gather()

    def gather(self) -> None:
        """Count what is fresh, if there is enough of it to be worth the time."""
        if len(self.fresh) >= _IN_BULK:
            self._settle()

    def add_all(self, seconds: Sequence[float]) -> None:
        """Count many durations."""
        self.fresh += seconds
        self._settle()

    def _settle(self) -> None:
        if not self.fresh:
            return
        with self._lock:
            fresh, self.fresh = self.fresh, []
            values = np.maximum(np.array(fresh), 0.0)
            self._counts += np.bincount(_index(values), minlength=_SIZE)
            self._sum += float(values.sum())
            self._longest = max(self._longest, float(values.max()))

    def copy(self) -> Histogram:
        """The state of this moment."""
        other = Histogram()
        with self._lock:
            other.fresh = list(self.fresh)
            other._counts = self._counts.copy()
            other._sum, other._longest = self._sum, self._longest
        other._settle()
        return other

    def __getstate__(self) -> tuple[Counts, Counts, float, float]:
        """For another process: the buckets that have something in them, and how much."""
        self._settle()
        used = np.flatnonzero(self._counts)
        return used, self._counts[used], self._sum, self._longest

    def __setstate__(self, state: tuple[Counts, Counts, float, float]) -> None:
        self.__init__()  # type: ignore[misc]
        used, counts, self._sum, self._longest = state
        self._counts[used] = counts

    def merge(self, other: Histogram) -> None:
        """Take in what ``other`` counted, of another process for instance."""
        self._settle()
        other._settle()
        self._counts += other._counts
        self._sum += other._sum
        self._longest = max(self._longest, other._longest)

    def since(self, earlier: Histogram) -> Histogram:
        """What came after ``earlier``, a copy of this one; its longest value is that of its last bucket."""
        part = Histogram()
        self._settle()
        earlier._settle()
        part._counts = self._counts - earlier._counts
        part._sum = self._sum - earlier._sum
        last = np.flatnonzero(part._counts)[-1:]
        part._longest = min(self._longest, float(_upper(last)[0])) if len(last) else 0.0
        return part

    @property
    def count(self) -> int:
        """How many values."""
        return int(self._counts.sum()) + len(self.fresh)

    @property
    def longest(self) -> float:
        """The longest duration in seconds, exactly."""
        self._settle()
        return self._longest

    @property
    def mean(self) -> float:
        """The mean in seconds, exactly; 0 for none."""
        self._settle()
        return self._sum / max(1, self.count)

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        """The smallest durations in seconds that so many percent of the values don't exceed; 0 for none."""
        self._settle()
        total = self._counts.cumsum()
        if not total[-1]:
            return [0.0] * len(percents)
        ranks = np.ceil(np.array(percents) / 100.0 * total[-1]).clip(1)
        found = _upper(np.searchsorted(total, ranks))
        return [float(value) for value in np.minimum(found, self._longest)]

    def longer_than(self, seconds: float) -> int:
        """How many values are certainly longer."""
        self._settle()
        return int(self._counts[int(_index(np.array([seconds]))[0]) + 1 :].sum())

    def document(self) -> dict[str, float]:
        """Count, mean, percentiles and maximum, in seconds, for summaries."""
        found = self.percentiles(list(PERCENTILES.values()))
        return {
            "count": self.count,
            "mean": round(self.mean, 6),
            **{name: round(value, 6) for name, value in zip(PERCENTILES, found, strict=True)},
            "max": round(self.longest, 6),
        }


def _index(seconds: npt.NDArray[np.float64]) -> Counts:
    """The bucket of each duration."""
    micros = np.clip(np.rint(seconds * 1e6), 0, _LONGEST_US)
    _, exponent = np.frexp(micros)
    octave: Counts = np.maximum(exponent - 1 - _STEP_BITS, 0).astype(np.int64)
    steps: Counts = micros.astype(np.int64) >> octave
    return octave * _STEPS + steps


def _upper(index: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """The longest duration of each bucket, in seconds."""
    octave = np.maximum(index // _STEPS - 1, 0)
    micros: Counts = ((index - octave * _STEPS + 1) << octave) - 1
    return micros.astype(np.float64) / 1e6


@dataclass(slots=True)
class LatencyRecord:
    """What a destination measures of its requests.

    ``intended``: from the moment when a request was to be sent (for events without a time: was first sent) until
    its events had their fate, tries and pauses and all. ``by_status``: from each sending of a request to its
    answer, by status code or kind of failure. ``late``: how much after its time a request was sent, of those
    that had one.
    """

    intended: Histogram = field(default_factory=Histogram)
    late: Histogram = field(default_factory=Histogram)
    by_status: dict[str, Histogram] = field(default_factory=dict)

    def answered(self, status: str, seconds: float) -> None:
        """A request was answered, or failed, this long after it was sent."""
        histogram = self.by_status.get(status)
        if histogram is None:
            histogram = self.by_status[status] = Histogram()
        histogram.fresh.append(seconds)

    def gather(self) -> None:
        """To be called by the thread that measures, after a few answers: see `Histogram.gather`."""
        self.intended.gather()
        self.late.gather()
        for histogram in self.by_status.values():
            histogram.gather()

    def sent(self) -> Histogram:
        """All answers whatever their status, from their sending."""
        total = Histogram()
        for histogram in list(self.by_status.values()):
            total.merge(histogram.copy())
        return total

    def copy(self) -> LatencyRecord:
        """The state of this moment; the thread that measures may go on."""
        by_status = {status: histogram.copy() for status, histogram in list(self.by_status.items())}
        return LatencyRecord(self.intended.copy(), self.late.copy(), by_status)

    def merge(self, other: LatencyRecord) -> None:
        """Take in what another destination or process measured."""
        self.intended.merge(other.intended)
        self.late.merge(other.late)
        statuses: Mapping[str, Histogram] = other.by_status
        for status, histogram in statuses.items():
            self.by_status.setdefault(status, Histogram()).merge(histogram)

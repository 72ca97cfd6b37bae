"""Which fault hits which request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import translate

from simulator.core.randomness import key_of, uniform_one
from simulator.receiver.faults.models import Fault, Faults


@dataclass(slots=True)
class ActiveFault:
    """A fault at work. ``matched`` counts the requests that it was meant for, ``hit`` those it hit."""

    fault: Fault
    key: int
    pattern: re.Pattern[str]
    matched: int = 0
    hit: int = field(default=0)

    def wants(self, method: str, path: str, elapsed_s: float) -> bool:
        """Whether it is meant for a request, as far as its body does not matter."""
        fault = self.fault
        if elapsed_s < fault.after or (fault.lasts and elapsed_s >= fault.after + fault.lasts):
            return False
        if fault.times and self.hit >= fault.times:
            return False
        return (not fault.method or fault.method.upper() == method) and self.pattern.match(path) is not None

    def hits(self, body: bytes | None) -> bool:
        """Whether it hits this request; counts it."""
        fault = self.fault
        if fault.identity and (body is None or f'"{fault.identity}"'.encode() not in body):
            return False
        self.matched += 1
        number = self.matched - 1 - fault.skip
        if number < 0 or uniform_one(self.key, number) >= fault.share:
            return False
        self.hit += 1
        return True


class FaultPlan:
    """The faults of a receiver; empty in the beginning. ``set`` replaces them all."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.active: Sequence[ActiveFault] = ()
        self._since_ms = 0

    def set(self, faults: Faults, now_ms: int) -> None:
        """From now on these faults, all counters at 0."""
        self.faults = faults
        self._since_ms = now_ms
        self.active = [
            ActiveFault(fault, key_of("fault", faults.seed, number), re.compile(translate(fault.path)))
            for number, fault in enumerate(faults.faults)
        ]

    def candidates(self, method: str, path: str, now_ms: int) -> list[ActiveFault]:
        """Those that may hit a request."""
        elapsed = (now_ms - self._since_ms) / 1000
        return [fault for fault in self.active if fault.wants(method, path, elapsed)]

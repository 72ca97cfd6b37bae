"""Load profiles as people write them: how many events or requests a second, and how that changes.

    500/s                                      constant, as long as there are events
    500/s for 5 min                            constant, then over
    ramp 10/s to 500/s over 5 min              rises (or falls) evenly
    100/s for 1 min, to 500/s over 30 s, 500/s stages; `to` goes on from the rate before it
    spike 50/s to 500/s at 1 min for 10 s      the same as 50/s for 1 min, 500/s for 10 s, 50/s
    daily 200/s over 10 min                    the run's own curve, squeezed into 10 min, 200/s on average

Rates may name what they count: ``500 events/s`` (the default) or ``20 requests/s``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from simulator.scenario.quantities import Context, Marker
from simulator.scenario.units import DURATION, RATE, BadValueError, parse, shown

Unit = Literal["events", "requests"]
EXAMPLES = "`500/s`, `ramp 10/s to 500/s over 5 min` or `100/s for 1 min, 500/s for 10 s, 100/s`"

_RATE = r"[0-9.eE+]+k?\s*(?:events?|requests?)?\s*/\s*(?:s|min|h)"
_TIME = r"[0-9.eE+]+\s*[a-z]+"
_CONSTANT = re.compile(rf"(?:constant\s+)?(?P<rate>{_RATE})(?:\s+(?:for|over)\s+(?P<time>{_TIME}))?")
_RAMP = re.compile(
    rf"(?:ramp\s+)?(?:(?:from\s+)?(?P<start>{_RATE})\s+)?to\s+(?P<end>{_RATE})\s+(?:in|over|for)\s+(?P<time>{_TIME})"
)
_SPIKE = re.compile(
    rf"spike\s+(?P<rate>{_RATE})\s+to\s+(?P<peak>{_RATE})\s+at\s+(?P<at>{_TIME})\s+for\s+(?P<time>{_TIME})"
)
_DAILY = re.compile(rf"daily\s+(?P<rate>{_RATE})(?:\s+(?:over|for)\s+(?P<time>{_TIME}))?")
_RATE_PARTS = re.compile(r"(?P<number>[0-9.eE+]+)(?P<kilo>k?)\s*(?P<what>[a-z]*)\s*/\s*(?P<unit>[a-z]+)")


@dataclass(frozen=True, slots=True)
class Stage:
    """Some seconds (perhaps without end) in which the rate goes evenly from ``start`` to ``end``, per second."""

    start: float
    end: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Profile:
    """A load profile. ``daily``: its one stage is the mean of a curve that the run itself gives."""

    stages: tuple[Stage, ...]
    unit: Unit
    text: str
    daily: bool = False

    @property
    def seconds(self) -> float:
        """How long it lasts; infinite if it goes on as long as there are events."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def total(self) -> float:
        """How many events or requests it asks for; perhaps infinite."""
        return sum((s.start + s.end) / 2.0 * s.seconds for s in self.stages if s.seconds and s.start + s.end)

    @property
    def peak(self) -> float:
        """The highest rate, per second."""
        return max(max(stage.start, stage.end) for stage in self.stages)


def read_profile(text: str) -> Profile:
    """Understand a profile; raises :class:`BadValueError`."""
    units: set[Unit] = set()
    plain = " ".join(text.split())
    stages: list[Stage] = []
    daily = _DAILY.fullmatch(plain)
    if daily:
        rate = _rate(daily["rate"], units)
        stages.append(Stage(rate, rate, _seconds(daily["time"])))
    else:
        for part in plain.split(","):
            _add(stages, part.strip(), units)
    if len(units) > 1:
        raise BadValueError(f"{shown(text)} mixes events and requests", "use one of them in all rates")
    for stage in stages[:-1]:
        if math.isinf(stage.seconds):
            raise BadValueError(
                f"{shown(text)} never gets to its last stage", "give all stages but the last a time"
            )
    profile = Profile(tuple(stages), next(iter(units), "events"), plain, bool(daily))
    if profile.peak <= 0.0 or (math.isinf(stages[-1].seconds) and stages[-1].end <= 0.0):
        raise BadValueError(f"{shown(text)} sends nothing", "expected a rate above 0")
    return profile


def _add(stages: list[Stage], part: str, units: set[Unit]) -> None:
    if match := _CONSTANT.fullmatch(part):
        rate = _rate(match["rate"], units)
        stages.append(Stage(rate, rate, _seconds(match["time"])))
    elif match := _SPIKE.fullmatch(part):
        rate, peak = _rate(match["rate"], units), _rate(match["peak"], units)
        stages += [
            Stage(rate, rate, _seconds(match["at"])),
            Stage(peak, peak, _seconds(match["time"])),
            Stage(rate, rate, math.inf),
        ]
    elif match := _RAMP.fullmatch(part):
        start = _rate(match["start"], units) if match["start"] else stages[-1].end if stages else 0.0
        stages.append(Stage(start, _rate(match["end"], units), _seconds(match["time"])))
    else:
        raise BadValueError(f"{shown(part)} is not a load profile", f"expected {EXAMPLES}")


def _rate(text: str, units: set[Unit]) -> float:
    match = _RATE_PARTS.fullmatch(text.strip())
    if match is None:
        raise BadValueError(f"{shown(text)} is not a rate", f"expected {EXAMPLES}")
    if match["what"]:
        units.add("requests" if match["what"].startswith("request") else "events")
    value = parse(f"{match['number']}/{match['unit']}", RATE)
    return value * 1000.0 if match["kilo"] else value


def _seconds(text: str | None) -> float:
    if text is None:
        return math.inf
    seconds = parse(text, DURATION)
    if seconds <= 0.0:
        raise BadValueError(f"{shown(text)} is no time for a stage", "expected more than 0 s")
    return seconds


def _read(value: Any, context: Context) -> Profile:
    if isinstance(value, Profile):
        return value
    if not isinstance(value, str):
        raise BadValueError(f"{shown(value)} is not a load profile", f"expected {EXAMPLES}")
    return read_profile(value)


LoadProfile = Annotated[
    Profile,
    Marker("LoadProfile", "a load profile", _read, lambda profile: profile.text, example="`500/s`"),
]

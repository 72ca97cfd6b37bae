"""What a load profile would do, before it does: how fast at which moment, how many events, and for how long."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.delivery.load import Timetable, with_curve
from simulator.scenario import Load, Profile
from simulator.scenario.profiles import Stage


def planned_load(
    load: Load, events: float, curve: npt.NDArray[np.float64], per_request: int
) -> dict[str, Any]:
    """The load of a run that makes ``events``, as a plain document.

    ``curve`` has the events of equal parts of its time, for a daily profile; ``per_request`` of them share a request.
    With Poisson spacing the times are those that are expected. ``short_by`` is how many events more it would take to
    get to the profile's end, 0 if there are enough, None if it has none.
    """
    profile = load.profile
    if profile.daily:
        profile = with_curve(profile, curve.tolist(), events)
    group = per_request if profile.unit == "requests" else 1
    asked = profile.total * group
    # A profile that fits the events to the last one is over with them.
    ends = math.isfinite(asked) and asked < events - 0.5
    sent = asked if ends else events
    seconds = (
        profile.seconds if ends else Timetable(profile, per_request=per_request).span(max(1, round(sent)))
    )
    stages = list(_until(profile, seconds))
    return {
        "profile": load.profile.text,
        "spacing": load.spacing,
        "unit": profile.unit,
        "seconds": round(seconds, 3),
        "events": round(sent),
        "not_due": round(events - sent),
        "short_by": max(0, round(asked - events)) if math.isfinite(asked) else None,
        "ended_by": "profile" if ends else "events",
        "mean_rate": round(sent / group / seconds, 3) if seconds > 0 else 0.0,
        "peak_rate": round(max((max(stage.start, stage.end) for stage in stages), default=0.0), 3),
        "stages": [
            {"seconds": round(stage.seconds, 6), "from": round(stage.start, 3), "to": round(stage.end, 3)}
            for stage in stages
        ],
    }


def _until(profile: Profile, seconds: float) -> Iterator[Stage]:
    """The stages of the first ``seconds``."""
    left = seconds
    for stage in profile.stages:
        if left <= 0.0:
            return
        if stage.seconds <= left:
            yield stage
        elif math.isinf(stage.seconds):
            yield Stage(stage.start, stage.start, left)
        else:
            end = stage.start + (stage.end - stage.start) * left / stage.seconds
            yield Stage(stage.start, end, left)
        left -= stage.seconds

"""What a run would send where, how fast and how much, without sending anything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.errors import Problem
from simulator.core.simtime import MS_PER_HOUR
from simulator.delivery import Target, host_allowed, is_loopback, target_of
from simulator.run.guard import calls_made, leaves_this_machine, refusals
from simulator.run.load import CURVE_PARTS
from simulator.run.planned_load import planned_load
from simulator.run.prepare import Prepared
from simulator.run.simulation import Simulation, World, without_collector
from simulator.scenario import Destination as DestinationSpec
from simulator.scenario import Scenario
from simulator.scenario.models import SOURCES
from simulator.scenario.references import Reference, UnresolvedError


@dataclass(frozen=True, slots=True)
class _Estimate:
    """Events of the whole run, told from the first cohort of each group."""

    events: float
    bytes: float
    busiest_hour: float
    people: int
    by_source: npt.NDArray[np.float64]
    curve: npt.NDArray[np.float64]
    """Events of equal parts of the run's time."""


def plan(
    prepared: Prepared,
    *,
    allow_hosts: Sequence[str] = (),
    over_limit: bool = False,
    call_actions: bool = False,
) -> dict[str, Any]:
    """The plan of a run as a plain document; ``allowed`` says whether the run would begin.

    The number of events comes from simulating the first people of each group (up to 2,500); it is exact where a group
    has no more than that, and everything else is as it will be.
    """
    scenario, world = prepared.scenario, prepared.world
    calls = calls_made(scenario, at_full_speed=call_actions)
    problems = list(refusals(prepared.loaded, allow_hosts=allow_hosts, over_limit=over_limit, calls=calls))
    problems += _missing_secrets(prepared)
    estimate = _estimate(world)
    allowed = (*scenario.allow_hosts, *allow_hosts)
    seconds = world.duration_ms / 1000.0
    speed = scenario.clock.speed
    load = scenario.load
    pace = speed if isinstance(speed, int | float) and load is None else None
    per_request = max(spec.batch_size for spec in scenario.all_destinations().values())
    planned = (
        None if load is None else planned_load(load, round(estimate.events), estimate.curve, per_request)
    )
    due = 1.0 if planned is None or not estimate.events else planned["events"] / round(estimate.events)
    return {
        "scenario": scenario.name,
        "started": world.calendar.local(0).isoformat(),
        "ended": world.calendar.local(world.duration_ms).isoformat(),
        "timezone": str(scenario.clock.timezone),
        "people": world.people,
        "speed": speed,
        "load": planned,
        "seconds": None if pace is None else round(seconds / pace, 3),
        "events": round(estimate.events),
        "bytes": round(estimate.bytes),
        "exact": estimate.people == world.people,
        "people_simulated": estimate.people,
        "events_per_second": None if pace is None else round(estimate.events / seconds * pace, 3),
        "events_per_second_in_busiest_hour": None
        if pace is None
        else round(estimate.busiest_hour / 3600.0 * pace, 3),
        "destinations": [
            _destination(name, spec, due * estimate.by_source, allowed, over_limit)
            for name, spec in scenario.all_destinations().items()
        ],
        "calls": _calls(scenario) if calls else [],
        "allowed": not problems,
        "problems": [str(problem) for problem in problems],
    }


def _calls(scenario: Scenario) -> list[dict[str, Any]]:
    """The actions of journeys that would really call; what may be secret of an address is left out."""
    actions = scenario.journeys.actions.items() if scenario.journeys is not None else ()
    return [
        {
            "action": name,
            "method": action.method,
            "to": "an expression decides"
            if action.url.text.startswith("=")
            else str(action.url).partition("?")[0],
            "authenticated": action.authentication is not None,
        }
        for name, action in actions
        if action.call and action.url is not None
    ]


def _destination(
    name: str,
    spec: DestinationSpec,
    by_source: npt.NDArray[np.float64],
    allowed: Sequence[str],
    over_limit: bool,
) -> dict[str, Any]:
    target = target_of(spec)
    events = float(sum(by_source[SOURCES.index(source)] for source in spec.sources))
    per_request = spec.batch_size if target.form in ("inlet", "http", "edge") else None
    return {
        "name": name,
        "to": target.shown,
        "form": target.form,
        "sources": list(spec.sources),
        "events": round(events),
        "events_per_request": per_request,
        "requests": math.ceil(round(events) / per_request) if per_request else 0,
        "connections": spec.connections if per_request else None,
        "authenticated": spec.authentication is not None,
        "hosts": [
            {"host": host, "this_machine": is_loopback(host), "allowed": host_allowed(host, allowed)}
            for host in dict.fromkeys(target.hosts)
        ],
        "limit": _limit(target, over_limit),
    }


def _limit(target: Target, over_limit: bool) -> dict[str, Any] | None:
    """The service's documented limit, and whether this run would keep to it."""
    if target.limit is None:
        return None
    return {
        "of": target.limit.source,
        "requests_per_second": target.limit.requests,
        "events_per_second": target.limit.events,
        "kept": leaves_this_machine(target) and not over_limit,
    }


def _estimate(world: World) -> _Estimate:
    """Simulate the first cohort of each group and scale it to the group."""
    first: dict[str, Any] = {}
    for spec in world.cohorts():
        first.setdefault(spec.group, spec)
    events = size = 0.0
    people = 0
    by_source, curve = np.zeros(len(SOURCES)), np.zeros(CURVE_PARTS)
    hours: npt.NDArray[np.float64] = np.zeros(-(-world.duration_ms // MS_PER_HOUR))
    with without_collector():
        for group, spec in first.items():
            scale = world.sizes[group] / spec.size
            simulation = Simulation(world, [spec])
            for _, end in world.windows():
                window = simulation.advance(end)
                events += scale * len(window)
                size += scale * sum(map(len, window.bodies))
                hour = np.minimum(window.sent // MS_PER_HOUR, len(hours) - 1)
                hours += scale * np.bincount(hour, minlength=len(hours))
                by_source += scale * np.bincount(window.source, minlength=len(SOURCES))
                part = np.minimum(window.sent * CURVE_PARTS // world.duration_ms, CURVE_PARTS - 1)
                curve += scale * np.bincount(part, minlength=CURVE_PARTS)
            people += spec.size
    return _Estimate(events, size, float(hours.max(initial=0.0)), people, by_source, curve)


def _missing_secrets(prepared: Prepared) -> Iterator[Problem]:
    """References to what isn't there: the run would find out when it opens the destination."""
    for base, spec in prepared.scenario.ways_out().items():
        for field, reference in _references(spec):
            try:
                reference.resolve()
            except UnresolvedError as error:
                yield prepared.loaded.problem((*base, *field), str(error))


def _references(spec: DestinationSpec) -> Iterator[tuple[tuple[str, ...], Reference]]:
    if spec.authentication is not None:
        yield ("authentication", "client_id"), spec.authentication.client_id
        yield ("authentication", "client_secret"), spec.authentication.client_secret
    for header, reference in spec.request.headers.items():
        yield ("request", "headers", header), reference
    for setting, reference in spec.kafka.settings.items():
        yield ("kafka", "settings", setting), reference

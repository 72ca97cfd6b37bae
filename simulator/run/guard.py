"""What a run may send where: only to this machine, unless the user names the host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.core.errors import InputError, Problem, UsageError
from simulator.delivery import Target, host_allowed, host_of, is_loopback, target_of
from simulator.run.calling import ADDRESS_VARIABLE, Calling
from simulator.run.options import RunOptions
from simulator.scenario import LoadedScenario, Scenario
from simulator.scenario.models import ActionDefinition
from simulator.scenario.references import Reference, UnresolvedError


def guard(
    loaded: LoadedScenario,
    *,
    allow_hosts: Sequence[str] = (),
    over_limit: bool = False,
    calls: bool = False,
) -> None:
    """Refuse what leaves this machine without being allowed to.

    A host is allowed by the scenario's `allow_hosts` or by ``allow_hosts``, of the call. Above the limits that a
    service documents, a load profile is refused unless ``over_limit``. ``calls`` says that
    actions really call. Raises InputError with all that is wrong.
    """
    if problems := list(refusals(loaded, allow_hosts=allow_hosts, over_limit=over_limit, calls=calls)):
        raise InputError(problems)


def refusals(
    loaded: LoadedScenario,
    *,
    allow_hosts: Sequence[str] = (),
    over_limit: bool = False,
    calls: bool = False,
) -> Iterator[Problem]:
    """What :func:`guard` refuses."""
    allowed = (*loaded.scenario.allow_hosts, *allow_hosts)
    for path, spec in loaded.scenario.ways_out().items():
        field = (*path, "to")
        target = target_of(spec)
        if exposed := in_clear(target):
            yield loaded.problem(field, *exposed)
        for host in dict.fromkeys(target.hosts):
            if not host_allowed(host, allowed):
                yield loaded.problem(
                    field,
                    f"{host} is not this machine, and nothing says that events may be sent there",
                    f"name it in the scenario's `allow_hosts`, or with --allow-host {host}",
                )
    if calls:
        yield from refused_calls(loaded, allowed)
    if not over_limit:
        yield from _too_fast(loaded)


def calls_made(scenario: Scenario, *, at_full_speed: bool) -> bool:
    """Whether actions really call in a run. Raises UsageError where that is asked for, and none does."""
    actions = scenario.journeys.actions.values() if scenario.journeys is not None else ()
    real = any(action.call for action in actions)
    if scenario.journeys is not None and scenario.journeys.evaluation == "platform":
        real = False
    if at_full_speed and not real:
        raise UsageError("--call-actions: no action that the run evaluates says `call: true`")
    paced = scenario.load is None and scenario.clock.speed != "max"
    return real and (paced or at_full_speed)


def calling_of(scenario: Scenario, options: RunOptions) -> Calling | None:
    """Which calls of journeys really go out; None if none do."""
    if not calls_made(scenario, at_full_speed=options.call_actions):
        return None
    return Calling((*scenario.allow_hosts, *options.allow_hosts), options.call_actions)


def refused_calls(loaded: LoadedScenario, allowed: Sequence[str]) -> Iterator[Problem]:
    """Actions that call hosts which nobody has allowed, as far as their addresses stand in the scenario.

    The others are looked at when they call.
    """
    journeys = loaded.scenario.journeys
    for name, action in journeys.actions.items() if journeys is not None else ():
        if not action.call or action.url is None:
            continue
        field: tuple[str | int, ...] = ("journeys", "actions", name)
        way = action.authentication
        places = [((*field, "url"), action.url)]
        if way is not None and way.token is not None:
            places.append(((*field, "authentication", "token", "url"), way.token.url))
        for where, url in places:
            host = host_of(url)
            if host is None:
                continue
            if not host_allowed(host, allowed):
                yield loaded.problem(
                    where,
                    f"{host} is not this machine, and nothing says that it may be called",
                    f"name it in the scenario's `allow_hosts`, or with --allow-host {host}",
                )
            elif way is not None and url.text.startswith("http:") and not is_loopback(host):
                yield loaded.problem(where, *_exposed(host))
        yield from _missing_secrets(loaded, field, action)


def _missing_secrets(
    loaded: LoadedScenario, field: tuple[str | int, ...], action: ActionDefinition
) -> Iterator[Problem]:
    """References of an action to what isn't there; the listener's address comes only with the run."""
    for path, reference in _references(action):
        if ADDRESS_VARIABLE in reference.text:
            continue
        try:
            reference.resolve()
        except UnresolvedError as error:
            yield loaded.problem((*field, *path), str(error))


def _references(action: ActionDefinition) -> Iterator[tuple[tuple[str, ...], Reference]]:
    if action.url is not None:
        yield ("url",), action.url
    yield from ((("headers", name), value) for name, value in action.headers.items())
    yield from ((("query", name), value) for name, value in action.query.items())
    way = action.authentication
    if way is None:
        return
    if way.basic is not None:
        yield ("authentication", "basic", "user"), way.basic.user
        yield ("authentication", "basic", "password"), way.basic.password
    elif way.api_key is not None:
        yield ("authentication", "api_key", "value"), way.api_key.value
    elif way.token is not None:
        token = ("authentication", "token")
        yield (*token, "url"), way.token.url
        yield from (((*token, "headers", name), value) for name, value in way.token.headers.items())
        yield from (((*token, "body", name), value) for name, value in way.token.body.items())


def _exposed(host: str) -> tuple[str, str]:
    return f"secrets would go to {host} without encryption", "use an address that begins with https://"


def _too_fast(loaded: LoadedScenario) -> Iterator[Problem]:
    """Load profiles that ask for more than a service takes; a daily one is judged by its mean."""
    load = loaded.scenario.load
    for name, spec in loaded.scenario.all_destinations().items() if load is not None else ():
        target = target_of(spec)
        if load is None or target.limit is None or not leaves_this_machine(target):
            continue
        by_requests = load.profile.unit == "requests"
        requests = load.profile.peak if by_requests else load.profile.peak / spec.batch_size
        events = requests * spec.batch_size
        if requests > target.limit.requests or events > target.limit.events:
            yield loaded.problem(
                ("load", "profile"),
                f"{requests:,.6g} requests/s with {events:,.6g} events/s{f' to {name}' if name else ''} are more than "
                f"{target.limit.source} takes ({target.limit.requests:,g} and {target.limit.events:,g})",
                "send less, or allow it with --over-limit",
            )


def in_clear(target: Target) -> tuple[str, str] | None:
    """What is wrong, and what to do, where secrets would leave this machine without encryption."""
    for host in target.in_clear:
        if not is_loopback(host):
            return _exposed(host)
    return None


def guard_target(target: Target, allowed: Sequence[str]) -> None:
    """The same for a single destination; raises UsageError."""
    if exposed := in_clear(target):
        raise UsageError("; ".join(exposed))
    for host in target.hosts:
        if not host_allowed(host, allowed):
            raise UsageError(
                f"{host} is not this machine, and nothing says that events may be sent there; "
                f"name it with --allow-host {host}"
            )


def leaves_this_machine(target: Target) -> bool:
    """Whether something is sent to another host: a service's limits hold there only."""
    return any(not is_loopback(host) for host in target.hosts)

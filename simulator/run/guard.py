"""What a run may send where: only to this machine, unless the user names the host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.core.errors import InputError, Problem, UsageError
from simulator.delivery import Target, host_allowed, is_loopback, target_of
from simulator.scenario import LoadedScenario


def guard(loaded: LoadedScenario, *, allow_hosts: Sequence[str] = (), over_limit: bool = False) -> None:
    """Refuse what leaves this machine without being allowed to.

    A host is allowed by the scenario's `allow_hosts` or by ``allow_hosts``, of the call. Above the limits that a
    service documents, a load profile is refused unless ``over_limit``. Raises InputError with all that is wrong.
    """
    if problems := list(refusals(loaded, allow_hosts=allow_hosts, over_limit=over_limit)):
        raise InputError(problems)


def refusals(
    loaded: LoadedScenario, *, allow_hosts: Sequence[str] = (), over_limit: bool = False
) -> Iterator[Problem]:
    """What :func:`guard` refuses."""
    allowed = (*loaded.scenario.allow_hosts, *allow_hosts)
    for name, spec in loaded.scenario.all_destinations().items():
        field = ("destinations", name, "to") if name else ("destination", "to")
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
    if not over_limit:
        yield from _too_fast(loaded)


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
            return (
                f"secrets would go to {host} without encryption",
                "use an address that begins with https://",
            )
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

"""From the ``destination`` of a scenario to an object that sends."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from simulator.core.errors import UsageError
from simulator.delivery import files
from simulator.delivery.addresses import split_url
from simulator.delivery.base import Destination
from simulator.delivery.edge import EdgeDestination, EdgeSettings, parse_edge, shown_edge
from simulator.delivery.envelope import MessageHeader, inlet_urls
from simulator.delivery.fan_out import FanOut, Member
from simulator.delivery.inlet_http import HTTP_EXPECTED, HttpDestination, InletDestination, InletSettings
from simulator.delivery.kafka import KafkaDestination, KafkaSettings, parse_kafka
from simulator.delivery.limits import EDGE_COLLECT, EDGE_INTERACT, INLET, INLET_SYNC, RateCap, ServiceLimit
from simulator.delivery.oauth import Credentials, Tokens
from simulator.delivery.over_http import HttpSettings
from simulator.delivery.parquet import ParquetDestination
from simulator.delivery.provisioned import as_provisioned
from simulator.delivery.rotation import RotatingFiles
from simulator.delivery.secrets import Vault
from simulator.delivery.sender_processes import SenderProcesses
from simulator.scenario.models import SOURCES
from simulator.scenario.models import Destination as DestinationSpec
from simulator.scenario.provisioned import FORM
from simulator.scenario.references import Reference
from simulator.sdk import READ_TIMEOUT_MS

RECEIVER = "receiver"
FORMS = (
    "`receiver`, `http(s)://HOST/collection/INLET`, `edge:https://HOST?configId=DATASTREAM`, "
    "`kafka:BROKER/TOPIC`, `http:URL`, `file:PATH.ndjson[.gz|.zst]`, `file:PATH.parquet`, "
    "`provisioned:FILE`, or `-` for standard output"
)
_ENDPOINTS = ("inlet", "http", "edge", "kafka")  # forms that several processes can send to
_KINDS = (RECEIVER, "http://", "https://", "file:", "kafka:", "edge:", "http:", FORM, "-")


@dataclass(frozen=True, slots=True)
class Shared:
    """What the destinations of one run have in common: secrets to hide, and tokens."""

    vault: Vault = dataclasses.field(default_factory=Vault)
    tokens: dict[Credentials, Tokens] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a destination leads, known without opening it.

    ``form`` is one of receiver, stdout, file, inlet, http, kafka, edge. ``shown`` is its address without anything
    secret, ``hosts`` are those that something is sent to, ``limit`` is what the service behind it documents.
    ``in_clear`` are hosts that would get secrets without encryption.
    """

    form: str
    shown: str
    hosts: tuple[str, ...] = ()
    limit: ServiceLimit | None = None
    in_clear: tuple[str, ...] = ()


def target_of(spec: DestinationSpec, vault: Vault | None = None) -> Target:
    """Where ``spec`` leads. Raises ``UsageError`` for a form that doesn't exist or an address that is none."""
    spec = as_provisioned(spec)
    vault = vault or Vault()
    to = _resolved(spec, vault)
    if to == RECEIVER:
        return Target("receiver", "embedded receiver")
    if to == "-":
        return Target("stdout", "standard output")
    if to.startswith("file:"):
        return Target("file", to)
    if to.startswith("kafka:"):
        brokers, topic, hosts = parse_kafka(to)
        return Target("kafka", f"kafka:{brokers}/{topic}", tuple(hosts))
    if to.startswith("edge:"):
        endpoint = parse_edge(to)
        collect = spec.edge.version == "v2" and spec.batch_size > 1
        limit = EDGE_COLLECT if collect else EDGE_INTERACT
        return _over_http("edge", vault.hide(shown_edge(endpoint)), endpoint.base, spec, limit)
    if to.startswith(("http://", "https://")):
        url = inlet_urls(to)[0]
        limit = INLET_SYNC if spec.sync_validation else INLET
        return _over_http("inlet", url.partition("?")[0], url, spec, limit)
    if to.startswith("http:"):
        url = to.removeprefix("http:")
        return _over_http("http", f"http:{url.partition('?')[0]}", url, spec, None)
    raise UsageError(f"destination {to.partition('?')[0]!r}: unknown form; expected {FORMS}{_hint(to)}")


def _over_http(form: str, shown: str, url: str, spec: DestinationSpec, limit: ServiceLimit | None) -> Target:
    """The target behind ``url``, with the host that gives tokens for it."""
    parts = split_url(url, HTTP_EXPECTED)
    secret = spec.authentication is not None
    if form == "http":
        secret |= any(not value.literal for value in spec.request.headers.values())
    reached = [(parts, secret)]
    if spec.authentication is not None:
        expected = "expected the address of a token service in authentication.token_url"
        reached.append((split_url(spec.authentication.token_url, expected), True))
    return Target(
        form,
        shown,
        tuple(at.hostname or "" for at, _ in reached),
        limit,
        tuple(at.hostname or "" for at, tells in reached if tells and at.scheme == "http"),
    )


def make_destination(
    spec: DestinationSpec,
    *,
    base: Path | None = None,
    field: str = "destination",
    limited: bool = False,
    replace: bool = False,
    shared: Shared | None = None,
    senders: int = 1,
) -> Destination:
    """The destination that ``spec`` describes, not opened yet.

    ``base`` is the folder for relative file names, by default the current one; ``field`` is how messages call the
    destination; ``shared`` is what it shares with others. ``limited`` holds the rate below what the service
    documents, or its part of that as one of ``senders``; ``replace`` removes files that the same run left behind.
    Raises ``UsageError`` for a form that does not exist, and ``ValueError`` for ``receiver``: the embedded receiver
    lives in the caller's process, so the caller (``simulator.run``) makes that one itself.
    """
    spec = as_provisioned(spec)
    shared = shared or Shared()
    vault = shared.vault
    target = target_of(spec, vault)
    to = _resolved(spec, vault)
    cap = RateCap(target.limit.part(senders)) if limited and target.limit is not None else None
    common = HttpSettings(
        connections=spec.connections,
        timeout=spec.timeout,
        give_up_after=spec.give_up_after,
        authentication=spec.authentication,
        ca_file=spec.ca_file,
        cap=cap,
        field=field,
        tokens=shared.tokens,
    )
    match target.form:
        case "receiver":
            raise ValueError("the embedded receiver is made by its caller")
        case "stdout":
            return files.StandardOutput()
        case "file":
            return _file(spec, to, base, replace)
        case "kafka":
            settings = KafkaSettings(
                header=None if spec.raw else _header(spec),
                timeout=spec.timeout,
                give_up_after=spec.give_up_after,
                ca_file=spec.ca_file,
                settings=spec.kafka.settings,
                field=field,
            )
            return KafkaDestination(to, settings, vault=vault)
        case "inlet":
            return _inlet(spec, to, common, vault)
        case "edge":
            return _edge(spec, to, common, vault)
        case _:
            request = spec.request
            return HttpDestination(
                to.removeprefix("http:"),
                common,
                method=request.method,
                headers=request.headers,
                body=request.body,
                batch_size=spec.batch_size,
                vault=vault,
            )


def make_destinations(
    specs: Mapping[str, DestinationSpec],
    receiver: Callable[[DestinationSpec], Destination],
    *,
    limited: Callable[[Target], bool] = lambda target: False,
    replace: bool = False,
    senders: int = 1,
) -> Destination:
    """What ``Scenario.all_destinations`` describes as one destination; ``receiver`` makes the embedded one.

    With ``senders`` of 2 or more, as many processes send to each endpoint.

    Raises ``UsageError`` as :func:`make_destination` does, and where two would write the same file.
    """
    members: list[Member] = []
    shared = Shared()
    taken: dict[str, str] = {}
    for name, spec in specs.items():
        target = target_of(spec)
        if target.form in ("file", "stdout", "receiver"):
            if target.shown in taken:
                raise UsageError(
                    f"destinations.{name}: {target.shown} is written by {taken[target.shown]} already"
                )
            taken[target.shown] = f"destinations.{name}"
        field = f"destinations.{name}" if name else "destination"
        if target.form == "receiver":
            made = receiver(spec)
        else:
            held = limited(target)
            made = make_destination(spec, field=field, limited=held, replace=replace, shared=shared)
            if senders > 1 and target.form in _ENDPOINTS:
                made = _in_processes(
                    made, spec, target, senders, partial(_for_sender, field=field, limited=held)
                )
        members.append(Member(name, made, spec.sources))
    if len(members) == 1 and members[0].sources == SOURCES:
        return members[0].destination
    return FanOut(members)


def _in_processes(
    inner: Destination, spec: DestinationSpec, target: Target, senders: int, make: Callable[..., Destination]
) -> Destination:
    """``inner`` as several processes have it; connections are shared out, so there are no more than those."""
    spec = as_provisioned(spec)
    kafka = target.form == "kafka"
    senders = senders if kafka else min(senders, spec.connections)
    if senders == 1:
        return inner
    whole, more = divmod(spec.connections, senders)
    shares = [spec.connections if kafka else whole + (number < more) for number in range(senders)]
    makes = [
        partial(make, spec.model_copy(update={"connections": share}), senders=senders) for share in shares
    ]
    by_person = kafka or (target.form == "edge" and spec.batch_size == 1)
    return SenderProcesses(inner, makes, block=None if by_person else spec.batch_size)


def _for_sender(
    spec: DestinationSpec,
    vault: Vault,
    tokens: dict[Credentials, Tokens],
    *,
    field: str,
    limited: bool,
    senders: int,
) -> Destination:
    """What one of ``senders`` processes sends with."""
    return make_destination(spec, field=field, limited=limited, shared=Shared(vault, tokens), senders=senders)


def _resolved(spec: DestinationSpec, vault: Vault) -> str:
    return vault.reveal(Reference(spec.to), "destination.to")


def _file(spec: DestinationSpec, to: str, base: Path | None, replace: bool) -> Destination:
    path = Path(to.removeprefix("file:"))
    if not path.name:
        raise UsageError(f"destination {to!r}: the file has no name; expected file:PATH.ndjson[.gz|.zst]")
    files.check_name(path)
    path = path if base is None else base / path
    if spec.rotate is None:
        return _one_file(path)
    return RotatingFiles(path, _one_file, size=spec.rotate.size, every_s=spec.rotate.every, replace=replace)


def _one_file(path: Path) -> ParquetDestination | files.FileDestination:
    return ParquetDestination(path) if path.name.endswith(files.PARQUET) else files.FileDestination(path)


def _header(spec: DestinationSpec) -> MessageHeader:
    return MessageHeader(
        organization=spec.organization,
        schema_id=spec.schema_id,
        dataset_id=spec.dataset_id,
        source_name=spec.source_name,
        flow_id=spec.flow_id,
    )


def _inlet(spec: DestinationSpec, to: str, common: HttpSettings, vault: Vault) -> Destination:
    if spec.sync_validation and spec.batch_size > 1:
        raise UsageError(
            "destination.sync_validation: an inlet validates single messages only; "
            f"set destination.batch_size to 1 (it is {spec.batch_size}) or sync_validation to false"
        )
    settings = InletSettings(
        connections=common.connections,
        timeout=common.timeout,
        give_up_after=common.give_up_after,
        authentication=common.authentication,
        ca_file=common.ca_file,
        cap=common.cap,
        field=common.field,
        tokens=common.tokens,
        header=None if spec.raw else _header(spec),
        batch_size=spec.batch_size,
        sync_validation=spec.sync_validation,
        gzip=spec.gzip,
        flow_id=spec.flow_id,
        sandbox=spec.sandbox,
    )
    return InletDestination(to, settings, vault=vault)


def _edge(spec: DestinationSpec, to: str, common: HttpSettings, vault: Vault) -> Destination:
    settings = EdgeSettings(
        connections=common.connections,
        # As long as the Mobile SDK waits, unless the scenario says otherwise (mobile_sdk.md 4.4).
        timeout=common.timeout if "timeout" in spec.model_fields_set else READ_TIMEOUT_MS / 1000.0,
        give_up_after=common.give_up_after,
        authentication=common.authentication,
        ca_file=common.ca_file,
        cap=common.cap,
        field=common.field,
        tokens=common.tokens,
        version=spec.edge.version,
        batch_size=spec.batch_size,
        organization=spec.organization,
    )
    return EdgeDestination(to, settings, vault=vault)


def _hint(to: str) -> str:
    """The likeliest thing that was meant."""
    plain = tuple(s + c for s in files.SUFFIXES for c in ("", *files.COMPRESSIONS))
    if to.endswith((*plain, files.PARQUET)):
        return f"; did you mean 'file:{to}'?"
    scheme = to.split("//")[0] + "//" if "//" in to else to.split(":")[0] + (":" if ":" in to else "")
    near = get_close_matches(scheme, _KINDS, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""

"""From the ``destination`` of a scenario to an object that sends."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.core.errors import UsageError
from simulator.delivery import files
from simulator.delivery.base import Destination
from simulator.delivery.envelope import MessageHeader
from simulator.delivery.inlet_http import InletDestination, InletSettings

if TYPE_CHECKING:
    from simulator.scenario.models import Destination as DestinationSpec

RECEIVER = "receiver"
FORMS = (
    "`receiver`, `http(s)://HOST/collection/INLET`, `file:PATH.ndjson[.gz|.zst]`, or `-` for standard output"
)
_KINDS = (RECEIVER, "http://", "https://", "file:", "-")


def make_destination(spec: DestinationSpec, *, base: Path | None = None) -> Destination:
    """The destination that ``spec`` describes, not opened yet.

    ``base`` is the folder for relative file names, by default the current one. Raises ``UsageError`` for a
    form that does not exist, and ``ValueError`` for ``receiver``: the embedded receiver lives in the caller's
    process, so the caller (``simulator.run``) makes that one itself.
    """
    to = spec.to
    if to == RECEIVER:
        raise ValueError("the embedded receiver is made by its caller")
    if to == "-":
        return files.StandardOutput()
    if to.startswith("file:"):
        path = Path(to.removeprefix("file:"))
        if not path.name:
            raise UsageError(f"destination {to!r}: the file has no name; expected file:PATH.ndjson[.gz|.zst]")
        files.check_name(path)
        return files.FileDestination(path if base is None else base / path)
    if to.startswith(("http://", "https://")):
        return _inlet(spec)
    raise UsageError(f"destination {to!r}: unknown form; expected {FORMS}{_hint(to)}")


def _inlet(spec: DestinationSpec) -> Destination:
    if spec.sync_validation and spec.batch_size > 1:
        raise UsageError(
            "destination.sync_validation: an inlet validates single messages only; "
            f"set destination.batch_size to 1 (it is {spec.batch_size}) or sync_validation to false"
        )
    header = MessageHeader(
        organization=spec.organization,
        schema_id=spec.schema_id,
        dataset_id=spec.dataset_id,
        source_name=spec.source_name,
        flow_id=spec.flow_id,
    )
    settings = InletSettings(
        header=header,
        batch_size=spec.batch_size,
        connections=spec.connections,
        timeout=spec.timeout,
        give_up_after=spec.give_up_after,
        sync_validation=spec.sync_validation,
    )
    return InletDestination(spec.to, settings)


def _hint(to: str) -> str:
    """The likeliest thing that was meant."""
    if to.endswith(tuple(s + c for s in files.SUFFIXES for c in ("", *files.COMPRESSIONS))):
        return f"; did you mean 'file:{to}'?"
    scheme = to.split("//")[0] + "//" if "//" in to else to.split(":")[0] + (":" if ":" in to else "")
    near = get_close_matches(scheme, _KINDS, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""

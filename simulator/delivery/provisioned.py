"""Destinations that `journeysim provision` has set up (`provisioned:FILE`)."""

from __future__ import annotations

from pathlib import Path

from simulator.core.errors import UsageError
from simulator.scenario import read_provisioned
from simulator.scenario.models import Destination, ServerCredentials
from simulator.scenario.provisioned import FORM


def as_provisioned(spec: Destination) -> Destination:
    """``spec`` itself, or for `provisioned:FILE` that of the inlet which the file names.

    Address, organization, dataset, schema, dataflow and source come from the file, and so do credentials where the
    inlet asks for them and ``spec`` has none. Raises ``UsageError`` if the file says nothing of an inlet.
    """
    if not spec.to.startswith(FORM):
        return spec
    path = Path(spec.to.removeprefix(FORM)).expanduser()
    known = read_provisioned(path)
    inlet = known.inlet
    if inlet is None:
        raise UsageError(
            f"{path}: names no inlet: the set-up is not finished; call `journeysim provision` again"
        )
    authentication = spec.authentication
    if inlet.authenticated and authentication is None:
        authentication = ServerCredentials.model_validate(known.credentials)
    return spec.model_copy(
        update={
            "to": inlet.url,
            "organization": known.organization,
            "dataset_id": inlet.dataset_id,
            "schema_id": inlet.schema_id,
            "flow_id": inlet.flow_id,
            "source_name": inlet.source_name,
            "sandbox": known.sandbox,
            "authentication": authentication,
        }
    )

"""Which schema the events of a dataset must obey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.receiver.validation import Validator
from simulator.xdm import EventValidator


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that is known here.

    ``schema_id`` is the only schema that messages for it may name; None lets any pass.
    """

    id: str
    validator: Validator
    schema_id: str | None = None


class Datasets:
    """Datasets by id. One that is not known here takes events that obey ``default``, under any schema id."""

    def __init__(self, default: Validator) -> None:
        self.default = default
        self._known: dict[str, Dataset] = {}

    def bind(self, dataset: str, schema_id: str | None, json_schema: dict[str, Any]) -> None:
        """From now on events of ``dataset`` must obey ``json_schema`` (2020-12, references inside only).

        Called again, it replaces the schema at once; the platform may take 15 minutes for that
        (ingestion.md 1.7). Raises ``ValueError`` when the schema cannot be compiled.
        """
        self._known[dataset] = Dataset(dataset, EventValidator(json_schema), schema_id)

    def unbind(self, dataset: str) -> None:
        """Forget what is known of ``dataset``."""
        self._known.pop(dataset, None)

    def validator(self, dataset: str) -> Validator:
        """Who judges the events of ``dataset``."""
        known = self._known.get(dataset)
        return self.default if known is None else known.validator

    def schema_id(self, dataset: str) -> str | None:
        """The schema that messages for ``dataset`` must name, or None if any will do."""
        known = self._known.get(dataset)
        return None if known is None else known.schema_id

"""How the receiver behaves where the platform leaves a choice, or documents two."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from simulator.core.errors import UsageError
from simulator.receiver.edge.options import (
    COLLECT_UNITS_PER_SECOND,
    INTERACT_UNITS_PER_SECOND,
    EdgeOptions,
)

# "1 MB" may mean 10^6 or 2^20 bytes (ingestion.md 1.8): the smaller, so that what passes here passes there.
MAX_BODY_BYTES = 1_000_000
# Figures of ingestion.md 1.8; the platform calls the first two guidance.
REQUESTS_PER_SECOND = 1_000
MESSAGES_PER_SECOND = 10_000
SYNC_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class InletOptions:
    """How inlets answer.

    - ``organization``: the only ``imsOrgId`` that messages may name; None lets any pass.
    - ``entry_shape``: failed entries of a batch as the Kafka connector reads them (``status`` and ``xactionId``)
      or as the tutorial shows them (``statusCode`` alone), see ingestion.md 1.5.
    - ``max_body_bytes``: 413 above it.
    - ``sync_validation``: False answers 501 to ``syncValidation=true``, as data centres without it do.
    - ``bad_token_status``: 401 or 403 for a wrong token; the platform's pages disagree (ingestion.md 7, item 2).
    - ``future``: whether an event whose timestamp lies in the future is taken (and said) or found invalid.
    - ``requests_per_second``, ``messages_per_second``, ``sync_per_minute``: 429 above them, each inlet by itself;
      0 has no limit.
    """

    organization: str | None = None
    entry_shape: Literal["connector", "tutorial"] = "connector"
    max_body_bytes: int = MAX_BODY_BYTES
    sync_validation: bool = True
    bad_token_status: Literal[401, 403] = 401
    future: Literal["accept", "reject"] = "accept"
    requests_per_second: int = 0
    messages_per_second: int = 0
    sync_per_minute: int = 0


_RATES = {
    "requests_per_second": REQUESTS_PER_SECOND,
    "messages_per_second": MESSAGES_PER_SECOND,
    "sync_per_minute": SYNC_PER_MINUTE,
}
_EDGE_RATES = {
    "interact_units_per_second": INTERACT_UNITS_PER_SECOND,
    "collect_units_per_second": COLLECT_UNITS_PER_SECOND,
}


def parse_options(texts: Iterable[str]) -> tuple[InletOptions, EdgeOptions]:
    """``NAME=VALUE`` texts as options: those of the Edge Network begin with ``edge_``.

    ``rates=documented`` sets all rates of inlets and Edge Network to the documented ones. Raises ``UsageError`` that
    names the option, what is wrong and what is expected.
    """
    given: dict[str, dict[str, Any]] = {"": {}, "edge_": {}}
    hints = {"": get_type_hints(InletOptions), "edge_": get_type_hints(EdgeOptions)}
    known = [prefix + name for prefix, names in hints.items() for name in names]
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise UsageError(f"--option: {text!r} has no value; expected NAME=VALUE")
        if name == "rates":
            if value != "documented":
                raise UsageError(f"--option: rates: {value!r} is not known; expected 'documented'")
            given[""] |= _RATES
            given["edge_"] |= _EDGE_RATES
            continue
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join([*known, 'rates'])}"
            raise UsageError(f"--option: {name!r} is not known; {hint}")
        prefix = "edge_" if name.startswith("edge_") else ""
        field = name.removeprefix(prefix)
        given[prefix][field] = _value(name, value, hints[prefix][field])
    return InletOptions(**given[""]), EdgeOptions(**given["edge_"])


def _value(name: str, text: str, wanted: Any) -> Any:
    if get_origin(wanted) in (Union, types.UnionType):  # str | None
        return text or None
    if get_origin(wanted) is Literal:
        choices = {str(choice): choice for choice in get_args(wanted)}
    elif wanted is bool:
        choices = {"true": True, "false": False}
    elif wanted is str:
        return text
    else:
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            raise UsageError(f"--option: {name}: {text!r} is no number; expected a whole number from 0 on")
        return int(text)
    if text not in choices:
        raise UsageError(f"--option: {name}: {text!r} is not known; expected {' or '.join(choices)}")
    return choices[text]

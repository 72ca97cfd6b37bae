"""JSON Patch (RFC 6902) as the platform's services take it."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import jsonpointer

Json = dict[str, Any]

MOST_STEPS = 100


def patched(document: Json, patch: Any) -> Json:
    """A copy of ``document`` with the operations of ``patch`` applied, all or none.

    Operations may be written in capitals (ingestion.md 4.5). Raises ``ValueError`` with a text for the client.
    """
    if not isinstance(patch, list) or not patch:
        raise ValueError("the body must be a list of JSON Patch operations")
    if len(patch) > MOST_STEPS:
        raise ValueError(f"the body has more than {MOST_STEPS} operations")
    steps = []
    for step in patch:
        if not isinstance(step, dict) or not isinstance(step.get("op"), str):
            raise ValueError("each operation must be an object with `op` and `path`")
        if not all(isinstance(step.get(key, ""), str) for key in ("path", "from")):
            raise ValueError("`path` and `from` must be texts")
        steps.append({**step, "op": step["op"].lower()})
    try:
        result = jsonpatch.JsonPatch(steps).apply(copy.deepcopy(document))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise ValueError(f"the patch cannot be applied: {error}") from error
    except (TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ValueError("the patch cannot be applied to this resource") from error
    if not isinstance(result, dict):
        raise ValueError("a resource must stay an object")
    return result


def deep_merged(document: Json, changes: Json) -> Json:
    """A copy of ``document`` with ``changes`` laid over it, object by object."""
    result = dict(document)
    for key, value in changes.items():
        known = result.get(key)
        result[key] = (
            deep_merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
        )
    return result

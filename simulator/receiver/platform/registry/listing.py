"""Lists: filtered by properties, ordered, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from simulator.receiver.calls import (
    Call,
    Parameter,
    PropertyFilter,
    RefusedError,
    Reply,
    value_at,
    whole_number,
)
from simulator.receiver.platform import problems

Json = dict[str, Any]

MOST_ON_A_PAGE = 300  # ingestion.md 4.1
_SHORT = ("$id", "meta:altId", "version", "title")
# What `orderby` may call the two times of a resource.
_TIMES = {
    "created": "meta:registryMetadata.repo:createdDate",
    "updated": "meta:registryMetadata.repo:lastModifiedDate",
}

PARAMETERS = (
    Parameter("property", "Filter, such as `title==Stores`; several must all hold."),
    Parameter("orderby", "Names to order by, separated by commas; `-` before a name turns its order round."),
    Parameter("start", "Where the page begins: `_page.next` of the page before."),
    Parameter("limit", "Resources on a page.", {"type": "integer", "minimum": 0, "maximum": 500}),
)


def page_of(call: Call, form: str, resources: Sequence[Json], path: str) -> Reply:
    """The answer to a list request; ``path`` is that of the list, for the link to the next page."""
    try:
        filters = [PropertyFilter.parse(text) for text in call.query.getlist("property")]
        limit = min(whole_number(call.query, "limit", MOST_ON_A_PAGE, 0, 500), MOST_ON_A_PAGE)
    except ValueError as error:
        raise RefusedError(problems.older_registry(400, str(error))) from error
    found = [resource for resource in resources if all(one.accepts(resource) for one in filters)]
    order = call.query.get("orderby", "updated")
    for name in reversed(order.split(",")):
        key = name.lstrip("+-")
        found.sort(key=lambda item, key=key: _rank(item, key), reverse=name.startswith("-"))  # type: ignore[misc]
    first = _first(found, call.query.get("start"))
    shown = found[first : first + limit] if limit else []
    rest = found[first + limit :] if limit else []
    following = _name(rest[0]) if rest else None
    links: Json = {
        "global_schemas": {"href": f"{call.base_url}/data/foundation/schemaregistry/global/schemas"}
    }
    if following is not None:
        query = [(k, v) for k, v in call.query.multi_items() if k != "start"] + [("start", following)]
        links["next"] = {"href": f"{path}?{urlencode(query)}"}
    results = (
        shown if form == "xed" else [{key: item[key] for key in _SHORT if key in item} for item in shown]
    )
    page = {"orderby": order, "next": following, "count": len(results)}
    return Reply(200, {"results": results, "_page": page, "_links": links})


def _rank(item: Json, name: str) -> tuple[int, float, str]:
    """Numbers before texts, what has no such value last."""
    value = (
        value_at(item, _TIMES.get(name, name)) if "." not in _TIMES.get(name, name) else _metadata(item, name)
    )
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (2, 0.0, "") if value is None else (1, 0.0, str(value))


def _metadata(item: Json, name: str) -> Any:
    """``meta:registryMetadata`` has names with colons, and lists may be ordered by what is in it."""
    first, _, rest = _TIMES.get(name, name).partition(".")
    inside = item.get(first)
    return inside.get(rest) if isinstance(inside, dict) else value_at(item, name)


def _name(item: Json) -> str:
    return str(item.get("meta:altId") or item.get("@id"))


def _first(items: Sequence[Json], start: str | None) -> int:
    if start is None:
        return 0
    for index, item in enumerate(items):
        if start in (_name(item), item.get("$id")):
            return index
    if start.isdecimal() and start.isascii() and len(start) < 10:
        return int(start)
    raise RefusedError(
        problems.older_registry(400, f"start: there is no page that begins at `{start[:200]}`")
    )

"""The reference part of docs/scenario.md, made from the models.

``python -m simulator.scenario.docs`` rewrites it, and scenarios/scenario.schema.json with it; a test fails
when one of the two is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from simulator.scenario.models import Scenario
from simulator.scenario.overrides import default_data
from simulator.scenario.schema import SCHEMA_FILE, json_schema_text
from simulator.scenario.shape import Shape, shape_of
from simulator.scenario.units import NUMBER

BEGIN = "<!-- reference:begin (made by `python -m simulator.scenario.docs`) -->"
END = "<!-- reference:end -->"

_LIMITS = (("gt", "more than"), ("ge", "at least"), ("lt", "less than"), ("le", "at most"))


def reference() -> str:
    """One section per model in the order in which a file names them, each with a table of its keys."""
    sections = []
    for model in _models(Scenario, []):
        summary = " ".join((model.__doc__ or "").split())
        rows = "\n".join(_row(model, key) for key in model.model_fields)
        head = "| Key | Value | Default | Meaning |\n|---|---|---|---|"
        sections.append(f"### {model.__name__}\n\n{summary}\n\n{head}\n{rows}\n")
    return "\n".join(sections)


def with_reference(page: str) -> str:
    """``page`` with its reference part brought up to date."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _models(model: type[BaseModel], seen: list[type[BaseModel]]) -> list[type[BaseModel]]:
    seen.append(model)
    for info in model.model_fields.values():
        for below in _models_in(shape_of(info.annotation)):
            if below not in seen:
                _models(below, seen)
    return seen


def _models_in(shape: Shape | None) -> Iterator[type[BaseModel]]:
    if shape is None:
        return
    if shape.model is not None:
        yield shape.model
    yield from _models_in(shape.items)
    yield from _models_in(shape.members)


def _row(model: type[BaseModel], key: str) -> str:
    info = model.model_fields[key]
    shape = shape_of(info.annotation, tuple(info.metadata))
    default = "**required**" if info.is_required() else _default(model, key, shape)
    description = (info.description or "").replace("|", "\\|")
    return f"| `{key}` | {_value(shape)}{_limits(shape)} | {default} | {description} |"


def _default(model: type[BaseModel], key: str, shape: Shape) -> str:
    default = default_data(Shape(((model, ()),)), key)
    if model.model_fields[key].default is None:
        return "none"
    if default == {}:
        return f"[its defaults](#{shape.model.__name__.lower()})" if shape.model else "none"
    if default in ("", []):
        return "none"
    return f"`{inline(default)}`"


def inline(value: Any) -> str:
    """Plain data on one line, as a scenario file would say it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _value(shape: Shape) -> str:
    words = []
    for kind in shape.kinds:
        one = Shape((kind,))
        if one.marker is not None:
            words.append(_marker_words(one))
        elif one.literals:
            words.extend(f"`{word}`" for word in one.literals)
        elif one.model is not None:
            words.append(f"[{one.model.__name__}](#{one.model.__name__.lower()})")
        elif one.items is not None:
            words.append(f"list of {_value(one.items)}")
        elif one.members is not None:
            words.append(f"mapping of name to {_value(one.members)}")
        else:
            words.append(_PLAIN[kind[0]])
    return ", ".join(words[:-1]) + " or " + words[-1] if len(words) > 1 else words[0]


_PLAIN: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Any: "any value",
}


def _marker_words(shape: Shape) -> str:
    marker, dimension = shape.marker, shape.dimension
    if marker is None:
        return ""
    if dimension is None:
        return marker.noun
    noun = dimension.noun.removeprefix("a ")
    return f"{noun} or distribution" if marker.random else noun


def _limits(shape: Shape) -> str:
    limits = []
    for _, metadata in shape.kinds:
        for item in metadata:
            for name, words in _LIMITS:
                limit = getattr(item, name, None)
                implied = name == "ge" and shape.dimension is not None and shape.dimension.low == limit
                if limit is not None and limit != 2**63 and not implied:
                    limits.append(f"{words} {limit:g}{_si_unit(shape)}")
    return ", " + ", ".join(dict.fromkeys(limits)) if limits else ""


def _si_unit(shape: Shape) -> str:
    unit = next(iter((shape.dimension or NUMBER).units))
    return f" {unit}" if unit else ""


def main() -> None:
    """Rewrite the files that are made from the models."""
    root = Path(__file__).resolve().parents[2]
    page = root / "docs" / "scenario.md"
    page.write_text(with_reference(page.read_text(encoding="utf-8")), encoding="utf-8")
    (root / "scenarios" / SCHEMA_FILE).write_text(json_schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Values given with the call, put into the data of the file: ``--set key.path=value``, and options of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path as FilePathType
from typing import Any, NamedTuple

from pydantic import BaseModel

from simulator.core.errors import InputError, Problem
from simulator.scenario.messages import unknown_key
from simulator.scenario.positions import Path, dotted, read_yaml
from simulator.scenario.quantities import CommandLineText
from simulator.scenario.shape import ROOT, Shape, shape_at
from simulator.scenario.units import nearest, one_of, shown

_NULLS = ("null", "~")
_QUOTES = ("'", '"')


class Option(NamedTuple):
    """A value of the scenario that has an option of its own: ``Option("--to", "destination.to", "-")``."""

    label: str
    key: str
    value: str


def destination_options(given: Sequence[str]) -> list[Option]:
    """What `--to` means: one destination with the settings of `destination`, or several that share them.

    Either takes the place of all that the scenario names.
    """
    if not given:
        return []
    if len(given) == 1:
        return [Option("--to", "destinations", "{}"), Option("--to", "destination.to", given[0])]
    named: dict[str, dict[str, str]] = {}
    for to in given:
        kind = {"-": "stdout"}.get(to, re.split(r"[^a-z]", to, maxsplit=1)[0] or "to")
        alike = sum(1 for name in named if name.rstrip("0123456789") == kind)
        named[f"{kind}{alike + 1}" if alike else kind] = {"to": to}
    return [Option("--to", "destinations", json.dumps(named))]


class Origin(NamedTuple):
    """What put a value into the data: how the call wrote it, and the path that it set."""

    label: str
    path: Path


class OverrideError(Exception):
    """An override that can't be applied: what is wrong and what was expected."""

    def __init__(self, what: str, expected: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected


def apply_overrides(
    data: dict[str, Any], overrides: Sequence[str | Option]
) -> tuple[dict[Path, Origin], list[Problem]]:
    """Put ``overrides`` (``key.path=value``, or options of their own) into ``data`` in their order.

    Returns which paths come from which override (also the mappings created on the way), and the problems.
    """
    origins: dict[Path, Origin] = {}
    problems: list[Problem] = []
    for override in overrides:
        if isinstance(override, Option):
            label, name, text = override
        else:
            name, _, text = override.partition("=")
            name = name.strip()
            label = f"--set {name}"
        try:
            if isinstance(override, Option) and not text.strip():
                raise OverrideError("is empty", "give a value")
            if any("\ud800" <= character <= "\udfff" for character in name + text):
                label = label if isinstance(override, Option) else f"--set {name!a}"
                raise OverrideError("is not UTF-8 text")
            if not name or not (isinstance(override, Option) or "=" in override):
                label = f"--set {override}"
                raise OverrideError("is not a setting", "write key.path=value")
            path = _split(name)
            value = _value(text, shape_at(_indexed(path)), label)
            given, existing = put(data, path, value)
        except OverrideError as error:
            problems.append(Problem(label, 0, 0, "", error.what, error.expected))
        except InputError as error:
            problems.extend(error.problems)
        else:
            origin = Origin(label, given)
            origins |= {given[:length]: origin for length in range(existing, len(given) + 1)}
    return origins, problems


def _split(name: str) -> Path:
    parts = re.sub(r"\[(\d+)\]", r".\1", name).split(".")
    if not all(parts):
        raise OverrideError("is not a path", "write key.path=value, such as destination.batch_size=100")
    return tuple(parts)


def _indexed(path: Path) -> Path:
    return tuple(int(part) if str(part).isdecimal() else part for part in path)


def _value(text: str, shape: Shape | None, label: str) -> Any:
    if (
        shape is not None
        and _is_text(shape)
        and text.strip() not in ("", *_NULLS)
        and text.strip()[:1] not in _QUOTES
    ):
        return CommandLineText(text.strip())  # as it stands: `-` and `a: b` need no quotes here
    try:
        document = read_yaml(text, label)
    except InputError:
        raise OverrideError(f"{shown(text)} can't be read as YAML", "put text in quotes") from None
    if document.problems:
        raise InputError([Problem(label, 0, 0, p.field, p.what, p.expected) for p in document.problems])
    if document.data is None and text.strip() not in _NULLS:
        raise OverrideError("has no value", "write key.path=value; null for none")
    return _marked(document.data)


def _is_text(shape: Shape) -> bool:
    return all(kind in (str, FilePathType) for kind, _ in shape.kinds)


def _marked(value: Any) -> Any:
    """Text marked as coming from the call, where paths of files are relative to the current folder."""
    if isinstance(value, str):
        return CommandLineText(value)
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    return value


def put(data: dict[str, Any], path: Path, value: Any) -> tuple[Path, int]:
    """Set one value, making the mappings on the way to it.

    Returns ``path`` with numbers for places in lists, and the length of its first part that is new.
    Raises :class:`OverrideError` if nothing may stand there.
    """
    resolved: list[str | int] = []
    node: Any = data
    shape: Shape | None = ROOT
    existing = len(path)
    for depth, part in enumerate(path[:-1]):
        key = _key(node, shape, path, depth)
        resolved.append(key)
        below = shape.child(key) if shape is not None else None
        inner = node[key] if isinstance(node, list) else node.get(key)
        if inner is None and shape is not None and below is not None:
            existing = min(existing, depth + 1)
            inner = node[key] = default_data(shape, key)
        if not isinstance(inner, dict | list):
            what = f"{dotted(path[: depth + 1])!r} has no parts" if path[1:] else f"{part!r} has no parts"
            raise OverrideError(what, "set it as a whole")
        node, shape = inner, below
    key = _key(node, shape, path, len(path) - 1)
    if value is None and isinstance(node, dict) and _has_default_but_null(shape, key):
        node.pop(key, None)
    else:
        node[key] = value
    return (*resolved, key), existing


def _has_default_but_null(shape: Shape | None, key: str | int) -> bool:
    """Whether ``null`` can only mean: as if the file didn't say."""
    below = shape.child(key) if shape is not None else None
    info = shape.model.model_fields.get(str(key)) if shape is not None and shape.model is not None else None
    return info is not None and not info.is_required() and below is not None and not below.optional


def _key(node: Any, shape: Shape | None, path: Path, depth: int) -> Any:
    """The key or index in ``node`` that ``path[depth]`` names."""
    part = str(path[depth])
    if isinstance(node, list):
        if part.isdecimal() and int(part) < len(node):
            return int(part)
        count = f"there are {len(node)}, counted from 0" if node else "it is empty"
        raise OverrideError(f"{shown(part)} is no entry of {dotted(path[:depth])!r}", count)
    if shape is not None and shape.model is not None:
        valid = list(shape.model.model_fields)
        if part not in valid:
            what, expected = unknown_key(part, valid)
            raise OverrideError(f"{what} {part!r}", expected)
    elif shape is not None and part not in node and depth < len(path) - 1:
        near = nearest(part, list(node))
        hint = f"did you mean {near!r}?" if near else f"there are {one_of(list(node), joint='and') or 'none'}"
        raise OverrideError(f"no {part!r} in {dotted(path[:depth])!r}", hint)
    return part


def default_data(shape: Shape, key: str | int) -> Any:
    """What stands at ``key`` when the file doesn't say, as plain data: the start of a partial change."""
    below = shape.child(key)
    info = shape.model.model_fields.get(str(key)) if shape.model is not None else None
    default = None if info is None or info.is_required() else info.get_default(call_default_factory=True)
    if isinstance(default, str):
        return default
    if isinstance(default, BaseModel):
        return default.model_dump(mode="json", exclude_unset=True)
    if default is not None and below is not None and below.marker is not None:
        return below.marker.write(default)
    if default is None and below is not None and below.model is not None:
        return {}
    return list(default) if isinstance(default, tuple) else default


def unmarked(value: Any) -> Any:
    """Plain data without the marks of values from the call."""
    if isinstance(value, CommandLineText):
        return str(value)
    if isinstance(value, list):
        return [unmarked(item) for item in value]
    if isinstance(value, dict):
        return {key: unmarked(item) for key, item in value.items()}
    return value

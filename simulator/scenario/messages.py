"""What is wrong with a scenario, in plain words.

pydantic finds the mistakes; here each becomes a :class:`Finding` that says what is wrong and what would be
right, in the words of the scenario file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel, ValidationError

from simulator.scenario.quantities import ERROR_TYPE
from simulator.scenario.shape import ROOT, Shape, shape_at
from simulator.scenario.units import nearest, one_of, shown, written

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: ``path`` leads to the value, ``at_key`` says that the key itself is meant.

    ``rule`` marks what is wrong between the keys of the mapping at ``path``, each valid in itself.
    """

    path: Path
    what: str
    expected: str = ""
    at_key: bool = False
    warning: bool = False
    rule: bool = False


def findings_of(error: ValidationError, data: Any, root: Shape = ROOT) -> list[Finding]:
    """The mistakes that pydantic found in ``data``, and those of model rules that it did not get to.

    ``root`` is what the whole file may hold: a scenario, unless said otherwise.
    """
    found: dict[Path, list[Finding]] = {}
    in_union: set[Path] = set()
    ruled: set[Path] = set()
    for item in error.errors(include_url=False):
        if item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]:
            continue  # a list whose entries are wrong counts as empty
        location = _in_mapping(item["loc"], data, root)
        if location is None:
            continue
        path = _path_in(location, data)
        if len(path) < len(location):
            in_union.add(path)
        if item["type"] == "value_error":
            ruled.add(path)
        found.setdefault(path, []).extend(_translate(item, path, data, root))
    result: list[Finding] = []
    for path, findings in found.items():
        if path in in_union:  # what is wrong inside says which alternative was meant
            inside = [finding for finding in findings if len(finding.path) > len(path)]
            findings = inside or [_no_alternative(path, data, root)]
        result.extend(findings)
    for path in sorted(_parents(found) - ruled, key=repr):
        result.extend(_rules_broken(path, data, root))
    return result


def unknown_key(key: str, valid: list[str]) -> tuple[str, str]:
    """What is wrong with a key that is none of ``valid``, and what may have been meant."""
    near = nearest(key, valid)
    return (
        "unknown key",
        f"did you mean {near!r}?" if near else f"valid keys are {one_of(valid, joint='and')}",
    )


def value_at(data: Any, path: Path) -> Any:
    """The value at ``path`` of plain data; None if there is none."""
    for key in path:
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return None
    return data


def _in_mapping(location: tuple[str | int, ...], data: Any, root: Shape) -> tuple[str | int, ...] | None:
    """``location`` as if a mapping stood for nothing else where a mapping or something else may stand, and one does.

    None for complaints that it is nothing else.
    """
    kept: list[str | int] = []
    chosen = False  # the mapping has been found among the alternatives
    for key in location:
        if isinstance(data, dict) and key not in data and not chosen:
            shape = shape_at(tuple(kept), root)
            if shape is not None and len(shape.kinds) > 1:
                if shape.model is None:
                    return (*kept, f"[{key}]")  # the name of an alternative, which is no key of the file
                if key != shape.model.__name__:
                    return None
                chosen = True
                continue
        kept.append(key)
        data, chosen = value_at(data, (key,)), False
    return tuple(kept)


def _path_in(location: tuple[str | int, ...], data: Any) -> Path:
    """pydantic's location without the names of union branches, which are no keys of the file."""
    path: list[str | int] = []
    for number, key in enumerate(location):
        if isinstance(data, dict) and isinstance(key, str):
            if key not in data and (number < len(location) - 1 or "[" in key):
                break
            path.append(key)
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int):
            path.append(key)
            data = data[key] if key < len(data) else None
        else:
            break
    return tuple(path)


def _translate(item: Mapping[str, Any], path: Path, data: Any, root: Shape) -> Iterator[Finding]:
    kind, context = item["type"], item.get("ctx", {})
    value = value_at(data, path)  # as written; pydantic may have gone on with what was read from it
    shape = shape_at(path, root) or Shape(())
    if value is None and kind not in ("missing", "extra_forbidden", "value_error"):
        yield Finding(path, "must not be null", shape.expected)
    elif kind == ERROR_TYPE:
        for issue in context["issues"]:
            yield Finding(path + issue.path, issue.what, issue.expected, issue.at_key)
    elif kind == "missing":
        yield Finding(path, "is missing", shape.expected)
    elif kind == "extra_forbidden":
        above = shape_at(path[:-1], root) or root
        valid = list(above.model.model_fields) if above.model else []
        yield Finding(path, *unknown_key(str(path[-1]), valid), at_key=True)
    elif kind == "value_error":
        yield _rule_finding(path, str(context["error"]), shape)
    elif kind in _LIMITS:
        yield _limit_finding(path, kind, value, context, shape)
    elif kind in _LENGTHS:
        yield Finding(path, *_length_words(kind, value, context))
    else:
        yield Finding(path, *_type_words(kind, value, shape))


def _no_alternative(path: Path, data: Any, root: Shape) -> Finding:
    shape = shape_at(path, root) or Shape(())
    return Finding(path, f"{shown(value_at(data, path))} is not valid", shape.expected)


# --- limits, lengths and types ----------------------------------------------------------------------------

_LIMITS = {
    "greater_than": ("gt", "is too small", "must be greater than"),
    "greater_than_equal": ("ge", "is too small", "must be at least"),
    "less_than": ("lt", "is too large", "must be less than"),
    "less_than_equal": ("le", "is too large", "must be at most"),
}
_LENGTHS = ("string_too_short", "string_too_long", "too_short", "too_long")


def _limit_finding(path: Path, kind: str, value: Any, context: Mapping[str, Any], shape: Shape) -> Finding:
    name, what, must = _LIMITS[kind]
    limit = written(float(context[name]), shape.dimension) if shape.dimension else context[name]
    return Finding(path, f"{shown(value)} {what}", f"{must} {limit}")


def _length_words(kind: str, value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    if kind.endswith("short"):
        return "is empty", "give at least one" if kind == "too_short" else "expected text"
    if kind == "string_too_long":
        return f"has {len(value)} characters", f"at most {context['max_length']} are allowed"
    return f"has {context['actual_length']} entries", f"at most {context['max_length']} are allowed"


def _type_words(kind: str, value: Any, shape: Shape) -> tuple[str, str]:
    if kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{shown(value)} is a number, not text", f"write it in quotes: '{value}'"
    if kind == "string_pattern_mismatch":
        allowed = "lower-case letters, digits, - and _, beginning with a letter or digit"
        return f"{shown(value)} has other characters than allowed", f"expected {allowed}"
    if kind == "literal_error":
        words = [str(word) for word in shape.literals]
        near = nearest(str(value), words) or (nearest(value[:3], words) if isinstance(value, str) else None)
        return f"{shown(value)} is not valid", f"did you mean {near!r}?" if near else shape.expected
    if kind in ("list_type", "tuple_type") and not isinstance(value, Mapping):
        return f"{shown(value)} is not a list", f"expected a list, such as [{written_in_a_list(value)}]"
    if shape.model is not None and not isinstance(value, Mapping):
        return f"must be a mapping, not {_noun(value)}", shape.expected
    return f"{shown(value)} is not valid", shape.expected


def written_in_a_list(value: Any) -> str:
    """A value as YAML has it between brackets: in quotes if signs in it would mean something else there."""
    text = str(value)
    return text if re.fullmatch(r"\w[\w .-]*", text) else f'"{text}"'


def _noun(value: Any) -> str:
    return "a list" if isinstance(value, list) else shown(value)


# --- rules between the keys of one mapping ----------------------------------------------------------------


def _rule_finding(path: Path, text: str, shape: Shape) -> Finding:
    """The rules of models.py say ``[key: ]what[; what to do]``."""
    key = re.match(r"(\w+): ", text)
    if key and shape.model is not None and key[1] in shape.model.model_fields:
        path, text = (*path, key[1]), text[key.end() :]
    what, _, expected = text.partition("; ")
    return Finding(path, what, expected, rule=True)


def _parents(found: Mapping[Path, Any]) -> set[Path]:
    return {path[:length] for path in found for length in range(len(path))}


def _rules_broken(path: Path, data: Any, root: Shape) -> Iterator[Finding]:
    """Broken rules of the mapping at ``path``, which pydantic skips while single values in it are wrong."""
    shape, value = shape_at(path, root), value_at(data, path)
    if shape is None or shape.model is None or not isinstance(value, dict):
        return
    stand_in = _stand_in(shape.model, value)
    for rule in shape.model.__pydantic_decorators__.model_validators.values():
        try:
            rule.func(stand_in)
        except ValueError as error:
            yield _rule_finding(path, str(error), shape)
        except (TypeError, AttributeError):
            continue  # it asks for a value that is wrong itself, and is reported as such


def _stand_in(model: type[BaseModel], value: dict[str, Any]) -> SimpleNamespace:
    """The keys of a mapping as attributes, as written; a misspelt key counts as the one that was meant."""
    names = list(model.model_fields)
    given = {name if name in names else nearest(name, names) or name: raw for name, raw in value.items()}
    for name, info in model.model_fields.items():
        if name not in given:
            given[name] = None if info.is_required() else info.get_default(call_default_factory=True)
        elif isinstance(given[name], dict) and (below := Shape(((model, ()),)).child(name)) and below.model:
            given[name] = _stand_in(below.model, given[name])
    return SimpleNamespace(**given)

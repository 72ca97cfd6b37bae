"""YAML text as plain data that remembers where everything stands.

The text is read as YAML 1.2: ``no`` and ``12:30`` are text. Dates stay text too, so that the data can be
written as JSON. Mistakes that leave the rest readable (a key given twice, an unknown tag) are collected;
a syntax error ends the reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from simulator.core.errors import InputError, Problem

Path = tuple[str | int, ...]
Place = tuple[int, int]
Node = Any  # of ruamel.yaml, which is loaded late; told apart by `id`: scalar, mapping or sequence

_TAG = "tag:yaml.org,2002:"
_TRUE = ("true", "yes", "on")  # the last two only under a `%YAML 1.1` directive
# Aliases may repeat this many values; more is a mistake or an attack ("billion laughs").
_ALIAS_BUDGET = 100_000
_MAX_DEPTH = 60


@dataclass(slots=True)
class Document:
    """What a YAML text says and where. Lines and columns count from 1.

    ``values`` holds the place of each value (of a block of lines: the place of its key), ``keys`` that of
    each key. ``blank`` are the keys with nothing behind them.
    """

    data: Any = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    blank: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def dotted(path: Path) -> str:
    """A path as messages and ``--set`` write it: ``places.0.file``."""
    return ".".join(str(part) for part in path)


def read_yaml(text: str, label: str) -> Document:
    """The data of ``text``; raises :class:`InputError` naming ``label`` if it is not one YAML document."""
    from ruamel.yaml import YAML  # only here: a run that reads no YAML need not load it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError
    from ruamel.yaml.reader import ReaderError

    try:
        yaml = YAML(typ="rt", pure=True)
        yaml.composer.warn_double_anchors = False  # allowed: the later one counts from there on
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        raise InputError([_syntax_problem(error, label, text)]) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"the control character U+{ord(text[error.position]):04X} is not allowed"
        raise InputError([Problem(label, line, 0, "", what, "remove it")]) from None
    except RecursionError:
        raise InputError([Problem(label, 0, 0, "", "is nested too deeply", "")]) from None
    except (YAMLError, YAMLStreamError, ValueError) as error:
        what = f"is not valid YAML: {str(error).splitlines()[0] if str(error) else 'unreadable'}"
        raise InputError([Problem(label, 0, 0, "", what, "")]) from None
    builder = _Builder(label)
    if root is not None:
        builder.document.values[()] = _place(root)
        builder.document.data = builder.build(root, ())
    return builder.document


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


# --- syntax errors ----------------------------------------------------------------------------------------

_PLAIN_WORDS = (
    ("mapping values are not allowed here", "unexpected ':'", "put text that contains ': ' in quotes"),
    ("sequence entries are not allowed here", "unexpected '-'", "begin a list on a line of its own"),
    ("found character '\\t'", "a tab stands here", "indent with spaces"),
    ("while scanning a quoted scalar", "a quotation mark is not closed", ""),
    ("expected a single document", "a second document begins here", "keep one scenario in a file"),
    ("expected <block end>", "the indentation does not fit the lines above", ""),
    ("could not find expected ':'", "a key without ':'", "expected `key: value`"),
    ("cannot start any token", "", "put text that begins with it in quotes"),
)  # fmt: skip


_KEY = re.compile(r"\s*[\w.-]+\s*:")


def _deeper_than_a_value(lines: list[str], line: int) -> bool:
    """Whether a line is a key that is indented deeper than a line before it which has its value already."""
    above = next((text for text in reversed(lines[:line]) if text.strip()), "")
    return (
        bool(_KEY.match(lines[line]))
        and bool(re.match(r"\s*(- )?[\w.-]+:\s+[^\s#&]", above))
        and len(lines[line]) - len(lines[line].lstrip()) > len(above) - len(above.lstrip())
    )


def _syntax_problem(error: Any, label: str, text: str) -> Problem:
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    if "quoted scalar" in context and error.context_mark:
        mark = error.context_mark
    what, expected = f"is not valid YAML: {problem or context}", ""
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    here, before = (line[mark.column : mark.column + 1], line[: mark.column].rstrip()) if mark else ("", "")
    if "undefined alias" in problem:
        what, expected = problem.replace("found ", ""), "define it before with & and the same name"
    elif "scanning an alias" in context or "scanning an anchor" in context:
        sign = text[error.context_mark.index] if error.context_mark else "*"
        mark = error.context_mark or mark
        what, expected = f"'{sign}' begins a name of YAML's own", "put text that begins with it in quotes"
    elif "mapping values" in problem and _deeper_than_a_value(lines, mark.line):
        what = "this line is indented deeper than the one above, which has its value already"
        expected = "give keys of one mapping the same indentation, and begin the entries of a list with '- '"
    elif "flow" in context and here == ":" and mark.line == error.context_mark.line:
        what, expected = "unexpected ':'", "put text that contains ': ' in quotes"
    elif "expected <block end>" in problem and before.endswith(('"', "'")):
        what = "text goes on behind its closing quotation mark"
        expected = """put text that contains " between ' and '"""
    elif "flow" in context and error.context_mark:
        kind = "list" if "sequence" in context else "mapping"
        what = f"the {kind} opened on line {error.context_mark.line + 1} is not closed"
        expected = problem.partition(", but")[0]
    else:
        for sign, plain, remedy in _PLAIN_WORDS:
            if sign in problem or sign in context:
                what, expected = plain or f"unexpected character {problem.split()[2]}", remedy
                break
    row, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Problem(label, row, column, "", what, expected)


# --- from nodes to data -----------------------------------------------------------------------------------


class _Builder:
    """Turns YAML nodes into dicts, lists, text, numbers, booleans and None, noting places."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.document = Document()
        self._seen: set[int] = set()
        self._open: list[int] = []
        self._budget = _ALIAS_BUDGET

    def build(self, node: Node, path: Path) -> Any:
        identity = id(node)
        if identity in self._open or len(path) > _MAX_DEPTH:
            what = "contains itself" if identity in self._open else "is nested too deeply"
            self._fatal(node, path, what)
        if identity in self._seen:  # an alias, or something inside what an alias repeats
            self._budget -= 1
            if self._budget < 0:
                self._fatal(node, path, f"aliases repeat more than {_ALIAS_BUDGET:,} values")
        self._seen.add(identity)
        if node.id == "scalar":
            return self._scalar(node, path)
        self._open.append(identity)
        result = self._mapping(node, path) if node.id == "mapping" else self._sequence(node, path)
        self._open.pop()
        return result

    def _note(self, path: Path, node: Node, key_place: Place) -> None:
        block = node.id != "scalar" and not node.flow_style
        blank = node.id == "scalar" and not node.value and node.start_mark.line + 1 != key_place[0]
        self.document.values[path] = key_place if block or blank else _place(node)
        self.document.keys[path] = key_place

    def _sequence(self, node: Node, path: Path) -> list[Any]:
        result = []
        for index, item in enumerate(node.value):
            below = (*path, index)
            self._note(below, item, _place(item))
            result.append(self.build(item, below))
        return result

    def _mapping(self, node: Node, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: list[tuple[Node, Node]] = []
        for key, value in node.value:
            if str(key.tag) == _TAG + "merge":
                merged.append((key, value))
                continue
            if key.id != "scalar":
                self._problem(key, path, "a key must be text", "expected `key: value`")
                continue
            below = (*path, str(key.value))
            if key.value in result:
                first = self.document.keys[below][0]
                self._problem(key, below, "is given twice", f"the first is on line {first}; remove one")
                continue
            self._note(below, value, _place(key))
            result[str(key.value)] = self.build(value, below)
        for key, value in merged:
            self._merge(result, key, value, path)
        return result

    def _merge(self, result: dict[str, Any], key: Node, value: Node, path: Path) -> None:
        """``<<: *base``: keys of the base that the mapping doesn't give itself."""
        for base in value.value if value.id == "sequence" else [value]:
            if base.id != "mapping":
                self._problem(key, path, "'<<' must be followed by an alias of a mapping", "")
                return
            if id(base) in self._open:
                self._fatal(key, path, "contains itself")
            for inner_key, inner in base.value:
                if inner_key.id == "scalar" and inner_key.value not in result:
                    below = (*path, str(inner_key.value))
                    self._note(below, inner, _place(inner_key))
                    result[str(inner_key.value)] = self.build(inner, below)

    def _scalar(self, node: Node, path: Path) -> Any:
        text, tag = str(node.value), str(node.tag)
        if node.style == ">":
            text = text.replace("\a", "")  # ruamel marks where a folded text was broken
        kind = tag.removeprefix(_TAG)
        if kind == "null":
            if not text:
                self.document.blank.append(path)
            return None
        if kind == "bool":
            return text.lower() in _TRUE
        if kind in ("int", "float"):
            return _number(text, kind)
        if kind not in ("str", "timestamp"):
            self._problem(node, path, f"the tag {tag.replace(_TAG, '!!')} is not supported", "remove it")
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            self._problem(node, path, "contains half a surrogate pair", "write the character itself")
        return text

    def _problem(self, node: Node, path: Path, what: str, expected: str) -> None:
        self.document.problems.append(Problem(self.label, *_place(node), dotted(path), what, expected))

    def _fatal(self, node: Node, path: Path, what: str) -> None:
        self._problem(node, path[:1], what, "")
        raise InputError(self.document.problems)


def _number(text: str, kind: str) -> int | float | str:
    """A number of YAML 1.2; text if it is none after all (a forced tag, base 60, thousands of digits)."""
    digits = text.replace("_", "").lower()
    try:
        if kind == "float":
            return float(digits.replace(".inf", "inf").replace(".nan", "nan"))
        bare = digits.lstrip("+-")
        based = {"0x": 16, "0o": 8, "0b": 2}.get(bare[:2])
        number = int(bare[2:], based) if based else int(bare)
    except ValueError:
        return text
    return -number if digits.startswith("-") else number

"""Reading faults from a file or a request, with every mistake at its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from simulator.core.errors import InputError, Problem
from simulator.receiver.faults.models import Fault, Faults
from simulator.scenario.positions import Document, dotted, read_yaml
from simulator.scenario.quantities import ERROR_TYPE
from simulator.scenario.units import nearest, one_of

Where = tuple[str | int, ...]


def load_faults(path: Path) -> Faults:
    """The faults of a YAML or JSON file; raises ``InputError`` with every mistake at its line and column."""
    label = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError([Problem(label, 0, 0, "", f"can't be read: {error.strerror or error}")]) from None
    except UnicodeDecodeError:
        raise InputError([Problem(label, 0, 0, "", "is not UTF-8 text", "save it as UTF-8")]) from None
    return _faults(read_yaml(text, label), label)


def faults_of(data: Any, label: str = "the request") -> Faults:
    """The faults of parsed JSON; raises ``InputError`` with every mistake."""
    return _faults(Document(data), label)


def _faults(document: Document, label: str) -> Faults:
    if document.problems:
        raise InputError(document.problems)
    if not isinstance(document.data, dict):
        raise InputError(
            [Problem(label, 0, 0, "", "is not a mapping", "expected `faults:` and a list of them")]
        )
    try:
        return Faults.model_validate(document.data)
    except ValidationError as error:
        problems = [
            problem
            for item in error.errors(include_url=False)
            for problem in _problems(item, document, label)
        ]
        raise InputError(sorted(problems, key=lambda problem: (problem.line, problem.column))) from None


def _problems(item: Any, document: Document, label: str) -> Iterator[Problem]:
    where: Where = item["loc"]
    kind, context = item["type"], item.get("ctx", {})
    if kind == ERROR_TYPE:
        for issue in context["issues"]:
            yield _problem(where + issue.path, issue.what, issue.expected, document, label)
    elif kind == "extra_forbidden":
        model: type[BaseModel] = Faults if len(where) == 1 else Fault
        valid = list(model.model_fields)
        near = nearest(str(where[-1]), valid)
        expected = f"did you mean {near!r}?" if near else f"valid keys are {one_of(valid, joint='and')}"
        yield _problem(where, "unknown key", expected, document, label, at_key=True)
    elif kind == "value_error":
        what, _, expected = str(context["error"]).partition("; ")
        yield _problem(where, what, expected, document, label)
    else:
        yield _problem(where, str(item["msg"])[0].lower() + str(item["msg"])[1:], "", document, label)


def _problem(
    where: Where, what: str, expected: str, document: Document, label: str, *, at_key: bool = False
) -> Problem:
    places = document.keys if at_key else document.values
    line, column = next(
        (places[where[:length]] for length in range(len(where), -1, -1) if where[:length] in places), (0, 0)
    )
    return Problem(label, line, column, dotted(where), what, expected)

"""YAML files other than scenarios, read with the same care: every mistake at once, at its line and column."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from simulator.core.errors import InputError, Problem
from simulator.scenario.loader import Sources, read_text
from simulator.scenario.messages import Finding, findings_of
from simulator.scenario.positions import read_yaml
from simulator.scenario.quantities import FileContext
from simulator.scenario.shape import Shape

AnyModel = TypeVar("AnyModel", bound=BaseModel)


def load_yaml(path: Path, model: type[AnyModel], *, expected: str) -> AnyModel:
    """The file at ``path`` as ``model``; files that it names are relative to its folder.

    ``expected`` says what an empty file should hold. Raises :class:`InputError` with every mistake.
    """
    label = str(path)
    document = read_yaml(read_text(path), label)
    if not isinstance(document.data, dict):
        what = "is empty" if document.data is None else "is not a mapping"
        raise InputError([Problem(label, 0, 0, "", what, expected)])
    sources = Sources(label, document)
    problems = list(document.problems)
    try:
        loaded = model.model_validate(document.data, context=FileContext(path.absolute().parent))
    except ValidationError as error:
        findings: list[Finding] = findings_of(error, document.data, Shape(((model, ()),)))
        problems += map(sources.problem, findings)
        problems.sort(key=lambda problem: (problem.line, problem.column))
        raise InputError(list(dict.fromkeys(problems))) from None
    if problems:
        raise InputError(problems)
    return loaded

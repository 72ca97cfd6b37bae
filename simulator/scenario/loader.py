"""Loading a scenario file: every mistake at once, each at its line and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from simulator.core.errors import InputError, Problem
from simulator.scenario.consistency import check_references, check_sense
from simulator.scenario.messages import Finding, findings_of, value_at
from simulator.scenario.models import Scenario
from simulator.scenario.overrides import Option, Origin, apply_overrides, unmarked
from simulator.scenario.positions import Document, dotted, read_yaml
from simulator.scenario.quantities import FileContext
from simulator.scenario.references import Reference
from simulator.scenario.shape import shape_at
from simulator.scenario.units import nearest

_MAX_BYTES = 20_000_000  # a scenario is written by hand; more is some other file

PathTuple = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where each value of a scenario comes from: a place in its file, or an option of the call."""

    file: str
    document: Document
    origins: Mapping[PathTuple, Origin] = field(default_factory=dict)

    def where(self, path: PathTuple) -> tuple[int, int]:
        """Line and column, from 1, of the value at ``path`` or of the nearest thing above it.

        (0, 0) for values that were given with the call.
        """
        return (0, 0) if self._origin(path) is not None else self._place(path, self.document.values)

    def problem(self, finding: Finding) -> Problem:
        """A finding with its place."""
        path, name = finding.path, dotted(finding.path)
        origin = self._origin(path)
        if origin is None and finding.rule:
            origin = next((given for given in self.origins if given[:-1] == path), None)
        if origin is not None:
            label, given = self.origins[origin]
            inner = dotted(path[len(given) :]) if path[: len(given)] == given else name
            return Problem(label, 0, 0, inner, finding.what, finding.expected, finding.warning)
        if finding.at_key and path in self.document.keys:
            line, column = self.document.keys[path]
        else:
            line, column = self._place(path, self.document.values)
        return Problem(self.file, line, column, name, finding.what, finding.expected, finding.warning)

    def _origin(self, path: PathTuple) -> PathTuple | None:
        """The part of ``path`` that was given with the call."""
        lengths = range(len(path), 0, -1)
        return next((path[:length] for length in lengths if path[:length] in self.origins), None)

    def _place(self, path: PathTuple, places: Mapping[PathTuple, tuple[int, int]]) -> tuple[int, int]:
        for length in range(len(path), -1, -1):
            if path[:length] in places:
                return places[path[:length]]
        return (1, 1)


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A scenario that is ready to run.

    ``path`` is the file as given. ``document`` is the scenario as plain data (text, numbers, lists,
    dictionaries) with all overrides in it and paths of files absolute. ``warnings`` are what looks like a
    mistake and is none for sure.
    """

    scenario: Scenario
    path: Path
    document: dict[str, Any]
    warnings: tuple[Problem, ...]
    sources: Sources

    def where(self, path: PathTuple) -> tuple[int, int]:
        """Line and column, from 1, of the field at ``path``; (0, 0) if it was given with the call."""
        return self.sources.where(path)

    def problem(self, path: PathTuple, what: str, expected: str = "", *, warning: bool = False) -> Problem:
        """A problem with the field at ``path``, for those who find out more than the loader can."""
        return self.sources.problem(Finding(path, what, expected, warning=warning))


def load_scenario(
    path: Path | str, *, overrides: Sequence[str | Option] = (), seed: int | None = None
) -> LoadedScenario:
    """Read the scenario file at ``path``, with ``overrides`` (``key.path=value``) and ``seed`` put into it.

    An :class:`Option` is an override that messages call by the name of its own option.

    Raises :class:`InputError` with every mistake of the file and of the overrides, in the file's order.
    """
    path = Path(path)
    label = str(path)
    document = read_yaml(read_text(path), label)
    if not isinstance(document.data, dict):
        what = "is empty" if document.data is None else "is not a mapping"
        raise InputError([Problem(label, 0, 0, "", what, "expected a scenario: version, name, clock, ...")])
    data: dict[str, Any] = document.data
    origins, override_problems = apply_overrides(data, overrides)
    if seed is not None:
        data["seed"] = seed
        origins[("seed",)] = Origin("--seed", ("seed",))
    sources = Sources(label, document, origins)
    scenario, findings = _validate(data, document, path.absolute().parent)
    problems = [*document.problems, *override_problems, *(sources.problem(finding) for finding in findings)]
    problems.sort(key=lambda problem: (problem.file != label, problem.line, problem.column))
    if scenario is None or any(not problem.warning for problem in problems):
        raise InputError(list(dict.fromkeys(problems)))
    plain = unmarked(data)
    _write_paths(scenario, plain)
    return LoadedScenario(scenario, path, plain, tuple(problems), sources)


def _validate(
    data: dict[str, Any], document: Document, folder: Path
) -> tuple[Scenario | None, list[Finding]]:
    findings = [_blank(path) for path in document.blank if _is_none(data, path)]
    blank = {finding.path for finding in findings}
    scenario = None
    try:
        scenario = Scenario.model_validate(data, context=FileContext(folder))
    except ValidationError as error:
        findings.extend(finding for finding in findings_of(error, data) if finding.path not in blank)
    findings.extend(check_references(data))
    if scenario is not None:
        findings.extend(check_sense(scenario))
    return scenario, findings


def _is_none(data: Any, path: PathTuple) -> bool:
    """Whether a key is still there, and still with nothing behind it (an override may have set it)."""
    above = value_at(data, path[:-1])
    present = path[-1] in above if isinstance(above, dict) else isinstance(above, list)
    return present and value_at(data, path) is None


def _blank(path: PathTuple) -> Finding:
    shape = shape_at(path)
    if shape is not None and shape.optional and shape.model is not None:
        needed = any(info.is_required() for info in shape.model.model_fields.values())
        defaults = "" if needed else "`{}` for its defaults or "
        return Finding(path, "has nothing behind it", f"write {defaults}`null` for none")
    if shape is None and isinstance(path[-1], str):
        what = "has nothing behind it, and is no key that is known here"
        expected = "a key ends with ': ', and between { } text with a comma needs quotes"
        return Finding(path, what, expected, at_key=True)
    spare = "entry" if isinstance(path[-1], int) else "key"
    return Finding(path, "has nothing behind it", f"give a value or remove the {spare}")


def _write_paths(node: Any, data: Any) -> None:
    """Write the absolute paths of files into the plain data."""
    if isinstance(node, BaseModel) and isinstance(data, dict):
        for name, value in node:
            if isinstance(value, Path):
                data[name] = value.as_posix()
            elif isinstance(value, Reference):
                data[name] = value.written()
            elif name in data:
                _write_paths(value, data[name])
    elif isinstance(node, tuple) and isinstance(data, list):
        for value, item in zip(node, data, strict=True):
            _write_paths(value, item)
    elif isinstance(node, dict) and isinstance(data, dict):
        for name, value in node.items():
            if isinstance(value, Reference):
                data[name] = value.written()
            else:
                _write_paths(value, data.get(name))


def read_text(path: Path) -> str:
    """The text of a file that somebody wrote; raises :class:`InputError` if it can't be read as one."""
    label = str(path)
    try:
        if path.is_file() and path.stat().st_size > _MAX_BYTES:
            what = f"has {path.stat().st_size / 1e6:.0f} MB, too much for a scenario"
            raise InputError([Problem(label, 0, 0, "", what, "keep places in files of their own")])
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError([Problem(label, 0, 0, "", "no such file", _near_file(path))]) from None
    except IsADirectoryError:
        raise InputError([Problem(label, 0, 0, "", "is a folder", "give the scenario file")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError([Problem(label, 0, 0, "", f"can't be read: {reason}", "")]) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError([Problem(label, line, 0, "", "is not UTF-8 text", "save it as UTF-8")]) from None


def _near_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    except OSError:
        return ""
    near = nearest(path.name, names)
    return f"did you mean '{path.parent / near}'?" if near else ""

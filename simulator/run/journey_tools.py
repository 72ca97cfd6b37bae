"""What the commands around journeys do: describe an event definition, judge an event, import a journey."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from simulator.core.errors import InputError, Problem, UsageError
from simulator.journeys import Plan, make_plan
from simulator.journeys.importer import import_journey
from simulator.journeys.triggerable import Verdict, check_event, payload_preview
from simulator.run.journeys import check_journeys
from simulator.scenario import LoadedScenario, load_scenario


@dataclass(frozen=True, slots=True)
class EventDescription:
    """What somebody must know to configure an event, and to send it."""

    kind: str
    facts: Sequence[tuple[str, str]]
    fields: Sequence[str]
    preview: dict[str, Any]


def _plan(path: Path) -> tuple[LoadedScenario, Plan]:
    """The journeys of a scenario. Raises InputError where they are wrong, UsageError where there are none."""
    loaded = load_scenario(path)
    if loaded.scenario.journeys is None:
        raise UsageError(f"{path}: the scenario has no journeys; add `journeys:` (docs/journeys.md)")
    problems = [problem for problem in check_journeys(loaded) if not problem.warning]
    if problems:
        raise InputError(problems)
    return loaded, make_plan(loaded.scenario.journeys, loaded.scenario.clock.timezone)[0]


def describe_event(path: Path, name: str) -> EventDescription:
    """The event definition ``name`` of a scenario."""
    _, plan = _plan(path)
    definition = plan.definitions.get(name)
    if definition is None:
        known = ", ".join(plan.definitions) or "none"
        raise UsageError(f"{path}: no event definition {name!r}; there are {known}")
    model = plan.model.events[name]
    used = sorted(
        {
            ".".join(reference.path)
            for expression in definition.parts
            if expression is not None
            for reference in expression.references
            if reference.kind == "event"
        }
    )
    facts = [("namespace", definition.namespace), ("key", definition.parts[1].text)]
    if model.event_id is not None:
        kind, first = "system-generated event", ("event id", model.event_id)
    else:
        kind, first = "rule-based event", ("rule", model.rule or "")
    if model.supplemental is not None:
        facts.append(("supplemental", model.supplemental))
    journeys = ", ".join(journey.name for journey in plan.listeners.get(name, ()))
    facts.append(("journeys", journeys or "none"))
    return EventDescription(
        kind, [first, *facts], model.fields or used, payload_preview(definition, model.fields)
    )


def judge_event(event: Path, scenario: Path) -> list[Verdict]:
    """Whether an event in a file would start a journey of a scenario, by event definition."""
    document = _json(event)
    loaded, plan = _plan(scenario)
    now = loaded.scenario.clock.calendar.utc(0)
    return check_event(plan, document, now)


def imported_journey(path: Path) -> str:
    """The `journeys:` section for a journey of the read API, as YAML with notes on top."""
    document = _json(path)
    if not isinstance(document, dict):
        raise InputError(
            [Problem(str(path), 1, 1, "", "is no JSON object", "expected a journey of the read API")]
        )
    try:
        imported = import_journey(document)
    except ValueError as error:
        raise InputError([Problem(str(path), 1, 1, "", str(error), "")]) from None
    yaml = YAML()
    yaml.width = 110
    text = io.StringIO()
    yaml.dump({"journeys": imported.section}, text)
    notes = "".join(f"# - {note}\n" for note in imported.notes)
    return (f"# Look at these before you run it:\n{notes}" if notes else "") + text.getvalue()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            [Problem(str(path), 0, 0, "", f"can't be read ({error.strerror or error})", "")]
        ) from None
    except UnicodeDecodeError:
        raise InputError([Problem(str(path), 0, 0, "", "is no UTF-8 text", "")]) from None
    except json.JSONDecodeError as error:
        raise InputError(
            [Problem(str(path), error.lineno, error.colno, "", f"is no JSON: {error.msg}", "")]
        ) from None

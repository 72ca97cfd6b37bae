"""docs/xdm.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson

from simulator.xdm import EVENT_TYPES, EventValidator, field_paths

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "xdm.md").read_text()


def test_the_example_of_a_template_runs_and_makes_a_valid_event() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)

    assert EventValidator().violations(orjson.loads(names["body"])) == []


def test_the_numbers_on_the_page_are_counted() -> None:
    assert f"({len(list(field_paths())):,} paths)" in PAGE
    assert f"all {len(EVENT_TYPES)} types" in PAGE


def test_every_type_that_is_built_is_on_the_page() -> None:
    for event_type in ("location.entry", "location.exit", "application.launch", "application.close"):
        assert f"`{event_type}`" in PAGE.partition("## Names")[0]

"""Exports of journey step events as evidence: what a product says that repeats itself and spells as it likes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.checks import Happening, read_record, read_step_events
from simulator.checks.happenings import NobodyKnown
from simulator.core.errors import UsageError
from tests.checks.records import write_run


def step(node: str, at: str = "11:05:00", instance: str = "i-1", **fields: Any) -> dict[str, Any]:
    events = {"instanceID": instance, "journeyVersionName": "j", "profileID": "x", "nodeName": node, **fields}
    return {
        "timestamp": f"2026-03-02T{at}Z",
        "_experience": {"journeyOrchestration": {"stepEvents": {"stepStatus": "transitions", **events}}},
    }


def read(tmp_path: Path, *events: dict[str, Any]) -> Sequence[Happening]:
    record = read_record(write_run(tmp_path / "run", summary={"simulated_seconds": 7200.0}))
    return read_step_events(map(orjson.dumps, events), "export", record, NobodyKnown())[-1]


def kinds(rows: Sequence[Happening]) -> list[tuple[str, str]]:
    return [(one.kind, one.step) for one in rows if one.kind != "step"]


def test_rows_that_a_product_wrote_twice_count_once(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        step("in", "11:05:01", entrance=True),
        step("start", nodeType="start"),
        step("in", "11:05:01", entrance=True),
        step("mail", "11:06:00", actionName="Mail"),
        step("mail", "11:06:02", actionName="Mail"),
        step("mail", "11:06:03", instance="i-2", actionName="Mail"),
    )
    assert kinds(rows) == [
        ("entered", "start"),
        *[("message", "mail"), ("received", "mail")] * 2,
    ]


def test_an_action_without_an_error_was_executed_whatever_comes_after_it(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        step("mail", actionName="Mail", stepStatus="endStep"),
        step("hook", actionName="Hook", stepStatus="error", actionExecutionError="http"),
        step("late", actionName="Late", stepStatus="timedOut"),
    )
    assert [one.action for one in rows if one.kind == "message"] == ["Mail"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"3", "is no JSON object"),
        (b"[{}]", "is no JSON object"),
        (b"{", "is not JSON"),
        (orjson.dumps(step("in") | {"timestamp": "noon"}), "noon"),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: bytes, what: str) -> None:
    record = read_record(write_run(tmp_path / "run", summary={"simulated_seconds": 7200.0}))
    with pytest.raises(UsageError, match=rf"--step-events export:2: .*{what}"):
        read_step_events([b"{}", line], "export", record, NobodyKnown())


def test_ends_have_the_reason_that_an_export_knows(tmp_path: Path) -> None:
    def end(instance: str, **fields: Any) -> dict[str, Any]:
        return step("last", instance=instance, instanceEnded=True, **fields)

    rows = read(
        tmp_path,
        end("a", stepStatus="endStep"),
        end("b", stepStatus="error"),
        end("c", stepStatus="timedOut"),
        end("d", stepStatus="endStep", exitCriteriaName="bought"),
        end("e", stepStatus="transitions", actionExecutionError="http"),
    )
    reasons = [one.detail["reason"] for one in rows if one.kind == "ended"]
    assert reasons == ["end", "error", "timeout", "exit", "error"]

"""Expectations with their verdicts, as a person reads them in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from simulator.checks import with_unit
from simulator.report.glyphs import Glyphs, count, duration, plural, share
from simulator.report.printing import Lines
from simulator.report.sections import BAD, GOOD, LABEL, WARN, heading, wrapped

Verdict = Mapping[str, Any]


def failed(verdict: Verdict) -> bool:
    """Whether an expectation makes the run fail."""
    return not verdict.get("ok") and verdict.get("severity", "error") == "error"


def undelivered(summary: Mapping[str, Any]) -> list[str]:
    """What did not arrive, as the exit code sees it, in words; empty if everything did."""
    missing = []
    if pending := summary.get("pending"):
        missing.append(f"{plural(pending, 'event')} could not be delivered")
    # Refused events are a failure unless the scenario says how many may be.
    expected = any(verdict.get("metric") == "rejected" for verdict in summary.get("expectations") or ())
    if not expected and (rejected := summary.get("rejected")):
        missing.append(f"{plural(rejected, 'event')} {'was' if rejected == 1 else 'were'} rejected")
    steps = summary.get("step_events") or {}
    if late := steps.get("sent", 0) - steps.get("acknowledged", 0):
        missing.append(f"{plural(late, 'step event')} could not be delivered")
    return missing


def label(verdict: Verdict) -> str:
    """What an expectation is called."""
    return str(verdict.get("name") or verdict.get("metric") or "?")


def found_said(verdict: Verdict) -> str:
    """What was found, in words."""
    found, unit, counts = verdict.get("found"), verdict.get("unit"), verdict.get("counts") or {}
    if found is None:
        return "none" if unit == "seconds" else "no number"
    if not counts:
        return f"found {with_unit(found, str(unit or ''))}"
    if unit == "share":
        return f"found {share(counts.get('held', 0), counts.get('of', 0))}"
    return f"found {duration(found)}" if unit == "seconds" else f"found {count(found)}"


def first_example(summary: Mapping[str, Any]) -> str:
    """The first person for whom an expectation does not hold; empty if there is none."""
    for verdict in summary.get("expectations") or ():
        for failure in verdict.get("failures") or () if failed(verdict) else ():
            if failure["examples"]:
                return str(failure["examples"][0])
    return ""


def expectations(summary: Mapping[str, Any], width: int, glyphs: Glyphs) -> Lines:
    """Every expectation with its verdict, and the reason where it doesn't hold."""
    verdicts: Sequence[Verdict] = summary.get("expectations") or ()
    if not verdicts:
        return []
    sign_width = max(len(glyphs.good), len(glyphs.bad))
    expected = [str(verdict.get("expected", "")) for verdict in verdicts]
    found = [found_said(verdict) for verdict in verdicts]
    columns = [max(map(cell_len, texts)) for texts in (expected, found)]
    names = max(10, max(cell_len(label(verdict)) for verdict in verdicts))
    in_columns = sign_width + sum(columns) + names + 7 <= width
    lines = [heading("Expectations")]
    for verdict, bound, what in zip(verdicts, expected, found, strict=True):
        ok = bool(verdict.get("ok"))
        bad = BAD if failed(verdict) else WARN
        sign = glyphs.good if ok else glyphs.bad if failed(verdict) else glyphs.warn
        line = Text("  ").append(f"{sign:<{sign_width}} ", GOOD if ok else bad)
        if in_columns:
            line.append(f"{glyphs.fit(label(verdict), names)}  ")
        else:
            line.append(f"{label(verdict)}  ")
        if in_columns or line.cell_len + cell_len(bound) + cell_len(what) + 2 <= width:
            line.append(f"{glyphs.fit(bound, columns[0]) if in_columns else bound}  ", LABEL)
            line.append(what, "" if ok else bad)
            lines.append(line)
        else:
            lines += [line, *wrapped(f"{bound}: {what}", width, " " * (sign_width + 5), LABEL if ok else bad)]
        reason = str(verdict.get("reason") or "")
        if reason and not reason.startswith("found "):
            lines += wrapped(reason, width, " " * (sign_width + 5), LABEL)
        if advice := str(verdict.get("advice") or ""):
            lines += wrapped(advice, width, " " * (sign_width + 5))
    return lines

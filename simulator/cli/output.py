"""How commands print: documents, consoles, and what went wrong for those who don't see a summary."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from simulator.cli.complaints import complain, nobody_reads, plural
from simulator.core.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.run import RunResult


def say_what_went_wrong(result: RunResult) -> None:
    """One line for each reason of an exit code other than 0, for those who don't see the summary."""
    summary = result.summary
    lines = []
    if summary["interrupted"]:
        lines.append("interrupted")
    if summary["aborted"]:
        lines.append(f"ended early: {summary['aborted']}")
    if summary["failure"]:
        lines.append(summary["failure"])
    reasons = {entry["reason"]: entry["events"] for entry in summary["reasons"]}
    why = f": {max(reasons, key=lambda reason: reasons[reason])}" if reasons else ""
    if summary["pending"]:
        kept = f"; they are in {summary['undelivered_file']}" if summary["undelivered_file"] else ""
        lines.append(f"{plural(summary['pending'], 'event')} could not be delivered{why}{kept}")
    elif summary["rejected"] and result.exit_code is ExitCode.NOT_DELIVERED:
        lines.append(f"{plural(summary['rejected'], 'event')} rejected{why}")
    if (steps := summary.get("step_events")) and steps["reason"]:
        missing = steps["sent"] - steps["acknowledged"]
        lines.append(f"{plural(missing, 'step event')} could not be delivered: {steps['reason']}")
    lines += [
        f"expectation failed: {verdict['name'] or verdict['metric']}: {verdict['reason']}"
        for verdict in summary["expectations"]
        if not verdict["ok"] and verdict["severity"] == "error"
    ]
    for line in lines:
        complain(f"journeysim: {line}")


def print_json(document: dict[str, Any], *, err: bool = False) -> None:
    try:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False).encode(), err=err)
    except BrokenPipeError:
        nobody_reads(sys.stderr if err else sys.stdout)


def program_name() -> str:
    """How the user calls the program, for commands to copy."""
    if shutil.which("journeysim"):
        return "journeysim"
    called = Path(sys.argv[0])
    if called.stem != "journeysim":
        return "python -m simulator"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


def console_for(*, stderr: bool = False) -> Console:
    """The terminal to print to. Where nobody reads what is printed, the rest goes nowhere, and that is no fault.

    Standard error may fail in any way: what it does not take changes no exit code.
    """
    from rich.console import Console

    class Forgiving(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True
            nobody_reads(self.file)

        def print(self, *args: Any, **kwargs: Any) -> None:
            try:
                super().print(*args, **kwargs)
            except OSError:
                if not stderr:
                    raise
                self.on_broken_pipe()

    if (sys.stderr if stderr else sys.stdout) is None:  # it was closed before the program began
        return Console(file=io.StringIO(), highlight=False)
    return Forgiving(stderr=stderr, highlight=False)

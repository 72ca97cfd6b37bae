"""How to run, and what a run came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.core.errors import ExitCode


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, as the command line says it.

    ``listen`` is the port of the listener, if the call names one, and ``on_listening`` is told its address.
    With ``call_actions`` the actions with `call: true` call at full speed, too. ``resume`` is the folder of an
    earlier run that was cut off: the run goes on there (and ``out`` is not used).
    """

    out: Path | None = None
    workers: int = 1
    allow_hosts: tuple[str, ...] = ()
    over_limit: bool = False
    resume: Path | None = None
    call_actions: bool = False
    listen: int | None = None
    on_listening: Callable[[str], None] = lambda url: None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to."""

    summary: dict[str, Any]
    exit_code: ExitCode

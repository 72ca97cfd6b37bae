"""Errors that the user sees, and the exit codes they end in.

Exit codes are part of the product (docs/cli.md): 0 good, 1 an expectation failed, 2 the scenario or the
call is wrong, 3 events could not be delivered, 130 interrupted, 70 a fault of the program itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process answers to its caller."""

    OK = 0
    EXPECTATION_FAILED = 1
    BAD_INPUT = 2
    NOT_DELIVERED = 3
    INTERNAL_ERROR = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130  # 128 + SIGINT, as shells report it


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in one place of one input file.

    ``line`` and ``column`` count from 1; 0 means that the place is not known. ``field`` is the dotted path
    of the key (``people.office.size``) or the name of a CSV column. ``what`` says what is wrong and
    ``expected`` what would be right.
    """

    file: str
    line: int
    column: int
    field: str
    what: str
    expected: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        text = f"{place}: "
        if self.field:
            text += f"{self.field}: "
        if self.warning:
            text += "warning: "
        text += self.what
        if self.expected:
            text += f"; {self.expected}"
        return text


class JourneysimError(Exception):
    """Base of every error with a message for the user; never shown with a traceback."""

    exit_code: ExitCode = ExitCode.BAD_INPUT


class InputError(JourneysimError):
    """The scenario, a file it names, or the call is wrong: every problem found, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(JourneysimError):
    """The call is wrong in a way that no input file shows (an option, an unwritable folder)."""


class DeliveryError(JourneysimError):
    """Events could not be delivered."""

    exit_code = ExitCode.NOT_DELIVERED


class WorkerError(JourneysimError):
    """A process that simulates is gone: killed from outside, or by a lack of memory."""

    exit_code = ExitCode.INTERNAL_ERROR


class ConservationError(JourneysimError):
    """The outcomes do not add up to the crossings: a fault of the program, never of the input."""

    exit_code = ExitCode.INTERNAL_ERROR

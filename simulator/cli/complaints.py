"""What goes wrong on the command line, as the user sees it: a message and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import IO, NoReturn, ParamSpec

import rich_click as click

from simulator import __version__
from simulator.core import interruption
from simulator.core.errors import ExitCode, InputError, JourneysimError, Problem

P = ParamSpec("P")


def complain(message: str) -> None:
    """A line on standard error. Where that can't be written, the exit code alone says what happened."""
    try:
        click.echo(message, err=True)
    except OSError:
        nobody_reads(sys.stderr)


def _fail(message: str, code: ExitCode) -> NoReturn:
    complain(message)
    sys.exit(code)


def user_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Turn every error into a message and an exit code; a traceback is never shown."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        interruption.listen()
        try:
            command(*args, **kwargs)
        except InputError as error:
            show_problems(error.problems)
            count = sum(not problem.warning for problem in error.problems)
            _fail(f"{plural(count, 'mistake')} found.", error.exit_code)
        except JourneysimError as error:
            _fail(f"journeysim: {error}", error.exit_code)
        except KeyboardInterrupt:
            _interrupted()
        except BrokenPipeError:
            # What the reader of our output did not want is not a fault.
            nobody_reads(sys.stdout)
            sys.exit(ExitCode.OK)
        except (click.ClickException, click.Abort):
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _fail(f"journeysim: {where}{error.strerror or error}", ExitCode.NOT_DELIVERED)
        except Exception as error:
            if interruption.asked():  # it may come in disguise
                _interrupted()
            _fail(_internal_error(error), ExitCode.INTERNAL_ERROR)

    return wrapped


def nobody_reads(stream: IO[str]) -> None:
    """The reader of ``stream`` has gone: what is still to be written goes nowhere, at the end of the program, too."""
    with suppress(OSError, ValueError):  # a stream of a program that calls this one may be no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _interrupted() -> NoReturn:
    interruption.answered()
    _fail("journeysim: interrupted", ExitCode.INTERRUPTED)


def show_problems(problems: Sequence[Problem]) -> None:
    """Problems on standard error, with files as they are called from here."""
    here = f"{Path.cwd()}/"
    for problem in problems:
        complain(str(problem).replace(here, ""))


def plural(count: int, one: str) -> str:
    """``1 place``, ``2 places``."""
    return f"{count:,} {one if count == 1 else one + 's'}"


def _internal_error(error: Exception) -> str:
    """Keep the traceback in a file and say where."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="journeysim-fault-", suffix=".txt", delete=False, encoding="utf-8"
    ) as report:
        report.write(f"journeysim {__version__}, Python {sys.version}\n{sys.argv}\n\n")
        report.write("".join(traceback.format_exception(error)))
    return (
        f"journeysim: a fault of the program itself ({type(error).__name__}: {error}).\n"
        f"Please report it with this file: {report.name}"
    )

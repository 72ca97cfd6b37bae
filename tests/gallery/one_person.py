"""``python -m tests.gallery.one_person`` keeps today's events and explanations of one_person.yaml as the expected ones.

A change of the events is a change of the event stream: it belongs into the change log.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from simulator.cli.output import program_name
from tests.cli.program import SCENARIOS, call

GOLDEN = Path(__file__).with_name("golden")
RUN = "runs/one"
NAMES = ("one_person.ndjson", "one_person.explain.txt")


def made() -> dict[str, str]:
    """The event stream and what ``explain`` says, by the names of their files; runs in the current folder."""
    run = call("run", SCENARIOS / "one_person.yaml", "--to", "file:events.ndjson", "--out", RUN, "--quiet")
    assert run.exit_code == 0, run.output
    calls = [[], ["--person", "walker/0"], ["--place", "Cafe"]]
    told = "".join(
        f"$ journeysim explain {RUN} {' '.join(options)}".rstrip()
        + f"\n{call('explain', RUN, *options).stdout.replace(program_name(), 'journeysim')}"
        for options in calls
    )
    return dict(zip(NAMES, (Path("events.ndjson").read_text(encoding="utf-8"), told), strict=True))


def main() -> None:
    """Keep what comes out now."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, text in made().items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
            print(GOLDEN / name)


if __name__ == "__main__":
    main()

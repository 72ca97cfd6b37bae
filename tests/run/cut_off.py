"""Runs that are killed again and again, and gone on with, against a receiver with every known fault.

As a script, for longer than a test may take: ``python -m tests.run.cut_off --kills 100``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.program import PROGRAM, environment
from tests.delivery.misbehaving import Behaviour, Cut, Hang, MisbehavingServer, Reply, Request, good
from tests.run.running import run_to_file
from tests.run.scenarios import town

# Of 100 requests so many meet this; all others are answered well.
FAULTS: tuple[tuple[int, Behaviour], ...] = (
    (6, Reply(429)),
    (6, Reply(503)),
    (3, Reply(502, takes=True)),
    (3, Cut()),
    (4, Cut(takes=True)),  # the answer is lost
    (1, Hang()),
)
SETTINGS = ("destination.timeout=300 ms", "destination.connections=4", "destination.give_up_after=20 s")


@dataclass
class Course:
    """What came of it."""

    kills: int = 0
    parts: int = 0
    code: int = -1
    folder: Path = Path()
    sent_again: list[int] = field(default_factory=list)


def faulty(seed: int, seconds: float) -> MisbehavingServer:
    """A receiver with faults; each request takes it ``seconds``."""
    dice = random.Random(seed)

    def script(request: Request) -> Behaviour:
        time.sleep(seconds)
        thrown = dice.randrange(100)
        for share, behaviour in FAULTS:
            if thrown < share:
                return behaviour
            thrown -= share
        return good(request)

    return MisbehavingServer(script)


def children_of(pid: int) -> list[int]:
    """The processes that ``pid`` has begun and that run, oldest first (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def cut_off(
    folder: Path,
    to: Sequence[str],
    kills: int,
    *,
    people: int,
    batch_size: int,
    seed: int,
    longest: float,
    workers: int = 1,
    number: signal.Signals = signal.SIGKILL,
) -> Course:
    """Run, kill after a random time, go on, kill, ... ``kills`` times, then go on to the end.

    With several ``workers`` every other kill is of one of the processes that send.
    """
    dice = random.Random(seed)
    town(folder)
    course = Course(folder=folder / "record")
    given = [f"--set={setting}" for setting in (*SETTINGS, f"destination.batch_size={batch_size}")]
    given += [part for address in to for part in ("--to", address)]
    begin = ["run", "town.yaml", "--people", str(people), "--out", "record", "--quiet", *given]
    resume = ["run", "--resume", "record", "--quiet"]
    several = ["--workers", str(workers)]
    while course.code != 0 and course.parts < kills + 30:
        again = (course.folder / "scenario.yaml").exists()
        if not again and course.folder.exists():
            course.folder.rmdir()
        process = subprocess.Popen(
            [*PROGRAM, *(resume if again else begin), *several],
            cwd=folder,
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        course.parts += 1
        if course.kills < kills:
            try:
                process.wait(dice.uniform(0.0, longest))
            except subprocess.TimeoutExpired:
                victims = [process.pid]
                if workers > 1 and course.kills % 2:
                    victims = children_of(process.pid)[:workers] or victims  # senders are begun first
                os.kill(dice.choice(victims), number)
                course.kills += 1
        _, said = process.communicate(timeout=600)
        course.code = process.returncode
        assert course.code in (0, 3, 130, -number), said
        if course.code == 0 and course.kills < kills:
            break
    return course


def main() -> None:
    """Do it for long, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.run.cut_off", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--people", type=int, default=1500)
    parser.add_argument("--batch-size", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--endpoints", type=int, default=1, help="several at once")
    parser.add_argument(
        "--file", action="store_true", help="and a file, which must be that of an undisturbed run"
    )
    arguments = parser.parse_args()
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        servers = [
            opened.enter_context(faulty(arguments.seed + number, 0.004))
            for number in range(arguments.endpoints)
        ]
        file = folder / "events.ndjson"
        course = cut_off(
            folder,
            [*(server.url for server in servers), *([f"file:{file}"] if arguments.file else [])],
            arguments.kills,
            people=arguments.people,
            batch_size=arguments.batch_size,
            seed=arguments.seed,
            longest=2.5,
            workers=arguments.workers,
        )
        (folder / "undisturbed").mkdir()
        undisturbed = run_to_file(
            town(folder / "undisturbed"), folder / "undisturbed" / "it", people=arguments.people
        )
        expected = {event["_id"] for event in undisturbed.events}
        for server in servers:
            twice = sum(server.taken.values()) - len(server.taken)
            print(
                f"{course.kills} kills, {course.parts} parts, {len(server.requests):,} requests: "
                f"{len(expected):,} events expected, {len(server.taken):,} taken, {twice:,} of them more than once; "
                f"last exit code {course.code}"
            )
            if set(server.taken) != expected or course.code != 0:
                sys.exit("not the events of an undisturbed run")
        if arguments.file and file.read_bytes().splitlines() != undisturbed.bodies:
            sys.exit("the file is not that of an undisturbed run")


if __name__ == "__main__":
    main()

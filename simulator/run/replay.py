"""Sending recorded events again, as they are or with new times."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import orjson

from simulator.core.errors import ExitCode, InputError, Problem, UsageError
from simulator.delivery import (
    Batch,
    Destination,
    Fate,
    Receipt,
    UndeliveredWriter,
    make_destination,
    read_events,
    target_of,
)
from simulator.run.folder import SCENARIO_FILE
from simulator.run.guard import guard_target, leaves_this_machine
from simulator.run.interrupts import interrupts
from simulator.run.retiming import Retiming
from simulator.scenario import Destination as DestinationSpec
from simulator.scenario import Option, load_scenario

HAND_OVER = 2000
TOP_REASONS = 10


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the events of a file.

    ``undelivered`` is the file with those that are pending, if there are any; ``damage`` says where the file
    could not be read on. ``sent`` counts all events of the file, also those that an interruption kept back.
    """

    sent: int
    acknowledged: int
    rejected: int
    pending: int
    reasons: list[tuple[str, int]]
    undelivered: Path | None = None
    damage: tuple[Problem, ...] = ()
    interrupted: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """3 unless the whole file was acknowledged, 130 after an interruption."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        whole = self.acknowledged == self.sent and not self.damage
        return ExitCode.OK if whole else ExitCode.NOT_DELIVERED


def replay_file(
    file: Path,
    to: str,
    *,
    scenario: Path | None = None,
    overrides: Sequence[str] = (),
    allow_hosts: Sequence[str] = (),
    retiming: Retiming | None = None,
) -> Replayed:
    """Send the events of ``file`` (one JSON document per line; .gz and .zst too) to the destination ``to``.

    How to talk to it is taken from ``scenario``, by default from the ``scenario.yaml`` of the run that left
    ``file`` behind, with ``overrides``; where there is none, the defaults of ``destination`` hold. What can't
    be delivered is written to ``FILE.undelivered.ndjson``. ``retiming`` changes times and ids. Raises
    UsageError or InputError where the destination or the file can't be used; a file that is damaged further on
    is sent up to there.
    """
    if to == "receiver":
        raise UsageError(
            "--to receiver: the embedded receiver lives in a run; start `journeysim serve` and name its URL"
        )
    settings, allowed = _settings(file, to, scenario, overrides)
    try:
        target = target_of(settings)
        guard_target(target, (*allowed, *allow_hosts))
        destination = make_destination(settings, limited=leaves_this_machine(target))
    except UsageError as error:
        raise UsageError(f"--to: {error}") from error
    damage: list[Problem] = []
    events = _whole_events(file, damage)
    first = list(islice(events, 1))  # a file that can't be read must not touch the destination
    if damage and not first:
        raise InputError(damage)
    return asyncio.run(_replay(chain(first, events), damage, file, destination, retiming or Retiming()))


def _settings(
    file: Path, to: str, scenario: Path | None, overrides: Sequence[str]
) -> tuple[DestinationSpec, Sequence[str]]:
    """How to talk to the destination, and the hosts that the scenario allows."""
    if scenario is None and (beside := file.with_name(SCENARIO_FILE)).is_file():
        scenario = beside
    if scenario is not None:
        given: list[str | Option] = [*overrides, Option("--to", "destination.to", to)]
        loaded = load_scenario(scenario, overrides=given).scenario
        return loaded.destination, loaded.allow_hosts
    if overrides:
        raise UsageError("--set: settings are those of a scenario; name one with --scenario")
    return DestinationSpec(to=to), ()


def _whole_events(file: Path, damage: list[Problem]) -> Iterator[bytes]:
    """The events of ``file`` up to the first line that is none."""
    for number, line in enumerate(read_events(file, damage.append), start=1):
        try:
            event = isinstance(orjson.loads(line), dict)
        except orjson.JSONDecodeError:
            event = False
        if not event:
            damage.append(
                Problem(
                    str(file),
                    0,
                    0,
                    "",
                    f"event {number:,} is no JSON object",
                    "expected one XDM event on each line",
                )
            )
            return
        yield line


async def _replay(
    events: Iterator[bytes], damage: list[Problem], file: Path, destination: Destination, retiming: Retiming
) -> Replayed:
    fates = np.zeros(len(Fate), dtype=np.int64)
    reasons: Counter[str] = Counter()
    sent = 0
    undelivered = UndeliveredWriter(file.with_name(file.name + ".undelivered.ndjson"))
    stop = asyncio.Event()
    await destination.open()
    try:
        with interrupts(stop, destination):
            async for bodies in retiming.apply(events, HAND_OVER, stop):
                batch = Batch(bodies, sent)
                if stop.is_set():
                    receipt = Receipt.of(len(bodies), Fate.PENDING, "interrupted before they were sent")
                else:
                    receipt = await destination.send(batch)
                undelivered.write_pending(batch, receipt)
                sent += len(bodies)
                fates += np.bincount(receipt.fates, minlength=len(Fate))
                reasons.update(receipt.reasons.values())
    finally:
        await destination.close()
        undelivered.close()
    return Replayed(
        sent=sent,
        acknowledged=int(fates[Fate.ACKNOWLEDGED]),
        rejected=int(fates[Fate.REJECTED]),
        pending=int(fates[Fate.PENDING]),
        reasons=reasons.most_common(TOP_REASONS),
        undelivered=undelivered.path if undelivered.count else None,
        damage=tuple(damage),
        interrupted=stop.is_set(),
    )

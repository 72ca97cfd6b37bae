"""What a run remembers of its delivery: at which destination each event arrived, in this part of it or an earlier one.

Destinations that begin anew (files, the embedded receiver) are not remembered: a resumed run gives them all events
again, and the others what they have not got. Each destination is remembered by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from simulator import __version__
from simulator.core.errors import UsageError
from simulator.delivery import Batch, Destination, FanOut, Fate, Indices, Receipt, combined, target_of
from simulator.run.delivery_log import (
    DeliveryLog,
    Known,
    Past,
    Remembered,
    State,
    States,
    read_delivery_log,
)
from simulator.run.folder import RunFolder
from simulator.scenario import Scenario

Mask = npt.NDArray[np.bool_]

# What a destination that stands for itself is called, as in the scenario.
_ALONE = ""
# Forms of destinations that a resumed run makes anew.
_BEGIN_ANEW = ("receiver", "file")
_REFUSED = "refused in an earlier part of this run"
_FATE_OF_STATE = np.full(256, Fate.PENDING, dtype=np.uint8)
_FATE_OF_STATE[State.ACKNOWLEDGED] = Fate.ACKNOWLEDGED
_FATE_OF_STATE[State.REJECTED] = Fate.REJECTED


@dataclass(slots=True)
class Counts:
    """Of the events of one destination, or of the run: what earlier parts had settled, and what was in doubt."""

    delivered_before: int = 0
    sent_again: int = 0

    def document(self) -> dict[str, int]:
        """As the summary has them."""
        return {"delivered_before": self.delivered_before, "sent_again": self.sent_again}


@dataclass(frozen=True, slots=True)
class Share:
    """Which events of a batch (by index) a destination takes, and what is known of each there."""

    takes: Indices
    states: States
    remembered: bool

    @property
    def settled(self) -> Mask:
        """Which of them it need not get."""
        return self.states >= State.ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is known of the events of a batch, by destination."""

    count: int
    shares: Mapping[str, Share]

    @property
    def fresh(self) -> Mask:
        """Which events somebody is to get: those that a destination lacks, and those that none takes."""
        wanted = np.ones(self.count, dtype=np.bool_)
        for share in self.shares.values():
            wanted[share.takes] = False
        for share in self.shares.values():
            wanted[share.takes[~share.settled]] = True
        return wanted

    @property
    def settled(self) -> Mask:
        """Which events only destinations that begin anew are to get, if any: the others have them."""
        settled = np.zeros(self.count, dtype=np.bool_)
        for share in self.shares.values():
            if share.remembered:
                settled[share.takes] = True
        for share in self.shares.values():
            if share.remembered:
                settled[share.takes[~share.settled]] = False
        return settled


class Memory:
    """Recalls what earlier parts of a run delivered, and writes down what this one does."""

    def __init__(
        self,
        destination: Destination,
        log: DeliveryLog | None = None,
        numbers: Mapping[str, int] | None = None,
        known: Mapping[str, Known] | None = None,
    ) -> None:
        """``numbers`` are the places in ``log`` of the destinations that are remembered, by name."""
        self._several = destination if isinstance(destination, FanOut) else None
        self._log = log
        self._numbers = dict(numbers or {})
        self._known = dict(known or {})
        self.ends = max((known.ends for known in self._known.values()), default=0)
        """From this number on nothing is known of any event."""
        self.whole = Counts()
        """Of events of the run, wherever they go."""
        names = [_ALONE] if self._several is None else [member.name for member in self._several.members]
        self.at = {name: Counts() for name in names if name in self._numbers}
        """By name, for destinations that are remembered."""

    def close(self) -> None:
        """Write everything out, to the disk."""
        if self._log is not None:
            self._log.close()

    def document(self, name: str) -> dict[str, int | bool]:
        """What the summary of a resumed run says of one destination."""
        return {**self.at.get(name, Counts()).document(), "made_anew": name not in self.at}

    def recall(self, batch: Batch) -> Recalled:
        """What is known of the events of a batch."""
        count = len(batch)
        several = self._several
        shares = {}
        for name, indices in (
            {_ALONE: np.arange(count)} if several is None else several.shares(batch)
        ).items():
            states = np.zeros(len(indices), dtype=np.uint8)
            if (known := self._known.get(name)) is not None and batch.first_number < known.ends:
                states = known.of(batch.first_number, count)[indices]
            shares[name] = Share(indices, states, name in self._numbers)
        return Recalled(count, shares)

    def count(self, recalled: Recalled, sent: Mask) -> None:
        """Count what was settled before, and what is sent in doubt; ``sent`` are the events that somebody gets now."""
        if not self._known:
            return
        doubt = np.zeros(recalled.count, dtype=np.bool_)
        for name, counts in self.at.items():
            share = recalled.shares[name]
            doubtful = (share.states == State.HANDED_OVER) & sent[share.takes]
            doubt[share.takes[doubtful]] = True
            counts.delivered_before += int(share.settled.sum())
            counts.sent_again += int(doubtful.sum())
        self.whole.delivered_before += int(recalled.settled.sum())
        self.whole.sent_again += int(doubt.sum())

    def listening(self, batch: Batch, recalled: Recalled, sent: Mask) -> Batch:
        """The batch with those events of ``batch`` that are ``sent``, for each destination what it lacks, and with
        an ear for what becomes of them."""
        indices = np.flatnonzero(sent)
        whole = len(indices) == len(batch)
        picked = batch if whole else batch.pick(indices)
        if self._several is not None:
            place = np.cumsum(sent) - 1
            shares = {name: place[_to_send(share, sent)] for name, share in recalled.shares.items()}
            picked = replace(picked, shares=shares)
        log, first = self._log, batch.first_number
        if log is None:
            return picked
        numbers = self._numbers

        def settled_at(name: str, settled: Sequence[int], fate: Fate) -> None:
            if (number := numbers.get(name)) is not None:
                log.settled(first, settled if whole else indices[list(settled)].tolist(), fate, number)

        def settled(those: Sequence[int], fate: Fate) -> None:
            settled_at(_ALONE, those, fate)

        return replace(picked, on_settled=settled, on_settled_at=settled_at)

    def handed_over(self, batch: Batch, recalled: Recalled, sent: Mask) -> None:
        """Write down that destinations get what is ``sent``; on record before this returns."""
        if self._log is None:
            return
        for name, number in self._numbers.items():
            if (share := recalled.shares.get(name)) is not None:
                self._log.handed_over(batch.first_number + _to_send(share, sent), number)
        self._log.flush()

    def answered(self, batch: Batch, recalled: Recalled, sent: Mask, found: Receipt) -> None:
        """Write down what became of what was ``sent``; the receipt is about that alone."""
        if self._log is None:
            return
        for name, number in self._numbers.items():
            if (share := recalled.shares.get(name)) is None:
                continue
            part = self._at(name, found)
            events = _to_send(share, sent)
            # What may have arrived in an earlier part may have done so whatever became of it in this one.
            before = share.states[~share.settled & sent[share.takes]] == State.HANDED_OVER
            doubtful = {*part.doubtful, *np.flatnonzero(before & (part.fates == Fate.PENDING)).tolist()}
            self._log.receipt(batch.first_number + events, replace(part, doubtful=doubtful), number)

    def receipt(
        self,
        recalled: Recalled,
        sent: Mask,
        found: Receipt | None,
        *,
        why: str = "",
        not_due: Mask | None = None,
    ) -> Receipt:
        """What became of a whole batch: ``found`` is about what was ``sent``.

        Other events have the fate that they had, or are pending, which ``why`` explains, or were ``not_due``.
        """
        if (
            found is not None
            and sent.all()
            and not any(share.settled.any() for share in recalled.shares.values())
        ):
            return found
        parts = {
            name: self._part(name, share, sent, found, why, not_due)
            for name, share in recalled.shares.items()
        }
        whole = combined(recalled.count, parts)
        if self._several is None:
            whole.parts = {}
        if not_due is not None:
            whole.fates[not_due] = Fate.NOT_DUE
            for index in np.flatnonzero(not_due).tolist():
                whole.reasons.pop(index, None)
        return whole

    def _at(self, name: str, found: Receipt) -> Receipt:
        """What became of events at one destination."""
        return found if self._several is None else found.parts[name][1]

    def _part(
        self, name: str, share: Share, sent: Mask, found: Receipt | None, why: str, not_due: Mask | None
    ) -> tuple[Indices, Receipt]:
        """What became of the events of a batch at one destination."""
        fates = _FATE_OF_STATE[share.states]
        settled = share.settled
        receipt = Receipt(fates)
        receipt.reasons.update(dict.fromkeys(np.flatnonzero(fates == Fate.REJECTED).tolist(), _REFUSED))
        if why:
            receipt.reasons.update(dict.fromkeys(np.flatnonzero(~settled & ~sent[share.takes]).tolist(), why))
        if found is not None:
            part = self._at(name, found)
            at = np.flatnonzero(~settled & sent[share.takes])
            fates[at] = part.fates
            receipt.reasons.update({int(at[index]): reason for index, reason in part.reasons.items()})
            receipt.doubtful.update(at[sorted(part.doubtful)].tolist())
        if not_due is None or not (gone := not_due[share.takes] & ~settled).any():
            return share.takes, receipt
        return share.takes[~gone], _without(receipt, gone)


def _to_send(share: Share, sent: Mask) -> Indices:
    """The events of a destination that it gets when those are ``sent``, by index in the whole batch."""
    return share.takes[~share.settled & sent[share.takes]]


def _without(receipt: Receipt, gone: Mask) -> Receipt:
    """A receipt about fewer events."""
    place = np.cumsum(~gone) - 1
    return Receipt(
        receipt.fates[~gone],
        {int(place[index]): reason for index, reason in receipt.reasons.items() if not gone[index]},
        {int(place[index]) for index in receipt.doubtful if not gone[index]},
    )


def past_of(scenario: Scenario, folder: RunFolder) -> Past:
    """What is known of the run in ``folder``.

    Raises UsageError where that is of other events, or of other destinations.
    """
    now = _remembered(scenario)
    past = read_delivery_log(folder.delivery_log, _identity(folder)) if now else Past()
    _recognised(now, past, folder)
    return past


def open_memory(destination: Destination, scenario: Scenario, folder: RunFolder, past: Past) -> Memory:
    """Begin to remember what is delivered, or go on with it, where destinations do not begin anew."""
    now = _remembered(scenario)
    if not now:
        return Memory(destination)
    places = _recognised(now, past, folder)
    known = {name: past.known[at] for name, at in places.items()}
    logged = list(past.destinations)
    for one in now:
        if one.name not in places:
            places[one.name] = len(logged)
            logged.append(one)
    return Memory(destination, DeliveryLog(folder.delivery_log, _identity(folder), logged), places, known)


def _remembered(scenario: Scenario) -> list[Remembered]:
    """The destinations that don't begin anew."""
    targets = {name: target_of(spec) for name, spec in scenario.all_destinations().items()}
    return [Remembered(name, found.shown) for name, found in targets.items() if found.form not in _BEGIN_ANEW]


def _identity(folder: RunFolder) -> dict[str, object]:
    """Whose events a delivery log is about."""
    digest = hashlib.blake2b(folder.scenario.read_bytes(), digest_size=16).hexdigest()
    return {"journeysim_version": __version__, "scenario": digest}


def _recognised(now: Sequence[Remembered], past: Past, folder: RunFolder) -> dict[str, int]:
    """Which destinations of an earlier part those of this one are, as places in its log; new ones are left out.

    An address tells, or else a name; an only one may have moved. Raises UsageError where none is known, so that no
    endpoint gets everything again by mistake.
    """
    before = past.destinations
    found: dict[str, int] = {}
    for same in (
        lambda a, b: a == b,
        lambda a, b: a.address == b.address,
        lambda a, b: a.name == b.name,
        lambda a, b: len(now) == len(before) == 1,
    ):
        for one in now:
            free = [at for at, other in enumerate(before) if at not in found.values() and same(one, other)]
            if one.name not in found and free:
                found[one.name] = free[0]
    if now and before and not found:
        were = ", ".join(f"{one.name} ({one.address})" for one in before)
        are = ", ".join(f"{one.name} ({one.address})" if one.name else one.address for one in now)
        raise UsageError(
            f"--resume {folder.path}: it sent to {were}; {are} is none of them, by name or by address, and would get "
            "all events; name the destinations as they were"
        )
    return found

"""Expectations about people: whom they are about, for how many they hold, and why not for the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.checks.binomial import share_interval
from simulator.checks.evidence import Evidence
from simulator.checks.happenings import Happening
from simulator.checks.names import is_called
from simulator.checks.reasons import SENDING, Reason, Target, first_reason, received, why_sent
from simulator.checks.verdict import Failure, Verdict, bounds_hold, bounds_said
from simulator.checks.wording import percent, said_of, said_share
from simulator.core.simtime import to_ms
from simulator.journeys import time_fits
from simulator.ledger import SYSTEMS
from simulator.scenario.models import Expectation, Who

EXAMPLES = 3
REASONS = 8
# So many people's reasons are looked for, where it is not needed to know all of them.
LOOKED_INTO = 5_000
NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Subject:
    """A person whom an expectation is about, from when on, and the crossing that makes them so."""

    person: int
    at: int
    row: np.void | None = None


def judge(expectation: Expectation, evidence: Evidence) -> Verdict:
    """The verdict on an expectation about people."""
    who = expectation.who or Who()
    subjects = list(subjects_of(who, expectation.of, evidence))
    held, undecided, failed = 0, 0, []
    excused: Counter[str] = Counter()
    for subject in subjects:
        until = NEVER
        if expectation.within is not None:
            until = subject.at + to_ms(expectation.within) + evidence.patience
        state = _state(expectation, evidence, subject, until)
        if state is True:
            held += 1
        elif state is None:
            undecided += 1
        else:
            failed.append((subject, min(until, evidence.end)))
    counted = _only_counted(expectation)
    looked = failed if expectation.excuse else failed[: 0 if counted else LOOKED_INTO]
    reasons: list[tuple[int, Reason]] = []
    for subject, until in looked:
        reason = _reason(expectation, evidence, subject, until)
        if reason.excused_by(expectation.excuse):
            excused[reason.code] += 1
        else:
            reasons.append((subject.person, reason))
    missed = len(failed) - sum(excused.values())
    counts: dict[str, float] = {"of": held + missed, "held": held}
    counts |= {"excused": sum(excused.values())} if excused else {}
    counts |= {"undecided": undecided} if undecided else {}
    failures = _failures(evidence, reasons)
    of_phones = 0 if expectation.excuse else sum(reason.of_phone for _, reason in reasons)
    return _verdict(expectation, counts, failures, excused, of_phones)


def _only_counted(expectation: Expectation) -> bool:
    """Whether nobody is expected to do it, so that it needs no reason why somebody doesn't."""
    at_most = (expectation.equals, expectation.at_least, expectation.at_most)
    return at_most[0] == 0 or (at_most[0] is None and at_most[1] is None and at_most[2] is not None)


def _state(expectation: Expectation, evidence: Evidence, subject: Subject, until: int) -> bool | None:
    """Whether it holds for a person; None if the run ended before that can be said."""
    mine = [one for one in evidence.happenings.get(subject.person, ()) if subject.at <= one.at <= until]
    over = until == NEVER or until <= evidence.end
    if expectation.nothing is not None:
        return (not any(_is_something(one, expectation.nothing) for one in mine)) and (True if over else None)
    target = target_of(expectation)
    met = next((one for one in mine if target.met_by(one)), None)
    if met is None:
        return False if over else None
    if expectation.before is None:
        return True
    other = Target(target.kind, expectation.before)
    return not any(other.met_by(one) and one.at < met.at for one in mine)


def _is_something(one: Happening, kind: str) -> bool:
    return one.kind in SENDING if kind == "sent" else received(one)


def target_of(expectation: Expectation) -> Target:
    """What is to happen."""
    if expectation.enters is not None:
        return Target("entered", expectation.enters)
    if expectation.sent is not None:
        return Target("sent", expectation.sent)
    if expectation.opens is not None:
        return Target("opened", expectation.opens)
    return Target("received", expectation.receives)


def _reason(expectation: Expectation, evidence: Evidence, subject: Subject, until: int) -> Reason:
    person = subject.person
    mine = [one for one in evidence.happenings.get(person, ()) if subject.at <= one.at <= until]
    if expectation.nothing is not None:
        one = next(one for one in mine if _is_something(one, expectation.nothing))
        return Reason(f"got {one.action}", why_sent(evidence, person, one))
    target = target_of(expectation)
    if expectation.before is not None and any(target.met_by(one) for one in mine):
        return Reason("order", f"{expectation.before} came first")
    return first_reason(evidence, person, target, subject.at, until, subject.row)


def _failures(evidence: Evidence, reasons: Sequence[tuple[int, Reason]]) -> tuple[Failure, ...]:
    by_code: dict[str, list[tuple[int, Reason]]] = defaultdict(list)
    for person, reason in reasons:
        by_code[reason.code].append((person, reason))
    ranked = sorted(by_code.items(), key=lambda item: -len(item[1]))
    return tuple(
        Failure(
            code,
            len(found),
            tuple(evidence.name(person) for person, _ in found[:EXAMPLES]),
            found[0][1].said,
        )
        for code, found in ranked[:REASONS]
    )


def _verdict(
    expectation: Expectation,
    counts: dict[str, float],
    failures: tuple[Failure, ...],
    excused: Counter[str],
    of_phones: int,
) -> Verdict:
    held, people = int(counts["held"]), int(counts["of"])
    found: float = held
    unit, note = "people", ""
    if expectation.share is not None:
        share = expectation.share
        found, unit = (held / people if people else 0.0), "share"
        low, high = share_interval(held, people, share.confidence)
        if share.about is not None:
            counts |= {"low": low, "high": high}
        ok = (share.about is None or low <= share.about <= high) and bounds_hold(
            None, share.at_least, share.at_most, found
        )
        expected = said_share(share)
        note = f"{held:,} of {people:,}"
        if share.about is not None:
            note += f"; the true share lies between {percent(low)} and {percent(high)}"
    elif expectation.has_bound:
        limits = expectation.equals, expectation.at_least, expectation.at_most
        ok, expected = bounds_hold(*limits, held), f"{bounds_said(*limits)} people"
    else:
        ok, expected = held == people, f"all {people:,}" if people else "all"
    if not people:
        ok = False
        why = f"; excused: {_listed(excused)}" if excused else ""
        undecided = "; for others the run ended too early" if counts.get("undecided") else ""
        note = f"there is nobody{' left' if excused else ''} whom it is about{why}{undecided}"
    elif not ok and failures:
        first = failures[0]
        note = f"{first.examples[0]}: {first.said}"
        if people - held > 1:
            note += f" [{first.people:,} of {people - held:,} for this reason]"
    advise = not ok and of_phones and not expectation.has_bound and expectation.share is None
    if ok and excused:
        note = "; ".join(part for part in (note, f"excused: {_listed(excused)}") if part)
    return Verdict(
        said_of(expectation),
        expected,
        found,
        ok,
        note,
        expectation.name,
        expectation.severity,
        unit,
        counts,
        () if ok else failures,
        _lost_on_phones(of_phones, people - held) if advise else "",
    )


def _lost_on_phones(lost: int, missed: int) -> str:
    """What to do about those whom no journey could reach."""
    who = "this person was" if missed == 1 else f"{lost:,} of {missed:,} were"
    return f"{who} lost on the phone, which no journey can help: `excuse: [phone]` leaves them out"


def _listed(excused: Counter[str]) -> str:
    return ", ".join(f"{number:,} {code}" for code, number in excused.most_common())


# --- whom it is about -------------------------------------------------------------------------------------


def subjects_of(who: Who, of: str, evidence: Evidence) -> Iterator[Subject]:
    """The people whom an expectation is about, in the order of their numbers."""
    for subject in _occasions(who, of, evidence, _named(who, evidence)):
        person, people = subject.person, evidence.people
        if not all(people.member(person, audience) for audience in who.in_audience):
            continue
        if any(people.member(person, audience) for audience in who.not_in_audience):
            continue
        wanted = who.attributes.items()
        if all(_text(people.attribute(person, path.split("."))) == value for path, value in wanted):
            yield subject


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _named(who: Who, evidence: Evidence) -> npt.NDArray[np.bool_]:
    """Which people are named, and have the phone."""
    chosen = np.full(evidence.size, not who.people)
    for group, first, size in evidence.record.ledger.header["groups"]:
        for name in who.people:
            wanted, slash, index = name.partition("/")
            if wanted == group and not slash:
                chosen[first : first + size] = True
            elif wanted == group and index.isdecimal() and int(index) < size:
                chosen[first + int(index)] = True
    phones = evidence.record.ledger.people
    if who.phone is not None and phones is not None:
        chosen &= phones["system"] == SYSTEMS.index(who.phone)
    return chosen


def _occasions(who: Who, of: str, evidence: Evidence, chosen: npt.NDArray[np.bool_]) -> Iterator[Subject]:
    if who.visits:
        yield from _visits(who, of, evidence, chosen)
        return
    target = None
    if who.enters is not None:
        target = Target("entered", who.enters)
    elif who.sent is not None:
        target = Target("sent", who.sent)
    for person in np.flatnonzero(chosen).tolist():
        if target is None:
            yield Subject(person, 0)
            continue
        mine = evidence.happenings.get(person, ())
        first = next((one for one in mine if target.met_by(one)), None)
        if first is not None:
            yield Subject(person, first.at)


def _visits(who: Who, of: str, evidence: Evidence, chosen: npt.NDArray[np.bool_]) -> Iterator[Subject]:
    """Each person's first visit that fits."""
    places = evidence.record.ledger.header["places"]
    wanted = [
        number
        for number, (id, name) in enumerate(places)
        if any(pattern == id or is_called(name, pattern) for pattern in who.visits)
    ]
    rows = evidence.record.ledger.rows
    rows = rows[np.isin(rows["place"], wanted) & chosen[rows["person"]]]
    rows = rows[np.lexsort((rows["crossed"], rows["place"], rows["person"]))]
    left = np.full(len(rows), -1, dtype=np.int64)
    if len(rows) > 1:
        same = (rows["person"][1:] == rows["person"][:-1]) & (rows["place"][1:] == rows["place"][:-1])
        pair = same & (rows["entry"][:-1] == 1) & (rows["entry"][1:] == 0)
        left[:-1][pair] = rows["crossed"][1:][pair]
    stayed = np.where(left >= 0, left, evidence.end) - rows["crossed"]
    fits = rows["entry"] == 1
    if who.stays is not None:
        fits &= stayed >= to_ms(who.stays)
    if who.leaves_within is not None:
        fits &= (left >= 0) & (stayed <= to_ms(who.leaves_within))
    rows = rows[fits]
    rows = rows[np.lexsort((rows["crossed"], rows["person"]))]
    done = -1
    column = {"crossing": "crossed", "event": "sent", "acknowledged": "acknowledged"}[of]
    for row in rows:
        person, crossed = int(row["person"]), int(row["crossed"])
        if person == done:
            continue
        if who.between is not None and not time_fits(who.between, evidence.record.calendar.local(crossed)):
            continue
        done = person
        at = int(row[column])
        yield Subject(person, at if at >= 0 else crossed, row)

"""Names in expectations that the scenario does not have: found before the run, not after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from simulator.checks.reasons import CALL_STATUS, OWN_REASONS, PHONE
from simulator.journeys import Discard
from simulator.ledger import Outcome
from simulator.scenario.models import Expectation, Scenario, Who

Key = tuple[str | int, ...]


def unknown_names(expectation: Expectation, scenario: Scenario) -> Iterator[tuple[Key, str]]:
    """The names that nothing in the scenario has: where in the expectation, and what is wrong."""
    journeys = scenario.journeys
    known_journeys = journeys.journeys if journeys else {}
    known_actions = journeys.actions if journeys else {}
    who, latency = expectation.who or Who(), expectation.latency
    used: list[tuple[Key, str, str | None, Iterable[str]]] = [
        (("enters",), "journey", expectation.enters, known_journeys),
        (("sent",), "action", expectation.sent, known_actions),
        (("receives",), "action", expectation.receives, known_actions),
        (("opens",), "action", expectation.opens, known_actions),
        (("before",), "action", expectation.before, known_actions),
        (("who", "enters"), "journey", who.enters, known_journeys),
        (("who", "sent"), "action", who.sent, known_actions),
    ]
    if latency is not None:
        used.append((("latency", "action"), "action", latency.action, known_actions))
        used.append((("latency", "journey"), "journey", latency.journey, known_journeys))
    audiences = journeys.audiences if journeys else {}
    for key in ("in_audience", "not_in_audience"):
        names = getattr(who, key)
        used += [(("who", key, at), "audience", name, audiences) for at, name in enumerate(names)]
    used += [
        (("who", "people", at), "group", name.partition("/")[0], scenario.people)
        for at, name in enumerate(who.people)
    ]
    reasons = (PHONE, *OWN_REASONS, *(one.label for one in Outcome if one), *(str(one) for one in Discard))
    used += [(("excuse", at), "reason", name, reasons) for at, name in enumerate(expectation.excuse)]
    for path, noun, wanted, known in used:
        if noun == "reason" and CALL_STATUS.fullmatch(str(wanted)):
            continue
        if wanted is not None and wanted not in known:
            yield path, _unknown(noun, wanted, list(known))
    if who.attributes and journeys is None:
        yield ("who", "attributes"), "are known only in a scenario with journeys"


def is_called(name: str, pattern: str) -> bool:
    """Whether a place has a name; `*` stands for any text, and nothing else does."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def _unknown(noun: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"unknown {noun} {name!r}; did you mean {near[0]!r}?"
    there = f"expected {', '.join(known[:12])}" if known else f"the scenario has no {noun}s"
    return f"unknown {noun} {name!r}; {there}"

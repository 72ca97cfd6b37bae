"""The glossary: one name for one thing."""

from __future__ import annotations

import re
from pathlib import Path

from simulator.ledger import Outcome

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
ENTRY = re.compile(r"- \*\*(.+?)\*\* – (.+\.)")


def entries() -> dict[str, str]:
    lines = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    matches = [ENTRY.fullmatch(line) for line in lines]
    assert None not in matches, [line for line, match in zip(lines, matches, strict=True) if match is None]
    found = {match[1]: match[2] for match in matches if match}
    assert len(found) == len(lines)
    return found


def test_terms_are_in_alphabetical_order() -> None:
    terms = [re.sub(r"[^a-z ]", "", term.lower()) for term in entries()]

    assert terms == sorted(terms)


def test_every_outcome_of_a_crossing_is_explained() -> None:
    labels = {outcome.label.replace("_", " ").capitalize() for outcome in Outcome} - {"Open"}

    assert labels <= set(entries())


def test_an_entry_is_a_sentence_or_two() -> None:
    assert {term: text for term, text in entries().items() if len(text) > 240} == {}

"""The location cases of the vendor's documentation, as scenarios of the gallery, in both dialects."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from simulator.run import RunOptions, prepare, run

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def messages(folder: Path, name: str, *overrides: str) -> tuple[int, dict[int, list[str]]]:
    """The exit code of a run, and what each person was sent."""
    prepared = prepare(SCENARIOS / f"{name}.yaml", overrides=overrides)
    code = run(prepared, RunOptions(out=folder / "run")).exit_code
    sent: dict[int, list[str]] = defaultdict(list)
    for line in (folder / "run" / "journeys.ndjson").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "message":
            sent[row["person"]].append(row["detail"]["action"])
    return code, dict(sent)


@pytest.mark.parametrize(("dialect", "twice"), [("jo", 2), ("ajo", 1)])
def test_the_spa_sends_each_guest_what_the_dialect_gives_them(
    tmp_path: Path, dialect: str, twice: int
) -> None:
    numbers = () if dialect == "ajo" else ("expect.5.equals=0", "expect.6.equals=5")
    code, sent = messages(tmp_path, "spa_beacon", f"journeys.dialect={dialect}", *numbers)
    assert code == 0
    woman, again, later = 0, 1, 2
    assert {person: len(mails) for person, mails in sent.items()} == {woman: 1, again: twice, later: 2}


@pytest.mark.parametrize("dialect", ["jo", "ajo"])
def test_the_hotel_sends_each_guest_what_is_meant_for_them(tmp_path: Path, dialect: str) -> None:
    code, sent = messages(tmp_path, "hotel_welcome", f"journeys.dialect={dialect}")
    assert code == 0
    stranger, member, diner, resident = 1, 2, 3, 4
    assert sent == {
        stranger: ["Membership"],
        member: ["RoomRates"],
        diner: ["Welcome", "MealDiscount"],
        resident: ["Welcome"],
    }

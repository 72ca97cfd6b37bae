"""Scripted people and journeys: the message comes back to the one who waits for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.run import RunOptions, prepare, run

SCENARIO = """
version: 1
name: waits_for_the_coupon
description: One person walks into a cafe and opens the coupon; another one is no member and waits in vain.
clock: {{start: 2026-03-02T09:00, timezone: Europe/Berlin, duration: 3 h}}
places:
  - library: Cafes
    inline: [{{name: Cafe, id: cafe, at: [52.52, 13.405], radius: 100 m}}]
people:
  member: &visitor
    size: 1
    home: {{around: {{at: [52.53, 13.405], radius: 1 m}}}}
    phone: {{conditions: ideal, monitoring: ideal}}
    attributes: {{loyalty.member: {{true: 1}}}}
    script:
      - {{at: "09:30", enter: Cafe}}
      - {{after: {{receives: Coupon, within: 1 h, otherwise: stop}}, react: {react}}}
      - {{go_to: home}}
  stranger:
    <<: *visitor
    attributes: {{loyalty.member: {{false: 1}}}}
app: {{id: com.example.cafes, name: Cafes, push: {{opened: 100 %}}}}
journeys:
  events: {{Entry: {{rule: '@event{{Entry.eventType}} == "location.entry"'}}}}
  audiences: {{Members: {{when: '#{{Profile.attributes.loyalty.member}}'}}}}
  actions: {{Coupon: {{channel: push, title: Welcome}}}}
  journeys:
    coupon:
      steps:
        enter: {{event: Entry}}
        stay: {{wait: 5 min}}
        member: {{condition: {{yes: {{when: 'inAudience("Members")', next: coupon}}}}}}
        coupon: {{action: Coupon}}
"""


def outcome(tmp_path: Path, react: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO.format(react=react), encoding="utf-8")
    summary = run(prepare(file), RunOptions(out=tmp_path / "run")).summary
    lines = (tmp_path / "run" / "journeys.ndjson").read_text(encoding="utf-8").splitlines()
    return summary, [json.loads(line) for line in lines]


def test_the_member_gets_the_coupon_and_opens_it_and_the_stranger_waits_in_vain(tmp_path: Path) -> None:
    summary, rows = outcome(tmp_path, "open")
    assert [(row["kind"], row["person"]) for row in rows if row["kind"] in ("received", "opened")] == [
        ("received", 0),
        ("opened", 0),
    ]
    assert summary["waits_in_vain"] == 1
    assert summary["events"]["pushTracking.applicationOpened"] == 1
    assert summary["journeys"]["coupon"]["ended"] == {"end": 1, "no_path": 1}


def test_the_script_goes_on_when_the_message_is_there(tmp_path: Path) -> None:
    _, rows = outcome(tmp_path, "open")
    received, opened = (row["at"] for row in rows if row["kind"] in ("received", "opened"))
    assert opened == received


@pytest.mark.parametrize(("react", "events"), [("dismiss", 1), ("Order", 1)])
def test_other_reactions_are_tracked_as_actions(tmp_path: Path, react: str, events: int) -> None:
    summary, _ = outcome(tmp_path, react)
    assert summary["events"]["pushTracking.customAction"] == events


def test_who_reacts_without_having_waited_reacts_to_the_message_received_last(tmp_path: Path) -> None:
    awaited = "{receives: Coupon, within: 1 h, otherwise: stop}"
    file = tmp_path / "scenario.yaml"
    text = SCENARIO.format(react="open").replace(awaited, "30 min")
    file.write_text(text, encoding="utf-8")
    run(prepare(file), RunOptions(out=tmp_path / "run"))
    rows = [json.loads(line) for line in (tmp_path / "run" / "journeys.ndjson").read_text().splitlines()]
    assert [(row["kind"], row["person"]) for row in rows if row["kind"] in ("received", "opened")] == [
        ("received", 0),
        ("opened", 0),
    ]


@pytest.mark.parametrize(
    ("awaited", "warnings"),
    [
        ("Coupon", []),
        (
            "Coupn",
            ["no action of the journeys is called 'Coupn', so nobody receives it; did you mean 'Coupon'?"],
        ),
        ("Letter", ["'Letter' is no push message; only those reach the phone"]),
    ],
)
def test_waiting_for_what_nobody_sends_is_warned_of(
    tmp_path: Path, awaited: str, warnings: list[str]
) -> None:
    text = SCENARIO.format(react="open").replace("receives: Coupon", f"receives: {awaited}")
    text = text.replace("title: Welcome}", "title: Welcome}, Letter: {channel: email, title: Welcome}")
    file = tmp_path / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    told = [warning for warning in prepare(file).warnings if "script" in warning.field]
    assert {warning.field for warning in told} <= {
        "people.member.script.1.after.receives",
        "people.stranger.script.1.after.receives",
    }
    assert sorted({f"{warning.what}; {warning.expected}" for warning in told}) == warnings

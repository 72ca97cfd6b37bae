"""Small scenarios in which everything goes wrong that can: for properties that hold all the same."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.run.random_scenarios import scenarios

PERMISSIONS = ["always", "while_in_use", "approximate", "denied"]
SPELLS = ["offline", "airplane_mode", "switched_off", "restart", "battery_saver"]
# Codes that are tried again, that drop the hit, and success without a body (mobile_sdk.md 4.4).
CODES = [204, 400, 404, 429, 500, 503, 507]


def some(*names: str) -> st.SearchStrategy[dict[str, int]]:
    """Weights of at least one of ``names``."""
    return st.dictionaries(st.sampled_from(names), st.integers(1, 5), min_size=1)


def shares(often: float) -> st.SearchStrategy[float]:
    return st.sampled_from([0.0, often / 4, often])


@st.composite
def lengths(draw: st.DrawFn, longest_s: int) -> Any:
    first, second = sorted((draw(st.integers(0, longest_s)), draw(st.integers(1, longest_s))))
    return draw(st.sampled_from([f"{second} s", {"uniform": [f"{first} s", f"{second} s"]}]))


@st.composite
def conditions(draw: st.DrawFn) -> Any:
    """`ideal`, `typical`, or far worse than typical."""
    if draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(["ideal", "typical"]))
    said: dict[str, Any] = {"others": draw(st.sampled_from(["typical", "never"]))}
    for name in draw(st.lists(st.sampled_from(SPELLS), unique=True)):
        said[name] = {"per_day": draw(st.floats(0.0, 40.0)), "length": draw(lengths(4 * 3600))}
    said |= {"force_quit": draw(shares(0.5)), "crash": draw(shares(0.5))}
    said |= {"update": draw(shares(3.0)), "reinstall": draw(shares(3.0))}
    if draw(st.booleans()):
        said["permission"] = {"per_day": draw(shares(8.0)), "to": draw(some(*PERMISSIONS))}
    if draw(st.booleans()):
        said["clock"] = {"sd": "2 min", "wrong": 0.3, "wrong_zone": 0.2}
    return said


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Any]:
    """Changes to one system: few regions, slow, with many mistakes."""
    return {
        "nearby_count": draw(st.integers(1, 6)),
        "detection_delay": draw(lengths(900)),
        "foreground_delay": draw(lengths(60)),
        "persistence": draw(st.sampled_from(["0 s", "20 s"])),
        "false_triggers": draw(shares(1.0)),
        "initial_trigger": draw(st.booleans()),
        "woken_after_force_quit": draw(st.booleans()),
        "regions_survive_restart": draw(st.booleans()),
        "background_run_time": draw(st.sampled_from(["0 s", "10 s", "10 min"])),
        "doze_share": draw(shares(1.0)),
        "doze_delay": draw(lengths(7200)),
    }


@st.composite
def phones(draw: st.DrawFn) -> dict[str, Any]:
    mix: dict[str, Any] = {
        "os": draw(some("ios", "android")),
        "monitoring": draw(st.sampled_from(["os", "os", "ideal"])),
        "conditions": draw(conditions()),
    }
    if mix["monitoring"] == "os":
        mix["permission"] = draw(some(*PERMISSIONS) | st.just({"always": 1}))
        mix["os_profile"] = {"ios": draw(profiles()), "android": draw(profiles())}
    return mix


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    faults = st.fixed_dictionaries(
        {
            "at": st.integers(0, 23).map(lambda hour: f"{hour:02}:00"),
            "length": lengths(6 * 3600).filter(lambda length: isinstance(length, str)),
            "answer": st.sampled_from([*CODES, "lost", "unreachable"]),
            "share": st.sampled_from([0.5, 1.0]),
        }
    )
    answers = [
        {"code": code, "share": draw(st.sampled_from([0.05, 0.2]))}
        for code in draw(st.lists(st.sampled_from(CODES), unique=True, max_size=3))
    ]
    return {
        "latency": draw(st.sampled_from(["0 s", "300 ms", {"uniform": ["10 ms", "9 s"]}])),
        "lost_answers": draw(shares(0.4)),
        "answers": answers,
        "faults": draw(st.lists(faults, max_size=2)),
        "late_after": draw(st.sampled_from(["0 s", "1 min"])),
    }


@st.composite
def hard_scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """A scenario with real phones, a bad network and places without signal, as a document."""
    document = draw(scenarios())
    for group in document["people"].values():
        group["phone"] = draw(phones())
    for place in document["places"][0]["inline"]:
        if draw(st.integers(0, 3)) == 0:
            place["dead_zone"] = True
    document["network"] = draw(networks())
    return document

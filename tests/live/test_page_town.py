"""The page before a made-up town: where people are drawn, how it looks, and that it keeps up with a crowd."""

# ruff: noqa: E501
from __future__ import annotations

import json
import random
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from simulator.live.assets import page_assets
from tests.live.browser import LAPTOP, PROJECTOR, Visit, browsing, visiting
from tests.live.town import Town, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    with serving(Town(400)) as url:
        yield url


@pytest.fixture(scope="module")
def visit(town: str) -> Iterator[Visit]:
    with visiting(town) as made:
        yield made


def module(visit: Visit, name: str, body: str, argument: Any = None) -> Any:
    """What a piece of script says that has the module ``m`` and ``arg``."""
    script = f"async (arg) => {{ const m = await import('/page/{name}'); {body} }}"
    return visit.page.evaluate(script, argument)


def where(legs: list[list[float]], t: float) -> tuple[float, float]:
    """The definition: between two legs a person stands at the end of the first, before all at the beginning."""
    at = (legs[0][1], legs[0][2])
    for t0, lat0, lon0, t1, lat1, lon1 in legs:
        if t >= t1:
            at = (lat1, lon1)
        elif t >= t0:
            part = (t - t0) / (t1 - t0)
            at = (lat0 + part * (lat1 - lat0), lon0 + part * (lon1 - lon0))
    return at


def test_people_are_where_their_legs_say_at_any_moment_in_any_order(visit: Visit) -> None:
    draw = random.Random(4)
    for _ in range(20):
        times = sorted(draw.sample(range(100_000), 2 * draw.randint(1, 12)))
        spots = [(draw.uniform(-80, 80), draw.uniform(-179, 179)) for _ in range(len(times) // 2 + 1)]
        legs = [
            [t0, *spots[i], t1, *spots[i + 1]]
            for i, (t0, t1) in enumerate(zip(times[::2], times[1::2], strict=True))
        ]
        asked = [draw.randrange(-1000, 101_000) for _ in range(60)] + times
        draw.shuffle(asked)
        found = module(
            visit,
            "motion.js",
            "const one = new m.Motion([[0, 0]]); one.put(0, arg.legs.flat());"
            "return arg.asked.map(t => { one.seek(t); return [one.lat[0], one.lon[0]]; });",
            {"legs": legs, "asked": asked},
        )
        for t, at in zip(asked, found, strict=True):
            assert at == pytest.approx(where(legs, t), abs=1e-9)


def test_plans_that_are_cut_are_forgotten_from_then_on(visit: Visit) -> None:
    found = module(
        visit,
        "motion.js",
        """const one = new m.Motion([[0, 0]]);
        one.put(0, [0, 0, 0, 100, 10, 10, 200, 10, 10, 300, 20, 20]);
        one.put(0, [250, 50, 50, 250, 60, 60], 250);
        const at = t => { one.seek(t); return one.lat[0]; };
        const first = [50, 225, 249, 250, 1000].map(at);
        one.put(0, [], 100);
        return [first, [50, 100, 5000].map(at)];""",
    )
    assert found[0] == pytest.approx([5, 30, 49.2, 60, 60], abs=0.5)
    assert found[1] == pytest.approx([5, 10, 10])


def test_the_clock_runs_smoothly_never_back_and_never_ahead_without_news(visit: Visit) -> None:
    shown = module(
        visit,
        "virtual_clock.js",
        """let wall = 0; const clock = new m.VirtualClock(() => wall); const shown = [];
        for (; wall < 20000; wall += 16) {
          // Half the speed that was asked for: the run cannot keep up. After 15 s there is no more news.
          if (wall % 256 === 0 && wall < 15000) clock.hear({at: wall * 30, speed: 60, paused: false});
          shown.push(clock.now());
        }
        return shown;""",
    )
    steps = [b - a for a, b in pairwise(shown)]
    assert min(steps) >= 0
    assert shown[-1] <= 14_848 * 30 + 750 * 31
    later = steps[400:900]
    assert max(later) < 4 * (sum(later) / len(later))


def test_paused_time_stands_still_and_wound_back_time_goes_back(visit: Visit) -> None:
    found = module(
        visit,
        "virtual_clock.js",
        """let wall = 0; const clock = new m.VirtualClock(() => wall);
        clock.hear({at: 9000000, speed: 60, paused: true}); const first = clock.now(); wall += 700;
        const second = clock.now(); clock.hear({at: 1000, speed: 60, paused: true});
        return [first, second, clock.now()];""",
    )
    assert found == [9_000_000, 9_000_000, 1000]


def test_every_step_of_a_journey_has_its_place_whatever_the_edges(visit: Visit) -> None:
    draw = random.Random(9)
    sizes = {"width": 160, "height": 34, "gap": 20, "between": 20, "stub": 60}
    for _ in range(40):
        names = [f"s{i}" for i in range(draw.randint(1, 9))]
        edges = [
            {"from": draw.choice(names), "to": draw.choice([*names, None]), "label": ""}
            for _ in range(draw.randint(0, 16))
        ]
        steps = [{"name": name, "kind": "wait", "label": ""} for name in names]
        plan = module(
            visit,
            "graph.js",
            "const plan = m.arrange(arg.journey, arg.sizes);"
            "return {width: plan.width, height: plan.height, nodes: [...plan.nodes].map(([n, p]) => [n, p.x, p.y]), lines: plan.lines.length};",
            {"journey": {"steps": steps, "edges": edges, "first": "s0"}, "sizes": sizes},
        )
        assert sorted(name for name, _, _ in plan["nodes"]) == sorted(names)
        assert plan["lines"] == sum(edge["to"] is not None for edge in edges)
        for i, (_, x, y) in enumerate(plan["nodes"]):
            assert 80 <= x <= plan["width"] - 80 and 17 <= y <= plan["height"] - 17
            for _, other_x, other_y in plan["nodes"][i + 1 :]:
                assert abs(x - other_x) >= 160 or abs(y - other_y) >= 34


def test_the_curl_command_is_one_word_per_argument_whatever_is_in_the_event(visit: Visit) -> None:
    inlet = {"url": "http://127.0.0.1:1/c", "headers": {"X": "it's"}, "prefix": '{"a":', "suffix": "}"}
    xdm = {"name": "L'Orangerie; $(reboot) `x` \\ \n"}
    command = module(visit, "feed.js", "return m.curl(arg.inlet, arg.xdm);", {"inlet": inlet, "xdm": xdm})
    words = shlex.split(command)
    assert words[:3] == ["curl", "-sS", "http://127.0.0.1:1/c"]
    assert words[words.index("-H") + 1] == "X: it's"
    assert json.loads(words[-1]) == {"a": xdm}


@pytest.mark.parametrize("size", [LAPTOP, PROJECTOR], ids=["laptop", "projector"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everything_is_in_sight_and_legible(town: str, size: dict[str, int], theme: str) -> None:
    with visiting(f"{town}?theme={theme}", size) as visit:
        visit.choose("neighbours/3")
        visit.page.wait_for_selector(".events li")
        found = visit.page.evaluate(
            """() => {
              const wrong = [];
              const seen = node => { const box = node.getBoundingClientRect(); return box.width > 0 && box.height > 0; };
              if (document.documentElement.scrollWidth > innerWidth) wrong.push("scrolls sideways");
              for (const node of document.querySelectorAll("#top *, #truths *, #person *, #side .head *")) {
                if (!seen(node) || node.closest("svg, .dark, [popover], option, datalist")) continue;
                const box = node.getBoundingClientRect();
                if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1) wrong.push(`out of sight: ${node.outerHTML.slice(0, 80)}`);
              }
              const tiles = [...document.querySelectorAll("#truths .tile, #truths .gap")].map(node => node.getBoundingClientRect());
              tiles.forEach((box, i) => { if (i && box.left < tiles[i - 1].right - 1) wrong.push(`tiles ${i - 1} and ${i} overlap`); });
              for (const node of document.querySelectorAll("body *")) {
                const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
                if (own && seen(node) && !node.closest("svg, option") && parseFloat(getComputedStyle(node).fontSize) < innerWidth / 136) wrong.push(`tiny: ${node.outerHTML.slice(0, 80)}`);
              }
              return wrong;
            }"""
        )
        assert found == []
        assert visit.page.evaluate("document.documentElement.dataset.theme") == theme


def test_every_control_has_a_name_for_screen_readers(visit: Visit) -> None:
    visit.choose("neighbours/5")
    nameless = visit.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, [role=switch]")]
          .filter(node => !(node.getAttribute("aria-label") || node.textContent.trim() || node.title || node.labels?.length))
          .map(node => node.outerHTML)"""
    )
    assert nameless == []


def test_who_asked_for_less_movement_gets_less(town: str) -> None:
    with visiting(town, reduced_motion="reduce") as visit:
        visit.page.wait_for_selector(".events li")
        for _ in range(20):
            visit.page.wait_for_timeout(100)
            assert visit.page.locator(".flyer, .events li.new, .dots .dot").count() == 0


def test_the_theme_is_kept_for_the_next_visit(town: str) -> None:
    with browsing() as browser:
        context = browser.new_context(color_scheme="light")
        assert Visit(context, town).page.evaluate("document.documentElement.dataset.theme") == "light"
        visit = Visit(context, town)
        visit.page.keyboard.press("t")
        assert Visit(context, town).page.evaluate("document.documentElement.dataset.theme") == "dark"


# --- colours ------------------------------------------------------------------------------------------------------

STYLE = page_assets()["page.css"].path.read_text(encoding="utf-8")
THEMES = {
    "dark": STYLE.partition(":root {")[2].partition("}")[0],
    "light": STYLE.partition(':root[data-theme="light"] {')[2].partition("}")[0],
}


def colours(theme: str) -> dict[str, tuple[float, float, float]]:
    found = re.findall(r"--([a-z-]+): #([0-9a-f]{6});", THEMES[theme])
    return {name: tuple(int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)) for name, code in found}  # type: ignore[misc]


def linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """WCAG 2.2's contrast ratio."""
    light = sorted(
        sum(k * linear(c) for k, c in zip((0.2126, 0.7152, 0.0722), rgb, strict=True)) for rgb in (one, other)
    )
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_and_marks_stand_out_from_what_they_are_on(theme: str) -> None:
    found = colours(theme)
    for text in ("ink", "soft", "accent", "good", "bad", "warn"):
        assert contrast(found[text], found["card"]) >= 4.5, text
    for mark in ("still", "moving", "inside", "offline", "message", "fence"):
        assert contrast(found[mark], found["land"]) >= 3.0, mark
    for tone in ("good", "bad", "warn"):
        assert contrast(found[tone], found[f"{tone}-soft"]) >= 4.5, tone


# Machado, Oliveira and Fernandes 2009, severity 1, on linear light.
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}  # fmt: skip


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_marks_that_matter_differ_for_every_kind_of_colour_vision(theme: str, kind: str) -> None:
    """Shapes differ in any case; colours alone must differ as well."""
    found = colours(theme)

    def seen(name: str) -> list[float]:
        light = [linear(channel) for channel in found[name]]
        return [
            max(0.0, min(1.0, sum(k * c for k, c in zip(row, light, strict=True)))) ** (1 / 2.2)
            for row in BLINDNESS[kind]
        ]

    marks = ("moving", "inside", "message")
    for i, one in enumerate(marks):
        for other in marks[i + 1 :]:
            away = sum((a - b) ** 2 for a, b in zip(seen(one), seen(other), strict=True)) ** 0.5
            assert away > 0.15, (one, other, away)

"""Draws docs/images/live_map.png and live_take_over.png from a real run on the live map. ``make pictures-live``.

Needs Chromium. The first picture waits for a coupon to arrive by itself; for the second somebody loses the network, is
carried into a cafe, and the event waits on the phone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.live.browser import LAPTOP, Visit, visiting
from tests.live.shows import showing

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "scenarios" / "lunch_rush_live.yaml"
IMAGES = ROOT / "docs" / "images"
MOST_KB = 250
SCALE = 0.9
PATIENCE = 120.0  # s


def coupon(visit: Visit) -> None:
    """A town at lunch, and the page follows whoever gets a coupon."""
    page = visit.page
    visit.wait(lambda: page.locator(".phone .toast").count(), "a coupon", PATIENCE)
    visit.wait(
        lambda: page.locator(".step.lit").count() and page.locator(".flyer").count(), "a lit step", PATIENCE
    )


def take_over(visit: Visit) -> None:
    """Somebody without a network is carried into a cafe; the picture is taken before they are put down elsewhere."""
    page = visit.page
    page.keyboard.press("f")
    outside = """(() => {
      const {crowd} = desk.map;
      const free = i => crowd.x[i] > 520 && crowd.x[i] < 780 && crowd.y[i] > 120 && crowd.y[i] < 480
        && crowd.at(crowd.x[i], crowd.y[i]) === i;
      const calm = i => store.state(i).permission === "always" && !store.motion.moving[i];
      return store.marks.findIndex((mark, i) => mark === 0 && calm(i) && free(i));
    })()"""
    person = visit.wait(lambda: (visit.ask(outside) + 1) or None, "somebody outside", PATIENCE) - 1
    visit.choose(visit.ask("store.nameOf(arg)", person))
    page.keyboard.press("c")
    page.wait_for_selector(".phone.offline")
    visit.carry(person, visit.ask("store.places[0].at"))
    visit.wait(lambda: "wait" in page.inner_text(".queue"), "the queue", PATIENCE)
    visit.settled()
    page.mouse.move(*visit.spot(visit.where(person)))
    page.mouse.down()
    page.mouse.move(*visit.spot(visit.ask("store.places[1].at")), steps=10)
    page.wait_for_timeout(700)


def main() -> None:
    """Draw both pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        with showing(SCENARIO, "--speed", "20", "--out", folder, folder=folder) as show:
            for picture, theme, prepare in (
                ("live_map.png", "dark", coupon),
                ("live_take_over.png", "light", take_over),
            ):
                with visiting(f"{show.url}/?theme={theme}", LAPTOP, device_scale_factor=SCALE) as visit:
                    prepare(visit)
                    path = IMAGES / picture
                    visit.page.screenshot(path=path)
                    visit.page.mouse.up()
                size = path.stat().st_size // 1000
                print(f"{path.relative_to(ROOT)}: {size} kB")
                if size > MOST_KB:
                    raise SystemExit(f"more than {MOST_KB} kB")


if __name__ == "__main__":
    main()

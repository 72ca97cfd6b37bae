"""The page in a real browser, before a real run: what a presenter does, and what the room sees."""

from __future__ import annotations

import re
import struct
import subprocess
import threading
import time
import zlib
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from simulator.run import RunOptions, prepare, run
from tests.live.browser import PROJECTOR, visiting
from tests.live.shows import CORNER, SCENARIO, showing, showing_demo

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = SCENARIO.replace("Corner Cafe", "<img src=x onerror=alert(1)>")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# One grey pixel.
TILE = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    + _chunk(b"IEND", b"")
)
pytestmark = pytest.mark.slow


def test_the_page_loads_without_a_complaint_and_asks_nobody_but_this_machine(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show, visiting(show.url) as visit:
        visit.page.keyboard.press("?")
        visit.page.keyboard.press("Escape")
        visit.page.keyboard.press("t")
        visit.page.wait_for_timeout(1500)
        assert visit.complaints == []
        assert visit.asked
        assert visit.abroad == set()


def test_text_of_a_scenario_is_shown_and_never_run(tmp_path: Path) -> None:
    with showing_demo(tmp_path, text=HOSTILE) as show, visiting(show.url) as visit:
        visit.choose("<img")
        visit.wait(
            lambda: "<img src=x onerror=alert(1)>" in visit.page.inner_text("#person h2"),
            "the name of the place",
        )
        visit.choose("guests/0")
        assert visit.page.locator("img[src='x']").count() == 0
        assert visit.complaints == []


def test_people_move(tmp_path: Path) -> None:
    scenario, folder = ROOT / "scenarios" / "lunch_rush.yaml", tmp_path / "run"
    with (
        showing(scenario, "--people", "200", "--speed", "60", "--out", folder, folder=folder) as show,
        visiting(show.url) as visit,
    ):
        visit.wait(lambda: visit.ask("[...store.motion.moving].some(Boolean)"), "somebody on the way")
        before, picture = visit.ask("[...store.motion.lat]"), visit.page.screenshot()
        frames = visit.ask("desk.map.frames")
        visit.page.wait_for_timeout(2000)
        after = visit.ask("[...store.motion.lat]")
        assert visit.ask("desk.map.frames") > frames
        assert sum(a != b for a, b in zip(before, after, strict=True)) >= 3
        assert visit.page.screenshot() != picture
        # Where they are drawn is where the server has them, a moment ago or soon.
        mover = next(i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b)
        visit.page.keyboard.press(" ")
        visit.wait(lambda: visit.ask("store.clock.paused"), "the pause")
        visit.page.wait_for_timeout(500)
        assert visit.where(mover) == pytest.approx(show.get(f"/api/person/{mover}")["at"], abs=2e-4)


def test_a_phone_dragged_into_a_geofence_sends_one_entry_and_the_step_lights_up(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show, visiting(show.url) as visit:
        visit.carry(1, CORNER)
        dropped = time.monotonic()
        visit.page.wait_for_selector("[data-step=enter].lit", timeout=2000)
        assert time.monotonic() - dropped < 2.0
        visit.wait(
            lambda: [row["status"] for row in visit.rows("location.entry")] == ["accepted"], "the entry"
        )
        visit.page.wait_for_selector(".phone .toast", timeout=10_000)
        assert "A coffee on us" in visit.page.inner_text(".phone .toast")
        visit.page.wait_for_timeout(1000)
        entries = visit.rows("location.entry")
        assert [(row["status"], row["person"]) for row in entries] == [("accepted", "1")]
        assert "Corner Cafe" in entries[0]["text"]
        assert visit.complaints == []


def test_tapping_the_message_opens_it_and_the_app_says_so(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show, visiting(show.url) as visit:
        visit.carry(0, CORNER)
        visit.page.wait_for_selector(".phone .toast:not(.opened)", timeout=15_000)
        visit.page.click(".phone .toast")
        visit.page.wait_for_selector(".phone .toast.opened")
        (row,) = visit.wait(lambda: visit.rows("pushTracking.applicationOpened"), "the tracking event")
        assert row["person"] == "0"


def test_pausing_stops_time(tmp_path: Path) -> None:
    with showing_demo(tmp_path, "--speed", "60") as show, visiting(show.url) as visit:
        visit.wait(lambda: visit.ask("store.clock.now() > 2000"), "time going on")
        visit.page.keyboard.press(" ")
        visit.wait(lambda: visit.ask("store.clock.paused"), "the pause")
        visit.page.wait_for_timeout(800)
        shown = visit.page.inner_text("#clock .time"), visit.ask("store.clock.now()")
        visit.page.wait_for_timeout(1500)
        assert (visit.page.inner_text("#clock .time"), visit.ask("store.clock.now()")) == shown
        assert visit.page.inner_text("#clock .pace") == "paused"
        visit.page.click("#controls .round")
        visit.wait(lambda: visit.page.inner_text("#clock .time") != shown[0], "time going on again")


def test_without_network_the_event_waits_and_comes_later_with_its_first_time(tmp_path: Path) -> None:
    with showing_demo(tmp_path, "--speed", "10") as show, visiting(show.url) as visit:
        visit.choose("guests/1")
        visit.page.click(".switch[aria-label=Network]")
        visit.page.wait_for_selector(".phone.offline")
        visit.carry(1, CORNER)
        visit.wait(lambda: "1 event waits" in visit.page.inner_text(".queue"), "the queue")
        crossed = visit.ask("store.clock.now()")
        visit.page.wait_for_timeout(2500)
        assert visit.rows("location.entry") == []
        visit.page.click(".switch[aria-label=Network]")
        visit.wait(
            lambda: [row["status"] for row in visit.rows("location.entry")] == ["accepted"], "the delivery"
        )
        (row,) = visit.rows("location.entry")
        assert "waited" in row["text"]
        visit.page.click(".events li[data-type='location.entry'] .what")
        document = visit.page.inner_text("#document pre")
        epoch = show.get("/api/setup")["clock"]["start_epoch_ms"]
        event = visit.ask("store.numbered.get(arg)", int(row["n"]))
        stamp = event["xdm"]["timestamp"]
        assert stamp in document
        happened = datetime.fromisoformat(stamp).astimezone(UTC).timestamp() * 1000 - epoch
        # It happened when the phone was put down, a moment before the page said so, and left with the network back.
        assert crossed - 20_000 < happened <= crossed
        assert event["t"] - happened > 15_000


def test_with_shift_a_person_walks_to_where_they_were_put_down(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show, visiting(show.url) as visit:
        home, scale = visit.where(0), visit.ask("desk.map.view.scale")
        visit.page.keyboard.down("Shift")
        visit.carry(0, CORNER)
        visit.page.keyboard.up("Shift")
        visit.wait(lambda: visit.ask("store.motion.moving[0]") == 1, "somebody on the way")
        visit.page.wait_for_timeout(1500)
        assert visit.ask("desk.map.view.scale") == scale
        here = visit.where(0)
        assert here != home
        assert here[0] > CORNER[0] + 0.02
        visit.page.keyboard.press("Shift+N")
        visit.wait(lambda: [row["person"] for row in visit.rows("location.entry")] == ["0"], "the entry", 30)


def test_a_phone_without_power_notices_nothing(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show, visiting(show.url) as visit:
        visit.choose("guests/0")
        visit.page.keyboard.press("p")
        visit.page.wait_for_selector(".phone.off")
        visit.carry(0, CORNER)
        visit.wait(lambda: visit.ask("store.state(0).inside.length") == 1, "the person inside")
        visit.page.wait_for_timeout(1500)
        assert visit.rows("location.entry") == []


def test_everything_of_a_take_over_can_be_done_with_the_keyboard(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show, visiting(show.url) as visit:
        keys = visit.page.keyboard
        visit.choose("guests/0")
        visit.page.wait_for_selector("#person .phone")
        keys.press("m")
        x, y = visit.spot(visit.where(0))
        to_x, to_y = visit.spot(CORNER)  # lifting moves nothing
        for key, steps in (("Right", round((to_x - x) / 12)), ("Down", round((to_y - y) / 12))):
            for _ in range(abs(steps)):
                keys.press(f"Arrow{key}" if steps > 0 else {"Right": "ArrowLeft", "Down": "ArrowUp"}[key])
        keys.press("Enter")
        visit.wait(lambda: visit.ask("store.state(0).taken"), "the take-over")
        moved = visit.where(0)
        assert abs(visit.spot(moved)[0] - to_x) < 12 and abs(visit.spot(moved)[1] - to_y) < 12
        keys.press("c")
        visit.page.wait_for_selector(".phone.offline")
        keys.press("c")
        visit.page.wait_for_selector(".phone:not(.offline)")
        keys.press(".")
        visit.wait(lambda: visit.ask("store.clock.speed") == 2, "the next speed")
        keys.press("j")
        assert "wide" in visit.page.get_attribute("body", "class").split()
        keys.press("Escape")
        keys.press("?")
        assert visit.page.locator("#help").is_visible()


def test_a_newcomer_sees_a_coupon_arrive_within_thirty_seconds_without_touching_anything(
    tmp_path: Path,
) -> None:
    made = subprocess.run(["make", "-n", "demo-live"], cwd=ROOT, capture_output=True, text=True, check=True)
    (command,) = (line.split() for line in made.stdout.splitlines() if "journeysim live" in line)
    arguments = [ROOT / one if one.endswith(".yaml") else one for one in command[command.index("live") + 1 :]]
    folder = tmp_path / "run"
    with showing(*arguments, "--out", folder, folder=folder) as show:
        opened = time.monotonic()
        with visiting(show.url) as visit:
            visit.wait(lambda: visit.page.locator(".phone .toast").count(), "a coupon", 30)
            assert time.monotonic() - opened < 30
            assert visit.page.locator(".step.mine").count() > 0 or visit.wait(
                lambda: visit.page.locator(".step.mine").count(), "the way of who got it"
            )


def test_tiles_come_from_where_the_option_says_and_from_nowhere_else(tmp_path: Path) -> None:
    asked: list[str] = []

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.end_headers()
            self.wfile.write(TILE)

        def log_message(self, *_: object) -> None:
            """Not on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Tiles) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        template = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
        with showing_demo(tmp_path, "--tiles", template) as show, visiting(show.url) as visit:
            visit.wait(lambda: visit.page.locator(".leaflet-tile-loaded").count() > 3, "tiles")
            assert all(re.fullmatch(r"/\d+/\d+/\d+\.png", path) for path in asked)
            assert visit.complaints == []
        server.shutdown()


def test_a_run_is_watched_again_without_being_changed(tmp_path: Path) -> None:
    scenario, folder = ROOT / "scenarios" / "corner_cafe.yaml", tmp_path / "run"
    run(prepare(scenario), RunOptions(out=folder))
    with showing("--replay", folder, "--speed", "600", folder=folder) as show, visiting(show.url) as visit:
        (entry, *_) = visit.wait(lambda: visit.rows("location.entry"), "an entry", 30)
        assert entry["status"] == "accepted"
        person = int(entry["person"])
        visit.choose(visit.ask("store.nameOf(arg)", person))
        assert visit.page.locator(".switch[aria-label=Network]").is_disabled()
        assert visit.page.locator(".bring").count() == 0
        visit.carry(person, visit.ask("store.places[0].at"))
        assert visit.ask("desk.map.crowd.carried") is None
        visit.page.keyboard.press(" ")
        visit.wait(lambda: visit.ask("store.clock.paused"), "the pause")
        assert visit.complaints == []


def test_the_page_finds_back_after_the_server_was_away(tmp_path: Path) -> None:
    with showing_demo(tmp_path, "--speed", "60") as show, visiting(show.url, PROJECTOR) as visit:
        visit.page.context.set_offline(True)
        visit.page.wait_for_timeout(1500)
        visit.page.context.set_offline(False)
        before = visit.ask("store.clock.at")
        visit.wait(lambda: visit.ask("store.clock.at") > before + 30_000, "news of the clock", 20)
        show.stop()
        visit.wait(lambda: visit.page.locator("body.lost").count(), "word that the server is gone")

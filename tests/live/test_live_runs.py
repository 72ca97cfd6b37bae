"""`journeysim live`: a real run behind a real server, spoken to as the page does."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.program import ROOT, journeysim
from tests.live.shows import CORNER, NOWHERE, SCENARIO, STATION, showing_demo

PERFECT = SCENARIO
# Phones of a real kind, that notice at once and may be refused the location.
MONITORED = SCENARIO.replace(
    "phone: {monitoring: ideal}",
    "phone: {monitoring: os, permission: {always: 1}, os_profile: {ios: {detection_delay: 3 min}, "
    "android: {detection_delay: 3 min}}}",
)


def _accepted(name: str, data: dict[str, Any]) -> bool:
    return name == "fates" and any(fate[1] == "accepted" for fate in data["fates"])


def _step(step: str) -> Any:
    return lambda name, data: name == "journey" and any(row["step"] == step for row in data["rows"])


def test_setup_has_everything_the_page_draws_from(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show:
        setup = show.get("/api/setup")
        assert [place["id"] for place in setup["places"]] == ["corner", "station"]
        assert setup["people"]["name"] == ["guests/0", "guests/1"]
        assert setup["clock"]["offsets"] == [[0, 60]]
        (journey,) = setup["journeys"]
        assert [edge["to"] for edge in journey["edges"]] == ["pause", "coupon", None]
        event = {"_id": "1", "timestamp": "2026-03-02T11:00:00Z", "eventType": "application.close"}
        message = setup["inlet"]["prefix"] + json.dumps(event) + setup["inlet"]["suffix"]
        with httpx.Client(trust_env=False) as client:
            answer = client.post(setup["inlet"]["url"], content=message, headers=setup["inlet"]["headers"])
        # The receiver understands the message, whatever it thinks of an event with so little in it.
        assert answer.status_code in (200, 400)
        assert "xdmEntity" not in answer.text


def test_a_phone_dragged_into_a_geofence_sends_one_entry_and_the_journey_acts_within_two_seconds(
    tmp_path: Path,
) -> None:
    with showing_demo(tmp_path) as show:
        stream = show.stream()
        stream.until_named("clock")
        began = time.monotonic()
        moved = show.post("/api/person/1/move", at=CORNER)
        assert [(one["place"], one["entry"]) for one in moved["crossings"]] == [(0, True)]
        assert moved["state"]["taken"] and moved["state"]["inside"] == [0]
        stream.until(_step("enter"), 2.0)
        assert time.monotonic() - began < 2.0
        push = stream.until_named("push")
        assert (push["person"], push["title"]) == (1, "A coffee on us")
        time.sleep(0.5)
        stream.until_named("counters")
        entries = stream.events("location.entry")
        assert [entry["person"] for entry in entries] == [1]
        fates = {fate[0]: fate[1] for name, data in stream.seen if name == "fates" for fate in data["fates"]}
        assert fates[entries[0]["n"]] == "accepted"
        summary = show.stop()
    assert summary["events"] == {"location.entry": 1}
    assert summary["crossings"] == 1
    assert summary["outcomes"] == {"delivered": 1}
    assert summary["journeys"]["coupon"]["entered"] == 1


def test_pausing_stops_time_and_speed_is_kept_to(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show:
        paused = show.control(pause=True)
        time.sleep(0.6)
        assert show.control(pause=True)["t"] == paused["t"]
        show.control(speed=60)
        began = show.control(play=True)["t"]
        time.sleep(1.0)
        went_on = show.control(pause=True)["t"] - began
        assert 45_000 <= went_on <= 90_000
        show.stop()


def test_without_network_the_event_waits_and_keeps_its_time(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show:
        stream = show.stream()
        state = show.post("/api/person/0/happen", network=False)["state"]
        assert (state["online"], state["why_offline"]) == (False, ["offline"])
        show.post("/api/person/0/move", at=STATION)
        stream.until(
            lambda name, data: (
                name == "state"
                and any(person == 0 and new.get("queue") == 1 for person, new in data["people"])
            )
        )
        assert not stream.events()
        crossed = show.get("/api/person/0")
        assert crossed["state"]["queue"] == 1
        time.sleep(1.0)
        back = show.control(play=True)["t"]
        show.post("/api/person/0/happen", network=True)
        stream.until(_accepted)
        (event,) = stream.events("location.entry")
        start = show.get("/api/setup")["clock"]["start_epoch_ms"]
        happened = _epoch_ms(event["xdm"]["timestamp"]) - start
        assert happened <= back - 900
        assert event["t"] >= back
        summary = show.stop()
    assert summary["outcomes"] in ({"delivered": 1}, {"delivered_late": 1})


def _epoch_ms(stamp: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(stamp).timestamp() * 1000)


def test_crossings_of_people_who_are_moved_about_add_up(tmp_path: Path) -> None:
    lunch = Path("scenarios/lunch_rush.yaml").read_text(encoding="utf-8")
    with showing_demo(tmp_path, "--people", "300", "--speed", "900", text=lunch) as show:
        stream = show.stream()
        stream.until_named("crossings")
        places = [place["at"] for place in show.get("/api/setup")["places"]]
        for number in range(40):
            person = number % 25
            by = ("jump", "walk", "cycle", "drive")[number % 4]
            show.post(f"/api/person/{person}/move", at=places[number % len(places)], by=by)
        show.control(speed=3600)
        stream.until(lambda name, data: name == "counters" and data["crossed"] >= 400, 60)
        counters = stream.seen[-1][1]
        lost, waiting = sum(counters["losses"].values()), sum(counters["waiting"].values())
        assert counters["crossed"] == counters["accepted"] + lost + waiting
        summary = show.stop()
    # A run whose outcomes do not add up to its crossings ends in an error.
    assert sum(summary["outcomes"].values()) == summary["crossings"] >= 400
    assert summary["entries"] + summary["exits"] == summary["crossings"]


def test_a_walk_crosses_the_borders_on_its_way_one_after_the_other(tmp_path: Path) -> None:
    with showing_demo(tmp_path, "--speed", "60") as show:
        stream = show.stream()
        show.post("/api/person/0/move", at=[52.53, 13.405])
        moved = show.post("/api/person/0/move", at=[52.51, 13.405], by="walk")
        assert [(one["place"], one["entry"]) for one in moved["crossings"]] == [(0, True), (0, False)]
        show.control(speed=600)
        stream.until(lambda name, _: name == "fates" and len(stream.events()) == 2)
        assert [event["type"] for event in stream.events()] == ["location.entry", "location.exit"]
        assert show.stop()["outcomes"] == {"delivered": 2}


def test_a_way_that_is_cut_short_crosses_nothing_more(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show:
        show.post("/api/person/0/move", at=[52.53, 13.405])
        show.post("/api/person/0/move", at=[52.51, 13.405], by="walk")
        show.post("/api/person/0/move", at=NOWHERE)
        show.control(speed=3600)
        time.sleep(1.0)
        assert show.stop()["crossings"] == 0


def test_a_phone_under_an_operating_system_says_when_it_will_notice(tmp_path: Path) -> None:
    with showing_demo(tmp_path, text=MONITORED) as show:
        moved = show.post("/api/person/0/move", at=CORNER)
        (noticing,) = moved["state"]["noticing"]
        assert (noticing["place"], noticing["entry"]) == (0, True)
        now = show.control(pause=True)["t"]
        assert 100_000 < noticing["at"] - now <= 185_000
        state = show.post("/api/person/0/happen", permission="denied")["state"]
        assert state["permission"] == "denied" and state["noticing"] == []
        show.control(play=True)
        time.sleep(0.3)
        assert show.stop()["outcomes"] == {"no_permission": 1}


def test_power_off_and_on(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show:
        state = show.post("/api/person/0/happen", power=False)["state"]
        assert not state["power"] and state["why_offline"] == ["off"]
        show.post("/api/person/0/move", at=CORNER)
        assert show.post("/api/person/0/happen", power=True)["state"]["online"]
        time.sleep(0.3)
        assert show.stop()["outcomes"] == {"phone_off": 1}


def test_a_message_is_opened_once_by_hand(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show:
        stream = show.stream()
        show.post("/api/person/0/move", at=CORNER)
        push = stream.until_named("push")
        opened = show.post("/api/person/0/open", message=push["message"])
        assert opened["state"]["app"] == "front"
        assert (
            stream.until(lambda name, data: name == "push" and data["opened"])["message"] == push["message"]
        )
        again = show.client.post("/api/person/0/open", json={"message": push["message"]})
        assert again.status_code == 409
        assert show.client.post("/api/person/1/open", json={"message": push["message"]}).status_code == 404
        stream.until(lambda *_: len(stream.events("pushTracking.applicationOpened")) == 1)
        summary = show.stop()
    assert summary["actions"]["Coupon"]["opened"] == 1


def test_a_page_that_comes_back_gets_what_it_missed_and_no_more(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show:
        first = show.stream()
        first.until_named("clock")
        first.close()
        show.post("/api/person/0/move", at=CORNER)
        time.sleep(0.5)
        again = show.stream(first.last_id)
        again.until(_accepted)
        assert "reset" not in [name for name, _ in again.seen]
        stranger = show.stream("0123-7")
        assert stranger.until_named("reset") == {"reason": "late"}
        assert len(stranger.until_named("events")["events"]) >= 1


def test_jumping_goes_to_the_next_crossing_of_a_person(tmp_path: Path) -> None:
    with showing_demo(tmp_path) as show:
        stream = show.stream()
        show.post("/api/person/0/move", at=[52.53, 13.405])
        moved = show.post("/api/person/0/move", at=[52.52, 13.405], by="walk")
        (coming,) = moved["crossings"]
        show.control(jump="next", person=0)
        clock = stream.until(lambda name, data: name == "clock" and data["t"] >= coming["t"] - 2_500)
        assert clock["t"] <= coming["t"] + 500
        stream.until(_accepted)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_strangers_are_kept_out(strict_show: Any, headers: dict[str, str], status: int) -> None:
    answer = strict_show.client.post(
        "/api/control", content=b'{"pause": true}', headers={"Content-Type": "application/json"} | headers
    )
    assert answer.status_code == status
    assert not strict_show.control(speed=1)["paused"]


@pytest.fixture(scope="module")
def strict_show(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with showing_demo(tmp_path_factory.mktemp("strict")) as show:
        yield show


def test_every_answer_says_what_the_page_may_do(strict_show: Any) -> None:
    for path in ("/", "/page/index.html", "/leaflet/leaflet.js", "/api/setup", "/api/nothing"):
        policy = strict_show.client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy


@pytest.mark.parametrize(
    "path", ["/page/../web.py", "/page/%2e%2e/web.py", "/page//etc/passwd", "/page/web.py"]
)
def test_no_other_files_are_served(strict_show: Any, path: str) -> None:
    assert strict_show.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("/api/control", {"speed": 0}),
        ("/api/control", {"speed": "fast"}),
        ("/api/control", {"speed": 1e9}),
        ("/api/control", {}),
        ("/api/person/0/move", {"at": [95, 0]}),
        ("/api/person/0/move", {"at": "here"}),
        ("/api/person/0/move", {"at": [52.5, 13.4], "by": "rocket"}),
        ("/api/person/0/happen", {"gravity": False}),
        ("/api/person/0/happen", {"network": 1}),
        ("/api/person/0/happen", {"permission": True}),
    ],
)
def test_wishes_that_make_no_sense_are_refused(strict_show: Any, path: str, wish: dict[str, Any]) -> None:
    answer = strict_show.client.post(path, json=wish)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_nobody_and_nothing_are_not_found(strict_show: Any) -> None:
    for path in ("/api/person/2", "/api/place/7", "/api/event/99"):
        assert strict_show.client.get(path).status_code == 404


def test_a_port_that_is_taken_is_said_and_leaves_no_folder(tmp_path: Path, strict_show: Any) -> None:
    port = httpx.URL(strict_show.url).port
    (tmp_path / "demo.yaml").write_text(SCENARIO, encoding="utf-8")
    done = journeysim("live", "demo.yaml", "--port", str(port), "--no-open", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert f"port {port} is in use already" in done.stderr
    assert not (tmp_path / "run").exists()


def test_tiles_are_allowed_from_where_they_come_and_nowhere_else(tmp_path: Path) -> None:
    tiles = "https://tiles.example.org/{z}/{x}/{y}.png"
    with showing_demo(tmp_path, "--tiles", tiles) as show:
        assert show.get("/api/setup")["map"]["tiles"] == tiles
        policy = show.client.get("/").headers["content-security-policy"]
        assert "img-src 'self' data: blob: https://tiles.example.org;" in policy
    (tmp_path / "demo.yaml").write_text(SCENARIO, encoding="utf-8")
    done = journeysim("live", "demo.yaml", "--tiles", "javascript:alert(1)", "--no-open", cwd=tmp_path)
    assert done.returncode == 2 and "--tiles" in done.stderr


def test_events_go_where_they_are_sent(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    with showing_demo(tmp_path, "--to", f"file:{file}") as show:
        assert show.get("/api/setup")["inlet"] is None
        stream = show.stream()
        show.post("/api/person/0/move", at=CORNER)
        stream.until(_accepted)
        show.stop()
    assert len(file.read_bytes().splitlines()) == 1


def test_the_demo_shows_a_coupon_within_thirty_seconds(tmp_path: Path) -> None:
    (line,) = [line for line in (ROOT / "Makefile").read_text().splitlines() if "journeysim live" in line]
    scenario, speed = line.split()[2], float(line.split()[-1])
    folder = tmp_path / "run"
    done = journeysim(
        "run", ROOT / scenario, "--duration", "15 min", "--out", folder, "--quiet", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    rows = map(json.loads, (folder / "journeys.ndjson").read_text().splitlines())
    first = next(row["at"] for row in rows if row["kind"] == "received")
    assert first / 1000 / speed < 15  # what remains is for starting up


def test_actions_that_call_do_call_at_any_speed(tmp_path: Path) -> None:
    heard: list[bytes] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"thanks": true}')

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        text = SCENARIO.replace(
            "Coupon: {channel: push, title: A coffee on us, body: Enjoy it}",
            f"Coupon: {{url: 'http://127.0.0.1:{server.server_port}/', body: {{who: me}}, call: true}}",
        )
        with showing_demo(tmp_path, "--speed", "30", text=text) as show:
            stream = show.stream()
            show.post("/api/person/0/move", at=CORNER)
            called = stream.until(_row("call"))
            (row,) = [row for row in called["rows"] if row["kind"] == "call"]
            assert row["detail"]["status"] == "http_200"
            show.stop()
        server.shutdown()
    assert [json.loads(body) for body in heard] == [{"who": "me"}]


def _row(kind: str) -> Any:
    return lambda name, data: name == "journey" and any(row["kind"] == kind for row in data["rows"])

"""A made-up town that speaks the live map's protocol: a page to look at, and thousands of people who never stand still.

``python -m tests.live.town --people 5000`` serves it. Nothing of the simulator runs here, so what is measured in a
browser is the page alone. What the page does with a real run is tested against the real server.
"""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import json
import math
import queue
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulator.live.assets import leaflet_assets, page_assets

CENTRE = (52.5200, 13.3900)
HOUR = 3_600_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NAMES = ("Corner Cafe", "Station Cafe", "Park Cafe", "Market Hall", "Museum of Maps", "Riverside Mall")
STEPS = [
    {"name": "enter", "kind": "event", "label": "CafeEntry"},
    {"name": "stay", "kind": "race", "label": "CafeExit or 5 min"},
    {"name": "member", "kind": "condition", "label": "members"},
    {"name": "day", "kind": "condition", "label": "open"},
    {"name": "coupon", "kind": "action", "label": "Coupon", "channel": "push"},
]
EDGES = [
    {"from": "enter", "to": "stay", "label": ""},
    {"from": "stay", "to": None, "label": "CafeExit"},
    {"from": "stay", "to": "member", "label": "5 min"},
    {"from": "member", "to": "day", "label": "members"},
    {"from": "day", "to": "coupon", "label": "open"},
    {"from": "coupon", "to": None, "label": ""},
]


class Town:
    """People who walk for hours, six places, and a thread that tells of events by a clock of its own."""

    def __init__(self, people: int, *, speed: float = 60.0, seed: int = 1) -> None:
        self.draw = random.Random(seed)
        self.people = people
        self.speed, self.paused, self.t = speed, False, 0.0
        self.places = [self._near(0.02) for _ in NAMES]
        self.homes = [self._near(0.035) for _ in range(people)]
        self.trips = [self._walk(home) for home in self.homes]
        self.listeners: list[queue.Queue[tuple[str, Any]]] = []
        self.lock = threading.Lock()
        self.number = 0
        self.totals: dict[str, Any] = {
            "entered": 0, "under_way": 0, "at": {}, "steps": {}, "edges": {}, "ended": {},
        }  # fmt: skip
        self.counters: dict[str, Any] = {
            "crossed": 0, "noticed": 0, "sent": 0, "accepted": 0, "entered": 0, "acted": 0, "received": 0, "opened": 0,
            "events": {"sent": 0, "accepted": 0, "rejected": 0, "pending": 0}, "losses": {}, "waiting": {},
            "discards": {}, "ended": {},
        }  # fmt: skip

    def _near(self, spread: float) -> tuple[float, float]:
        return (
            round(CENTRE[0] + self.draw.gauss(0, spread * 0.5), 6),
            round(CENTRE[1] + self.draw.gauss(0, spread), 6),
        )

    def _walk(self, home: tuple[float, float]) -> list[float]:
        """Six hours on foot, from corner to corner, now and then into a place."""
        legs: list[float] = []
        t, at = 0.0, home
        while t < 6 * HOUR:
            goal = self.draw.choice(self.places) if self.draw.random() < 0.3 else self._near(0.03)
            metres = math.hypot((goal[0] - at[0]) * 111_000, (goal[1] - at[1]) * 68_000)
            end = t + max(1000.0, metres / 1.4 * 1000)
            legs += [round(t), *at, round(end), *goal]
            t, at = end, goal
        return legs

    def setup(self) -> dict[str, Any]:
        lats, lons = zip(*self.homes, strict=True)
        return {
            "format": 1, "mode": "live", "program": "a made-up town",
            "scenario": {"name": "made_up_town", "description": "Nothing here is simulated.", "seed": 1},
            "app": {"name": "Cafes"},
            "clock": {"start_epoch_ms": 1772434800000, "timezone": "Europe/Berlin", "offsets": [[0, 60]], "duration_ms": 6 * HOUR},
            "speeds": [1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600],
            "controls": {"time": True, "take_over": True, "jump": True},
            "destination": {"to": "nowhere", "url": None},
            "inlet": {"url": "http://127.0.0.1:1/collection/none", "headers": {"Content-Type": "application/json"}, "prefix": "{\"body\":{\"xdmEntity\":", "suffix": "}}"},
            "map": {"tiles": None, "attribution": [], "bounds": [[min(lats), min(lons)], [max(lats), max(lons)]], "roads": True},
            "places": [
                {"id": str(i), "name": name, "library": "Town", "category": "cafe", "dead_zone": False, "at": list(at), "fence": _fence(i, at)}
                for i, (name, at) in enumerate(zip(NAMES, self.places, strict=True))
            ],
            "people": {
                "count": self.people, "name": [f"neighbours/{i}" for i in range(self.people)], "group": ["neighbours"] * self.people,
                "persona": [None] * self.people, "platform": [("ios", "android")[i % 2] for i in range(self.people)],
                "home": [list(home) for home in self.homes], "permission": [True] * self.people,
            },
            "journeys": [{"name": "coupon", "description": "", "first": "enter", "steps": STEPS, "edges": EDGES}],
            "losses": {"no_permission": "the app may not use the location", "too_short": "over before the system was sure"},
            "reasons": {"end": "came to the end", "no_path": "no path was true", "reentranceNotAllowed": "had entered before"},
        }  # fmt: skip

    def roads(self) -> dict[str, Any]:
        lat, lon = CENTRE
        across = [
            [lat + 0.004 * i, lon - 0.08, lat + 0.004 * i + 0.003, lon, lat + 0.004 * i, lon + 0.08]
            for i in range(-9, 10)
        ]
        along = [
            [lat - 0.04, lon + 0.007 * i, lat, lon + 0.007 * i + 0.002, lat + 0.04, lon + 0.007 * i]
            for i in range(-11, 12)
        ]
        return {"lines": across + along}  # fmt: skip

    def clock(self) -> dict[str, Any]:
        return {"t": round(self.t), "speed": self.speed, "paused": self.paused, "behind": 0, "ended": False, "jumping": False, "achieved": self.speed}  # fmt: skip

    def tell(self, name: str, document: Any) -> None:
        with self.lock:
            for listener in self.listeners:
                listener.put((name, document))

    def first(self) -> Iterator[tuple[str, Any]]:
        """What somebody hears who begins to listen."""
        yield "reset", {"reason": "new"}
        for begin in range(0, self.people, 500):
            yield (
                "trips",
                {"trips": [[i, self.trips[i]] for i in range(begin, min(self.people, begin + 500))]},
            )
        yield "journey", {"replace": True, "rows": [], "totals": {"coupon": self.totals}}
        yield "counters", self.counters
        yield "clock", self.clock()

    def live(self, ended: threading.Event) -> None:
        """Move time on and let things happen until ``ended``."""
        before, tick = time.monotonic(), 0
        while not ended.wait(0.1):
            now = time.monotonic()
            passed, before = now - before, now
            tick += 1
            if not self.paused:
                self.t += passed * self.speed * 1000
                if tick % 3 == 0:
                    self.happen()
            if tick % 3 == 0:
                self.tell("clock", self.clock())

    def happen(self) -> None:
        """Somebody enters a place; sometimes the journey goes through to the coupon."""
        t, person, place = round(self.t), self.draw.randrange(self.people), self.draw.randrange(len(NAMES))
        entry = self.draw.random() < 0.6
        self.number += 1
        n, counters = self.number, self.counters
        self.tell("crossings", {"crossings": [{"t": t, "person": person, "place": place, "entry": entry}]})
        counters["crossed"] += 1
        if self.draw.random() < 0.2:
            reason = self.draw.choice(("no_permission", "too_short"))
            counters["losses"][reason] = counters["losses"].get(reason, 0) + 1
            self.tell("counters", counters)
            return
        self.tell(
            "state",
            {
                "people": [
                    [person, {"inside": [place] if entry else [], "online": True, "permission": "always"}]
                ]
            },
        )
        kind = "location.entry" if entry else "location.exit"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1772434800 + t / 1000))
        xdm = {
            "_id": f"E-{n}",
            "timestamp": stamp,
            "eventType": kind,
            "placeContext": {"POIinteraction": {"poiDetail": {"name": NAMES[place]}}},
        }
        self.tell(
            "events",
            {
                "events": [
                    {
                        "n": n,
                        "t": t,
                        "person": person,
                        "type": kind,
                        "place": place,
                        "source": "app",
                        "status": "sent",
                        "xdm": xdm,
                    }
                ],
                "skipped": 0,
            },
        )
        self.tell("fates", {"fates": [[n, "accepted"]]})
        for key in ("noticed", "sent", "accepted"):
            counters[key] += 1
        if entry:
            self.journey(t, person, place)
        self.tell("counters", counters)

    def journey(self, t: int, person: int, place: int) -> None:
        names = [step["name"] for step in STEPS]
        reached = self.draw.choices(range(1, 6), (1, 2, 2, 1, 4))[0]
        self.totals["entered"] += 1
        self.counters["entered"] += 1
        row = {
            "t": t,
            "journey": "coupon",
            "person": person,
            "instance": f"i{self.number}",
            "reason": None,
            "detail": {},
        }
        rows = [{**row, "kind": "entered", "step": "enter"}]
        for i, name in enumerate(names[:reached]):
            self.totals["steps"][name] = self.totals["steps"].get(name, 0) + 1
            if i:
                edge = f"{names[i - 1]}>{name}"
                self.totals["edges"][edge] = self.totals["edges"].get(edge, 0) + 1
            rows.append(
                {**row, "kind": "step", "step": name, "detail": {"previous": names[i - 1] if i else None}}
            )
        reason = "end" if reached in (2, 5) else "no_path"
        if reached in (2, 5):
            edge = f"{names[reached - 1]}>"
            self.totals["edges"][edge] = self.totals["edges"].get(edge, 0) + 1
        self.totals["ended"][reason] = self.totals["ended"].get(reason, 0) + 1
        self.tell("journey", {"rows": rows, "skipped": 0, "totals": {"coupon": self.totals}})
        if reached == 5:
            self.counters["acted"] += 1
            self.counters["received"] += 1
            self.tell(
                "push",
                {
                    "message": f"m{self.number}",
                    "t": t,
                    "person": person,
                    "title": "A coffee on us",
                    "body": NAMES[place],
                    "journey": "coupon",
                    "step": "coupon",
                    "action": "Coupon",
                    "opened": False,
                },
            )
            self.tell("state", {"people": [[person, {"messages": 1}]]})  # fmt: skip

    def control(self, order: dict[str, Any]) -> dict[str, Any]:
        self.paused = order.get("pause", False) or (self.paused and not order.get("play"))
        self.speed = float(order.get("speed", self.speed))
        return {"clock": self.clock()}


def _fence(place: int, at: tuple[float, float]) -> dict[str, Any]:
    """A circle, but one of the places is five-cornered."""
    if place != len(NAMES) - 1:
        return {"type": "circle", "radius": 120.0 + 20 * place}
    corners = [2 * math.pi * i / 5 for i in range(5)]
    return {
        "type": "polygon",
        "points": [[at[0] + 0.002 * math.cos(a), at[1] + 0.0032 * math.sin(a)] for a in corners],
    }


def _handler(town: Town) -> type[BaseHTTPRequestHandler]:
    files = {f"/page/{name}": asset for name, asset in page_assets().items()}
    files |= {f"/leaflet/{name}": asset for name, asset in leaflet_assets().items()}
    files["/"] = page_assets()["index.html"]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path in files:
                self._answer(files[path].path.read_bytes(), files[path].content_type)
            elif path == "/api/setup":
                self._json(town.setup())
            elif path == "/api/roads":
                self._json(town.roads())
            elif path == "/api/stream":
                self._stream()
            elif path.startswith("/api/p"):
                self._json({"state": {}, "story": {"story": []}, "inside": []})
            else:
                self._answer(b"{}", "application/json", 404)

        def do_POST(self) -> None:
            order = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))))
            self._json(town.control(order) if self.path == "/api/control" else {"state": {}})

        def _stream(self) -> None:
            heard: queue.Queue[tuple[str, Any]] = queue.Queue()
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            with suppress(OSError):
                for message in town.first():
                    self._message(*message)
                with town.lock:
                    town.listeners.append(heard)
                while True:
                    self._message(*heard.get())

        def _message(self, name: str, document: Any) -> None:
            self.wfile.write(f"event: {name}\ndata: {json.dumps(document)}\n\n".encode())
            self.wfile.flush()

        def _json(self, document: Any) -> None:
            self._answer(json.dumps(document).encode(), "application/json")

        def _answer(self, content: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-security-policy", POLICY)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Not on standard error."""

    return Handler


@contextmanager
def serving(town: Town, port: int = 0) -> Iterator[str]:
    """The address of the town while the body runs."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(town))
    server.daemon_threads = True
    ended = threading.Event()
    threads = [
        threading.Thread(target=server.serve_forever, daemon=True),
        threading.Thread(target=town.live, args=(ended,), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        for thread in threads:
            thread.join(10)


def main() -> None:
    """Serve the town until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.live.town", description=__doc__)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--speed", type=float, default=60.0)
    arguments = parser.parse_args()
    with (
        serving(Town(arguments.people, speed=arguments.speed), arguments.port) as url,
        suppress(KeyboardInterrupt),
    ):
        print(url)
        threading.Event().wait()


if __name__ == "__main__":
    main()

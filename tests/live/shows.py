"""A live run in a process of its own, spoken to over HTTP as the page does."""

from __future__ import annotations

import json
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.cli.program import started

Event = tuple[str, dict[str, Any]]

# Two people at home far from the cafe, who do nothing by themselves; journeys act at once.
SCENARIO = """\
version: 1
name: demo
description: Two guests who go where they are sent.
seed: 3
clock: {start: 2026-03-02T12:00, timezone: Europe/Berlin, duration: 4 h}
places:
  - library: Cafes
    inline:
      - {name: Corner Cafe, id: corner, at: [52.5200, 13.4050], radius: 120 m}
      - {name: Station Cafe, id: station, at: [52.5250, 13.3690], radius: 120 m}
people:
  guests:
    size: 2
    home: {around: {at: [52.5600, 13.4000], radius: 500 m}}
    phone: {monitoring: ideal}
app:
  id: com.example.cafes
  name: Cafes
  push: {share: 100%, opened: 0%}
  sessions: {per_day: 0}
journeys:
  latency: 0 s
  events:
    CafeEntry: {rule: '@event{CafeEntry.eventType} == "location.entry"'}
  actions:
    Coupon: {channel: push, title: A coffee on us, body: Enjoy it}
  journeys:
    coupon:
      reentrance: {wait: 1 d}
      steps:
        enter: {event: CafeEntry}
        pause: {wait: 1 s}
        coupon: {action: Coupon}
"""
CORNER, STATION, NOWHERE = [52.52, 13.405], [52.525, 13.369], [52.54, 13.45]


class Stream:
    """The messages of `/api/stream`, read in a thread."""

    def __init__(self, url: str, last: str | None = None) -> None:
        self._headers = {} if last is None else {"Last-Event-ID": last}
        self._url = url
        self._came: queue.Queue[Event | None] = queue.Queue()
        self.seen: list[Event] = []
        self.last_id = ""
        self._over = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            with (
                httpx.Client(trust_env=False, timeout=30) as client,
                client.stream("GET", f"{self._url}/api/stream", headers=self._headers) as answer,
            ):
                name = ""
                for line in answer.iter_lines():
                    if self._over:
                        return
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("id: "):
                        self.last_id = line.removeprefix("id: ")
                    elif line.startswith("data: "):
                        self._came.put((name, json.loads(line.removeprefix("data: "))))
        except httpx.HTTPError:
            pass
        finally:
            self._came.put(None)

    def until(self, wanted: Callable[[str, dict[str, Any]], bool], seconds: float = 20.0) -> dict[str, Any]:
        """The next message that is wanted."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                event = self._came.get(timeout=left)
            except queue.Empty:
                break
            if event is None:
                break
            self.seen.append(event)
            if wanted(*event):
                return event[1]
        names = [name for name, _ in self.seen]
        raise AssertionError(f"the message did not come within {seconds} s; there were {names[-40:]}")

    def until_named(self, name: str, seconds: float = 20.0) -> dict[str, Any]:
        """The next message of that name."""
        return self.until(lambda found, _: found == name, seconds)

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The events of the feed so far, each once."""
        found = {
            event["n"]: event
            for name, data in self.seen
            if name == "events"
            for event in data["events"]
            if kind is None or event["type"] == kind
        }
        return list(found.values())

    def close(self) -> None:
        """Read no more."""
        self._over = True


class Show:
    """What serves the page."""

    def __init__(self, process: subprocess.Popen[str], url: str, folder: Path) -> None:
        self.process = process
        self.url = url
        self.folder = folder
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=20)
        self._streams: list[Stream] = []

    def get(self, path: str) -> Any:
        """The document at a path."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **wish: Any) -> Any:
        """What a wish came to."""
        answer = self.client.post(path, json=wish)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, **wish: Any) -> dict[str, Any]:
        """The clock after a wish."""
        clock: dict[str, Any] = self.post("/api/control", **wish)["clock"]
        return clock

    def stream(self, last: str | None = None) -> Stream:
        """A page that has just come, and knows how everything stands; or one that comes back."""
        stream = Stream(self.url, last)
        self._streams.append(stream)
        if last is None:
            stream.until_named("clock")
        return stream

    def stop(self) -> dict[str, Any]:
        """End it by Ctrl-C; the summary of the run."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors
        summary = self.folder / "summary.json"
        return json.loads(summary.read_text()) if summary.exists() else {}

    def close(self) -> None:
        """Leave nothing behind."""
        for stream in self._streams:
            stream.close()
        self.client.close()


@contextmanager
def showing(*arguments: str | Path, folder: Path) -> Iterator[Show]:
    """`journeysim live` with these arguments; ``folder`` is where the run goes."""
    with started("live", "--port", "0", "--no-open", "--quiet", *arguments, cwd=folder.parent) as process:
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"the page is at (http://\S+)", line):
                show = Show(process, found[1], folder)
                break
        else:
            raise AssertionError("".join(said))
        try:
            yield show
        finally:
            show.close()


@contextmanager
def showing_demo(tmp_path: Path, *arguments: str, text: str = SCENARIO) -> Iterator[Show]:
    """The small scenario, live."""
    scenario = tmp_path / "demo.yaml"
    scenario.write_text(text, encoding="utf-8")
    folder = tmp_path / "run"
    with showing(scenario, "--out", folder, *arguments, folder=folder) as show:
        yield show

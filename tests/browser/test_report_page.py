"""The report opens in a real browser from the file system: no request goes out, and nothing is complained of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulator.checks import overview, read_record
from simulator.report import write_page
from simulator.run import RunOptions, prepare, run

SCENARIO = Path(__file__).parents[2] / "scenarios" / "coupon_at_the_door.yaml"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# What the browser asks of its own accord when it starts; nothing of it comes from a page.
OWN_HOSTS = (".google.com", ".googleapis.com", ".gstatic.com", ".gvt1.com")


def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("needs Chromium: run .ci/browser")
        pytest.skip("needs Chromium: run .ci/browser")
    return found


def opened(page: Path, tmp_path: Path) -> tuple[str, list[str], list[str]]:
    """The page as the browser made it, what its console said, and which addresses were asked for."""
    log = tmp_path / "net.json"
    called = subprocess.run(
        [
            *(browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            f"--user-data-dir={tmp_path / 'profile'}",
            *("--enable-logging=stderr", "--v=0", f"--log-net-log={log}", "--dump-dom"),
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    console = [line for line in called.stderr.splitlines() if ":CONSOLE" in line]
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    urls = {event["params"]["url"] for event in events if isinstance(event.get("params", {}).get("url"), str)}
    hosts = [url for url in urls if not (urlsplit(url).hostname or "").endswith(OWN_HOSTS)]
    return called.stdout, console, [url for url in hosts if url.startswith(("http", "ws", "//"))]


def test_the_report_opens_from_the_file_system(tmp_path: Path) -> None:
    run(prepare(SCENARIO, overrides=["people.neighbours.size=300"]), RunOptions(out=tmp_path / "run"))
    page = tmp_path / "report.html"
    write_page(overview(read_record(tmp_path / "run")), page)

    dom, console, asked = opened(page, tmp_path)

    assert "Everything" in dom or "✘" in dom
    assert 'aria-label="Map of the visits"' in dom
    assert console == []
    assert asked == []


def test_the_checks_above_can_fail(tmp_path: Path) -> None:
    page = tmp_path / "loud.html"
    page.write_text(
        "<script>console.error('loud')</script><img src='http://127.0.0.1:9/picture.png'>", encoding="utf-8"
    )

    _, console, asked = opened(page, tmp_path)

    assert any("loud" in line for line in console)
    assert asked == ["http://127.0.0.1:9/picture.png"]

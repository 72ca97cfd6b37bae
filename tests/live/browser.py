"""A real browser, headless, that watches what the page complains of and whom it asks."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LAPTOP = {"width": 1280, "height": 720}
PROJECTOR = {"width": 1920, "height": 1080}


def executable() -> str:
    """Where Chromium lies; where there is none the test is skipped, or fails if CI=true."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("needs Chromium: run .ci/browser")
        pytest.skip("needs Chromium: run .ci/browser")
    return found


_open: list[Browser] = []


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser that ends with the body; inside of another such body it is the same one."""
    if _open:
        yield _open[0]
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        _open.append(browser)
        try:
            yield browser
        finally:
            _open.clear()
            browser.close()


class Visit:
    """The page as somebody sees it who opened it, with what went wrong meanwhile."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.goto(url)
        # Not wait_for_function, which the page's security policy does not let run.
        self.wait(lambda: self.page.evaluate("(window.journeysim?.frames ?? 0) > 2"), "the first frames")
        self.wait(
            lambda: self.ask("store.clock.at > 0 || store.clock.paused || store.clock.rate > 0"), "the clock"
        )

    @property
    def abroad(self) -> set[str]:
        """Requests that went to another machine."""
        return {url for url in self.asked if urlsplit(url).hostname not in {*LOOPBACK, None}}

    def ask(self, expression: str, argument: Any = None) -> Any:
        """The value of an expression over ``store``, ``desk`` and ``arg``."""
        body = f"(arg) => {{ const {{store, desk}} = window.journeysim; return ({expression}); }}"
        return self.page.evaluate(body, argument)

    def wait(self, holds: Callable[[], Any], what: str, seconds: float = 15.0) -> Any:
        """What ``holds`` returns, as soon as it is true."""
        end = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < end, f"{what}: not within {seconds:g} s; {self.complaints}"
            self.page.wait_for_timeout(40)
        return found

    def spot(self, at: list[float]) -> tuple[float, float]:
        """Where a position lies in the window, in pixels."""
        x, y = self.ask(
            "(() => { const box = desk.map.host.getBoundingClientRect(); desk.map.view.look();"
            " const [x, y] = desk.map.view.point(...arg); return [x + box.left, y + box.top]; })()",
            at,
        )
        return x, y

    def settled(self) -> None:
        """Wait until the map does not move any more."""
        seen: list[object] = []

        def still() -> bool:
            self.page.wait_for_timeout(150)
            seen.append(self.ask("[desk.map.view.x, desk.map.view.y, desk.map.view.scale]"))
            return len(seen) > 1 and seen[-1] == seen[-2]

        self.wait(still, "a map that stands still")

    def where(self, person: int) -> list[float]:
        """Latitude and longitude of a person, as drawn."""
        found: list[float] = self.ask("[store.motion.lat[arg], store.motion.lon[arg]]", person)
        return found

    def carry(self, person: int, to: list[float]) -> None:
        """Drag somebody across the map with the mouse."""
        self.settled()
        mouse = self.page.mouse
        mouse.move(*self.spot(self.where(person)))
        mouse.down()
        mouse.move(*self.spot(to), steps=12)
        mouse.up()

    def choose(self, name: str) -> None:
        """Find somebody or something by name, with the keyboard."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Enter")
        self.settled()

    def rows(self, kind: str) -> list[dict[str, str]]:
        """The feed's rows of one type, newest first: their data attributes and text."""
        found: list[dict[str, str]] = self.page.evaluate(
            "kind => [...document.querySelectorAll(`.events li[data-type='${kind}']`)]"
            ".map(row => ({...row.dataset, text: row.textContent}))",
            kind,
        )
        return found


@contextmanager
def visiting(url: str, size: dict[str, int] = LAPTOP, **wishes: Any) -> Iterator[Visit]:
    """The page open in a browser of its own."""
    with browsing() as browser:
        context = browser.new_context(viewport=size, **wishes)  # type: ignore[arg-type]
        try:
            yield Visit(context, url)
        finally:
            context.close()

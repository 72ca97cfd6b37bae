"""A headless Chromium, the page that it opens, and TLS in front of the receiver, which browsers insist on."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALLOY = ROOT / ".ci" / "alloy" / "package" / "dist" / "alloy.min.js"
CERTIFICATE = ROOT / "tests" / "delivery" / "localhost.pem"
EDGE_HOST = "edge.journeysim.test"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 60.0


def needed() -> tuple[str, bytes]:
    """The browser and the library; where one is missing the test is skipped, or fails if CI=true."""
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None or not ALLOY.exists():
        reason = "needs Chromium and @adobe/alloy: run .ci/browser"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return browser, ALLOY.read_bytes()


@contextmanager
def over_tls(url: str) -> Iterator[int]:
    """A port on loopback that speaks TLS and passes everything on to ``url``."""
    target = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    loop = asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ssl.SSLError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:

        async def end() -> None:
            server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Page:
    """A page with the library and ``script``; what the script posts to ``/result`` is in ``results``."""

    def __init__(self, library: bytes, script: str) -> None:
        self.results: queue.Queue[dict[str, Any]] = queue.Queue()
        html = f"""<!doctype html><title>A page</title>
<script>
  window.__alloyNS = ["alloy"];
  window.alloy = (...call) => new Promise((done, failed) => window.alloy.q.push([done, failed, call]));
  window.alloy.q = [];
</script>
<script src="/alloy.js"></script>
<script>
  const tell = result => fetch("/result", {{method: "POST", body: JSON.stringify(result)}});
  (async () => {{ {script} }})().catch(error => tell({{error: String(error.stack || error)}}));
</script>"""
        files = {"/": ("text/html", html.encode()), "/alloy.js": ("text/javascript", library)}
        results = self.results

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, content = files.get(self.path.partition("?")[0], ("text/plain", b""))
                self._answer(kind, content)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                results.put(json.loads(body))
                self._answer("text/plain", b"")

            def _answer(self, kind: str, content: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Not on standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Page:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def browse(browser: str, page: Page, edge_port: int, profile: Path) -> dict[str, Any]:
    """Open the page and wait for what its script tells; the browser is ended then."""
    command = [
        browser,
        "--headless=new",
        "--no-sandbox",  # containers and root have none
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--ignore-certificate-errors",  # the certificate of this test is for localhost
        f"--host-resolver-rules=MAP {EDGE_HOST}:443 127.0.0.1:{edge_port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={profile}",
        page.url,
    ]
    log = profile / "browser.log"
    profile.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            return page.results.get(timeout=_SECONDS)
        except queue.Empty:
            pytest.fail(
                f"the page told nothing within {_SECONDS:g} s:\n{log.read_text(errors='replace')[-3000:]}"
            )
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait(10)

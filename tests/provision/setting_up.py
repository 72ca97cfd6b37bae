"""Plans for tests, a receiver to carry them out on, and a go-between that can fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from simulator.provision import provision, unprovision
from simulator.receiver import EventStore, Receiver, ServerThread
from simulator.run import prepare, profile_records

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
SECRET = "p8e-very-secret-9f"
ECHO = "x-echo"
VARIABLE = "JOURNEYSIM_TEST_SECRET"
SCENARIO = """\
version: 1
name: small
description: One cafe and a few people.
seed: 7
clock: {start: "2026-03-02T11:00", timezone: Europe/Berlin, duration: 3 h}
places:
  - {library: Cafes, radius: 150 m, inline: [{name: Cafe, at: [52.52, 13.405]}]}
people:
  guests:
    size: 40
    home: {around: {at: [52.52, 13.405], radius: 1 km}}
    schedule: {errands: {per_day: 3, at: {uniform: ["11:00", "13:00"]}, stay: 10 min, within: 2 km}}
app: {id: com.example.small, name: Small}
"""


def write_plan(folder: Path, url: str, extra: str = "", *, name: str = "small") -> Path:
    """A plan and its scenario; ``extra`` are further lines of YAML."""
    (folder / "small.yaml").write_text(SCENARIO)
    plan = folder / "plan.yaml"
    plan.write_text(f"""\
version: 1
name: {name}
scenario: small.yaml
platform:
  url: {url}
  token_url: {url}/ims/token/v3
  organization: {ORGANIZATION}
  sandbox: dev
  client_id: our-client
  client_secret: ${{env:{VARIABLE}}}
{extra}""")
    return plan


def records_of(scenario: Path) -> Iterator[dict[str, Any]]:
    return profile_records(prepare(scenario).world, test_profiles=True, ecid_primary=False)


def set_up(plan: Path, **options: Any) -> list[str]:
    """Carry a plan out; the lines that were reported."""
    lines: list[str] = []
    provision(plan, records=records_of, report=lines.append, **options)
    return lines


def take_back(plan: Path, **options: Any) -> list[str]:
    """Delete what a plan made; the lines that were reported."""
    lines: list[str] = []
    unprovision(plan, report=lines.append, **options)
    return lines


@contextmanager
def serving() -> Iterator[ServerThread]:
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        yield server


def what_is_there(url: str) -> dict[str, int]:
    """How many things of each kind a receiver has."""
    form = {"client_id": "x", "client_secret": "x", "grant_type": "client_credentials", "scope": "openid"}
    token = httpx.post(f"{url}/ims/token/v3", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "x-api-key": "x", "x-gw-ims-org-id": ORGANIZATION}
    foundation = f"{url}/data/foundation"
    with httpx.Client(headers=headers) as client:
        counts = dict(client.get(f"{foundation}/schemaregistry/stats").json()["counts"])
        counts["dataSets"] = len(client.get(f"{foundation}/catalog/dataSets?limit=100").json())
        for kind in ("connections", "sourceConnections", "targetConnections", "flows"):
            counts[kind] = len(client.get(f"{foundation}/flowservice/{kind}").json()["items"])
        descriptors = client.get(
            f"{foundation}/schemaregistry/tenant/descriptors",
            headers={"Accept": "application/vnd.adobe.xdm-id+json"},
        )
        counts["descriptors"] = sum(map(len, descriptors.json().values()))
    return {kind: count for kind, count in counts.items() if count}


Meddle = Callable[[int, str, str], tuple[int, dict[str, str]] | None]
"""Gets number, method and path of a request; a status and headers answer it, None lets it through."""


@contextmanager
def between(url: str, meddle: Meddle, authorizations: list[str] | None = None) -> Iterator[str]:
    """A server that passes requests on to ``url``, unless ``meddle`` answers them.

    An answer of ``meddle`` with the header ``ECHO`` has the request's body. ``authorizations`` collects that header.
    """
    count = 0
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            nonlocal count
            with lock:
                count += 1
                number = count
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if authorizations is not None:
                authorizations.append(self.headers.get("authorization", ""))
            answer = meddle(number, self.command, self.path)
            if answer is not None:
                status, headers = answer
                content = body if ECHO in headers else b"refused by the test"
            else:
                given = {
                    k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")
                }
                reply = httpx.request(self.command, url + self.path, content=body, headers=given)
                status, content = reply.status_code, reply.content
                headers = {"content-type": reply.headers.get("content-type", "text/plain")}
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Not on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

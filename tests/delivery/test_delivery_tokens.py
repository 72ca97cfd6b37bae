"""Access tokens: fetched once, renewed in time, and never seen anywhere."""

from __future__ import annotations

import asyncio
import threading
import urllib.parse
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.core.errors import UsageError
from simulator.delivery import Batch, FileDestination, Vault, make_destinations
from simulator.delivery.oauth import Credentials, TokenError, TokenSource
from simulator.scenario.models import Destination, ServerCredentials
from simulator.scenario.references import Reference
from tests.delivery.misbehaving import Behaviour, MisbehavingServer, Reply, Request, good
from tests.delivery.sending import events, send, send_all, tally

SECRET = "s3cr3t-of-the-test"


class Endpoint:
    """An inlet that asks for the newest token, and the service that gives tokens."""

    def __init__(self, *, life: float = 86399, status: int = 401) -> None:
        self.life = life
        self.status = status
        self.issued = 0
        self.forms: list[dict[str, list[str]]] = []
        self.token_answer: Behaviour | None = None
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Behaviour:
        if "/ims/" in request.path:
            with self.lock:
                self.issued += 1
                self.forms.append(urllib.parse.parse_qs(request.body.decode()))
            if self.token_answer is not None:
                return self.token_answer
            document = {"access_token": self.token, "token_type": "bearer", "expires_in": self.life}
            return Reply(200, orjson.dumps(document))
        if request.headers.get("authorization") != f"Bearer {self.token}":
            said = request.headers.get("authorization", "nothing")
            return Reply(self.status, orjson.dumps({"report": {"message": f"not {said}"}}))
        return good(request)

    @property
    def token(self) -> str:
        return f"token-number-{self.issued}"


def authentication(server: MisbehavingServer) -> ServerCredentials:
    return ServerCredentials(
        client_id=Reference("the-client"),
        client_secret=Reference("${env:TEST_CLIENT_SECRET}"),
        token_url=f"{server.base}/ims/token/v3",
    )


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_CLIENT_SECRET", SECRET)


def test_one_token_serves_all_requests() -> None:
    endpoint = Endpoint()
    with MisbehavingServer(endpoint) as server:
        receipts, _ = send_all(server.url, [events(20), events(20)], authentication=authentication(server))
    assert [tally(receipt) for receipt in receipts] == [{"ACKNOWLEDGED": 20}] * 2
    assert endpoint.forms == [
        {
            "client_id": ["the-client"],
            "client_secret": [SECRET],
            "grant_type": ["client_credentials"],
            "scope": ["openid,AdobeID,read_organizations,additional_info.projectedProductContext,session"],
        }
    ]


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_renewed_once_and_the_events_arrive_once(status: int) -> None:
    endpoint = Endpoint(status=status)
    with MisbehavingServer(endpoint) as server:

        def revoke(request: Request) -> Behaviour:
            if len(server.requests) == 10:
                endpoint.issued += 1  # what the client holds is not the newest any more
            return endpoint(request)

        server._script = revoke
        receipt, stats = send(server.url, events(30), authentication=authentication(server))
    assert tally(receipt) == {"ACKNOWLEDGED": 30}
    assert set(server.taken.values()) == {1}
    assert len(endpoint.forms) == 2
    assert stats.statuses[str(status)] >= 1


def test_destinations_with_the_same_credentials_share_one_token() -> None:
    endpoint = Endpoint()

    async def run() -> None:
        await destination.open()
        try:
            receipt = await destination.send(Batch(events(10)))
            assert tally(receipt) == {"ACKNOWLEDGED": 10}
        finally:
            await destination.close()

    with MisbehavingServer(endpoint) as server:
        spec = Destination(to=server.url, authentication=authentication(server))
        destination = make_destinations({"a": spec, "b": spec}, lambda spec: FileDestination(Path("x")))
        asyncio.run(run())
    assert endpoint.issued == 1
    assert set(server.taken.values()) == {2}


def test_a_refusal_with_a_fresh_token_is_final_and_its_reason_shows_no_token() -> None:
    def script(request: Request) -> Behaviour:
        if "/ims/" in request.path:
            return endpoint(request)
        return Reply(403, orjson.dumps({"report": {"message": f"no: {request.headers['authorization']}"}}))

    endpoint = Endpoint()
    with MisbehavingServer(script) as server:
        receipt, _ = send(server.url, events(3), authentication=authentication(server), connections=1)
    assert tally(receipt) == {"REJECTED": 3}
    assert receipt.reasons[0] == "403: no: Bearer ***"


def test_credentials_that_are_not_accepted_are_said_before_anything_is_sent() -> None:
    endpoint = Endpoint()
    said = {"error": "invalid_client", "error_description": f"{SECRET} is wrong"}
    endpoint.token_answer = Reply(401, orjson.dumps(said))
    with MisbehavingServer(endpoint) as server, pytest.raises(UsageError) as caught:
        send(server.url, events(3), authentication=authentication(server))
    assert str(caught.value) == (
        "destination.authentication: no access token from 127.0.0.1: 401: *** is wrong"
    )


@pytest.mark.parametrize(
    "answer",
    [
        Reply(503),
        Reply(200, b"{}"),
        Reply(200, b"no json"),
        Reply(200, b'{"access_token":"a\\nb","expires_in":9}'),
    ],
)
def test_without_a_token_nothing_is_sent_and_events_stay_pending(answer: Reply) -> None:
    endpoint = Endpoint()
    endpoint.token_answer = answer
    with MisbehavingServer(endpoint) as server:
        receipt, _ = send(server.url, events(3), authentication=authentication(server), give_up_after=0.5)
    assert tally(receipt) == {"PENDING": 3}
    assert "no access token from 127.0.0.1" in receipt.reasons[0]
    assert all("/ims/" in request.path for request in server.requests)


def test_a_secret_that_is_not_set_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_CLIENT_SECRET")
    with (
        MisbehavingServer(Endpoint()) as server,
        pytest.raises(UsageError, match=r"client_secret: the environment variable TEST_CLIENT_SECRET is not"),
    ):
        send(server.url, events(1), authentication=authentication(server))
    assert not server.requests


def source(server: MisbehavingServer, now: list[float], vault: Vault | None = None) -> TokenSource:
    vault = vault or Vault()
    credentials = Credentials.of(authentication(server), vault, "x")
    return TokenSource(credentials, vault, timeout=2.0, ca_file=None, monotonic=lambda: now[0])


@pytest.mark.parametrize(("life", "renewed_at"), [(86399, 86339), (100, 90)])
def test_a_token_is_renewed_before_it_expires(life: float, renewed_at: float) -> None:
    now = [0.0]
    with MisbehavingServer(Endpoint(life=life)) as server:
        tokens = source(server, now)
        assert tokens.token() == "token-number-1"
        now[0] = renewed_at - 1.0
        assert tokens.token() == "token-number-1"
        now[0] = renewed_at + 1.0
        assert tokens.token() == "token-number-2"
    assert tokens.fetches == 2


def test_while_the_token_holds_a_renewal_that_fails_is_no_matter() -> None:
    now = [0.0]
    endpoint = Endpoint(life=100)
    with MisbehavingServer(endpoint) as server:
        tokens = source(server, now)
        first = tokens.token()
        endpoint.token_answer = Reply(500)
        now[0] = 92.0
        assert tokens.token() == first
        assert tokens.token() == first, "and it isn't tried again at once"
        assert tokens.fetches == 2
        now[0] = 101.0
        with pytest.raises(TokenError, match="500"):
            tokens.token()


def test_many_threads_fetch_one_token() -> None:
    with MisbehavingServer(Endpoint()) as server:
        tokens = source(server, [0.0])
        got: list[str] = []
        threads = [threading.Thread(target=lambda: got.append(tokens.token())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == ["token-number-1"] * 8


def test_nothing_that_python_shows_of_the_credentials_holds_the_secret() -> None:
    with MisbehavingServer(Endpoint()) as server:
        credentials = Credentials.of(authentication(server), Vault(), "x")
    assert SECRET not in f"{credentials!r} {credentials}"


def test_secrets_are_read_from_files_without_the_line_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    vault = Vault()
    assert vault.reveal(Reference(file=file), "x") == SECRET
    assert vault.hide(f"a {SECRET} b") == "a *** b"


@pytest.mark.parametrize(
    ("content", "what"), [("", "is empty"), (None, "can't be read"), ("a\nb", "control")]
)
def test_a_file_that_holds_no_secret_is_said(tmp_path: Path, content: Any, what: str) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError, match=what):
        Vault().reveal(Reference(file=file), "destination.authentication.client_secret")


def test_only_what_came_from_elsewhere_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_CLIENT_SECRET", "abcdef")
    vault = Vault()
    assert vault.reveal(Reference("Bearer ${env:TEST_CLIENT_SECRET}"), "x") == "Bearer abcdef"
    assert vault.hide("Bearer abcdef, abc") == "Bearer ***, abc"

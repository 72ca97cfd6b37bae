"""Where events go, on the command line: several destinations, the guard, the dry run, and secrets."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import orjson
import pytest

from simulator.delivery import read_events
from simulator.people.population import COHORT_SIZE
from tests.cli.program import PROGRAM, call, environment, tiny
from tests.delivery.misbehaving import Behaviour, Cut, MisbehavingServer, Reply, Request, good

ELSEWHERE = "https://dcs.adobedc.net/collection/demo"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tiny(tmp_path)
    return tmp_path


# --- several destinations -----------------------------------------------------------------------------------


def test_to_may_be_repeated(folder: Path) -> None:
    result = call("run", "tiny.yaml", "--out", "record", "--to", "receiver", "--to", "file:a.ndjson",
                  "--to", "file:b.parquet", "--json")  # fmt: skip
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    sent = summary["sent"]
    assert sent > 10
    assert {name: entry["acknowledged"] for name, entry in summary["destinations"].items()} == {
        "receiver": sent,
        "file": sent,
        "file2": sent,
    }
    copies = [
        list(read_events(folder / name)) for name in ("a.ndjson", "b.parquet", "record/received.ndjson")
    ]
    assert copies[0] == copies[1] == copies[2]
    again = call("run", "record/scenario.yaml", "--out", "again", "--to", "file:c.ndjson", "--quiet")
    assert again.exit_code == 0
    assert list(read_events(folder / "c.ndjson")) == copies[0]


def test_a_scenario_names_several_that_share_their_settings(folder: Path) -> None:
    more = """\
destination: {batch_size: 10, dataset_id: shared}
destinations:
  platform: {to: receiver}
  copy: {to: "file:copy.ndjson", sources: [phone]}
  shop: {to: "file:shop.ndjson", sources: [till, loyalty]}
"""
    tiny(folder, more)
    result = call("run", "tiny.yaml", "--out", "record")
    assert result.exit_code == 0
    assert "platform: " in result.stdout
    assert list(read_events(folder / "copy.ndjson")) == list(read_events(folder / "record/received.ndjson"))
    assert (folder / "shop.ndjson").read_bytes() == b""


def test_what_one_destination_lacks_can_be_sent_to_it_later(folder: Path) -> None:
    with MisbehavingServer(lambda request: Reply(500)) as server:
        result = call("run", "tiny.yaml", "--out", "record", "--to", server.url, "--to", "file:a.ndjson",
                      "--set", "destination.give_up_after=0.2 s", "--json")  # fmt: skip
    assert result.exit_code == 3
    entry = json.loads(result.stdout)["destinations"]["http"]
    assert entry["pending"] == entry["sent"] > 10
    assert list(read_events(Path(entry["undelivered_file"]))) == list(read_events(folder / "a.ndjson"))
    with MisbehavingServer(good) as server:
        replayed = call("replay", entry["undelivered_file"], "--to", server.url)
    assert replayed.exit_code == 0
    assert len(server.taken) == entry["sent"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("destinations: {a: {batch_size: 2}}\n", "destinations.a.to: is missing"),
        ("destinations: {a: {to: kaffka:b/t}}\n", "did you mean 'kafka:b/t'?"),
        ("destinations: {a: {to: receiver, sources: [till]}}\n", "destinations: nothing takes the events of phones"),
        ("destination: {to: receiver, sources: [telephone]}\n", "destination.sources.0: 'telephone' is not valid"),
        ("destination: {to: 'http:http://h/x', request: {body: '{evnt}'}}\n", "did you mean {event}?"),
        ("destination: {raw: true, to: 'http://h/collection/x'}\n", "dataflow that maps raw events"),
        ("destination: {rotate: {}, to: 'file:x.ndjson'}\n", "give at least one of `size`, `every`"),
        ("destination: {request: {headers: {Authorization: abc}}}\n", "Authorization stands here in clear"),
        ("destination: {request: {headers: {X-Api-Key: abc}}}\n", "X-Api-Key stands here in clear"),
        ("destination: {kafka: {settings: {sasl.password: abc}}}\n", "sasl.password stands here in clear"),
        ("destination: {authentication: {client_id: a, client_secret: hunter2}}\n", "stands here in clear"),
    ],
)  # fmt: skip
def test_mistakes_are_said_at_their_place(folder: Path, more: str, message: str) -> None:
    tiny(folder, more)
    result = call("check", "tiny.yaml")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("tiny.yaml:18:")
    assert "hunter2" not in result.stderr


# --- the guard ----------------------------------------------------------------------------------------------


def test_another_host_must_be_named(folder: Path) -> None:
    result = call("run", "tiny.yaml", "--to", ELSEWHERE)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == (
        "--to: dcs.adobedc.net is not this machine, and nothing says that events may be sent there; "
        "name it in the scenario's `allow_hosts`, or with --allow-host dcs.adobedc.net"
    )
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    "to", ["kafka:127.0.0.1,broker.example/t", "http:https://api.example.com/x", "http://[2001:db8::1]/collection/x"]
)  # fmt: skip
def test_every_form_is_guarded(folder: Path, to: str) -> None:
    assert "is not this machine" in call("run", "tiny.yaml", "--to", to).stderr
    (folder / "e.ndjson").write_text("{}\n")
    assert "is not this machine" in call("replay", "e.ndjson", "--to", to).stderr


def test_the_host_that_gives_tokens_is_guarded_too(folder: Path) -> None:
    more = "destination: {authentication: {client_id: a, client_secret: '${env:X}'}}\n"
    tiny(folder, more)
    result = call("run", "tiny.yaml", "--to", "http://127.0.0.1:9/collection/x")
    assert "ims-na1.adobelogin.com is not this machine" in result.stderr


@pytest.mark.parametrize(
    ("to", "more"),
    [
        ("http://dcs.adobedc.net/collection/x", "authentication: {client_id: a, client_secret: '${env:X}'}"),
        ("edge:http://server.adobedc.net?configId=1", "authentication: {client_id: a, client_secret: '${env:X}'}"),
        ("http:http://api.example.com/x", "request: {headers: {X-Key: '${env:X}'}}"),
        ("https://dcs.adobedc.net/collection/x",
         "authentication: {client_id: a, client_secret: '${env:X}', token_url: 'http://ims.example.com/token'}"),
    ],
)  # fmt: skip
def test_secrets_leave_this_machine_encrypted_only(folder: Path, to: str, more: str) -> None:
    tiny(
        folder,
        f"destination: {{{more}}}\nallow_hosts: ['*.adobedc.net', '*.example.com', '*.adobelogin.com']\n",
    )
    result = call("run", "tiny.yaml", "--to", to)
    assert result.exit_code == 2
    assert "without encryption; use an address that begins with https://" in result.stderr


@pytest.mark.parametrize("allowed", ["dcs.adobedc.net", "*.adobedc.net", "DCS.adobedc.net."])
def test_a_named_host_is_allowed_by_scenario_or_call(folder: Path, allowed: str) -> None:
    plan = json.loads(
        call("run", "tiny.yaml", "--to", ELSEWHERE, "--allow-host", allowed, "--dry-run", "--json").stdout
    )
    assert plan["allowed"]
    tiny(folder, f"allow_hosts: ['{allowed}']\n")
    assert call("run", "tiny.yaml", "--to", ELSEWHERE, "--dry-run").exit_code == 0


@pytest.mark.parametrize("allowed", ["adobedc.net", "*.dcs.adobedc.net", "evil-adobedc.net", "*adobedc.net"])
def test_a_similar_host_is_not(folder: Path, allowed: str) -> None:
    assert call("run", "tiny.yaml", "--to", ELSEWHERE, "--allow-host", allowed, "--dry-run").exit_code == 2


@pytest.mark.parametrize(
    ("rate", "batch_size", "complaint"),
    [
        ("1000/s", 1, ""),
        ("1500/s", 1, "1,500 requests/s with 1,500 events/s are more than a streaming inlet takes (1,000 and 10,000)"),
        ("ramp 10/s to 10000/s over 1 min", 100, ""),
        ("12000/s", 100, "120 requests/s with 12,000 events/s are more than a streaming inlet takes"),
        ("200 requests/s", 60, "200 requests/s with 12,000 events/s"),
    ],
)  # fmt: skip
def test_a_load_beyond_the_documented_limit_is_refused(
    folder: Path, rate: str, batch_size: int, complaint: str
) -> None:
    tiny(folder, f"destination: {{batch_size: {batch_size}}}\nload: {{profile: {rate}}}\n")
    arguments = (
        "run",
        "tiny.yaml",
        "--to",
        ELSEWHERE,
        "--allow-host",
        "dcs.adobedc.net",
        "--dry-run",
        "--json",
    )
    plan = json.loads(call(*arguments).stdout)
    assert plan["allowed"] is not bool(complaint)
    assert complaint in " ".join(plan["problems"])
    assert (plan["load"]["profile"], plan["load"]["spacing"]) == (rate, "even")
    assert json.loads(call(*arguments, "--over-limit").stdout)["allowed"]
    here = ("run", "tiny.yaml", "--to", "http://127.0.0.1:9/collection/demo", "--dry-run", "--json")
    assert json.loads(call(*here).stdout)["allowed"], "this machine has no limits"


# --- the dry run --------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(folder: Path) -> None:
    with MisbehavingServer(good) as server:
        arguments = ("run", "tiny.yaml", "--to", server.url, "--set", "destination.batch_size=10")
        result = call(*arguments, "--dry-run")
        document = json.loads(call(*arguments, "--dry-run", "--json").stdout)
        assert result.exit_code == 0
        assert not server.requests
        assert not (folder / "runs").exists()
        real = json.loads(call(*arguments, "--json").stdout)
    assert "nothing is sent" in " ".join(result.stdout.split())
    assert "127.0.0.1: this machine" in result.stdout
    assert document["exact"]
    assert document["events"] == real["sent"]
    assert document["destinations"][0]["requests"] == -(-real["sent"] // 10)


def test_a_dry_run_of_many_people_scales_a_sample(folder: Path) -> None:
    document = json.loads(call("run", "tiny.yaml", "--people", "6000", "--dry-run", "--json").stdout)
    assert (document["exact"], document["people"]) == (False, 6000)
    assert COHORT_SIZE / 2 < document["people_simulated"] <= COHORT_SIZE
    real = json.loads(call("run", "tiny.yaml", "--people", "6000", "--to", "file:/dev/null", "--json").stdout)
    assert document["events"] == pytest.approx(real["sent"], rel=0.1)


def test_a_dry_run_says_how_fast_a_paced_run_is_and_what_limits_it(folder: Path) -> None:
    arguments = ("run", "tiny.yaml", "--to", ELSEWHERE, "--allow-host", "dcs.adobedc.net", "--dry-run")
    document = json.loads(call(*arguments, "--set", "clock.speed=60", "--json").stdout)
    assert document["seconds"] == 120.0
    assert document["events_per_second"] == pytest.approx(document["events"] / 120.0, rel=1e-2)
    assert document["destinations"][0]["limit"]["kept"]
    over = json.loads(call(*arguments, "--over-limit", "--json").stdout)
    assert not over["destinations"][0]["limit"]["kept"]
    assert "held to the documented 1,000 requests/s" in " ".join(call(*arguments).stdout.split())


def test_a_dry_run_says_which_secrets_are_missing(folder: Path) -> None:
    tiny(folder, "destination: {request: {headers: {X-Key: '${env:TEST_NOT_THERE}'}}}\n")
    result = call("run", "tiny.yaml", "--to", "http:http://127.0.0.1:9/x", "--dry-run")
    assert result.exit_code == 2
    assert "the environment variable TEST_NOT_THERE is not set" in " ".join(result.stdout.split())


# --- secrets ------------------------------------------------------------------------------------------------


class Inquisitive:
    """Endpoints that repeat every secret they see, and fail in every way."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, request: Request) -> Behaviour:
        hidden = [request.headers.get(name, "") for name in ("authorization", "x-key")]
        said = f"{hidden} {request.path} {request.body[:500]!r}"
        padded = "x" * (285 + request.number % 30) + said  # reasons are cut off somewhere in the middle
        if "/ims/" in request.path:
            self.seen.add("secret" if "client-hidden-1" in said else "")
            token = f"token-hidden-{request.number}"
            return Reply(200, orjson.dumps({"access_token": token, "expires_in": 3600}))
        self.seen |= {word for word in ("token-hidden", "key-hidden-2", "query-hidden-3") if word in said}
        kinds: list[Behaviour] = [
            Reply(401, orjson.dumps({"report": {"message": said}})),
            Reply(400, padded.encode()),
            Reply(400, said.encode()),
            Reply(503, said.encode()),
            Reply(207, orjson.dumps({"responses": [{"status": 400, "message": said}]})),
            Cut(),
        ]
        return kinds[request.number % len(kinds)]


FAULTS = {
    "of the run": (
        "import simulator.run.tally as t\n"
        "def add(self, window, receipt): raise RuntimeError('a fault')\n"
        "t.Tally.add = add"
    ),
    "of a sender": (
        "import simulator.delivery.sending as s\n"
        "def failed(self, *what): raise RuntimeError('a fault')\n"
        "s.Sender._failed = failed"
    ),
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("ending", ["summary", *FAULTS])
def test_no_secret_appears_in_any_output_or_file(tmp_path: Path, ending: str, workers: int) -> None:
    endpoint = Inquisitive()
    key = tmp_path / "elsewhere" / "key"
    key.parent.mkdir()
    key.write_text("key-hidden-2\n")
    work = tmp_path / "work"
    work.mkdir()
    with MisbehavingServer(endpoint) as server:
        tiny(
            work,
            f"""\
destination:
  give_up_after: 0.3 s
  authentication:
    client_id: me
    client_secret: ${{env:TEST_SECRET_ONE}}
    token_url: {server.base}/ims/token/v3
destinations:
  inlet: {{to: "{server.url}?key=${{env:TEST_SECRET_THREE}}", batch_size: 5}}
  other:
    to: http:{server.base}/x
    request: {{headers: {{X-Key: {{file: "{key}"}}}}}}
""",
        )
        program = list(PROGRAM)
        if ending in FAULTS:  # of the program itself, while secrets are in use
            fault = f"{FAULTS[ending]}\nfrom simulator.cli import main\nmain()\n"
            program = [program[0], "-c", fault]
        result = subprocess.run(
            [*program, "run", "tiny.yaml", "--out", "record", "--workers", str(workers)],
            cwd=work,
            env={
                **environment(),
                "TEST_SECRET_ONE": "client-hidden-1",
                "TEST_SECRET_THREE": "query-hidden-3",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert result.returncode == (3 if ending == "summary" else 70), result.stderr
    assert {"secret", "token-hidden"} <= endpoint.seen
    if ending != "of a sender":
        assert endpoint.seen == {"secret", "token-hidden", "key-hidden-2", "query-hidden-3"}, (
            "all were in use"
        )
    told = result.stdout + result.stderr
    files = [Path(where) / name for where, _, names in os.walk(work) for name in names]
    assert len(files) > 3
    told += "".join(path.read_bytes().decode("latin-1") for path in files)
    assert "hidden" not in told
    assert "***" in told if ending == "summary" else "a fault" in told


# --- the Edge Network ---------------------------------------------------------------------------------------


def test_a_run_to_the_edge_network_delivers_the_stream_phone_by_phone(folder: Path) -> None:
    def edge(request: Request) -> Behaviour:
        return Reply(200, b'\x00{"requestId":"r","handle":[]}\n')

    with MisbehavingServer(edge) as server:
        to = f"edge:{server.base}?configId=demo"
        result = call("run", "tiny.yaml", "--to", to, "--to", "file:a.ndjson", "--out", "record", "--json")
    assert result.exit_code == 0
    entry = json.loads(result.stdout)["destinations"]["edge"]
    assert entry["to"] == to
    assert entry["acknowledged"] == entry["sent"] == len(server.requests) > 10
    stream: dict[str, list[str]] = {}
    for body in read_events(folder / "a.ndjson"):
        event = orjson.loads(body)
        stream.setdefault(event["identityMap"]["ECID"][0]["id"], []).append(event["_id"])
    arrived: dict[str, list[str]] = {}
    for request in server.requests:
        document = orjson.loads(request.body)
        phone = document["xdm"]["identityMap"]["ECID"][0]["id"]
        arrived.setdefault(phone, []).append(document["events"][0]["xdm"]["_id"])
    assert arrived == stream


def test_an_expectation_may_speak_of_one_of_several_destinations(folder: Path) -> None:
    more = """\
destinations: {one: {to: "file:a.ndjson"}, two: {to: receiver}}
expect:
  - {metric: destinations.two.acknowledged, at_least: 1}
  - {metric: destinations.one.pending, at_least: 1}
"""
    tiny(folder, more)
    result = call("run", "tiny.yaml", "--out", "record", "--quiet")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "journeysim: expectation failed: destinations.one.pending: found 0, expected at least 1"
    ]

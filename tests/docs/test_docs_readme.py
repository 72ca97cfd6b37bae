"""README.md is true: its commands run, its example is the file, its picture and its message are real."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.program import ROOT, call
from tests.docs.documents import PAGES, blocks, headings, shell, workplace

README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST, *OTHERS = blocks("README.md", "sh")


def commands(word: str) -> str:
    """The one block of commands with ``word`` in it."""
    (found,) = [block for block in OTHERS if word in block]
    return found


def serving(block: str, port: int, *then: str) -> str:
    """A script of a block whose first command serves: the others run once it answers, and it ends with them."""
    serve, *others = block.replace("8080", str(port)).splitlines()
    assert "journeysim serve" in serve
    health = f"http://127.0.0.1:{port}/health"
    wait = f"until curl -sf --noproxy '*' {health}; do sleep 0.05; done > /dev/null"
    start = f"exec 3>&1; {serve.split('#')[0]} & receiver=$!"
    return "\n".join([start, "trap 'kill $receiver' EXIT", wait, *others, *then])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def test_the_first_block_is_demo_then_test() -> None:
    assert re.findall(r"^make (\w+)", FIRST, re.MULTILINE) == ["demo", "test"]


@pytest.mark.parametrize(
    ("target", "called"),
    [
        ("demo", "journeysim run scenarios/lunch_rush.yaml"),
        ("test", "python -m pytest"),
        ("bench", "python -m benchmarks"),
        ("lint", "ruff check"),
        ("types", "mypy"),
        ("layers", "lint-imports"),
        ("check", "lint-imports"),
        ("picture", "docs/make_picture.py"),
        ("pictures-live", "docs.make_live_pictures"),
        ("help", "Makefile"),
        ("clean", "rm -rf .venv runs"),
    ],
)
def test_the_targets_that_the_documents_name_call_what_they_say(target: str, called: str) -> None:
    made = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    assert called in made.stdout


def test_every_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in [*PAGES, ROOT / ".ci" / "run"]:
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"(?:^|`)make ([a-z]+(?:-[a-z]+)*)\b", text, re.MULTILINE)
        assert set(named) <= targets, page.name


def test_what_is_run_on_every_change_is_what_must_hold_before_a_push() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    check = re.search(r"^check: ([a-z ]+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert check is not None
    assert re.findall(r"^make (\w+)$", script, re.MULTILINE) == check[1].split()
    assert "export CI=true" in script


def test_the_commands_of_the_first_scenario_run(tmp_path: Path) -> None:
    done = shell(commands("corner_cafe"), workplace(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "scenarios/corner_cafe.yaml: good: 50 people in 1 group, 1 place\n" in done.stdout
    assert "✔ corner_cafe: " in done.stdout


def test_the_commands_of_the_journey_run(tmp_path: Path) -> None:
    folder = workplace(tmp_path)
    done = shell(commands("coupon_at_the_door"), folder)
    assert done.returncode == 0, done.stderr
    assert "✔ coupon_at_the_door: " in done.stdout
    assert (folder / "runs" / "coupon" / "journeys.ndjson").stat().st_size > 100_000
    assert (folder / "runs" / "coupon" / "step_events.ndjson").stat().st_size > 100_000


def test_the_commands_that_send_events_run(tmp_path: Path) -> None:
    port, folder = free_port(), workplace(tmp_path)
    received = re.search(r"`GET (http://127.0.0.1:8080/received)` shows", README)
    assert received is not None
    read = f"curl -sf --noproxy '*' '{received[1].replace('8080', str(port))}?limit=1' > received.json"
    done = shell(serving(commands("--workers 2"), port, read), folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("✔ lunch_rush: ") == 3
    assert (folder / "events.ndjson.zst").stat().st_size > 100_000
    document = httpx.Response(200, content=(folder / "received.json").read_bytes()).json()
    assert document["total"] > 5000


def test_the_commands_of_the_proof_run(tmp_path: Path) -> None:
    block = commands("spa_beacon")
    assert block.count("--speed 60") == 2
    block = block.replace("--speed 60", "--speed 300")  # to have it sooner
    done = shell(serving(block, free_port()), workplace(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "spa_beacon" in done.stdout


def test_the_live_map_is_opened_as_it_is_told(tmp_path: Path) -> None:
    (line,) = commands("journeysim live").splitlines()
    command = line.split("#")[0]
    folder = workplace(tmp_path)
    script = f"""
exec 3>&1; {command} --no-open --port 0 > shown 2>&1 & live=$!
until grep -o 'http://[^ ]*' shown > address; do sleep 0.05; kill -0 $live || exit 9; done
curl -sf --noproxy '*' "$(head -1 address)/" | head -1
kill -INT $live; wait $live
"""
    done = shell(script, folder)
    assert done.returncode == 0, done.stderr + (folder / "shown").read_text()
    assert "<!doctype html>" in done.stdout.lower()
    made = subprocess.run(["make", "-n", "demo-live"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert " ".join(command.split()[1:]) in made.stdout


def test_the_scenario_shown_is_the_one_in_the_gallery() -> None:
    (shown,) = blocks("README.md", "yaml")
    assert shown == (ROOT / "scenarios" / "corner_cafe.yaml").read_text(encoding="utf-8")


def test_the_expectations_shown_are_those_of_their_page() -> None:
    (excerpt,) = blocks("README.md", "yaml excerpt")
    assert excerpt in (ROOT / "docs" / "expectations.md").read_text(encoding="utf-8")


def test_the_message_shown_is_the_message_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shown,) = blocks("README.md", "text")
    monkeypatch.chdir(workplace(tmp_path))
    cafe = Path("scenarios/corner_cafe.yaml")
    cafe.write_text(cafe.read_text().replace("radius: 120 m", "radus: 120 m"))
    assert call("check", cafe).stderr == shown + "1 mistake found.\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        aim = page.parent / name if name else page
        assert aim.exists(), target
        assert not anchor or anchor in headings(aim), target


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    ahead = {ROOT / "README.md"}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        links = re.findall(r"\]\(([^)\s#]+\.md)", page.read_text(encoding="utf-8"))
        ahead |= {(page.parent / link).resolve() for link in links if "://" not in link} - reached
    assert {page.resolve() for page in (ROOT / "docs").glob("*.md")} <= reached


def test_the_speed_promised_is_kept(tmp_path: Path) -> None:
    assert "20,000 people over a day take\n  seconds" in README
    began = time.perf_counter()
    arguments = (
        "--people",
        "20000",
        "--to",
        f"file:{tmp_path}/x.ndjson",
        "--out",
        tmp_path / "run",
        "--quiet",
    )
    one_hour = ("--set", "clock.start=2026-03-02T12:00", "--duration", "1 h")
    assert call("run", ROOT / "scenarios" / "lunch_rush.yaml", *arguments, *one_hour).exit_code == 0
    assert time.perf_counter() - began < 30

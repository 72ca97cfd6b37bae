"""The first pages: their files are copied out of them, their commands are run, and what they show is what comes."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.cli.program import ROOT, started
from tests.docs.documents import commands, shell, workplace
from tests.live.shows import showing


def copied(page: str, folder: Path) -> Path:
    """A workplace with the files of a page: the code blocks that have a name."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    files = re.findall(r"^```\w+ (\S+\.\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert files
    workplace(folder)
    for name, content in files:
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def shown(page: str) -> list[str]:
    """The lines that a page shows of the expectations of its run."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    block = next(
        block for block in re.findall(r"^```text\n(.*?)^```", text, re.S | re.M) if "Expect" in block
    )
    return [line.rstrip() for line in block.splitlines()]


def test_a_journey_is_proved_and_the_proof_can_fail(tmp_path: Path) -> None:
    folder = copied("prove.md", tmp_path)
    check, run, everybody, nobody, ci, *_ = commands("docs/prove.md")
    assert shell(check, folder).stdout == "store.yaml: good: 1,000 people in 1 group, 3 places\n"
    done = shell(run, folder)
    assert done.returncode == 0, done.stdout
    assert set(shown("prove.md")) <= {line.rstrip() for line in done.stdout.splitlines()}
    failed = shell(everybody, folder)
    assert failed.returncode == 1
    assert "✘ Nobody else gets anything" in failed.stdout
    assert "✔ Members get the coupon" in failed.stdout
    failed = shell(nobody, folder)
    assert failed.returncode == 1
    told = " ".join(failed.stdout.split())
    assert "the rule wants `eventType` to be 'location.enter'; the event has 'location.entry'" in told
    assert shell(ci, folder).returncode == 0
    assert 'failures="0"' in (folder / "junit.xml").read_text()
    assert "Everything holds" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_rehearsal_of_the_proof_ends_in_a_verdict_by_the_step_events(tmp_path: Path) -> None:
    folder = copied("prove.md", tmp_path)
    serve, run, verify = commands("docs/prove.md")[-3:]
    assert serve.startswith("journeysim serve")
    with started(*serve.replace("8080", "0").split()[1:], cwd=folder) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        ran = shell(run.replace("http://127.0.0.1:8080", url), folder)
        assert "journeysim verify runs/rehearsal --step-events" in ran.stdout
        done = shell(verify.replace("http://127.0.0.1:8080", url), folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✔") == 4


def test_an_inlet_is_load_tested(tmp_path: Path) -> None:
    folder = copied("load_test.md", tmp_path)
    check, dry, serve, run = commands("docs/load_test.md")
    assert shell(check, folder).returncode == 0
    planned = " ".join(shell(dry, folder).stdout.split())
    assert "ends with the profile" in planned
    assert "The run would begin." in planned
    with started(*serve.replace("8080", "0").split()[1:], cwd=folder) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        # Machines of tests are shared: a tenth of the rate, a quarter of the time, and looser times.
        slower = run.replace("2000/s for 20 s", "200/s for 5 s")
        given = f"--to {url}/collection/load --set expect.2.at_least=100/s"
        looser = '--set expect.0.at_most="20 s" --set expect.1.at_most="20 s"'
        done = shell(f"{slower} {given} {looser}", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    names = {re.split(r"  +", line.strip())[0] for line in shown("load_test.md")}
    assert names <= {re.split(r"  +", line.strip())[0] for line in done.stdout.splitlines()}
    assert "Latency, second by second" in (folder / "load.html").read_text(encoding="utf-8")


def test_the_demo_has_its_first_coupon_within_seconds(tmp_path: Path) -> None:
    folder = copied("demo.md", tmp_path / "place")
    check, live = commands("docs/demo.md")
    assert shell(check, folder).returncode == 0
    assert live.startswith("journeysim live demo.yaml --speed 20")
    began = time.monotonic()
    with showing(folder / "demo.yaml", "--speed", "20", "--out", folder / "runs", folder=folder) as show:
        assert urlopen(show.url).status == 200
        journal = folder / "runs" / "journeys.ndjson"
        while time.monotonic() - began < 30:
            rows = journal.read_bytes().splitlines()[:-1] if journal.exists() else []
            if any(json.loads(row)["kind"] == "received" for row in rows):
                break
            time.sleep(0.1)
        else:
            raise AssertionError("no coupon came")

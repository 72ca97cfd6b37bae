"""`journeysim listen`: listens until told to stop, answers as a file says, and keeps what it heard."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.cli.program import PROGRAM, ROOT, journeysim

ANSWERS = """
routes:
  Coupon: {path: /coupon, answers: [{status: 503}, {body: {ok: true}}], shape: {points: 1}}
"""


def test_it_listens_answers_and_keeps(tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    options = (
        "--port",
        "0",
        "--answers",
        str(tmp_path / "answers.yaml"),
        "--out",
        str(tmp_path / "calls.ndjson"),
    )
    with subprocess.Popen(
        [*PROGRAM, "listen", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as program:
        assert program.stdout is not None
        url = program.stdout.readline().split()[-1]
        program.stdout.readline()
        with httpx.Client(trust_env=False) as client:
            body = {"instanceUID": "i", "nodeName": "offer", "profileId": "p1"}
            assert client.post(f"{url}/coupon", json=body).status_code == 503
            assert client.post(f"{url}/coupon", json=body).json() == {"ok": True}
        lines = [program.stdout.readline() for _ in range(2)]
        program.send_signal(signal.SIGINT)
        said, complaints = program.communicate(timeout=30)
    assert (program.returncode, complaints) == (0, "")
    assert "POST /coupon  503  call 1, person p1, step offer; body.points: missing" in lines[0]
    assert "200  call 1, attempt 2, person p1" in lines[1]
    assert said == "stopped; 2 calls heard\n"
    rows = [json.loads(line) for line in (tmp_path / "calls.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["listener", "call", "call", "stopped"]
    assert rows[0]["actions"] == {"Coupon": ""}
    again = journeysim("listen", "--port", "0", *options[2:], cwd=ROOT)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("routes: {Hook: {answers: [{status: 9}]}}", "answers.yaml:1:36: routes.Hook.answers.0.status"),
        ("routes: {Hook: {requires: {token: login}}}", "no route 'login' with `token`"),
        ("routes: {Hook: {pth: /x}}", "did you mean 'path'?"),
        (
            "routes: {Hook: {requires: {basic: {user: u, password: '${env:NO_SUCH_SECRET}'}}}}",
            "NO_SUCH_SECRET",
        ),
        ("", "expected `routes:`"),
    ],
)
def test_a_wrong_file_is_2_and_says_where(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "answers.yaml").write_text(text, encoding="utf-8")
    done = journeysim("listen", "--port", "0", "--answers", "answers.yaml", cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert said in done.stderr

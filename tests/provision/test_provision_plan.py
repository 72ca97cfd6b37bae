"""Plans: every mistake at its place, and nothing secret on its way in clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.core.errors import InputError, UsageError
from simulator.delivery import make_destination
from simulator.provision import load_plan
from simulator.provision.plan import Plan
from simulator.scenario import Destination
from tests.provision.setting_up import set_up, write_plan

GOOD = "https://platform.example.com"


def mistakes(plan: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_plan(plan)
    return [str(problem).removeprefix(str(plan)) for problem in caught.value.problems]


def test_every_mistake_is_said_at_its_line_and_column(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, GOOD, "events: {profiles: true}\ntest_profiles: {count: 0}\noutpt: x\n")
    plan.write_text(
        plan.read_text().replace("name: small", "name: Small").replace("  organization", "  organisation")
    )
    said = mistakes(plan)
    assert [line.partition(": ")[0] for line in said] == [":2:7", ":4:1", ":7:3", ":11:10", ":12:24", ":13:1"]
    assert "did you mean 'profile'?" in said[3]
    assert "did you mean 'output'?" in said[5]


def test_a_secret_in_clear_is_refused_and_not_repeated(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, GOOD)
    plan.write_text(plan.read_text().replace("${env:JOURNEYSIM_TEST_SECRET}", "p8e-in-clear"))
    (said,) = mistakes(plan)
    assert "client_secret" in said and "p8e-in-clear" not in said


@pytest.mark.parametrize(
    "url",
    [
        "http://platform.example.com",
        "http://10.0.0.1:8080",
        "http://127.example.com",
        "http://127.0.0.1@platform.example.com",
        "http://localhost:8080@platform.example.com",
    ],
)
def test_secrets_travel_over_https_or_loopback_only(tmp_path: Path, url: str) -> None:
    (said,) = mistakes(write_plan(tmp_path, url))
    assert "would send secrets in clear" in said


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", GOOD])
def test_addresses_that_may_be_used(tmp_path: Path, url: str) -> None:
    assert load_plan(write_plan(tmp_path, url)).platform.url == url


def test_a_secret_that_is_not_there_is_named_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNEYSIM_TEST_SECRET", raising=False)
    with pytest.raises(UsageError, match="JOURNEYSIM_TEST_SECRET is not set"):
        set_up(write_plan(tmp_path, "http://127.0.0.1:9"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', "not JSON"])
def test_a_file_that_provision_did_not_write_is_refused_as_a_destination(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UsageError, match=r"x\.json"):
        make_destination(Destination(to=f"provisioned:{tmp_path / 'x.json'}"))


def test_a_destination_that_was_not_set_up_says_how_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="journeysim provision PLAN"):
        make_destination(Destination(to=f"provisioned:{tmp_path / 'absent.json'}"))


def test_every_field_of_a_plan_is_described_and_documented() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "provision.md").read_text(encoding="utf-8")
    pending = [Plan]
    while pending:
        for name, info in pending.pop().model_fields.items():
            assert info.description, name
            assert f"`{name}`" in page, name
            kinds = [info.annotation, *getattr(info.annotation, "__args__", ())]
            pending += [kind for kind in kinds if hasattr(kind, "model_fields")]

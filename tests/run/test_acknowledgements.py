"""What is sent again is the same event: it counts once, whatever happens to phones and network."""

from __future__ import annotations

import tempfile
from pathlib import Path

import orjson
from hypothesis import HealthCheck, Phase, given, settings

from tests.run.random_phones import hard_scenarios
from tests.run.running import Document, run_to_file, write_scenario


@settings(
    max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
@given(hard_scenarios())
def test_each_event_is_acknowledged_once_however_often_it_was_sent(document: Document) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record = run_to_file(write_scenario(folder, document), folder / "run")
        summary, rows = record.summary, record.ledger.rows
        by_id: dict[str, bytes] = {}
        for body in record.bodies:
            # The second time it is the same bytes.
            assert by_id.setdefault(orjson.loads(body)["_id"], body) == body
        assert summary["sent"] == len(record.bodies)
        assert summary["acknowledged"] == len(by_id)
        assert summary["duplicates"] == len(record.bodies) - len(by_id)
        told_of = rows["event"][rows["event"] >= 0].tolist()
        ids = [orjson.loads(record.bodies[event])["_id"] for event in told_of]
        assert len(ids) == len(set(ids))

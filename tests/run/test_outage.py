"""Memory of a run at a rate whose endpoint is down for a while; ``benchmarks/outage.py`` does it for longer."""

from __future__ import annotations

import sys

import pytest

from benchmarks.outage import outage


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_endpoint_that_is_down_costs_time_but_no_memory_and_no_event() -> None:
    found = outage(rate=2000, up=9.0, down=5.0, people=3000)
    assert found.exit_code == 0
    assert found.acknowledged == found.planned == 2000 * 23
    assert (
        1.0 < found.latest < 15.0
    )  # tries go on while the endpoint is down, so not all that is late is as late
    # What may wait in memory weighs more in a small run than in the long one, which allows a tenth.
    assert found.worst < 1.25 * found.before

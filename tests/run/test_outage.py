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
    # Whoever does not answer at all is asked after 0.1, 0.2, 0.4 and 0.8 s, then every second, with 16 requests each
    # time; all else that is due waits, so the first of it is late by all but the beginning of the outage. The upper
    # bound leaves the endpoint's process three seconds to start.
    assert 4.0 < found.latest < 5.0 + 1.0 + 3.0
    # What may wait in memory weighs more in a small run than in the long one, which allows a tenth.
    assert found.worst < 1.25 * found.before

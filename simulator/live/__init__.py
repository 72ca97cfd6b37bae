"""The live map: a run at the pace of a clock that can be paused, hurried and interfered with, shown in a browser.

``live`` runs a scenario and serves the page, ``watch`` replays a run folder. Start at ``show.py``: what is shown, and
how it gets from the simulation to the page (docs/live.md, docs/live_protocol.md).
"""

from simulator.live.performing import LiveOptions, live
from simulator.live.replay import watch

__all__ = ["LiveOptions", "live", "watch"]

"""Load: when events are to be sent, and how long it took them.

``timetable.py`` turns a profile into the time of every event, whatever the endpoint does; ``latency.py`` keeps
what was measured.
"""

from simulator.delivery.load.latency import PERCENTILES, Histogram, LatencyRecord
from simulator.delivery.load.timetable import Timetable, with_curve

__all__ = ["PERCENTILES", "Histogram", "LatencyRecord", "Timetable", "with_curve"]

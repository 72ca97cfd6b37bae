"""Load: when events are to be sent, and how long it took them.

``schedule.py`` turns a profile into the time of every event, whatever the endpoint does; ``latency.py`` keeps
what was measured.
"""

from simulator.delivery.load.latency import PERCENTILES, Histogram, LatencyRecord
from simulator.delivery.load.schedule import Schedule, with_curve

__all__ = ["PERCENTILES", "Histogram", "LatencyRecord", "Schedule", "with_curve"]

"""Rules of events that a schema can't say: what a type needs to mean something, whether the numbers of a
place agree, and what may follow what. Each rule answers with sentences; no sentence means that it holds."""

from simulator.xdm.rules.consistency import place_consistency
from simulator.xdm.rules.essentials import missing_essentials
from simulator.xdm.rules.stream import StreamRules

__all__ = ["StreamRules", "missing_essentials", "place_consistency"]

"""Reading places from files and scenarios: one module per kind of source, one set of rules for all."""

from __future__ import annotations

from simulator.world.importers.load import load_places

__all__ = ["load_places"]

"""Watching a run again: its scenario simulated as it was, with what is on record of what became of it."""

from __future__ import annotations

from pathlib import Path

from simulator.live.performing import LiveOptions


def watch(folder: Path, options: LiveOptions) -> None:
    """Show the run in ``folder`` until it is interrupted."""
    raise NotImplementedError

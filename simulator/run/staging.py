"""How else a run may be put together: other parts in the place of the usual ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.delivery import Receipt
from simulator.ledger import Rows
from simulator.run.driving import Driver
from simulator.run.embedded import MakeReceiver
from simulator.run.simulation import World
from simulator.run.window import Window
from simulator.run.workers import WindowSource


def _unseen(window: Window, first: int, receipt: Receipt, rows: Rows) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Staging:
    """Parts of a run; None for the usual one."""

    driver: Callable[..., Driver] | None = None
    """Called as :class:`Driver` is; decides when time goes on."""
    source: Callable[[World, Callable[[int, int], None]], WindowSource] | None = None
    """Makes what simulates, in this process; called as :class:`InProcess` is."""
    receiver: MakeReceiver | None = None
    """Makes what stands for the destination `receiver`."""
    recorded: Callable[[Window, int, Receipt, Rows], None] = _unseen
    """Told what was put on record: a window, the number of its first event, what became of its events, and of the
    crossings behind them."""

"""Blocks of lines onto a console, whatever its encoding can hold."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from simulator.report.glyphs import printable

Lines = list[Text]

NARROWEST, WIDEST = 60, 160


def width_of(console: Console) -> int:
    """The columns that reports are drawn for."""
    return max(NARROWEST, min(console.width, WIDEST))


def print_blocks(blocks: Sequence[Lines], console: Console) -> None:
    """Print blocks with an empty line after each; blocks without lines are left out."""
    for block in blocks:
        for line in block:
            console.print(_shown(line, console), soft_wrap=True, highlight=False)
        if block:
            console.print()


def _shown(line: Text, console: Console) -> Text:
    """The line as the console's encoding can hold it, with its styles."""
    shown = Text(printable(line.plain, console.encoding), line.style)
    shown.spans = line.spans
    return shown

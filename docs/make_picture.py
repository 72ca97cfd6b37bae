"""Draws docs/images/lunch_rush.svg, the picture in the README: the summary of a real run. ``make picture``."""

# ruff: noqa: E501
from __future__ import annotations

import html
import io
import re
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from simulator.report import render_summary
from simulator.run import RunOptions, prepare, run

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = Path("scenarios/lunch_rush.yaml")
PICTURE = ROOT / "docs" / "images" / "lunch_rush.svg"
COLUMNS = 96

# rich's own drawing loads a font from a remote host, which a picture must not do: these, most machines have.
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix, .{unique_id}-title {{
  font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace;
}}
.{unique_id}-matrix {{ font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
TEXT = re.compile(
    r'<text class="(\S+)" x="(\S+)" y="(\S+)" textLength="(\S+)" clip-path="(\S+)">(.*?)</text>', re.DOTALL
)
PAPER = TerminalTheme(
    (16, 20, 28),
    (208, 214, 224),
    [(16, 20, 28), (240, 98, 98), (126, 200, 120), (228, 184, 88), (98, 154, 240), (190, 132, 230), (86, 190, 208), (208, 214, 224)],
    [(110, 118, 132), (255, 128, 128), (150, 220, 144), (244, 206, 116), (130, 178, 255), (210, 160, 245), (120, 214, 230), (240, 244, 250)],
)  # fmt: skip


def summary_of_a_run() -> dict[str, Any]:
    """The summary of the scenario run just now, with the paths that a reader's own run shows."""
    with tempfile.TemporaryDirectory() as folder:
        result = run(prepare(ROOT / SCENARIO), RunOptions(out=Path(folder) / "run"))
    return {
        **result.summary,
        "scenario_file": str(SCENARIO),
        "run_folder": "runs/lunch_rush-20260302-103000",
    }


def drawn(summary: dict[str, Any]) -> str:
    """The summary as an SVG document that needs nothing from anywhere else."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print("[dim]$[/] [bold]make demo[/]\n", highlight=False)
    render_summary(summary, console)
    svg = console.export_svg(title="journeysim", theme=PAPER, code_format=FORMAT, unique_id="journeysim")
    return TEXT.sub(_without_spaces_around, svg).rstrip() + "\n"


def _without_spaces_around(found: re.Match[str]) -> str:
    """A piece of text without the spaces before and behind it, which some programs drop and then stretch the rest."""
    style, x, y, length, clip, words = found.groups()
    shown = html.unescape(words)
    cell = float(length) / len(shown)
    bare = shown.strip("\u00a0 \n")
    if not bare:
        return ""
    left = float(x) + cell * (len(shown) - len(shown.lstrip("\u00a0 \n")))
    kept = html.escape(bare, quote=False).replace("\u00a0", "&#160;")
    return f'<text class="{style}" x="{left:g}" y="{y}" textLength="{cell * len(bare):g}" clip-path="{clip}">{kept}</text>'


def main() -> None:
    """Write the picture."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(summary_of_a_run()), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)} drawn")


if __name__ == "__main__":
    main()

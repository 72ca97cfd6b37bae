"""The signs that reports are drawn with, and how numbers, shares and times are written.

Every sign has a plain stand-in for outputs that cannot show it (an ASCII locale, an old log viewer).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console

_LOOKALIKES = {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "ß": "s", "ø": "o", "ł": "l"}
MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs. ``bars`` are the eighths of a bar from left to right, ``levels`` the heights of a
    sparkline from nothing to full."""

    good: str
    bad: str
    warn: str
    stop: str
    bars: str
    levels: str
    line: str
    rest: str
    times: str
    ellipsis: str
    arrow: str
    dash: str
    unequal: str

    def bar(self, share: float, width: int) -> str:
        """A bar of ``share`` (0 to 1) of ``width`` cells; anything above nothing shows."""
        steps = len(self.bars) - 1
        filled = round(max(0.0, min(share, 1.0)) * width * steps)
        if share > 0:
            filled = max(filled, 1)
        whole, part = divmod(filled, steps)
        return self.bars[-1] * whole + (self.bars[part] if part else "")

    def spark(self, values: Sequence[float]) -> str:
        """One sign per value, its height the share of the largest; a value above nothing is never blank."""
        top = max(values, default=0)
        steps = len(self.levels) - 1
        return "".join(self.levels[0 if v <= 0 else max(1, round(v / top * steps))] for v in values)

    def clip(self, text: str, width: int) -> str:
        """``text`` cut to ``width`` cells, with a sign that it was."""
        if cell_len(text) <= width:
            return text
        return set_cell_size(text, max(width - len(self.ellipsis), 0)).rstrip() + self.ellipsis

    def fit(self, text: str, width: int) -> str:
        """``text`` cut or filled up to exactly ``width`` cells."""
        clipped = self.clip(text, width)
        return clipped + " " * (width - cell_len(clipped))


UNICODE = Glyphs(
    good="✔",
    bad="✘",
    warn="!",
    stop="■",
    bars=" ▏▎▍▌▋▊▉█",
    levels=" ▁▂▃▄▅▆▇█",
    line="━",
    rest="╌",
    times="×",
    ellipsis="…",
    arrow="→",
    dash="–",
    unequal="≠",
)
ASCII = Glyphs(
    good="OK",
    bad="FAILED",
    warn="!",
    stop="STOPPED",
    bars=" #",
    levels=" .:-=+*#",
    line="=",
    rest=".",
    times="x",
    ellipsis="...",
    arrow="->",
    dash="-",
    unequal="is not",
)


def glyphs_for(console: Console) -> Glyphs:
    """The signs that ``console`` can show."""
    return ASCII if console.options.ascii_only else UNICODE


def printable(text: str, encoding: str) -> str:
    """``text`` as ``encoding`` can hold it, sign by sign: ``é`` may become ``e``; control characters go."""
    return "".join(sign if "!" <= sign <= "~" else _stand_in(sign, encoding) for sign in text)


def _stand_in(sign: str, encoding: str) -> str:
    if not sign.isprintable():
        return " "
    for candidate in (sign, _LOOKALIKES.get(sign, ""), unicodedata.normalize("NFKD", sign)[:1]):
        if candidate and candidate == candidate.encode(encoding, "ignore").decode(encoding):
            return candidate
    return "?"


def count(value: float) -> str:
    """A number with thousands set apart: ``4,812``; fractions keep one place."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.1f}"


def plural(number: float, one: str, many: str = "") -> str:
    """``1 event``, ``2 events``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def share(part: float, whole: float) -> str:
    """A percentage that never rounds something to nothing or a part to the whole: ``97.1 %``, ``<0.1 %``."""
    if whole <= 0 or part <= 0:
        return "0 %"
    percent = 100.0 * part / whole
    if part < whole and percent > 99.9:
        return ">99.9 %"
    if percent < 0.1:
        return "<0.1 %"
    return f"{percent:.0f} %" if part >= whole or percent == round(percent) else f"{percent:.1f} %"


def duration(seconds: float) -> str:
    """A length of time in its two largest units: ``14 h``, ``2 d 6 h``, ``3.2 s``, ``850 ms``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for (size, unit), (small, small_unit) in (
        ((DAY, "d"), (HOUR, "h")),
        ((HOUR, "h"), (MINUTE, "min")),
        ((MINUTE, "min"), (1, "s")),
    ):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {small_unit}" if rest else "")
    return f"{whole} s"


def size(number: float) -> str:
    """Bytes in decimal units: ``6.2 MB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number:.0f} B"

"""The picture in the README is that of a run of today, and needs nothing from any other host."""

from __future__ import annotations

import html
import json
import re
from xml.etree import ElementTree

from tests.cli.program import ROOT

PICTURE = (ROOT / "docs" / "images" / "lunch_rush.svg").read_text(encoding="utf-8")
SUMMARY = json.loads((ROOT / "tests" / "gallery" / "golden" / "lunch_rush.json").read_text(encoding="utf-8"))


def test_the_picture_is_a_drawing_that_names_no_other_host() -> None:
    assert ElementTree.fromstring(PICTURE).tag == "{http://www.w3.org/2000/svg}svg"
    hosts = set(re.findall(r"https?://([^/\"'<\s]+)", PICTURE))
    assert hosts == {"www.w3.org", "HOST"}  # the name of the format, and the placeholder in the advice
    assert "@font-face" not in PICTURE
    assert "@import" not in PICTURE


def test_the_picture_shows_the_numbers_of_a_run() -> None:
    lines: dict[float, str] = {}
    for y, text in re.findall(r'<text [^>]*?y="([\d.]+)"[^>]*>(.*?)</text>', PICTURE, re.DOTALL):
        lines[float(y)] = f"{lines.get(float(y), '')} {html.unescape(text)}".replace("\xa0", " ").strip()
    words = {" ".join(line.split()) for line in lines.values()}
    shown = "\n".join(words)
    assert f"{SUMMARY['sent']:,} events, all acknowledged" in shown, "run: make picture"
    for name, count in SUMMARY["events"].items():
        assert re.search(rf"^{re.escape(name)} {count:,}\b", shown, re.MULTILINE), "run: make picture"
    for name, count in SUMMARY["outcomes"].items():
        assert re.search(rf"^{name} {count:,}\b", shown, re.MULTILINE), "run: make picture"

"""Small scenarios for tests."""

from __future__ import annotations

from pathlib import Path

TOWN = """\
version: 1
name: small_town
description: A hundred people in a town with a few places.
seed: 5
clock: {start: 2026-03-02T06:00, timezone: Europe/Helsinki, duration: 1 d}
places:
  - library: Shops
    radius: 120 m
    inline:
      - {name: Corner Shop, at: [60.1700, 24.9400], city: Helsinki, country: FI, metadata: {size: small}}
      - {name: Harbour Market, at: [60.1672, 24.9555], radius: 200 m, attractiveness: 3}
      - {name: Park Kiosk, at: [60.1760, 24.9330], radius: 80 m}
people:
  workers:
    size: 60
    phone: {monitoring: ideal}
    home: {around: {at: [60.1720, 24.9400], radius: 4 km}}
    work: {around: {at: [60.1690, 24.9450], radius: 600 m}}
    schedule: {lunch: {}}
  neighbours:
    size: 40
    phone: {monitoring: ideal}
    home: {around: {at: [60.1700, 24.9420], radius: 800 m}}
app: {id: com.example.town, name: Town}
"""


def town(folder: Path, text: str = TOWN) -> Path:
    """The scenario in a file of ``folder``."""
    path = folder / "town.yaml"
    path.write_text(text, encoding="utf-8")
    return path

"""Drawings of a report as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from simulator.report.glyphs import count, share

WIDTH, LEAST, MOST = 520.0, 330.0, 460.0
_MARGIN = 46.0
_LARGEST, _SMALLEST = 26.0, 3.0
LABELS = 12
METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km


def visits_map(places: Sequence[Mapping[str, Any]]) -> str:
    """The places as circles whose area is their visits; within, the share whose events were accepted."""
    if not places:
        return ""
    middle = sum(place["latitude"] for place in places) / len(places)
    stretch = math.cos(math.radians(middle))
    spots = [(place["longitude"] * stretch, -place["latitude"]) for place in places]
    left, right = min(x for x, _ in spots), max(x for x, _ in spots)
    top, bottom = min(y for _, y in spots), max(y for _, y in spots)
    # At least 500 m across, so that one place does not fill the map.
    least = 500 / METRES_PER_DEGREE
    across, down = max(right - left, least), max(bottom - top, least)
    scale = min((WIDTH - 2 * _MARGIN) / across, (MOST - 2 * _MARGIN) / down)
    height = max(LEAST, down * scale + 2 * _MARGIN)
    centre = ((left + right) / 2, (top + bottom) / 2)

    def at(spot: tuple[float, float]) -> tuple[float, float]:
        return WIDTH / 2 + (spot[0] - centre[0]) * scale, height / 2 + (spot[1] - centre[1]) * scale

    most = max(place["visits"] for place in places) or 1
    largest = _LARGEST if len(places) <= 40 else _LARGEST / 2
    shapes, labels = [], []
    for number, (place, spot) in enumerate(zip(places, spots, strict=True)):
        x, y = at(spot)
        radius = max(_SMALLEST, largest * math.sqrt(place["visits"] / most))
        inner = radius * math.sqrt(place["accepted"] / place["crossings"]) if place["crossings"] else 0.0
        told = (
            f"{place['name']}: {count(place['visits'])} visits, "
            f"{share(place['accepted'], place['crossings'])} of the crossings accepted"
        )
        fence = place["radius"] / METRES_PER_DEGREE * scale
        shapes.append(
            f"<g><title>{escape(told)}</title>"
            f'<circle class="visits" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
            f'<circle class="accepted" cx="{x:.1f}" cy="{y:.1f}" r="{inner:.1f}"/>'
            + (f'<circle class="fence" cx="{x:.1f}" cy="{y:.1f}" r="{fence:.1f}"/>' if fence >= 2 else "")
            + "</g>"
        )
        if number < LABELS:
            anchor, where = ("end", x - radius - 6) if x > WIDTH * 0.7 else ("start", x + radius + 6)
            labels.append(
                f'<text class="label" x="{where:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">'
                f"{escape(place['name'])}</text>"
            )
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="Map of the visits">'
        f"{''.join(shapes)}{''.join(labels)}{_ruler(scale, height)}</svg>"
    )


def _ruler(scale: float, height: float) -> str:
    """A bar of a round length, at most a quarter of the map."""
    metres = WIDTH / 4 / scale * METRES_PER_DEGREE
    power = 10 ** math.floor(math.log10(metres))
    length = next(step * power for step in (5, 2, 1) if step * power <= metres)
    wide = length / METRES_PER_DEGREE * scale
    said = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    y = height - 14
    return (
        f'<path d="M14 {y - 5:.1f} V{y:.1f} H{14 + wide:.1f} V{y - 5:.1f}" fill="none" stroke="currentColor" '
        f'opacity=".5"/><text x="{20 + wide:.1f}" y="{y:.1f}">{said}</text>'
    )

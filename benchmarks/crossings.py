"""Time per crossing over 1,000 and over 100,000 places of the same density."""

from __future__ import annotations

import json
import time
from statistics import median

import numpy as np

from simulator.world import Legs, Place, PlaceSet, solve

LEGS = 20_000
ROUNDS = 25
# One place per square kilometre, fences of 150 m.
METRES_PER_DEGREE = 111_000.0


def square(count: int, seed: int) -> tuple[PlaceSet, Legs]:
    """Places spread evenly over a square at 40 degrees north, and legs of 0.5 to 1.5 km inside it."""
    random = np.random.default_rng(seed)
    side = np.sqrt(count) * 1000.0 / METRES_PER_DEGREE
    stretch = 1.0 / np.cos(np.radians(40.0))
    lat, lon = 40.0 + side * (random.random(count) - 0.5), side * stretch * (random.random(count) - 0.5)
    places = [
        Place(
            id=str(i),
            name=str(i),
            latitude=float(lat[i]),
            longitude=float(lon[i]),
            radius=150.0,
            library_id="l",
            library_name="L",
        )
        for i in range(count)
    ]
    lat0, lon0 = 40.0 + side * (random.random(LEGS) - 0.5), side * stretch * (random.random(LEGS) - 0.5)
    length, angle = (500 + 1000 * random.random(LEGS)) / METRES_PER_DEGREE, 2 * np.pi * random.random(LEGS)
    start = np.arange(LEGS, dtype=np.int64) * 1000
    legs = Legs(
        lat0,
        lon0,
        lat0 + length * np.sin(angle),
        lon0 + length * stretch * np.cos(angle),
        start,
        start + 600_000,
    )
    return PlaceSet(places), legs


def once(places: PlaceSet, legs: Legs) -> float:
    """Microseconds per crossing of one bulk call."""
    began = time.perf_counter()
    crossings = solve(places, legs)
    return (time.perf_counter() - began) * 1e6 / max(1, len(crossings.leg))


def main() -> None:
    """Print the rows of the table as JSON."""
    small, large = square(1_000, 1), square(100_000, 2)
    once(*small), once(*large)  # build the indices
    pairs = [(once(*small), once(*large)) for _ in range(ROUNDS)]
    few, many = median(a for a, _ in pairs), median(b for _, b in pairs)
    ratio = median(b / a for a, b in pairs)
    print(
        json.dumps(
            [
                {
                    "figure": "time per crossing, 100,000 places / 1,000 places",
                    "value": f"{ratio:.2f}",
                    "note": f"{many:.2f} us against {few:.2f} us, {LEGS:,} legs of 0.5 to 1.5 km at once",
                }
            ]
        )
    )


if __name__ == "__main__":
    main()

"""Small scenarios of every kind, for properties that hold for all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.world.making import walk, wrapped

# Cities, both sides of the date line, the equator and the far north; zones with all kinds of clock changes.
CENTRES = [
    (52.52, 13.405),
    (-16.8, 179.995),
    (65.1, -179.999),
    (0.0001, 6.7),
    (69.65, 18.95),
    (21.3, -157.85),
]
NIGHTS_OF_CLOCK_CHANGES = [
    ("Europe/Berlin", "2026-03-28"),
    ("Europe/Berlin", "2026-10-24"),
    ("America/New_York", "2026-03-07"),
    ("America/New_York", "2026-10-31"),
    ("Australia/Lord_Howe", "2026-04-04"),  # half an hour
    ("Africa/Cairo", "2026-04-23"),  # at midnight
]
OTHER_NIGHTS = [("Pacific/Auckland", "2026-12-31"), ("Asia/Kathmandu", "2028-02-28"), ("UTC", "2026-06-30")]


def metres(value: float) -> str:
    return f"{value:.3f} m"


@st.composite
def positions(draw: st.DrawFn, centre: tuple[float, float], furthest: float) -> list[float]:
    bearing, distance = draw(st.floats(0.0, 360.0)), draw(st.floats(0.0, furthest))
    latitude, longitude = walk(*centre, bearing, distance)
    return [round(latitude, 7), round(wrapped(longitude), 7)]


@st.composite
def libraries(draw: st.DrawFn, centre: tuple[float, float]) -> dict[str, Any]:
    near = draw(st.lists(positions(centre, 3000.0), min_size=1, max_size=5))
    far = draw(st.lists(positions(centre, 60_000.0), max_size=2))
    at_home = [list(centre)] * draw(st.integers(0, 2))
    places = [
        {"name": f"Place {n}", "at": at, "radius": metres(draw(st.floats(25.0, 5000.0)))}
        for n, at in enumerate([*near, *far, *at_home])
    ]
    library: dict[str, Any] = {"library": "Places", "inline": places}
    if draw(st.booleans()):
        library["opening"] = [{"opens": "07:00", "closes": "12:30"}, {"opens": "14:00", "closes": "24:00"}]
    return library


@st.composite
def groups(draw: st.DrawFn, centre: tuple[float, float]) -> dict[str, Any]:
    time = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
    stay = st.integers(1, 400).map(lambda minutes: f"{minutes} min")
    outing = st.fixed_dictionaries({"share": st.just(1), "at": time, "stay": stay})
    group: dict[str, Any] = {
        "size": draw(st.integers(1, 15)),
        "phone": {"monitoring": "ideal"},
        "home": {"around": {"at": list(centre), "radius": metres(draw(st.floats(1.0, 4000.0)))}},
        "schedule": {
            "errands": draw(outing) | {"per_day": draw(st.integers(0, 4)), "per_working_day": 1},
            "evening": draw(st.none() | outing),
        },
    }
    if draw(st.booleans()):
        group["work"] = {"distance": metres(draw(st.floats(0.0, 5000.0)))}
        group["schedule"]["lunch"] = draw(st.none() | st.just({"within": "20 km"}))
    if draw(st.booleans()):
        group["schedule"]["errands"]["chain"] = draw(st.floats(0.0, 1.0))
        group["mobility"] = draw(st.none() | st.just({}))
        group["household"] = {"1": 1, "3": 1}
    if draw(st.booleans()):
        kinds = ["commuter", "student", "tourist", "shift_worker", "stay_at_home"]
        group["personas"] = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3))
    return group


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """A scenario with up to thirty people, as a document."""
    centre = draw(st.sampled_from(CENTRES))
    zone, day = draw(st.sampled_from(NIGHTS_OF_CLOCK_CHANGES * 2 + OTHER_NIGHTS))
    hour, minute = draw(st.integers(0, 23)), draw(st.integers(0, 59))
    duration = draw(st.sampled_from(["1 min", "90 min", "6 h", "1 d", "36 h", "3 d"]))
    sessions = {
        "per_day": draw(st.floats(0.0, 30.0)),
        "length": draw(st.sampled_from(["1 s", "40 s", {"lognormal": {"median": "5 min", "sigma": 1.5}}])),
        "gap": draw(st.sampled_from(["1 s", "30 min"])),
        "night": 1,
    }
    return {
        "version": 1,
        "name": "any",
        "description": "Whatever can be.",
        "seed": draw(st.integers(0, 2**32)),
        "clock": {"start": f"{day}T{hour:02}:{minute:02}", "timezone": zone, "duration": duration},
        "places": [draw(libraries(centre))],
        "people": {f"group_{n}": draw(groups(centre)) for n in range(draw(st.integers(1, 2)))},
        "app": {
            "id": "com.example.any",
            "name": "Any",
            "sessions": sessions,
            "location_events": draw(st.sampled_from(["sdk", "rich"])),
        },
    }

"""The places query service (mobile_sdk.md 1.1-1.3): which places a phone is in, and which are near."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.receiver.queries import ParameterError
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Mount
from simulator.receiver.web import json_response, web_app
from simulator.world import Place, PlaceSet

DEFAULT_LIMIT = 100  # mobile_sdk.md 1.1
MAX_LIMIT = 1_000
MAX_LATITUDE = 85.0
PATH = "/placesedgequery"


class PlacesService:
    """Answers queries about a set of places, library by library."""

    def __init__(self, places: PlaceSet) -> None:
        self._by_library = {
            library.id: places.select(
                np.array([i for i, place in enumerate(places.places) if place.library_id == library.id])
            )
            for library in places.libraries
        }

    @property
    def libraries(self) -> tuple[str, ...]:
        """The ids of the libraries by rank."""
        return tuple(self._by_library)

    def query(
        self, latitude: float, longitude: float, libraries: Iterable[str], limit: int
    ) -> tuple[list[Place], list[Place]]:
        """The places that contain a point by rank and radius, and the nearest others by their borders.

        ``limit`` holds for both together; unknown libraries have no places.
        """
        lat, lon = np.array([latitude]), np.array([longitude])
        within: list[Place] = []
        near: list[tuple[float, Place]] = []
        for places in (
            self._by_library[name] for name in dict.fromkeys(libraries) if name in self._by_library
        ):
            index, away = places.nearest_borders(lat, lon, limit)
            _, inside = places.inside(lat, lon)
            contained = set(inside.tolist())
            within += [places.places[i] for i in inside.tolist()]
            near += [
                (float(distance), places.places[i])
                for i, distance in zip(index[0].tolist(), away[0].tolist(), strict=True)
                if i >= 0 and i not in contained
            ]
        within.sort(key=lambda place: (place.rank, place.radius))
        near.sort(key=lambda pair: pair[0])
        within = within[:limit]
        return within, [place for _, place in near[: limit - len(within)]]


def places_router(receiver: Receiver) -> list[Mount]:
    """``GET /placesedgequery``, with and without a slash at its end."""
    service = PlacesService(receiver.places)

    async def query(request: Request) -> Response:
        given = request.query_params
        for name in ("latitude", "longitude", "library"):
            if not given.get(name):
                raise ParameterError(
                    f"{name!r} is missing; expected latitude, longitude and at least one library"
                )
        latitude = _number(given["latitude"], "latitude", MAX_LATITUDE)
        longitude = _number(given["longitude"], "longitude", 180.0)
        limit = _limit(given.get("limit"))
        within, near = service.query(latitude, longitude, given.getlist("library"), limit)
        places = {"userWithin": _entries(within), "pois": _entries(near)}
        return json_response(200, {"places": places, "input": None})

    async def libraries(_: Request) -> Response:
        found = [
            {"id": library.id, "name": library.name, "poiCount": library.size}
            for library in receiver.places.libraries
        ]
        return json_response(200, {"libraries": found})

    routes = [Route(path, query, methods=["GET"]) for path in (PATH, PATH + "/")]
    app = web_app([*routes, Route(PATH + "/libraries", libraries, methods=["GET"])])
    template = PATH + "?latitude={latitude}&longitude={longitude}&library={library}"
    return [Mount(PATH, app, {"places": template, "libraries": PATH + "/libraries"})]


def _entries(places: Sequence[Place]) -> list[dict[str, Any]]:
    return [{"p": _seven(place), "x": _more(place)} for place in places]


def _seven(place: Place) -> list[str | int]:
    """The seven elements that the SDKs want: positions are strings, the radius is a whole number."""
    position = (f"{place.latitude:.6f}", f"{place.longitude:.6f}")
    return [place.id, place.name, *position, round(place.radius), place.library_id, place.rank]


def _more(place: Place) -> dict[str, str | None]:
    address = {
        name: getattr(place, name) or None for name in ("country", "state", "city", "street", "category")
    }
    return {**address, **dict(place.metadata)}


def _number(text: str, name: str, limit: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.inf
    if not abs(number) <= limit:
        raise ParameterError(f"{name!r} is {text!r}; expected a number from {-limit:g} to {limit:g}")
    return number


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if number < 1:
        raise ParameterError(f"'limit' is {text!r}; expected a whole number from 1 on")
    return min(number, MAX_LIMIT)

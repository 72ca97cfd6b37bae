"""The places query service, as mobile_sdk.md 1.1-1.3 gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from simulator.receiver import EventStore, Receiver, ServerThread
from simulator.world import Place, PlaceSet

PLACES = [
    Place(
        "p1", "Hall", 48.1370, 11.5750, 120.0, "L1", "Shops", 1, city="Munich", metadata=(("kind", "hall"),)
    ),
    Place("p2", "Square", 48.1370, 11.5750, 500.0, "L1", "Shops", 1),
    Place("p3", "Park", 48.1421, 11.5802, 80.0, "L1", "Shops", 1),
    Place("p4", "Wide", 48.1370, 11.5760, 300.0, "L2", "Parks", 2),
    # its centre is farther from the caller than that of p3, its border is nearer
    Place("p5", "Field", 48.1480, 11.5750, 900.0, "L2", "Parks", 2),
]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with (
        EventStore() as store,
        ServerThread(Receiver(store, places=PlaceSet(PLACES))) as server,
        httpx.Client(base_url=server.url, trust_env=False) as opened,
    ):
        yield opened


def query(client: httpx.Client, path: str = "/placesedgequery", **more: Any) -> dict[str, Any]:
    given = {"latitude": "48.1370", "longitude": "11.5750", "library": ["L1", "L2"], **more}
    answer = client.get(path, params=given)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    assert body["input"] is None
    return dict(body["places"])


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["p"][0] for entry in entries]


def test_places_around_the_caller_come_by_rank_then_radius_and_others_by_their_border(
    client: httpx.Client,
) -> None:
    places = query(client)
    assert ids(places["userWithin"]) == ["p1", "p2", "p4"]
    assert ids(places["pois"]) == ["p5", "p3"]


def test_an_entry_has_seven_elements_and_positions_are_strings(client: httpx.Client) -> None:
    entry = query(client)["userWithin"][0]
    assert entry["p"] == ["p1", "Hall", "48.137000", "11.575000", 120, "L1", 1]
    assert entry["x"]["city"] == "Munich" and entry["x"]["kind"] == "hall" and entry["x"]["street"] is None


@pytest.mark.parametrize("path", ["/placesedgequery", "/placesedgequery/"])
def test_both_spellings_of_the_path_are_served(client: httpx.Client, path: str) -> None:
    assert query(client, path)["userWithin"]


def test_parameters_may_come_in_any_order(client: httpx.Client) -> None:
    ios = client.get("/placesedgequery/?library=L1&library=L2&latitude=48.13700&longitude=11.57500&limit=10")
    android = client.get(
        "/placesedgequery?latitude=48.13700&longitude=11.57500&limit=10&library=L1&library=L2"
    )
    assert ios.json() == android.json()


def test_only_the_libraries_asked_for_answer(client: httpx.Client) -> None:
    places = query(client, library=["L2", "nothing"])
    assert ids(places["userWithin"] + places["pois"]) == ["p4", "p5"]


def test_the_limit_holds_for_both_lists_together(client: httpx.Client) -> None:
    places = query(client, limit=4)
    assert (len(places["userWithin"]), len(places["pois"])) == (3, 1)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"latitude": None}, "latitude"),
        ({"library": None}, "library"),
        ({"latitude": "85.1"}, "latitude"),
        ({"longitude": "-180.5"}, "longitude"),
        ({"longitude": "nan"}, "longitude"),
        ({"limit": "0"}, "limit"),
    ],
)
def test_a_wrong_query_is_400_and_names_the_parameter(
    client: httpx.Client, changes: dict[str, Any], named: str
) -> None:
    given = {"latitude": "48.1", "longitude": "11.5", "library": "L1", **changes}
    answer = client.get("/placesedgequery", params={k: v for k, v in given.items() if v is not None})
    assert answer.status_code == 400
    assert named in answer.json()["detail"]


def test_a_receiver_without_places_answers_empty_lists() -> None:
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        url = f"{server.url}/placesedgequery?latitude=1&longitude=1&library=L1"
        places = httpx.get(url, trust_env=False).json()["places"]
    assert places == {"userWithin": [], "pois": []}


def test_the_default_limit_is_a_hundred() -> None:
    many = [
        Place(f"p{n}", "x", float(lat), 11.0, 50.0, "L", "L")
        for n, lat in enumerate(np.linspace(40, 50, 150))
    ]
    with EventStore() as store, ServerThread(Receiver(store, places=PlaceSet(many))) as server:
        url = f"{server.url}/placesedgequery?latitude=45&longitude=11.5&library=L"
        assert len(httpx.get(url, trust_env=False).json()["places"]["pois"]) == 100

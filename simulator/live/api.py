"""What the page may ask for and wish: requests in, documents out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import orjson

from simulator.checks import read_record, tell
from simulator.core.errors import JourneysimError, UsageError
from simulator.live.interventions import CanNotError, Intervention, Interventions, perform
from simulator.live.setup import Staged, read_people, roads_document, setup_document
from simulator.live.show import Show
from simulator.phone import device_named

_STORY_LINES = 40


class NotFoundError(JourneysimError):
    """There is nothing of that name."""


class ConflictError(JourneysimError):
    """It can't be done as things stand."""


class Api:
    """The requests of the protocol, without HTTP. Raises UsageError for wishes that make no sense."""

    def __init__(self, show: Show, staged: Staged, folder: Path, record: Interventions | None) -> None:
        """``folder`` is that of the run; ``record`` keeps what was done by hand, None if nothing can be."""
        self.show = show
        self._folder = folder
        self._record = record
        self._people = read_people(show.world)
        self._setup = orjson.dumps(setup_document(show, staged, self._people))
        self._roads: bytes | None = None

    # --- looking --------------------------------------------------------------------------------------------

    def setup(self) -> bytes:
        """`GET /api/setup`."""
        return self._setup

    def roads(self) -> bytes:
        """`GET /api/roads`."""
        if self._roads is None:
            self._roads = orjson.dumps(roads_document(self.show.world))
        return self._roads

    def event(self, number: int) -> dict[str, Any]:
        """`GET /api/event/<n>`."""
        if (event := self.show.feed.event(number)) is None:
            raise NotFoundError(f"event {number} is not remembered any more")
        return event

    async def person(self, person: int) -> dict[str, Any]:
        """`GET /api/person/<n>`."""
        about = self._about(person)
        here = await self.show.between(lambda: self._stands(person))
        story = await asyncio.to_thread(self._tell, person=about["person"])
        profile, phone = about["profile"], about["phone"]
        device = device_named(phone["device"])
        return {
            "person": person,
            "name": about["person"],
            "group": about["person"].rpartition("/")[0],
            "persona": about.get("persona"),
            "platform": phone["os"],
            "device": f"{device.title}, {device.operating_system} {phone['os_version']}",
            "profile": {
                "first_name": profile["given_name"],
                "last_name": profile["family_name"],
                "email": profile["email"],
                "city": profile["city"],
            },
            "home": about["home"],
            **here,
            "story": story,
        }

    async def place(self, place: int) -> dict[str, Any]:
        """`GET /api/place/<n>`."""
        places = self.show.world.places.places
        if not 0 <= place < len(places):
            raise NotFoundError(f"there is no place {place}")
        movements = self.show.stage.movements
        inside = await self.show.between(
            lambda: sorted(person for person, within in movements.occupied() if place in within)
        )
        story = await asyncio.to_thread(self._tell, place=places[place].id)
        return {
            "place": place,
            "id": places[place].id,
            "name": places[place].name,
            "inside": inside,
            "story": story,
        }

    def _tell(self, **whom: str) -> dict[str, Any] | None:
        """The story so far, as `journeysim explain` tells it."""
        return tell(read_record(self._folder), limit=_STORY_LINES, **whom)  # type: ignore[arg-type]

    def _stands(self, person: int) -> dict[str, Any]:
        show = self.show
        movements, at = show.stage.movements, show.stage.now
        coming = movements.next_crossing(person)
        return {
            "at": [round(degrees, 6) for degrees in self._position(person, at)],
            "state": show.state(person),
            "next": None
            if coming is None
            else {"t": coming.time, "place": coming.place, "entry": coming.entry},
            "messages": show.progress.messages_of(person),
        }

    def _about(self, person: int) -> dict[str, Any]:
        if not 0 <= person < len(self._people):
            raise NotFoundError(f"there is no person {person}")
        return self._people[person]

    def _position(self, person: int, at: int) -> tuple[float, float]:
        return self.show.stage.movements.position(person, at) or tuple(self._people[person]["home"])

    # --- time -----------------------------------------------------------------------------------------------

    async def control(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /api/control`."""
        show = self.show
        pace, stage = show.pace, show.stage
        person = wish.get("person")
        if person is not None:
            self._about(_whole(person, "person"))

        def change() -> None:
            if wish.get("play") is True:
                pace.play(stage.now)
            elif wish.get("pause") is True:
                pace.pause(stage.now)
            elif "speed" in wish:
                pace.set_speed(stage.now, _number(wish["speed"], "speed"))
            elif wish.get("jump") == "next":
                show.jump(person)
            else:
                raise UsageError('expected {"play": true}, {"pause": true}, {"speed": N} or {"jump": "next"}')

        await show.between(change)
        show.tell_clock()
        return {"clock": pace.document(stage.now)}

    # --- by hand --------------------------------------------------------------------------------------------

    async def move(self, person: int, wish: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /api/person/<n>/move`."""
        self._about(person)
        at = wish.get("at")
        if not isinstance(at, list) or len(at) != 2:
            raise UsageError('expected {"at": [latitude, longitude]}')
        latitude, longitude = (_number(degrees, "at") for degrees in at)
        if not -85.0 <= latitude <= 85.0 or not -180.0 <= longitude < 180.0:
            raise UsageError(f"at: {latitude:g}, {longitude:g} is nowhere; expected -85 to 85, -180 to 180")
        by = wish.get("by", "jump")
        if by not in ("jump", "walk", "cycle", "drive"):
            raise UsageError("by: expected jump, walk, cycle or drive")
        return await self._intervene(person, {"move": [latitude, longitude], "by": by})

    async def happen(self, person: int, wish: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /api/person/<n>/happen`."""
        self._about(person)
        if len(wish) != 1:
            raise UsageError("expected one of network, airplane, power, permission, app")
        ((what, value),) = wish.items()
        return await self._intervene(person, {"let": what, "value": value})

    async def open(self, person: int, wish: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /api/person/<n>/open`."""
        self._about(person)
        message = self.show.progress.messages.get(str(wish.get("message")))
        if message is None or message["person"] != person:
            raise NotFoundError("there is no such message")
        return await self._intervene(person, {"open": message["message"]})

    async def _intervene(self, person: int, deed: dict[str, Any]) -> dict[str, Any]:
        record, show = self._record, self.show
        if record is None:
            raise ConflictError("a recorded run can only be watched")

        def do() -> dict[str, Any]:
            intervention = Intervention(show.stage.now, person, deed)
            done = perform(show.stage, intervention, tuple(self._people[person]["home"]))
            record.keep(intervention)
            return {"person": person, "state": show.state(person), **done}

        try:
            return cast("dict[str, Any]", await show.between(do))
        except CanNotError as error:
            raise ConflictError(str(error)) from None


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise UsageError(f"{name}: expected a number")
    return float(value)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{name}: expected a whole number")
    return value

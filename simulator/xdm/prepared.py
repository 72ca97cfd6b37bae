"""Ready templates for the events that phones send by the thousand.

A template knows all that doesn't change from event to event; the values of the slots are bytes. Ids and times
are bare text (no quotes), everything else is JSON (:func:`~simulator.xdm.template.json_number`,
:func:`~simulator.xdm.template.json_value`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Literal, NamedTuple

from simulator.xdm.events import (
    CloseType,
    Event,
    Kind,
    application_close,
    application_launch,
    location_event,
)
from simulator.xdm.facts import AppFacts, DeviceFacts, PoiFacts, RichPlace, SdkFacts
from simulator.xdm.template import Slot, Template

SDK_SLOTS = ("id", "timestamp", "identities")
"""Slots of a location event in the SDK's form, and of a launch; ``identities`` is a whole identity map."""
RICH_SLOTS = (
    *SDK_SLOTS,
    "application",
    "device",
    "environment",
    "local_time",
    "offset_minutes",
    "timezone",
    "latitude",
    "longitude",
    "distance_m",
    "accuracy_m",
    "active",
)
"""Slots of a location event in the rich form; ``local_time`` and ``timezone`` are bare text too."""
CLOSE_SLOTS = (*SDK_SLOTS, "session_length_s")
"""Slots of a close that tells its length."""

_ID = Slot("id", quoted=True)
_TIMESTAMP = Slot("timestamp", quoted=True)
_IDENTITIES = Slot("identities")
_RICH = RichPlace(
    latitude=Slot("latitude"),
    longitude=Slot("longitude"),
    accuracy_m=Slot("accuracy_m"),
    distance_m=Slot("distance_m"),
    local_time=Slot("local_time", quoted=True),
    offset_minutes=Slot("offset_minutes"),
    timezone=Slot("timezone", quoted=True),
    active=Slot("active"),
    application=Slot("application"),
    device=Slot("device"),
    environment=Slot("environment"),
)


Finish = Callable[[Event], Event]
"""What is done to an event before it becomes a template, such as adding fields."""


def _as_it_is(event: Event) -> Event:
    return event


class PlaceTemplates(NamedTuple):
    """The two events of one place."""

    entry: Template
    exit: Template


class LocationTemplates:
    """Templates of location events for one kind of SDK.

    In the SDK's form ``entry`` and ``exit`` serve any place, which saves memory when there are very many:
    their slots are :data:`SDK_SLOTS` and ``poi``, the JSON of :func:`~simulator.xdm.events.poi_part`. In
    the rich form the place stands in several spots and they are None.
    """

    __slots__ = ("_finish", "_rich", "_sdk", "entry", "exit")

    def __init__(
        self, sdk: SdkFacts, form: Literal["sdk", "rich"] = "sdk", finish: Finish = _as_it_is
    ) -> None:
        self._sdk = sdk
        self._finish = finish
        self._rich = _RICH if form == "rich" else None
        serves_any = self._rich is None
        self.entry = self._compile("entry", Slot("poi")) if serves_any else None
        self.exit = self._compile("exit", Slot("poi")) if serves_any else None

    def for_place(self, poi: PoiFacts) -> PlaceTemplates:
        """The templates of one place, with :data:`SDK_SLOTS` or :data:`RICH_SLOTS`."""
        return PlaceTemplates(self._compile("entry", poi), self._compile("exit", poi))

    def _compile(self, kind: Kind, poi: PoiFacts | Slot) -> Template:
        event = location_event(
            kind=kind,
            id=_ID,
            timestamp=_TIMESTAMP,
            identities=_IDENTITIES,
            sdk=self._sdk,
            poi=poi,
            rich=self._rich,
        )
        return Template.compile(self._finish(event))


class LifecycleTemplates:
    """Templates of launch and close for one app on one kind of phone.

    Launches have :data:`SDK_SLOTS`, closes that tell their length :data:`CLOSE_SLOTS`. Each is compiled when it
    is first asked for.
    """

    def __init__(self, sdk: SdkFacts, app: AppFacts, device: DeviceFacts, finish: Finish = _as_it_is) -> None:
        self._sdk, self._app, self._device, self._finish = sdk, app, device, finish

    @cached_property
    def launch(self) -> Template:
        """An ordinary launch."""
        return self._launch()

    @cached_property
    def install(self) -> Template:
        """The first launch ever."""
        return self._launch(install=True)

    @cached_property
    def upgrade(self) -> Template:
        """The first launch of another version."""
        return self._launch(upgrade=True)

    @cached_property
    def close(self) -> Template:
        """A close seen when it happened."""
        return self._close("close", Slot("session_length_s"))

    @cached_property
    def lost_close(self) -> Template:
        """A close found out at the next start."""
        return self._close("unknown", Slot("session_length_s"))

    def zero_close(self, close_type: CloseType = "close") -> Template:
        """A close after less than a second, with :data:`SDK_SLOTS`: Android leaves the length out."""
        return self._close(close_type, 0)

    def _launch(self, *, install: bool = False, upgrade: bool = False) -> Template:
        event = application_launch(
            id=_ID,
            timestamp=_TIMESTAMP,
            identities=_IDENTITIES,
            sdk=self._sdk,
            app=self._app,
            device=self._device,
            install=install,
            upgrade=upgrade,
        )
        return Template.compile(self._finish(event))

    def _close(self, close_type: CloseType, length: int | Slot) -> Template:
        event = application_close(
            id=_ID,
            timestamp=_TIMESTAMP,
            identities=_IDENTITIES,
            sdk=self._sdk,
            session_length_s=length,
            close_type=close_type,
        )
        return Template.compile(self._finish(event))

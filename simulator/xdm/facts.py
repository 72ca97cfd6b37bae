"""What the event builders need to know, in plain records.

Text that a builder only passes on may be a :class:`~simulator.xdm.template.Slot` where the type says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.xdm.template import Slot

Text = str | Slot
Number = float | Slot
Part = Mapping[str, Any] | Slot
"""A piece of an event, or a slot for it."""

SystemFamily = Literal["ios", "tvos", "android"]
# iOS tells apps the carrier's name up to version 15 (mobile_sdk.md 5.2).
_LAST_IOS_WITH_CARRIER = 15


@dataclass(frozen=True, slots=True)
class SdkFacts:
    """The Mobile SDK in the app: ``core`` and ``edge`` are versions of its two extensions.

    ``wrapper`` names the framework around it: ``reactnative``, ``cordova``, ``flutter``, ``unity`` or
    ``xamarin`` (mobile_sdk.md 4.3).
    """

    os: SystemFamily
    core: str
    edge: str
    wrapper: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A phone and its system.

    ``os`` is the family, ``os_name`` what the system calls itself (``iOS``, ``iPadOS``, ``Android``).
    Screen sizes are pixels, ``type`` is ``mobile`` or ``tablet``, ``language`` a tag such as ``en-US``.
    """

    os: SystemFamily
    os_name: str
    os_version: str
    manufacturer: str
    model: str
    model_number: str
    screen_width: int
    screen_height: int
    type: str
    language: str
    carrier: str = ""

    @property
    def visible_carrier(self) -> str:
        """The carrier's name as far as apps can see it."""
        if self.os == "android":
            return self.carrier
        major = self.os_version.partition(".")[0]
        hidden = not major.isdecimal() or int(major) > _LAST_IOS_WITH_CARRIER
        return "" if hidden else self.carrier


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The app; ``version`` is ``version (build)``."""

    id: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class PoiFacts:
    """A place: degrees (WGS 84), metres, and what its owner wrote about it."""

    id: str
    name: str
    latitude: float
    longitude: float
    radius_m: float
    category: str = ""
    type: str = ""
    country: str = ""
    state: str = ""
    city: str = ""
    street: str = ""
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def extras(self) -> dict[str, str]:
        """The flat map that the places service sends with a place: address parts, then the owner's keys.

        A key of the owner that is named like an address part replaces it (mobile_sdk.md 1.2: one flat map).
        """
        address = {"country": self.country, "state": self.state, "city": self.city, "street": self.street}
        return {key: value for key, value in address.items() if value} | dict(self.metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class RichPlace:
    """What an app may add to a location event that the SDK leaves out (xdm.md 5 and 6).

    ``latitude`` and ``longitude`` are where the phone was, ``accuracy_m`` how sure of it, ``distance_m`` how
    far from the centre of the place. ``local_time`` is the event's instant with the local offset,
    ``offset_minutes`` that offset as minutes *behind* UTC. ``active`` are the places that the phone is now
    inside of (:func:`~simulator.xdm.events.active_poi`), with the one entered and without the one left.
    """

    latitude: Number
    longitude: Number
    accuracy_m: Number
    distance_m: Number
    local_time: Text
    offset_minutes: int | Slot
    timezone: Text
    active: tuple[Mapping[str, Any], ...] | Slot
    application: Part
    device: Part
    environment: Part

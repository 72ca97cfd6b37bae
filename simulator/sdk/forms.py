"""The events of phones as prepared bytes: everything that doesn't change is encoded once.

What many phones share (device, system, app, SDK) is a form per handset; what many events share (the place) is
bytes per place. One event then is a single join of those with its id, its time and the phone's identities.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np

from simulator.core.numerics import cos, radians
from simulator.core.simtime import Calendar
from simulator.phone import SDK_VERSIONS, Handset, Os, RegionEvent
from simulator.scenario.models import App
from simulator.sdk.places import Weights
from simulator.sdk.routes import CONSENT_KIND, KINDS, PUSH_TOKEN_KIND, Route
from simulator.sdk.rules import ClientRules
from simulator.world import Place, PlaceSet
from simulator.world.geodesy import METRES_PER_DEGREE
from simulator.xdm import (
    EVENT_TYPES,
    AppFacts,
    DeviceFacts,
    EventType,
    LifecycleTemplates,
    LocationTemplates,
    PoiFacts,
    SdkFacts,
    Template,
    active_poi,
    application_part,
    environment_part,
    json_number,
    json_value,
    located_device_part,
    poi_part,
)

ENTRY = EVENT_TYPES.index(EventType.LOCATION_ENTRY)
EXIT = EVENT_TYPES.index(EventType.LOCATION_EXIT)
LAUNCH = EVENT_TYPES.index(EventType.APPLICATION_LAUNCH)
CLOSE = EVENT_TYPES.index(EventType.APPLICATION_CLOSE)

# Coordinates in events: 1e-7 degrees is about a centimetre.
COORDINATE = b"%.7f"
_NOWHERE = b"[]"
# Ways of what is no event of a type.
_ROUTES = {PUSH_TOKEN_KIND: Route.EDGE_ONLY, CONSENT_KIND: Route.EDGE_ONLY}
Form = tuple[Template, tuple[bytes, ...]]


def poi_facts(place: Place) -> PoiFacts:
    """A place as events speak of it."""
    return PoiFacts(
        id=place.id,
        name=place.name,
        latitude=place.latitude,
        longitude=place.longitude,
        radius_m=place.radius,
        category=place.category,
        country=place.country,
        state=place.state,
        city=place.city,
        street=place.street,
        metadata=place.metadata,
    )


def sdk_facts(os: Os) -> SdkFacts:
    """The SDK versions of a system."""
    core, edge = SDK_VERSIONS[os]
    return SdkFacts(os, core, edge)


def device_facts(handset: Handset) -> DeviceFacts:
    """A handset as events speak of it."""
    device = handset.device
    return DeviceFacts(
        os=device.os,
        os_name=device.operating_system,
        os_version=handset.os_version,
        manufacturer=device.manufacturer,
        model=device.model,
        model_number=device.model_number(handset.os_version),
        screen_width=device.screen_width,
        screen_height=device.screen_height,
        type=device.device_type,
        language=handset.language,
        carrier=handset.carrier,
    )


def next_version(version: str) -> str:
    """The version after ``version``: its last number is one higher, as in `1.0.0 (1)` and `1.0.0 (2)`."""
    head, number, tail = re.fullmatch(r"(.*?)(\d*)(\D*)", version, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{head}{int(number) + 1}{tail}" if number else f"{version} (2)"


class EventForms:
    """All forms of one worker, made when first needed."""

    def __init__(self, app: App, places: PlaceSet, calendar: Calendar) -> None:
        self.app = app
        self.calendar = calendar
        self._places = places.places
        self.rules = ClientRules(app.rules)
        self.routes = tuple(
            self.rules.route(kind) if kind in EVENT_TYPES else _ROUTES.get(kind, Route.EVENT)
            for kind in KINDS
        )
        """Which way each kind of event goes, by its number in ``KINDS``."""
        self.weights = Weights(
            [place.rank for place in self._places], [place.radius for place in self._places]
        )
        self._handsets: dict[Handset, HandsetForms] = {}
        self._locations = {
            os: LocationTemplates(sdk_facts(os), app.location_events, self.rules.apply) for os in SDK_VERSIONS
        }
        self._closes: dict[Os, Closes] = {}
        self._spots: dict[Os, dict[int, Spot]] = {os: {} for os in SDK_VERSIONS}
        self.known: dict[int, bytes] = {}
        """The places that phones were at so far, by index; see :meth:`poi`."""
        self._active: dict[int, bytes] = {}

    def of(self, handset: Handset) -> HandsetForms:
        """The forms of one kind of handset."""
        forms = self._handsets.get(handset)
        if forms is None:
            kind = RichForms if self.app.location_events == "rich" else HandsetForms
            forms = self._handsets[handset] = kind(self, handset)
        return forms

    def locations(self, os: Os) -> LocationTemplates:
        """Location templates of one system's SDK."""
        return self._locations[os]

    def lifecycle(self, handset: Handset) -> LifecycleTemplates:
        """Lifecycle templates of one kind of handset."""
        app = AppFacts(self.app.id, self.app.name, handset.app_version)
        return LifecycleTemplates(sdk_facts(handset.os), app, device_facts(handset), self.rules.apply)

    def closes(self, os: Os, lifecycle: LifecycleTemplates) -> Closes:
        """Templates of `application.close` for one system's SDK."""
        closes = self._closes.get(os)
        if closes is None:
            closes = self._closes[os] = Closes(lifecycle)
        return closes

    def lacks_metadata(self, place: int) -> bool:
        """Whether the places service says nothing about a place but where it is."""
        return not poi_facts(self._places[place]).extras

    def finish(self, event: dict[str, Any]) -> Template:
        """The template of an event of another kind, with what the client-side rules add."""
        return Template.compile(self.rules.apply(event))

    def poi(self, place: int) -> bytes:
        """A place as the SDK sends it, made when first needed."""
        part = self.known[place] = json_value(poi_part(poi_facts(self._places[place])))
        return part

    def active(self, places: dict[int, None]) -> bytes:
        """The places that the phone is in, as JSON."""
        parts = []
        for place in places:
            part = self._active.get(place)
            if part is None:
                part = self._active[place] = json_value(active_poi(poi_facts(self._places[place])))
            parts.append(part)
        return b"[" + b",".join(parts) + b"]"

    def spots(self, os: Os) -> dict[int, Spot]:
        """The places that phones of one system were at so far, by index; see :meth:`spot`."""
        return self._spots[os]

    def spot(self, os: Os, place: int) -> Spot:
        """A place with its rich templates for phones of one system, made when first needed."""
        known = self._places[place]
        zone = str(self.calendar.zone).encode()
        entry, exit = (
            template.bind(timezone=zone) for template in self._locations[os].for_place(poi_facts(known))
        )
        spot = self._spots[os][place] = Spot(known, entry, exit)
        return spot


class Spot:
    """A place as rich events speak of it."""

    __slots__ = ("_east", "_latitude", "_longitude", "_radius", "entry", "exit")

    def __init__(self, place: Place, entry: Template, exit: Template) -> None:
        self.entry = entry
        self.exit = exit
        self._latitude, self._longitude = place.latitude, place.longitude
        # Metres per degree of longitude.
        self._east = METRES_PER_DEGREE * float(cos(radians(np.array([place.latitude])))[0])
        self._radius = json_number(place.radius, 2)

    def distance(self, region: RegionEvent) -> bytes:
        """How far the position of a region event is from the centre of the place, metres, as JSON.

        A phone that knows exactly where it is fixes its position on the border itself: the distance is the radius.
        """
        if region.exact:
            return self._radius
        away = (region.longitude - self._longitude + 180.0) % 360.0 - 180.0
        x, y = away * self._east, (region.latitude - self._latitude) * METRES_PER_DEGREE
        return b"%.2f" % sqrt(x * x + y * y)


class Closes:
    """The templates of `application.close`, with and without a length."""

    __slots__ = ("_lifecycle", "_lost", "close", "zero_close")

    def __init__(self, lifecycle: LifecycleTemplates) -> None:
        self._lifecycle = lifecycle
        self.close = lifecycle.close
        self.zero_close = lifecycle.zero_close()
        self._lost: tuple[Template, Template] | None = None

    @property
    def lost(self) -> tuple[Template, Template]:
        """The same for closes that were found out at the next start."""
        if self._lost is None:
            self._lost = self._lifecycle.lost_close, self._lifecycle.zero_close("unknown")
        return self._lost


class HandsetForms:
    """The events of one kind of handset, in the SDK's own form.

    A form is a template and the values of its slots after the id and the timestamp.
    """

    def __init__(self, forms: EventForms, handset: Handset) -> None:
        self.forms = forms
        self.handset = handset
        self.os = handset.os
        self.sdk = sdk_facts(handset.os)
        self._lifecycle = forms.lifecycle(handset)
        self.launch = self._lifecycle.launch
        """`application.launch`; its last slot is the identity map."""
        # Closes say nothing of the device, so all handsets of a system share them.
        self._closes = forms.closes(handset.os, self._lifecycle)
        self._locations = forms.locations(handset.os)
        self._known = forms.known

    @property
    def install(self) -> Template:
        """The first launch of an installation."""
        return self._lifecycle.install

    @property
    def upgrade(self) -> Template:
        """The first launch of another version."""
        return self._lifecycle.upgrade

    def updated(self) -> HandsetForms:
        """The forms after an update of the app: its version ends in the next number."""
        return self.forms.of(replace(self.handset, app_version=next_version(self.handset.app_version)))

    def close(self, length_s: int, identities: bytes) -> Form:
        """`application.close` of a session of ``length_s`` whole seconds."""
        if length_s == 0:
            return self._closes.zero_close, (identities,)
        return self._closes.close, (identities, b"%d" % length_s)

    def lost_close(self, length_s: int, identities: bytes) -> Form:
        """The same, found out at the next start."""
        close, zero_close = self._closes.lost
        return (close, (identities, b"%d" % length_s)) if length_s else (zero_close, (identities,))

    def location(self, region: RegionEvent, identities: bytes, dated: int) -> Form:
        """`location.entry` or `location.exit`; ``dated`` is the time of the phone's clock, virtual milliseconds."""
        template = self._locations.entry if region.entry else self._locations.exit
        if template is None:
            raise TypeError("location templates of the rich form have no open place")
        place = region.place
        return template, (identities, self._known.get(place) or self.forms.poi(place))


class RichForms(HandsetForms):
    """The events of one kind of handset, with all that an app may add to location events."""

    def __init__(self, forms: EventForms, handset: Handset) -> None:
        super().__init__(forms, handset)
        device = device_facts(handset)
        app = AppFacts(forms.app.id, forms.app.name, handset.app_version)
        self._spots = forms.spots(handset.os)
        self._local_stamp = forms.calendar.local_stamp
        self._active = forms.active
        parts = {
            "application": application_part(app, device.language),
            "device": located_device_part(device),
            "environment": environment_part(device),
        }
        self._entry_parts, self._exit_parts = (
            tuple(json_value(forms.rules.part(kind, *part)) for part in parts.items())
            for kind in (EventType.LOCATION_ENTRY, EventType.LOCATION_EXIT)
        )

    def location(self, region: RegionEvent, identities: bytes, dated: int) -> Form:
        """`location.entry` or `location.exit`, rich form."""
        spot = self._spots.get(region.place) or self.forms.spot(self.os, region.place)
        if region.entry:
            template, (application, device, environment) = spot.entry, self._entry_parts
        else:
            template, (application, device, environment) = spot.exit, self._exit_parts
        local_time, offset = self._local_stamp(dated)
        # fmt: off
        return template, (
            identities, application, device, environment, local_time, offset,
            COORDINATE % region.latitude,
            COORDINATE % region.longitude,
            spot.distance(region),
            b"%.1f" % region.accuracy,
            self._active(region.inside) if region.inside else _NOWHERE,
        )
        # fmt: on

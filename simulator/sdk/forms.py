"""The events of phones as prepared bytes: everything that doesn't change is encoded once.

What many phones share (device, system, app, SDK) is a form per handset; what many events share (the place) is
bytes per place. One event then is a single join of those with its id, its time and the phone's ECID.
"""

from __future__ import annotations

from simulator.core.simtime import Calendar
from simulator.phone import SDK_VERSIONS, Handset, Os, RegionEvent
from simulator.scenario.models import App
from simulator.world import Place, PlaceSet
from simulator.xdm import (
    EVENT_TYPES,
    AppFacts,
    DeviceFacts,
    EventType,
    LifecycleTemplates,
    LocationTemplates,
    PlaceTemplates,
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

# Accuracy that an ideal phone claims for its position, metres: the GNSS median (realism.md 2, Zandbergen [v]).
IDEAL_ACCURACY_M = 8.0
# Coordinates in events: 1e-7 degrees is about a centimetre.
COORDINATE = b"%.7f"
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


class EventForms:
    """All forms of one worker, made when first needed."""

    def __init__(self, app: App, places: PlaceSet, calendar: Calendar) -> None:
        self.app = app
        self.calendar = calendar
        self._places = places.places
        self._handsets: dict[Handset, HandsetForms] = {}
        self._locations = {os: LocationTemplates(sdk_facts(os), app.location_events) for os in SDK_VERSIONS}
        self._closes: dict[Os, tuple[Template, Template]] = {}
        self._rich: dict[tuple[Os, int], PlaceTemplates] = {}
        self._poi: dict[int, bytes] = {}
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

    def closes(self, os: Os, lifecycle: LifecycleTemplates) -> tuple[Template, Template]:
        """Templates of `application.close` with and without a length, for one system's SDK."""
        templates = self._closes.get(os)
        if templates is None:
            templates = self._closes[os] = (lifecycle.close, lifecycle.zero_close())
        return templates

    def poi(self, place: int) -> bytes:
        """A place as the SDK sends it."""
        part = self._poi.get(place)
        if part is None:
            part = self._poi[place] = json_value(poi_part(poi_facts(self._places[place])))
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

    def rich(self, os: Os, place: int) -> PlaceTemplates:
        """The rich templates of one place."""
        templates = self._rich.get((os, place))
        if templates is None:
            poi = poi_facts(self._places[place])
            # The ideal phone fixes its position on the border itself: the distance is the radius.
            fixed = {
                "timezone": str(self.calendar.zone).encode(),
                "distance_m": json_number(poi.radius_m, 2),
                "accuracy_m": json_number(IDEAL_ACCURACY_M, 1),
            }
            entry, exit = self._locations[os].for_place(poi)
            templates = self._rich[os, place] = PlaceTemplates(entry.bind(**fixed), exit.bind(**fixed))
        return templates


class HandsetForms:
    """The events of one kind of handset, in the SDK's own form.

    A form is a template and the values of its slots after the id and the timestamp.
    """

    def __init__(self, forms: EventForms, handset: Handset) -> None:
        sdk = sdk_facts(handset.os)
        app = AppFacts(forms.app.id, forms.app.name, handset.app_version)
        lifecycle = LifecycleTemplates(sdk, app, device_facts(handset))
        self.launch = lifecycle.launch
        """`application.launch`; its last slot is the ECID."""
        # Closes say nothing of the device, so all handsets of a system share them.
        self._close, self._zero_close = forms.closes(handset.os, lifecycle)
        self._locations = forms.locations(handset.os)
        self._poi = forms.poi

    def close(self, length_s: int, ecid: bytes) -> Form:
        """`application.close` of a session of ``length_s`` whole seconds."""
        if length_s == 0:
            return self._zero_close, (ecid,)
        return self._close, (ecid, b"%d" % length_s)

    def location(self, region: RegionEvent, ecid: bytes) -> Form:
        """`location.entry` or `location.exit`."""
        template = self._locations.entry if region.entry else self._locations.exit
        if template is None:
            raise TypeError("location templates of the rich form have no open place")
        return template, (ecid, self._poi(region.place))


class RichForms(HandsetForms):
    """The events of one kind of handset, with all that an app may add to location events."""

    def __init__(self, forms: EventForms, handset: Handset) -> None:
        super().__init__(forms, handset)
        device = device_facts(handset)
        app = AppFacts(forms.app.id, forms.app.name, handset.app_version)
        self._forms = forms
        self._os = handset.os
        self._local_stamp = forms.calendar.local_stamp
        self._application = json_value(application_part(app, device.language))
        self._device = json_value(located_device_part(device))
        self._environment = json_value(environment_part(device))

    def location(self, region: RegionEvent, ecid: bytes) -> Form:
        """`location.entry` or `location.exit`, rich form."""
        forms = self._forms
        templates = forms.rich(self._os, region.place)
        local_time, offset = self._local_stamp(region.noticed)
        return templates.entry if region.entry else templates.exit, (
            ecid,
            self._application,
            self._device,
            self._environment,
            local_time,
            b"%d" % offset,
            COORDINATE % region.latitude,
            COORDINATE % region.longitude,
            forms.active(region.inside),
        )

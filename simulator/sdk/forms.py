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
# Digits after the point of coordinates in events: 1e-7 degrees is about a centimetre.
COORDINATE_DIGITS = 7
_ACCURACY = json_number(IDEAL_ACCURACY_M, 1)


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
        self.zone = str(calendar.zone).encode()
        self._places = places.places
        self._handsets: dict[Handset, HandsetForms] = {}
        self._locations = {os: LocationTemplates(sdk_facts(os), app.location_events) for os in SDK_VERSIONS}
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
            templates = self._locations[os].for_place(poi_facts(self._places[place]))
            self._rich[os, place] = templates
        return templates

    def radius(self, place: int) -> float:
        """Radius of a place's fence, metres."""
        return self._places[place].radius


class HandsetForms:
    """The events of one kind of handset, in the SDK's own form."""

    def __init__(self, forms: EventForms, handset: Handset) -> None:
        sdk = sdk_facts(handset.os)
        app = AppFacts(forms.app.id, forms.app.name, handset.app_version)
        lifecycle = LifecycleTemplates(sdk, app, device_facts(handset))
        self._stamp = forms.calendar.stamp
        self._poi = forms.poi
        self._launch = lifecycle.launch.render
        self._close = lifecycle.close.render
        self._zero_close = lifecycle.zero_close().render
        templates = forms.locations(handset.os)
        if templates.entry is not None and templates.exit is not None:
            # Slots: id, timestamp, ecid and the place, in the order that they stand in the event.
            self._entry, self._exit = templates.entry.render, templates.exit.render

    def launch(self, now: int, event_id: bytes, ecid: bytes) -> bytes:
        """`application.launch` at virtual time ``now``."""
        return self._launch(event_id, self._stamp(now), ecid)

    def close(self, paused: int, length_s: int, event_id: bytes, ecid: bytes) -> bytes:
        """`application.close` of a session of ``length_s`` seconds that ended at ``paused``."""
        if length_s == 0:
            return self._zero_close(event_id, self._stamp(paused), ecid)
        return self._close(event_id, self._stamp(paused), ecid, b"%d" % length_s)

    def location(self, region: RegionEvent, event_id: bytes, ecid: bytes) -> bytes:
        """`location.entry` or `location.exit`."""
        render = self._entry if region.entry else self._exit
        return render(event_id, self._stamp(region.noticed), ecid, self._poi(region.place))


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

    def location(self, region: RegionEvent, event_id: bytes, ecid: bytes) -> bytes:
        """`location.entry` or `location.exit`, rich form."""
        forms = self._forms
        templates = forms.rich(self._os, region.place)
        render = templates.entry.render if region.entry else templates.exit.render
        local_time, offset = self._local_stamp(region.noticed)
        # The ideal phone fixes its position on the border itself: the distance is the radius.
        return render(
            event_id,
            self._stamp(region.noticed),
            ecid,
            self._application,
            self._device,
            self._environment,
            local_time,
            b"%d" % offset,
            forms.zone,
            json_number(region.latitude, COORDINATE_DIGITS),
            json_number(region.longitude, COORDINATE_DIGITS),
            json_number(forms.radius(region.place), 2),
            _ACCURACY,
            forms.active(region.inside),
        )

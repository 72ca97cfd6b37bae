"""Where and when it was, and the places (POIs) around."""

from __future__ import annotations

from simulator.xdm.catalogue.dsl import (
    Field,
    array,
    deprecated,
    integer,
    number,
    obj,
    one_of,
    shared,
    string,
)
from simulator.xdm.catalogue.scalars import (
    COUNTRY,
    STATE_OR_PROVINCE,
    instant,
    measure,
    uri_reference,
)


def _point() -> Field:
    return obj(
        description=string(),
        latitude=number("WGS 84 degrees.", minimum=-90, maximum=90),
        longitude=number("WGS 84 degrees.", minimum=-180, maximum=180),
        elevation=number("Metres."),
    )


def geo_members() -> dict[str, Field]:
    """What a position on the map and a postal address have in common."""
    return {
        "_id": uri_reference(),
        "_schema": _point(),
        "countryCode": string("ISO 3166-1 alpha-2 code.", pattern=COUNTRY),
        "stateProvince": string("ISO 3166-2 code, such as `US-CA`.", pattern=STATE_OR_PROVINCE),
        "city": string(),
        "postalCode": string(),
        "dmaID": integer("Designated market area (US)."),
        "msaID": integer("Metropolitan statistical area (US)."),
    }


geo = shared("geo", obj(**geo_members()))

coordinates = shared("geoCoordinates", obj(_id=uri_reference(), _schema=_point()))

circle = shared(
    "geoCircle",
    obj(
        _id=string(),
        _schema=obj(description=string(), coordinates=coordinates, radius=number("Metres.")),
    ),
)

shape = shared(
    "geoShape",
    obj(
        "The fence of a place: a circle, a polygon or a box.",
        _id=string(),
        _schema=obj(
            description=string(),
            circle=circle,
            polygon=array(coordinates, "The last point is the first again.", at_least=4),
            box=array(coordinates, "Lower corner, then upper corner.", at_least=2, at_most=2),
            elevation=number("Metres."),
        ),
        ceiling=number("Metres."),
    ),
)

key_value = shared("keyValue", obj(key=string(), value=string("Text always, also for numbers.")))

keyed_list = shared("keyedList", obj(list=array(key_value)))

poi_detail = shared(
    "poiDetail",
    obj(
        poiID=string("Id of the place."),
        POIID=deprecated(string("Older spelling of `poiID`.")),
        name=string(),
        category=string("Free text of the owner."),
        type=string("Free text of the owner."),
        locatingType=string(
            "How the device was located.", suggested=("beacon", "gps", "ip", "ip+wifi", "wifi-triangulation")
        ),
        distanceToPOICenter=number("Metres."),
        geoInteractionDetails=obj(
            distanceToCenter=number("Metres to the centre of a circular fence."),
            deviceGeoAccuracy=number("Accuracy of the fix in metres."),
            geoShape=shape,
        ),
        beaconInteractionDetails=obj(
            proximityUUID=string(),
            beaconMajor=number("Whole, 1 to 65535 (not enforced)."),
            beaconMinor=number("Whole, 1 to 65535 (not enforced)."),
            proximity=one_of("immediate", "near", "far", "unknown"),
        ),
        metadata=keyed_list,
    ),
)

place_context = shared(
    "placeContext",
    obj(
        localTime=instant("Same instant as `timestamp`, with the local offset."),
        localTimezoneOffset=integer("Minutes behind UTC: 420 at UTC-7, -60 at UTC+1."),
        ianaTimezone=string("Name in the tz database."),
        IPLocalTime=instant("Local time by the IP address."),
        IPLocalTimezoneOffset=integer("Minutes behind UTC by the IP address."),
        geo=geo,
        POIinteraction=obj(
            poiDetail=poi_detail,
            POIDetail=deprecated(poi_detail),
            poiEntries=measure,
            poiExits=measure,
        ),
        activePOIs=array(poi_detail, "All places that the device is inside of."),
    ),
)

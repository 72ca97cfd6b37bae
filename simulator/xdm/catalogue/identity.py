"""Who it happened to, which software saw it, and what was agreed to."""

from __future__ import annotations

from simulator.xdm.catalogue.dsl import (
    array,
    boolean,
    each,
    map_of,
    obj,
    one_of,
    required,
    shared,
    string,
    strings,
)
from simulator.xdm.catalogue.scalars import uri, uri_reference

_PRODUCT = "https://ns.adobe.com/experience"
_CHANNEL_TYPE = "https://ns.adobe.com/xdm/channel-types"
_CHANNEL_KINDS = (
    "web social mobile messaging email offline display search social_display video affiliate "
    "affinity apps preload direct external mail instore"
)

_authenticated_state = one_of(
    "ambiguous", "authenticated", "loggedOut", note="State of the login.", default="ambiguous"
)

identity_item = shared(
    "identityItem",
    obj(
        id=string("The identity itself; 38 digits for an ECID."),
        authenticatedState=_authenticated_state,
        primary=boolean("The preferred identity; at most one of an event.", default=False),
    ),
)

identity_map = map_of(array(identity_item), "Identities by the code of their namespace, such as `ECID`.")

namespace = shared("namespace", obj(code=required(string("Code of the namespace."))))

identity = shared(
    "identity",
    obj(
        "An identity in the older form; `identityMap` is the present one.",
        id=string(),
        xid=string("Id across namespaces."),
        namespace=namespace,
        authenticatedState=_authenticated_state,
        primary=boolean(default=False),
    ),
)

end_user_ids = shared(
    "endUserIDs",
    obj(_experience=obj(**each("mcid aaid aacustomid acid tntid adcloud emailid phonenumberid", identity))),
    min_members=1,
)

implementation_details = shared(
    "implementationDetails",
    obj(
        "The client library that collected the event.",
        name=uri(
            "Which library.",
            suggested=tuple(
                f"{_PRODUCT}/{path}"
                for path in (
                    "analytics/scode",
                    "analytics/appmeasurement",
                    "analytics/mbox",
                    "visitorapi",
                    "adcloud/viewability",
                    "alloy",
                    "alloy/reactor",
                    "mobilesdk/ios",
                    "mobilesdk/tvos",
                    "mobilesdk/android",
                    "mobilesdk/roku",
                    "mobilesdk/ios/reactnative",
                    "mobilesdk/tvos/reactnative",
                    "mobilesdk/android/reactnative",
                    "mobilesdk/ios/flutter",
                    "mobilesdk/android/flutter",
                )
            ),
        ),
        version=string("Mobile: version of the core, `+`, version of the Edge extension."),
        environment=one_of("browser", "app", "server", "iot", note="Where it ran; a phone is `app`."),
    ),
)

channel = shared(
    "channel",
    obj(
        _id=required(uri_reference("Which channel, such as `https://ns.adobe.com/xdm/channels/push`.")),
        _type=uri(
            "Kind of channel.",
            suggested=tuple(f"{_CHANNEL_TYPE}/{kind}" for kind in _CHANNEL_KINDS.split()),
        ),
        typeAtSource=string("What the source system calls it."),
        mediaType=string(suggested=("paid", "owned", "earned")),
        mediaAction=string(
            suggested=(
                "opens",
                "sends",
                "clicks",
                "impressions",
                "bounces",
                "mirrorpages",
                "nonDeliverables",
                "notSent",
                "offerOpens",
                "unSubscriptions",
                "userComplaints",
                "subscriptions",
            )
        ),
        mode=one_of("push", "pull", "bidirectional", note="Who begins."),
        referringSource=string(),
        **each("contentTypes metricTypes locationTypes", array(uri())),
    ),
)

marketing = shared(
    "marketing",
    obj("The campaign that led to the event.", **strings("trackingCode campaignName campaignGroup")),
)

consent_string = shared(
    "consentString",
    obj(
        consentStandard=string("Such as `IAB TCF`."),
        consentStandardVersion=string("Such as `2.0`."),
        consentStringValue=string("The consent as the standard encodes it."),
        gdprApplies=required(boolean(default=False)),
        containsPersonalData=boolean(),
    ),
)

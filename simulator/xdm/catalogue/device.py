"""The phone, what runs on it, and the app."""

from __future__ import annotations

from simulator.xdm.catalogue.dsl import (
    array,
    boolean,
    booleans,
    each,
    integer,
    integers,
    obj,
    one_of,
    shared,
    string,
    strings,
)
from simulator.xdm.catalogue.scalars import language, measure, uri

device = shared(
    "device",
    obj(
        type=string(
            suggested=(
                "mobile",
                "tablet",
                "desktop",
                "ereader",
                "gaming",
                "television",
                "settop",
                "mediaplayer",
                "computers",
                "tv screens",
            )
        ),
        typeID=string("Id of the device in a database of devices."),
        typeIDService=uri(
            "Which database of devices.",
            suggested=(
                "https://ns.adobe.com/xdm/external/deviceatlas",
                "https://ns.adobe.com/xdm/external/adobecampaign",
            ),
        ),
        manufacturer=string("The SDK on iOS sends `apple`."),
        model=string("Machine name on iOS, Build.MODEL on Android."),
        modelNumber=string("Hardware id on iOS, Build.ID on Android."),
        screenHeight=integer("Pixels."),
        screenWidth=integer("Pixels."),
        colorDepth=integer(),
        screenOrientation=one_of("portrait", "landscape"),
        isLocationEnabled=boolean("Location services are switched on."),
        locationPermission=one_of(
            "SYSTEM_LOCATION_DISABLED",
            "NOT_ALLOWED",
            "ALWAYS_ALLOWED",
            "FOREGROUND_ALLOWED",
            "UNPROMPTED",
            note="What the app may know of the location.",
        ),
        isPushOptIn=boolean(),
        isBackgroundPushEnabled=boolean(),
    ),
)

browser_details = shared(
    "browserDetails",
    obj(
        **strings(
            "name vendor version acceptLanguage javaScriptVersion javaVersion quicktimeVersion userAgent"
        ),
        **booleans("cookiesEnabled javaScriptEnabled javaEnabled thirdPartyCookiesEnabled"),
        **integers("viewportHeight viewportWidth"),
        userAgentClientHints=obj(
            brands=array(obj(brand=string(), version=string())),
            **booleans("mobile wow64"),
            **strings("architecture bitness model platform platformVersion"),
        ),
    ),
)

environment = shared(
    "environment",
    obj(
        type=one_of(
            "browser", "application", "iot", "external", "widget", note="A mobile app is `application`."
        ),
        browserDetails=browser_details,
        operatingSystem=string(),
        operatingSystemVersion=string(),
        operatingSystemVendor=string(),
        **strings("viewedScreen previousScreen domain ISP"),
        carrier=string("Network operator; iOS 16 and later don't tell it."),
        **each("colorDepth viewportHeight viewportWidth duration", integer(minimum=0)),
        connectionType=one_of(
            "dialup",
            "isdn",
            "bisdn",
            "dsl",
            "cable",
            "wireless_wifi",
            "mobile",
            "mobile_edge",
            "mobile_gprs",
            "mobile_2g",
            "mobile_3g",
            "mobile_lte",
            "t1",
            "t3",
            "oc3",
            "lan",
            "modem",
            note="There is no value for 5G: `mobile`.",
        ),
        proxyType=one_of(
            "anonymous",
            "consumer-privacy",
            "corporate",
            "edu",
            "public",
            "cloud",
            "cloud-security",
            "dns",
            "vpn",
            "transparent",
        ),
        ipV4=string(format="ipv4"),
        ipV6=string(format="ipv6"),
        _dc=language(),
    ),
)

application = shared(
    "application",
    obj(
        id=string("Bundle or package id."),
        name=string(),
        version=string("Version and, in brackets, build."),
        isLaunch=boolean("The app came to the front."),
        isInstall=boolean("First launch ever; never together with `isUpgrade`."),
        isUpgrade=boolean("First launch of another version."),
        isClose=boolean("The app left the front."),
        closeType=one_of("close", "unknown", note="Seen when it happened, or found out at the next launch."),
        sessionLength=integer("Seconds in the foreground.", minimum=0),
        userPerspective=one_of("foreground", "background", "detached"),
        **each("applicationCloses crashes featureUsages installs firstLaunches launches upgrades", measure),
        _dc=language(),
    ),
)

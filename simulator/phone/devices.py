"""The built-in catalogue of phones and tablets: what each one says about itself on the wire.

Hardware facts are public ones: Apple's `hw.machine` and `hw.model`, Android's `Build.MANUFACTURER`,
`Build.MODEL` and `Build.ID`, and the display's pixels held upright. Only hardware whose facts could be
confirmed is listed. Android phones are 6.4 inches or smaller, because from 6.5 inches on the SDK calls a
device a tablet (mobile_sdk.md 10). All weights, of models and of system versions, are assumptions [a]:
no public figure per model was found; only the share of the two systems has a source (see `PhoneMix`).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Os = Literal["ios", "android"]
DeviceType = Literal["mobile", "tablet"]

# (Core, Edge), which implementationDetails joins with a plus sign. The snapshots read for mobile_sdk.md; it
# gives no number for Android's Core, so 3.2.0, of the same generation as its Edge, is an assumption [a].
SDK_VERSIONS: dict[Os, tuple[str, str]] = {"ios": ("5.11.0", "5.0.3"), "android": ("3.2.0", "3.0.2")}


@dataclass(frozen=True, slots=True)
class OsVersion:
    """A system version that a device runs.

    ``build`` is Android's `Build.ID` for that version on that device (empty on Apple's devices);
    ``weight`` is relative to the device's other versions [a].
    """

    version: str
    weight: float
    build: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DeviceModel:
    """One model of phone or tablet. There is one object for each, so comparing them costs nothing.

    ``name`` is how scenarios call it, ``title`` how people do. ``screen_width`` and ``screen_height`` are
    pixels, held upright. ``board`` is Apple's `hw.model` (empty on Android). ``weight`` is relative to the
    other models of the same system [a].
    """

    name: str
    title: str
    os: Os
    manufacturer: str
    model: str
    board: str
    screen_width: int
    screen_height: int
    device_type: DeviceType
    os_versions: tuple[OsVersion, ...]
    weight: float

    @property
    def operating_system(self) -> str:
        """The system's name as the device gives it: UIDevice.systemName on Apple's, else ``Android``."""
        if self.os == "android":
            return "Android"
        return "iPadOS" if self.device_type == "tablet" else "iOS"

    def model_number(self, os_version: str) -> str:
        """`device.modelNumber` of the SDK: `hw.model`, or `Build.ID` of that version (mobile_sdk.md 5.2)."""
        if self.os == "ios":
            return self.board
        for known in self.os_versions:
            if known.version == os_version:
                return known.build
        versions = ", ".join(known.version for known in self.os_versions)
        raise ValueError(f"{self.name} does not run Android {os_version}; it runs {versions}")


# The last releases of each year's system, the newest the most common [a]. iOS 15 keeps one line of phones
# on which the carrier's name is still visible (iOS 16 hides it, mobile_sdk.md 5.2).
_IOS_15 = OsVersion("15.7.1", 0.5)
_IOS_16 = OsVersion("16.6.1", 1.0)
_IOS_17 = OsVersion("17.4.1", 1.5)
_IOS_17_LATE = OsVersion("17.6.1", 2.5)
_IOS_18 = OsVersion("18.5", 4.0)
_SINCE_15 = (_IOS_15, _IOS_16, _IOS_17, _IOS_17_LATE, _IOS_18)
_SINCE_16 = _SINCE_15[1:]
_SINCE_17 = _SINCE_15[2:]

# Samsung ships one Build.ID per Android release on these models.
_GALAXY_13 = OsVersion("13", 1.0, "TP1A.220624.014")
_GALAXY_14 = OsVersion("14", 3.0, "UP1A.231005.007")
_GALAXY_15 = OsVersion("15", 3.0, "AP3A.240905.015.A2")


def _apple(
    name: str,
    title: str,
    model: str,
    board: str,
    pixels: tuple[int, int],
    versions: tuple[OsVersion, ...],
    weight: float,
) -> DeviceModel:
    kind: DeviceType = "tablet" if model.startswith("iPad") else "mobile"
    return DeviceModel(name, title, "ios", "apple", model, board, *pixels, kind, versions, weight)


def _android(
    name: str,
    title: str,
    maker: str,
    model: str,
    pixels: tuple[int, int],
    versions: tuple[OsVersion, ...],
    weight: float,
    kind: DeviceType = "mobile",
) -> DeviceModel:
    return DeviceModel(name, title, "android", maker, model, "", *pixels, kind, versions, weight)


DEVICES: tuple[DeviceModel, ...] = (
    _apple("iphone-11", "iPhone 11", "iPhone12,1", "N104AP", (828, 1792), _SINCE_15, 3.0),
    _apple("iphone-12", "iPhone 12", "iPhone13,2", "D53gAP", (1170, 2532), _SINCE_15, 3.0),
    _apple("iphone-13", "iPhone 13", "iPhone14,5", "D17AP", (1170, 2532), _SINCE_15, 4.0),
    _apple("iphone-se-3", "iPhone SE (3rd generation)", "iPhone14,6", "D49AP", (750, 1334), _SINCE_15, 1.5),
    _apple("iphone-14", "iPhone 14", "iPhone14,7", "D27AP", (1170, 2532), _SINCE_16, 3.0),
    _apple("iphone-14-pro", "iPhone 14 Pro", "iPhone15,2", "D73AP", (1179, 2556), _SINCE_16, 2.5),
    _apple("iphone-15", "iPhone 15", "iPhone15,4", "D37AP", (1179, 2556), _SINCE_17, 3.0),
    _apple("iphone-15-pro", "iPhone 15 Pro", "iPhone16,1", "D83AP", (1179, 2556), _SINCE_17, 2.5),
    _apple("iphone-16", "iPhone 16", "iPhone17,3", "D47AP", (1179, 2556), (_IOS_18,), 2.0),
    _apple("ipad-9", "iPad (9th generation)", "iPad12,1", "J181AP", (1620, 2160), _SINCE_15, 0.7),
    _apple("ipad-10", "iPad (10th generation)", "iPad13,18", "J271AP", (1640, 2360), _SINCE_17, 0.5),
    _android(
        "pixel-6a",
        "Pixel 6a",
        "Google",
        "Pixel 6a",
        (1080, 2400),
        (
            OsVersion("13", 1.0, "TQ3A.230805.001"),
            OsVersion("14", 3.0, "AP2A.240905.003.F1"),
            OsVersion("15", 3.0, "BP1A.250505.005"),
        ),
        1.0,
    ),
    _android(
        "pixel-7",
        "Pixel 7",
        "Google",
        "Pixel 7",
        (1080, 2400),
        (
            OsVersion("13", 1.0, "TQ3A.230901.001"),
            OsVersion("14", 3.0, "AP2A.240905.003"),
            OsVersion("15", 3.0, "BP1A.250505.005.B1"),
        ),
        1.5,
    ),
    _android(
        "pixel-8",
        "Pixel 8",
        "Google",
        "Pixel 8",
        (1080, 2400),
        (OsVersion("14", 3.0, "AP1A.240505.004"), OsVersion("15", 3.0, "AP3A.241005.015")),
        1.5,
    ),
    _android(
        "galaxy-s22",
        "Galaxy S22",
        "samsung",
        "SM-S901U",
        (1080, 2340),
        (_GALAXY_13, _GALAXY_14, _GALAXY_15),
        3.0,
    ),
    _android(
        "galaxy-s23",
        "Galaxy S23",
        "samsung",
        "SM-S911B",
        (1080, 2340),
        (_GALAXY_13, _GALAXY_14, _GALAXY_15),
        3.5,
    ),
    _android("galaxy-s24", "Galaxy S24", "samsung", "SM-S921B", (1080, 2340), (_GALAXY_14, _GALAXY_15), 3.0),
    _android(
        "galaxy-a54",
        "Galaxy A54 5G",
        "samsung",
        "SM-A546B",
        (1080, 2340),
        (_GALAXY_13, _GALAXY_14, _GALAXY_15),
        4.0,
    ),
    _android(
        "xiaomi-13",
        "Xiaomi 13",
        "Xiaomi",
        "2211133G",
        (1080, 2400),
        (OsVersion("13", 1.0, "TKQ1.220905.001"), OsVersion("14", 3.0, "UKQ1.230804.001")),
        1.5,
    ),
    _android(
        "pixel-tablet",
        "Pixel Tablet",
        "Google",
        "Pixel Tablet",
        (1600, 2560),
        (OsVersion("14", 2.0, "AP2A.240705.005"), OsVersion("15", 2.0, "AP4A.250205.002")),
        0.3,
        "tablet",
    ),
    _android(
        "galaxy-tab-a8",
        "Galaxy Tab A8",
        "samsung",
        "SM-X200",
        (1200, 1920),
        (_GALAXY_13, _GALAXY_14),
        0.7,
        "tablet",
    ),
)

_BY_NAME = {device.name: device for device in DEVICES}


def devices_for(os: str) -> tuple[DeviceModel, ...]:
    """The models of one system (``ios`` or ``android``), in the order of the catalogue."""
    found = tuple(device for device in DEVICES if device.os == os)
    if not found:
        raise ValueError(f"unknown operating system {os!r}; expected ios or android")
    return found


def device_named(name: str) -> DeviceModel:
    """The model that scenarios call ``name``; ValueError with the nearest name when there is none."""
    device = _BY_NAME.get(name)
    if device is None:
        near = get_close_matches(name.lower().replace(" ", "-").replace("_", "-"), _BY_NAME, n=1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(_BY_NAME)}"
        raise ValueError(f"unknown phone model {name!r}; {hint}")
    return device


def user_agent(device: DeviceModel, os_version: str, locale: str) -> str:
    """The `User-Agent` of the SDK's requests (mobile_sdk.md 4.2); ``locale`` as ``en-US`` or ``en_US``."""
    language = locale.replace("_", "-")
    if device.os == "ios":
        family = "iPad" if device.device_type == "tablet" else "iPhone"
        return f"Mozilla/5.0 ({family}; CPU OS {os_version.replace('.', '_')} like Mac OS X; {language})"
    build = device.model_number(os_version)
    return f"Mozilla/5.0 (Linux; U; Android {os_version}; {language}; {device.model} Build/{build})"

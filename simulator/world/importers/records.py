"""Records of any source, and the rules that all of them must keep."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.core.distributions import Distribution
from simulator.scenario.units import nearest, shown
from simulator.world.fences import MAX_LATITUDE, MAX_RADIUS
from simulator.world.importers.complaints import Complaints, Origin
from simulator.world.importers.numbers import read_number

# Limits of the places database (mobile_sdk.md 1.4); the upper radius is the importer's own.
MIN_RADIUS = 10.0
TEXT_LIMITS: Mapping[str, int] = {
    "name": 512,
    "description": 512,
    "country": 32,
    "state": 32,
    "city": 32,
    "street": 256,
    "category": 100,
    "icon": 50,
    "color": 8,
}
TEXTS = tuple(TEXT_LIMITS)
METADATA_PAIRS = 10
METADATA_LENGTH = 256
_DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")
LIBRARY_ID_LENGTH = 36

# What the importer of the platform accepts (mobile_sdk.md 1.5).
COLORS = ("#AA99E8", "#FC685B", "#3DC8DE", "#F6C436", "#3E76D0", "#DC2ABA", "#BECE5D", "#61B56B", "#FC962E")
ICONS = (
    "shop", "hotelbed", "car", "airplane", "train", "ship", "stadium", "amusementpark", "anchor", "beaker",
    "bell", "bid", "book", "box", "briefcase", "browse", "brush", "building", "calculator", "camera",
    "clock", "education", "flashlight", "follow", "game", "female", "male", "gift", "hammer", "heart",
    "home", "key", "launch", "lightbulb", "mailbox", "money", "pin", "promote", "ribbon", "shoppingCart",
    "star", "target", "teapot", "thumbDown", "thumbUp", "trap", "trophy", "wrench",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as its source has it.

    ``values`` may hold text or numbers under the names of ``Place``, and ``lib_id``; ``drawn`` says which of
    radius and attractiveness are to be drawn instead.
    """

    origin: Origin
    number: int
    values: Mapping[str, object]
    metadata: Mapping[str, str] = field(default_factory=dict)
    drawn: Mapping[str, Distribution] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that keeps the rules, but may lack what has to be derived or drawn."""

    origin: Origin
    number: int
    id: str
    library_id: str
    latitude: float
    longitude: float
    radius: float | None
    attractiveness: float
    texts: dict[str, str]
    metadata: tuple[tuple[str, str], ...]
    drawn: Mapping[str, Distribution]

    @property
    def label(self) -> str:
        """What messages about other records call this one."""
        return self.origin.label(self.number)


class Checker:
    """Turns raw records into drafts, and complains about those that break a rule."""

    def __init__(
        self, complaints: Complaints, *, importer: bool = False, decimal_comma: bool = False
    ) -> None:
        """``importer`` switches the importer's own rules on; ``decimal_comma`` takes ``52,5`` as a number."""
        self._complaints = complaints
        self._importer = importer
        self._decimal_comma = decimal_comma
        self._odd: dict[str, tuple[Raw, int]] = {}

    def check(self, raw: Raw) -> Draft | None:
        """The draft of ``raw``, or None if something is wrong with it."""
        before = self._complaints.count
        latitude = self._latitude(raw)
        longitude = self._number(raw, "longitude", -180.0, 180.0)
        radius = self._number(raw, "radius", MIN_RADIUS, MAX_RADIUS, unit=" m", needed=self._importer)
        attractiveness = self._number(raw, "attractiveness", 0.0, math.inf, needed=False)
        texts = self._texts(raw)
        self._check_metadata(raw)
        if self._importer:
            self._check_type(raw)
        library_id = self._library_id(raw)
        if self._complaints.count > before or latitude is None or longitude is None:
            return None
        return Draft(
            raw.origin,
            raw.number,
            _text(raw.values.get("id")).strip(),
            library_id,
            latitude,
            longitude,
            radius,
            1.0 if attractiveness is None else attractiveness,
            texts,
            tuple(raw.metadata.items()),
            raw.drawn,
        )

    def finish(self) -> None:
        """Give the warnings that are summed up over all records."""
        for key, (raw, count) in self._odd.items():
            more = f", and {count - 1:,} more like it" if count > 1 else ""
            what = f"{shown(raw.values[key])} is not one of the places database's{more}"
            expected = f"events carry it as it is; {_choices(key, _text(raw.values[key]))}"
            self._complaints.add(raw.origin.problem(raw.number, key, what, expected, warning=True))

    def _complain(self, raw: Raw, key: str, what: str, expected: str = "") -> None:
        self._complaints.add(raw.origin.problem(raw.number, key, what, expected))

    # --- numbers ------------------------------------------------------------------------------------------

    def _latitude(self, raw: Raw) -> float | None:
        latitude = self._number(raw, "latitude", -math.inf, math.inf)
        if latitude is None or abs(latitude) <= MAX_LATITUDE:
            return latitude
        what = f"{latitude:g} lies outside -85..85"
        if abs(latitude) == 90.0:
            what = f"{latitude:g} is the pole; latitudes lie within -85..85"
        longitude = self._quiet_number(raw.values.get("longitude"))
        swapped = longitude is not None and abs(longitude) <= MAX_LATITUDE and abs(latitude) <= 180.0
        expected = "have latitude and longitude changed places?" if swapped and abs(latitude) != 90.0 else ""
        self._complain(raw, "latitude", what, expected or "the places database takes no other latitudes")
        return None

    def _number(
        self, raw: Raw, key: str, low: float, high: float, *, unit: str = "", needed: bool = True
    ) -> float | None:
        value = raw.values.get(key)
        if value is None or (isinstance(value, str) and not value.strip()):
            if needed:
                self._complain(raw, key, "is missing", f"expected a number{_range(low, high, unit)}")
            return None
        number = self._quiet_number(value)
        if number is None:
            expected = f"expected a number{_range(low, high, unit)}"
            if isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value.strip()):
                expected += " with a decimal point; a comma is read as one where ';' or tabs separate cells"
            self._complain(raw, key, f"{shown(value)} is not a number", expected)
            return None
        if not low <= number <= high:
            self._complain(
                raw, key, f"{number:g}{unit} is out of range", f"expected a number{_range(low, high, unit)}"
            )
            return None
        return number

    def _quiet_number(self, value: object) -> float | None:
        return read_number(value, decimal_comma=self._decimal_comma)

    # --- texts --------------------------------------------------------------------------------------------

    def _texts(self, raw: Raw) -> dict[str, str]:
        texts = {}
        for key, limit in TEXT_LIMITS.items():
            value = raw.values.get(key)
            if isinstance(value, dict | list):
                self._complain(raw, key, f"{shown(value)} is not text", "expected text")
                continue
            text = _text(value)
            if len(text) > limit:
                self._complain(raw, key, f"has {len(text)} characters", f"expected at most {limit}")
            texts[key] = text
        if not texts.get("name", "-").strip():
            self._complain(raw, "name", "is missing", "expected the name of the place")
        for key, allowed in (("color", COLORS), ("icon", ICONS)):
            value = texts.get(key, "")
            if not value or value in allowed or len(value) > TEXT_LIMITS[key]:
                continue
            if self._importer:
                self._complain(raw, key, f"{shown(value)} is not allowed", _choices(key, value))
            else:
                first, count = self._odd.get(key, (raw, 0))
                self._odd[key] = first, count + 1
        return texts

    def _check_metadata(self, raw: Raw) -> None:
        if len(raw.metadata) > METADATA_PAIRS:
            what = f"has {len(raw.metadata)} pairs of metadata"
            self._complain(raw, "", what, f"the places database takes at most {METADATA_PAIRS}")
        for key, value in raw.metadata.items():
            for name, text in (("key", key), ("value", value)):
                if len(text) > METADATA_LENGTH:
                    what = f"the {name} of metadata {shown(key)} has {len(text)} characters"
                    self._complain(raw, "", what, f"expected at most {METADATA_LENGTH}")

    def _check_type(self, raw: Raw) -> None:
        value = raw.values.get("type")
        if value != "Point":
            self._complain(raw, "type", f"{shown(value)} is not a type of places", "expected 'Point'")

    def _library_id(self, raw: Raw) -> str:
        library_id = _text(raw.values.get("lib_id"))
        if self._importer and len(library_id) != LIBRARY_ID_LENGTH:
            what = f"{shown(library_id)} has {len(library_id)} characters"
            self._complain(
                raw, "lib_id", what, f"expected the id of a library: {LIBRARY_ID_LENGTH} characters"
            )
        return library_id


def _text(value: object) -> str:
    """A scalar of a source as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _range(low: float, high: float, unit: str) -> str:
    if math.isinf(low):
        return ""
    if math.isinf(high):
        return f" from {low:g}{unit}"
    return f" from {low:g} to {high:g}{unit}"


def _choices(key: str, value: str) -> str:
    allowed = COLORS if key == "color" else ICONS
    near = nearest(value, allowed)
    if near:
        return f"did you mean {near!r}?"
    if key == "color":
        return f"the colours are {' '.join(COLORS)}"
    return f"the icons are {', '.join(ICONS)}"

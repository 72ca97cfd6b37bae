"""Prepared templates give the bytes that encoding the finished event would give."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.xdm import (
    CLOSE_SLOTS,
    RICH_SLOTS,
    SDK_SLOTS,
    DeviceFacts,
    LifecycleTemplates,
    LocationTemplates,
    PoiFacts,
    RichPlace,
    SdkFacts,
    Slot,
    Template,
    active_poi,
    application_close,
    application_launch,
    identity_map,
    json_members,
    json_number,
    json_string,
    json_value,
    location_event,
    poi_part,
)
from simulator.xdm.events import CloseType, Kind
from tests.xdm.samples import (
    ANDROID,
    APP,
    AT_THE_BORDER,
    ECID,
    EVENT_ID,
    GALAXY,
    IOS,
    IPHONE,
    STORE,
    TIMESTAMP,
)

HEAD = (EVENT_ID.encode(), TIMESTAMP.encode(), orjson.dumps(identity_map(ECID)))
ENVELOPE: dict[str, Any] = {"id": EVENT_ID, "timestamp": TIMESTAMP, "identities": identity_map(ECID)}
KINDS: tuple[Kind, ...] = ("entry", "exit")

texts = st.text(max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | texts
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
places = st.builds(
    PoiFacts,
    id=texts,
    name=texts,
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    radius_m=st.floats(1, 2000),
    category=texts,
    city=texts,
    metadata=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
)
sdks = st.sampled_from([IOS, ANDROID, SdkFacts("ios", "5.0.0", "5.0.0", "flutter")])


# --- the mechanism ------------------------------------------------------------------------------------------


@given(st.dictionaries(texts, json_values, max_size=4), st.lists(json_values, max_size=4))
def test_rendering_equals_encoding_the_finished_event(constant: dict[str, Any], values: list[Any]) -> None:
    def event(stand_ins: list[Any]) -> dict[str, Any]:
        return {
            "constant": constant,
            "all": [{"deep": {"value": value}} for value in stand_ins],
            "end": constant,
        }

    template = Template.compile(event([Slot(f"s{i}") for i in range(len(values))]))

    assert template.slots == tuple(f"s{i}" for i in range(len(values)))
    assert template.render(*map(orjson.dumps, values)) == orjson.dumps(event(values))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=8), st.data())
def test_binding_some_slots_first_gives_the_same_bytes(
    uses: list[tuple[str, bool]], data: st.DataObject
) -> None:
    template = Template.compile({"x": [{"v": Slot(name)} if deep else Slot(name) for name, deep in uses]})
    values = {name: b'"value of %s"' % name.encode() for name in template.slots}
    bound = data.draw(st.sets(st.sampled_from(template.slots))) if values else set()

    rest = template.bind(**{name: values[name] for name in bound})

    assert rest.slots == tuple(name for name in template.slots if name not in bound)
    assert rest.render(*(values[name] for name in rest.slots)) == template.render(*values.values())


def test_slots_are_taken_in_the_order_in_which_they_first_appear() -> None:
    template = Template.compile({"b": Slot("beta"), "a": [Slot("alpha"), Slot("beta")]})

    assert template.slots == ("beta", "alpha")
    assert template.render(b"1", b"2") == b'{"b":1,"a":[2,1]}'


def test_a_quoted_slot_takes_bare_text() -> None:
    assert Template.compile({"id": Slot("id", quoted=True)}).render(b"abc") == b'{"id":"abc"}'


@given(st.dictionaries(texts.filter(lambda name: name != "first"), json_values, max_size=4))
def test_a_slot_of_members_takes_any_number_of_them(members: dict[str, Any]) -> None:
    template = Template.compile({"in": {"first": 1, **Slot.members("more"), "last": 2}})
    members.pop("last", None)

    rendered = template.render(json_members(members))

    assert rendered == orjson.dumps({"in": {"first": 1, **members, "last": 2}})


def test_a_slot_of_members_cannot_be_the_first() -> None:
    with pytest.raises(ValueError, match="first"):
        Template.compile({"in": {**Slot.members("more"), "last": 2}})


def test_text_that_looks_like_a_slot_is_text() -> None:
    event = {"a": "\x000\x00", "\x00more": "\x00", "b": Slot("b"), "c": '","\\u0000more":'}

    assert Template.compile(event).render(b"1") == orjson.dumps(event | {"b": 1})


@pytest.mark.parametrize("event", [{}, {"b": Slot("b")}, {"b": [Slot("b"), Slot("b"), Slot("c")]}])
def test_a_wrong_number_of_values_is_an_error(event: dict[str, Any]) -> None:
    template = Template.compile(event)

    for count in (len(template.slots) + 1, len(template.slots) + 3):
        with pytest.raises(ValueError):
            template.render(*[b"1"] * count)
    if template.slots:
        with pytest.raises(ValueError):
            template.render(*[b"1"] * (len(template.slots) - 1))


def test_binding_an_unknown_slot_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no slot pio; there are id, poi"):
        Template.compile({"id": Slot("id"), "poi": Slot("poi")}).bind(pio=b"{}")


@pytest.mark.parametrize("name", ["", "Upper", "1st", "with-dash", "é", 'a"b'])
def test_a_slot_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="slot name"):
        Slot(name)


def test_what_is_neither_json_nor_a_slot_is_refused() -> None:
    with pytest.raises(TypeError):
        Template.compile({"a": object()})


# --- values -------------------------------------------------------------------------------------------------


@given(texts)
def test_a_json_string_reads_back_as_the_text(text: str) -> None:
    assert orjson.loads(json_string(text)) == text


@given(st.floats(-1e9, 1e9), st.integers(0, 7))
def test_a_json_number_reads_back_as_the_rounded_number(x: float, digits: int) -> None:
    assert orjson.loads(json_number(x, digits)) == round(x, digits)


@pytest.mark.parametrize(
    ("x", "digits", "text"),
    [
        (37.33078123, 5, b"37.33078"),
        (-0.0000001, 5, b"0.0"),
        (-0.4, 0, b"0"),
        (43.0, 1, b"43.0"),
        (43.0, 0, b"43"),
    ],
)
def test_json_numbers_have_no_negative_zero(x: float, digits: int, text: bytes) -> None:
    assert json_number(x, digits) == text


@pytest.mark.parametrize("x", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_lacks_is_refused(x: float) -> None:
    with pytest.raises(ValueError, match="no JSON form"):
        json_number(x, 2)


# --- the events of phones -----------------------------------------------------------------------------------


@given(places, sdks, st.sampled_from(KINDS))
def test_a_location_event_of_the_sdk_renders_as_its_builder_says(
    poi: PoiFacts, sdk: SdkFacts, kind: Kind
) -> None:
    expected = orjson.dumps(location_event(kind=kind, sdk=sdk, poi=poi, **ENVELOPE))
    of_place = getattr(LocationTemplates(sdk).for_place(poi), kind)
    of_any_place = getattr(LocationTemplates(sdk), kind)

    assert of_place.slots == SDK_SLOTS
    assert of_place.render(*HEAD) == expected
    assert of_any_place.slots == (*SDK_SLOTS, "poi")
    assert of_any_place.render(*HEAD, json_value(poi_part(poi))) == expected


@given(
    places,
    sdks,
    st.sampled_from(KINDS),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 5000), st.floats(1, 100)),
)
def test_a_rich_location_event_renders_as_its_builder_says(
    poi: PoiFacts, sdk: SdkFacts, kind: Kind, numbers: tuple[float, float, float, float]
) -> None:
    latitude, longitude, distance, accuracy = (round(x, 5) + 0.0 for x in numbers)
    rich: RichPlace = replace(
        AT_THE_BORDER,
        latitude=latitude,
        longitude=longitude,
        distance_m=distance,
        accuracy_m=accuracy,
        active=(active_poi(poi), active_poi(STORE)),
    )
    template = getattr(LocationTemplates(sdk, "rich").for_place(poi), kind)

    assert template.slots == RICH_SLOTS
    assert template.render(
        *HEAD,
        json_value(rich.application),
        json_value(rich.device),
        json_value(rich.environment),
        b"2026-03-02T09:15:30.125+01:00",
        b"-60",
        b"Europe/Berlin",
        json_number(latitude, 5),
        json_number(longitude, 5),
        json_number(distance, 5),
        json_number(accuracy, 5),
        json_value(rich.active),
    ) == orjson.dumps(location_event(kind=kind, sdk=sdk, poi=poi, rich=rich, **ENVELOPE))


@pytest.mark.parametrize(("sdk", "device"), [(IOS, IPHONE), (ANDROID, GALAXY)], ids=["ios", "android"])
def test_launches_and_closes_render_as_their_builders_say(sdk: SdkFacts, device: DeviceFacts) -> None:
    templates = LifecycleTemplates(sdk, APP, device)
    for name, install, upgrade in (
        ("launch", False, False),
        ("install", True, False),
        ("upgrade", False, True),
    ):
        template = getattr(templates, name)
        launch = application_launch(
            sdk=sdk, app=APP, device=device, install=install, upgrade=upgrade, **ENVELOPE
        )
        assert template.slots == SDK_SLOTS
        assert template.render(*HEAD) == orjson.dumps(launch)
    closes: list[tuple[CloseType, Template]] = [("close", templates.close), ("unknown", templates.lost_close)]
    for (close_type, template), seconds in itertools.product(closes, (0, 1, 86_400)):
        close = application_close(sdk=sdk, session_length_s=seconds, close_type=close_type, **ENVELOPE)
        assert template.slots == CLOSE_SLOTS
        if seconds:
            assert template.render(*HEAD, b"%d" % seconds) == orjson.dumps(close)
        else:
            assert templates.zero_close(close_type).render(*HEAD) == orjson.dumps(close)


def test_the_rich_form_has_no_template_for_any_place() -> None:
    templates = LocationTemplates(IOS, "rich")

    assert (templates.entry, templates.exit) == (None, None)

"""Every mistake in a scenario file is reported at once, at its place, in plain words."""

# ruff: noqa: E501  the tables of messages read better unbroken

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.core.errors import ExitCode, InputError
from simulator.provision import Plan
from simulator.scenario import load_scenario
from simulator.scenario.messages import PATTERNS
from simulator.scenario.models.base import Model
from tests.scenario.texts import MINIMAL, RICH

JARGON = re.compile(r"Input should|Value error|valid \w+ type|pydantic|NoneType|<class|Traceback|type=")


def complaints(tmp_path: Path, text: str | bytes) -> list[str]:
    """The messages for a file, without its name; [] if it loads."""
    path = tmp_path / "s.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    try:
        return [str(warning).removeprefix(str(path)) for warning in load_scenario(path).warnings]
    except InputError as error:
        assert error.exit_code == ExitCode.BAD_INPUT
        return [line.removeprefix(str(path)) for line in str(error).splitlines()]


@pytest.mark.parametrize("text", [MINIMAL, RICH], ids=["minimal", "rich"])
def test_a_right_file_has_no_mistakes(tmp_path: Path, text: str) -> None:
    assert complaints(tmp_path, text) == []


# Each row replaces the first text by the second in MINIMAL.
@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("version: 1", "version: 2", [":1:10: version: 2 is not valid; expected 1"]),
        ("corner-shop", "Corner Shop", [":2:7: name: 'Corner Shop' has other characters than allowed; expected lower-case letters, digits, - and _, beginning with a letter or digit"]),
        ("app:\n", "network: {answers: [{code: 503, share: 60 %}, {code: 500, share: 0.6}]}\napp:\n", [":19:20: network.answers: the shares, with `lost_answers`, add up to more than 100 %; give smaller ones"]),
        ("app:\n", "currency: eur\napp:\n", [":19:11: currency: 'eur' is no code of a currency; expected three capital letters such as EUR"]),
        ("app:\n", "sources: {loyalty: {tenant: _acme}, web: {address: shop}}\napp:\n", [":19:29: sources.loyalty.tenant: '_acme' is no name of a tenant; expected at least three lower-case letters and digits, such as acme", ":19:52: sources.web.address: 'shop' is no address of a host; expected one such as https://shop.example.com"]),
        ("name: corner-shop", "name: 12", [":2:7: name: 12 is a number, not text; write it in quotes: '12'"]),
        ("clock:\n", "seed: -1\nclock:\n", [":4:7: seed: -1 is too small; must be at least 0"]),
        ("clock:\n", "seed: true\nclock:\n", [":4:7: seed: true is not valid; expected a whole number"]),
        ("clock:\n", "seed: 1.5\nclock:\n", [":4:7: seed: 1.5 is not valid; expected a whole number"]),
        ("clock:\n", "seed:\nclock:\n", [":4:1: seed: has nothing behind it; give a value or remove the key"]),
        ("clock:\n", "seed: null\nclock:\n", [":4:7: seed: must not be null; expected a whole number"]),
        ("clock:\n", "clcok:\n", [":1:1: clock: is missing; expected a mapping with start, timezone and duration", ":4:1: clcok: unknown key; did you mean 'clock'?"]),
        ("Europe/Berlin", "Europe/Berln", [":6:13: clock.timezone: unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"]),
        ("  timezone: Europe/Berlin\n", "", [":4:1: clock.timezone: is missing; expected a time zone such as Europe/Berlin"]),
        ("2 h", "2", [":7:13: clock.duration: 2 has no unit; expected a duration in s, ms, min, h, d or w, such as 2 min"]),
        ("2 h", "0 h", [":7:13: clock.duration: '0 h' is too small; must be greater than 0"]),
        ("2 h\n", "2 h\n  speed: fast\n", [":8:10: clock.speed: 'fast' is not valid; expected max or live or a number such as 2.5"]),
        ("2 h\n", "2 h\n  speed: 0\n", [":8:10: clock.speed: must be `max`, `live` or greater than 0"]),
        ("2 h\n", "2 h\n  pace: 0\n", [":8:3: clock.pace: unknown key; valid keys are start, timezone, duration and speed"]),
        ("2026-03-02T11:00", "2026-03-29T02:30", [":5:10: clock.start: warning: is skipped on this day, because the clocks go forward; did you mean 2026-03-29T03:30?"]),
        ("places:\n", "places: []\nplace:\n", [":8:9: places: is empty; give at least one", ":9:1: place: unknown key; did you mean 'places'?"]),
        ("  - library: shops\n", "  - library: shops\n    file: a.csv\n", [":9:5: places.0: a library needs either `file` or `inline` places; give exactly one of them"]),
        ("  - library: shops\n", "  - library: shops\n    columns: {}\n    format: geojson\n", [":10:14: places.0.columns: only for `format: csv`; remove it or change the format"]),
        ("  - library: shops\n", "  - library: shops\n    format: gejson\n", [":10:13: places.0.format: 'gejson' is not valid; did you mean 'geojson'?"]),
        ("people:\n", "  - library: shops\n    file: a.csv\npeople:\n", [":14:14: places.1.library: 'shops' is already the name of places.0; give each library a name of its own"]),
        ("at: [52.52, 13.405]\n        radius: 100 m", "at: [113.4, 52.5]\n        radius: 100", [":12:14: places.0.inline.0.at.0: 113.4 is out of range; must lie between -90 and 90; the latitude comes first", ":13:17: places.0.inline.0.radius: 100 has no unit; expected a length in m, km, mi, ft or yd, such as 100 m"]),
        ("at: [52.52, 13.405]\n", "at: [90, 13.405]\n", [":12:14: places.0.inline.0.at.0: latitude 90 is too near the pole; must lie between -85 and 85"]),
        ("radius: 100 m", "metadata: {zip: 72712}", [":13:25: places.0.inline.0.metadata.zip: 72712 is a number, not text; write it in quotes: '72712'"]),
        ("name: Corner shop", 'name: ""', [":11:15: places.0.inline.0.name: is empty; expected text"]),
        ("radius: 100 m", "color: '#3E76D0FFF'", [":13:16: places.0.inline.0.color: has 10 characters; at most 8 are allowed"]),
        ("      - name: Corner shop\n        at: [52.52, 13.405]\n        radius: 100 m\n", "      -\n", [":11:8: places.0.inline.0: has nothing behind it; give a value or remove the entry"]),
        ("size: 50", "sise: 50", [":15:3: people.neighbours.size: is missing; expected a whole number such as 200", ":16:5: people.neighbours.sise: unknown key; did you mean 'size'?"]),
        ("size: 50", "size: 0", [":16:11: people.neighbours.size: there is nobody: the size is 0; give at least one group a size of 1 or more"]),
        ("size: 50", "size: {normal: {mean: 5, sd: -1, mni: 3}}", [":16:34: people.neighbours.size.normal.sd: -1 is out of range; must be 0 or more", ":16:38: people.neighbours.size.normal.mni: unknown key; did you mean 'min'?"]),
        ("radius: 1 km", "radius: 20000 km", [":18:45: people.neighbours.home.around.radius: the area reaches too near a pole; give a smaller one"]),
        ("around: {", "arond: {", [":17:5: people.neighbours.home: give exactly one of `around`, `near_places`, `towns`", ":18:7: people.neighbours.home.arond: unknown key; did you mean 'around'?"][1:]),
        ("around: {at", "near_places: {library: shosp, within: 1 km}\n      around: {at", [":17:5: people.neighbours.home: give exactly one of `around`, `near_places`, `towns`", ":18:30: people.neighbours.home.near_places.library: no library 'shosp'; did you mean 'shops'?"]),
        ("size: 50", "size: 50\n    schedule: {lunch: {}}", [":17:23: people.neighbours.schedule.lunch: warning: nobody has lunch, because the group has no `work`; give the group `work`, or remove it"]),
        ("size: 50", "size: 50\n    schedule:\n      lunch:\n      evening: {days: [fir, Saturday]}", [":18:7: people.neighbours.schedule.lunch: has nothing behind it; write `{}` for its defaults or `null` for none", ":19:24: people.neighbours.schedule.evening.days.0: 'fir' is not valid; did you mean 'fri'?", ":19:29: people.neighbours.schedule.evening.days.1: 'Saturday' is not valid; did you mean 'sat'?"]),
        ("size: 50", "size: 50\n    work: {distance: 2 km, leave_home: 17:00, leave_work: 08:00}", [":17:59: people.neighbours.work.leave_work: people leave work before they leave home; it must be later than `leave_home`"]),
        ("size: 50", "size: 50\n    travel: {transit: null, car: null}", [":17:13: people.neighbours.travel: at least one mode must have no `up_to`, so that every distance can be travelled"]),
        ("size: 50", "size: 50\n    travel: {cycle: {speed: 4 m/s, beyond: 9 km, up_to: 8 km}}", [":17:44: people.neighbours.travel.cycle.beyond: no distance is left; `beyond` must be less than `up_to`"]),
        ("size: 50", "size: 50\n    phone: {os: {iOS: 1, android: 1}}", [":17:23: people.neighbours.phone.os.iOS: unknown operating system 'iOS'; did you mean 'ios'?"]),
        ("size: 50", "size: 50\n    phone: {monitoring: os, permission: {allways: 1, in_use: 2}}", [":17:51: people.neighbours.phone.permission.allways: unknown permission 'allways'; did you mean 'always'?", ":17:62: people.neighbours.phone.permission.in_use: unknown permission 'in_use'; did you mean 'while_in_use'?"]),
        ("size: 50", "size: 50\n    phone: {monitoring: ideal, permission: denied}", [":17:44: people.neighbours.phone.permission: warning: changes nothing, because the phones notice everything (`monitoring: ideal`); set `monitoring: os`, or remove it"]),
        ("size: 50", "size: 50\n    phone: {conditions: {permission: {to: {allways: 1}}}}", [":17:53: people.neighbours.phone.conditions.permission.to.allways: unknown permission 'allways'; did you mean 'always'?"]),
        ("size: 50", "size: 50\n    phone: {os_profile: {android: {positions: {wlan: 1}}}}", [":17:54: people.neighbours.phone.os_profile.android.positions.wlan: unknown source of positions 'wlan'; expected gnss, wifi or cell"]),
        ("size: 50", "size: 50\n    phone: {conditions: {offline: {per_day: -1}}}", [":17:45: people.neighbours.phone.conditions.offline.per_day: -1 is too small; must be at least 0"]),
        ("size: 50", "size: 50\n    phone: {conditions: {ofline: {per_day: 1}}}", [":17:26: people.neighbours.phone.conditions.ofline: unknown key; did you mean 'offline'?"]),
        ("size: 50", "size: 50\n    phone: {conditions: idle}", [":17:25: people.neighbours.phone.conditions: 'idle' is not valid; expected ideal or typical or a mapping, with keys such as others, offline and airplane_mode"]),
        ("size: 50", "size: 50\n    phone: {monitoring: os, os_profile: {ios: {region_limt: 5}}}", [":17:48: people.neighbours.phone.os_profile.ios.region_limt: unknown key; did you mean 'region_limit'?"]),
        ("app:\n", "destination: {to: kafka, batch_size: 0, timeout: 5 sec}\napp:\n", [":19:19: destination.to: 'kafka' is not a destination; expected receiver, http(s)://HOST/collection/INLET, edge:https://HOST?configId=DATASTREAM, kafka:BROKER/TOPIC, http:URL, file:PATH.ndjson, file:PATH.parquet, provisioned:FILE or -", ":19:38: destination.batch_size: 0 is too small; must be at least 1", ":19:50: destination.timeout: 'sec' in '5 sec' is not a unit of duration; did you mean '5 s'?"]),
        ("app:\n", "expect: [{metric: x}, {metric: y, at_least: 2, at_most: 1}]\napp:\n", [":19:10: expect.0: give at least one of `equals`, `at_least`, `at_most`"]),
        ("app:\n", "expect: [{metric: y, at_least: 2, at_most: 1}]\napp:\n", [":19:10: expect.0: can never hold: `at_least` is greater than `at_most`; swap the two numbers"]),
        ("app:\n  id: com.example.shop\n  name: Example Shop\n", "app: []\n", [":19:6: app: must be a mapping, not a list; expected a mapping with id and name"]),
        ("app:\n", "app:\n  id: again\n", [":21:3: app.id: is given twice; the first is on line 20; remove one"]),
        ("name: Example Shop", "name: !secret Example Shop", [":21:9: app.name: the tag !secret is not supported; remove it"]),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_at_its_place(tmp_path: Path, old: str, new: str, messages: list[str]) -> None:
    assert old in MINIMAL
    assert complaints(tmp_path, MINIMAL.replace(old, new, 1)) == messages


def test_mistakes_in_all_parts_are_reported_together_in_file_order(tmp_path: Path) -> None:
    text = (
        MINIMAL.replace("Europe/Berlin", "Berlin?")
        .replace("library: shops", "library: shops\n    file: x.csv\n    radius: -5 m")
        .replace("size: 50", "size: many")
        .replace("around: {at", "towns: 5\n      around: {at")
        .replace("id: com.example.shop", "sessions: {night: 120 %}")
    )
    found = complaints(tmp_path, text)
    fields = [message.split(": ")[1] for message in found]
    assert fields == [
        "clock.timezone",
        "places.0",
        "places.0.radius",
        "people.neighbours.size",
        "people.neighbours.home",
        "people.neighbours.home.towns",
        "app.id",
        "app.sessions.night",
    ]
    lines = [int(message.split(":")[1]) for message in found]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": is empty; expected a scenario: version, name, clock, ..."),
        ("# nothing\n", ": is empty; expected a scenario: version, name, clock, ..."),
        ("- a\n", ": is not a mapping; expected a scenario: version, name, clock, ..."),
        ("hello", ": is not a mapping; expected a scenario: version, name, clock, ..."),
        (b"a: \xff\n", ":1: is not UTF-8 text; save it as UTF-8"),
        ("a: 1\n---\nb: 2\n", ":2:1: a second document begins here; keep one scenario in a file"),
        ("a:\n\tb: 1\n", ":2:1: a tab stands here; indent with spaces"),
        ("a: [1, 2\nb: 3\n", ":2:2: the list opened on line 1 is not closed; expected ',' or ']'"),
        ("a: {b: 1\nc: 3\n", ":2:2: the mapping opened on line 1 is not closed; expected ',' or '}'"),
        ("a: b: c\n", ":1:5: unexpected ':'; put text that contains ': ' in quotes"),
        ("a: - b\n", ":1:4: unexpected '-'; begin a list on a line of its own"),
        ('a: "x\nb: 1\n', ":1:4: a quotation mark is not closed"),
        ("a: *x\n", ":1:4: undefined alias 'x'; define it before with & and the same name"),
        ("a: &x [*x]\n", ":1:4: a: contains itself"),
        ("a: \x01b\n", ":1: the control character U+0001 is not allowed; remove it"),
        ("a:\n  b: 1\n c: 2\n", ":3:2: the indentation does not fit the lines above"),
        ("a: @x\n", ":1:4: unexpected character '@'; put text that begins with it in quotes"),
        ("a: " + "[" * 100 + "]" * 100, ":1:64: a: is nested too deeply"),
        ("a: " + "[" * 600 + "]" * 600, ": is nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_scenario_at_all_is_one_clear_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    assert complaints(tmp_path, text) == [message]


def test_aliases_cannot_blow_up_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (message,) = complaints(tmp_path, "\n".join(lines))
    assert message.endswith("aliases repeat more than 100,000 values")


def test_files_that_cannot_be_read_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(MINIMAL)

    def complaint(path: Path) -> str:
        with pytest.raises(InputError) as caught:
            load_scenario(path)
        return str(caught.value).removeprefix(str(path))

    assert complaint(tmp_path) == ": is a folder; give the scenario file"
    assert complaint(tmp_path / "shpo.yaml") == f": no such file; did you mean '{tmp_path / 'shop.yaml'}'?"
    assert complaint(tmp_path / "none" / "x.yaml") == ": no such file"
    assert complaint(tmp_path / "shop.yaml" / "x").startswith(": can't be read: Not a directory")
    big = tmp_path / "big.yaml"
    with big.open("wb") as stream:
        stream.truncate(30_000_000)
    assert complaint(big) == ": has 30 MB, too much for a scenario; keep places in files of their own"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(MINIMAL)
    path.chmod(0)
    with pytest.raises(InputError, match="can't be read: Permission denied"):
        load_scenario(path)


LINES = MINIMAL.splitlines()
TOKENS = [
    "null",
    "[]",
    "{}",
    "5",
    "x",
    "-1 m",
    "[1, 2]",
    "{a: 1}",
    "''",
    "*a",
    "&a 1",
    "1e400",
    ".nan",
    "true",
    "",
    "- x",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    text=st.text(max_size=40)
    | st.builds(
        lambda line, value: "\n".join(
            [*LINES[:line], LINES[line].partition(":")[0] + ": " + value, *LINES[line + 1 :]]
        ),
        st.integers(0, len(LINES) - 1),
        st.sampled_from(TOKENS),
    )
    | st.builds(lambda gone: "\n".join(line for n, line in enumerate(LINES) if n not in gone), st.sets(st.integers(0, len(LINES) - 1), max_size=4))
)  # fmt: skip
def test_no_file_makes_loading_fail_in_any_other_way(tmp_path: Path, text: str) -> None:
    for message in complaints(tmp_path, text.encode("utf-8", "surrogatepass")):
        assert not JARGON.search(message)


def test_hundreds_of_inline_places_load_quickly(tmp_path: Path) -> None:
    place = "      - {{name: Shop {n}, at: [52.5, 13.{n:03}], radius: 100 m, metadata: {{number: '{n}'}}}}\n"
    places = "".join(place.format(n=n) for n in range(500))
    path = tmp_path / "s.yaml"
    path.write_text(MINIMAL.replace("    inline:\n", "    inline:\n" + places))
    began = time.perf_counter()
    loaded = load_scenario(path)
    assert len(loaded.scenario.places[0].inline) == 501
    assert time.perf_counter() - began < 5.0  # about 0.4 s on one slow core


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("  duration: 2 h", "    duration: 2 h", [":7:13: this line is indented deeper than the one above, which has its value already; give keys of one mapping the same indentation, and begin the entries of a list with '- '"]),
        ("name: Example Shop", "name: [*]", [":21:10: '*' begins a name of YAML's own; put text that begins with it in quotes"]),
        ("name: Example Shop", 'name: "Example" Shop', [":21:19: text goes on behind its closing quotation mark; put text that contains \" between ' and '"]),
        ("app:\n  id: com.example.shop\n  name: Example Shop\n", "app: {id: a, name: Shop: ours}\n", [":19:24: unexpected ':'; put text that contains ': ' in quotes"]),
        ("app:\n  id: com.example.shop\n  name: Example Shop\n", "app: {id: a, name: Shop, ours}\n", [":19:26: app.ours: has nothing behind it, and is no key that is known here; a key ends with ': ', and between { } text with a comma needs quotes"]),
        ("at: [52.52, 13.405]", "at: [52,52, 13,405]", [":12:13: places.0.inline.0.at: a list is not a position; expected [latitude, longitude] in degrees, such as [52.52, 13.405]; decimals have a dot, not a comma"]),
        ("app:\n", "expect: [{nothing: sent, who: {visits: Shop *}}]\napp:\n", [":19:40: expect.0.who.visits: 'Shop *' is not a list; expected a list, such as [\"Shop *\"]"]),
        ("app:\n", "expect: [{nothing: sent, within: 2m}]\napp:\n", [":19:34: expect.0.within: 'm' in '2m' is not a unit of duration; did you mean '2 min'?"]),
        ("app:\n", "expect: [{nothing: sent, share: {at_least: 40}}]\napp:\n", [":19:44: expect.0.share.at_least: 40 is out of range; must lie between 0 and 1; did you mean '40 %'?"]),
        ("app:\n", "expect: [{nothing: sent, who: {visits: [x], between: 8-20}}]\napp:\n", [":19:54: expect.0.who.between: must be a mapping, not '8-20'; expected a mapping, with keys such as after, before and days"]),
    ],
)  # fmt: skip
def test_mistakes_that_people_make_are_answered_with_what_they_meant(
    tmp_path: Path, old: str, new: str, messages: list[str]
) -> None:
    assert old in MINIMAL
    assert complaints(tmp_path, MINIMAL.replace(old, new, 1)) == messages


def models(above: type[Model] = Model) -> Iterator[type[Model]]:
    for model in above.__subclasses__():
        yield model
        yield from models(model)


def test_every_pattern_of_a_field_is_explained_in_words() -> None:
    assert Plan in models()  # files other than scenarios, too
    details = [
        detail for model in models() for info in model.model_fields.values() for detail in info.metadata
    ]
    used = {pattern for detail in details if (pattern := getattr(detail, "pattern", None))}
    assert used == set(PATTERNS)

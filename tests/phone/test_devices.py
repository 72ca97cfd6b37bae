"""The catalogue of devices: true to form, complete, and what it says on the wire."""

from __future__ import annotations

import re

import pytest

from simulator.phone import check_mix
from simulator.phone.devices import DEVICES, SDK_VERSIONS, DeviceModel, device_named, devices_for, user_agent
from simulator.scenario import PhoneMix


def test_both_systems_have_phones_and_tablets() -> None:
    for system in ("ios", "android"):
        kinds = [device.device_type for device in devices_for(system)]
        assert kinds.count("mobile") >= 6
        assert kinds.count("tablet") >= 2


def test_names_are_unique_and_short_to_type() -> None:
    names = [device.name for device in DEVICES]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_a_device_describes_itself_as_its_maker_does(device: DeviceModel) -> None:
    assert device.weight > 0
    assert 500 < device.screen_width < device.screen_height < 4000
    assert all(version.weight > 0 for version in device.os_versions)
    if device.os == "ios":
        assert device.manufacturer == "apple"
        assert re.fullmatch(r"(iPhone|iPad)\d+,\d+", device.model)
        assert re.fullmatch(r"[DJN]\d+[a-z]?AP", device.board)
    else:
        assert device.manufacturer in {"Google", "samsung", "Xiaomi"}
        assert device.board == ""


# AOSP: a build id begins with a letter of the release's code name (Tiramisu, Upside Down Cake, Vanilla Ice
# Cream), and from Android 14 QPR2 on with the letter of the trunk it was branched from.
BRANCHES = {"13": "T", "14": "UA", "15": "AB"}


@pytest.mark.parametrize("device", devices_for("android"), ids=lambda device: device.name)
def test_an_android_build_id_belongs_to_the_version_it_is_listed_for(device: DeviceModel) -> None:
    for known in device.os_versions:
        assert re.fullmatch(r"[A-Z][A-Z0-9]{3}\.\d{6}\.\d{3}(\.[A-Z]\d)?", known.build)
        assert known.build[0] in BRANCHES[known.version]
        assert device.model_number(known.version) == known.build


def test_the_model_number_of_an_apple_device_is_its_board_on_any_version() -> None:
    assert device_named("iphone-14-pro").model_number("17.4") == "D73AP"


def test_an_android_device_refuses_a_version_that_it_does_not_run() -> None:
    with pytest.raises(ValueError, match="pixel-8 does not run Android 9; it runs 14, 15"):
        device_named("pixel-8").model_number("9")


def test_only_ipads_call_their_system_ipados() -> None:
    names = {device.operating_system for device in DEVICES if device.name.startswith("ipad")}

    assert names == {"iPadOS"}
    assert device_named("iphone-11").operating_system == "iOS"
    assert device_named("pixel-tablet").operating_system == "Android"


@pytest.mark.parametrize(
    ("name", "version", "locale", "expected"),
    [
        ("iphone-14-pro", "17.4", "en-US", "Mozilla/5.0 (iPhone; CPU OS 17_4 like Mac OS X; en-US)"),
        ("ipad-10", "18.5", "de_DE", "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X; de-DE)"),
        (
            "pixel-8",
            "14",
            "en_US",
            "Mozilla/5.0 (Linux; U; Android 14; en-US; Pixel 8 Build/AP1A.240505.004)",
        ),
    ],
)
def test_the_user_agent_is_the_sdks(name: str, version: str, locale: str, expected: str) -> None:
    assert user_agent(device_named(name), version, locale) == expected


@pytest.mark.parametrize(
    ("typed", "near"),
    [("iphone-14pro", "iphone-14-pro"), ("Pixel 8", "pixel-8"), ("galaxy_s23", "galaxy-s23")],
)
def test_an_unknown_model_is_refused_with_the_nearest_name(typed: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"unknown phone model '{typed}'; did you mean {near}"):
        device_named(typed)


@pytest.mark.parametrize("language", ["english language", "en_US", "deutsch-Österreich"])
def test_a_language_that_events_cannot_carry_is_refused(language: str) -> None:
    with pytest.raises(ValueError, match="is no language tag; expected one such as en-US or de"):
        check_mix(PhoneMix.model_validate({"language": language}))
    check_mix(PhoneMix.model_validate({"language": {"en-US": 2, "zh-Hant-TW": 1, "de": 1}}))


def test_a_model_that_resembles_nothing_is_refused_with_the_catalogue() -> None:
    with pytest.raises(ValueError, match="expected one of iphone-11, iphone-12"):
        device_named("zzz")


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(ValueError, match="expected ios or android"):
        devices_for("symbian")


def test_sdk_versions_are_known_for_both_systems() -> None:
    assert all(
        re.fullmatch(r"\d+\.\d+\.\d+", v) for system in ("ios", "android") for v in SDK_VERSIONS[system]
    )

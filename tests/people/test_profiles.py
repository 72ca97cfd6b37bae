"""Fictional people: repeatable, harmless, one mailbox each."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.people.profiles import RESERVED_DOMAINS, check_locale, make_profile

LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "cs_CZ", "ja_JP", "ar_AA")
keys = st.integers(min_value=0, max_value=2**64 - 1)
person_ids = st.text(min_size=1, max_size=60)


@given(keys, keys, st.sampled_from(LOCALES), st.sampled_from(LOCALES))
def test_a_profile_does_not_depend_on_which_was_made_before(
    key: int, other: int, locale: str, other_locale: str
) -> None:
    first = make_profile(key, person_id="office-00001", locale=locale)
    make_profile(other, person_id="office-00002", locale=other_locale)

    assert make_profile(key, person_id="office-00001", locale=locale) == first


def test_different_keys_give_different_people() -> None:
    names = {
        (p.given_name, p.family_name, p.street) for p in (make_profile(k, person_id="x") for k in range(500))
    }

    assert len(names) > 495


@given(keys, person_ids, st.sampled_from(LOCALES))
def test_mail_goes_only_to_reserved_domains_and_is_a_valid_address(
    key: int, person_id: str, locale: str
) -> None:
    email = make_profile(key, person_id=person_id, locale=locale).email
    mailbox, domain = email.split("@")

    assert domain in RESERVED_DOMAINS
    assert len(mailbox) <= 64
    assert re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", mailbox)


@given(keys, person_ids, person_ids, st.sampled_from(LOCALES))
def test_two_people_never_share_a_mailbox(key: int, one: str, two: str, locale: str) -> None:
    mails = [make_profile(key, person_id=person, locale=locale).email for person in (one, two)]

    assert (mails[0] == mails[1]) == (one == two)


def test_a_mailbox_names_the_person_and_a_plain_id_as_it_is() -> None:
    profile = make_profile(7, person_id="office-00012", locale="cs_CZ")

    assert profile.email.rsplit("@")[0].endswith(".office-00012")
    assert profile.email.isascii()


def test_a_catch_all_domain_of_the_testers_own_replaces_the_reserved_ones() -> None:
    profile = make_profile(7, person_id="office-00012", email_domain="qa.example.test")

    assert profile.email.endswith("@qa.example.test")


@given(keys, st.sampled_from(LOCALES))
def test_telephone_numbers_come_only_from_ranges_set_aside_for_fiction(key: int, locale: str) -> None:
    profile = make_profile(key, person_id="x", locale=locale)

    if profile.country_code == "GB":
        assert re.fullmatch(r"\+447700900\d{3}", profile.phone_number)
    else:
        assert re.fullmatch(r"\+1[2-9]\d\d55501\d\d", profile.phone_number)


def test_addresses_are_of_the_locales_country_and_on_one_line() -> None:
    countries = {locale: make_profile(5, person_id="x", locale=locale).country_code for locale in LOCALES[:6]}
    streets = [make_profile(k, person_id="x", locale="en_GB").street for k in range(50)]

    assert countries == dict(zip(LOCALES, ("US", "GB", "DE", "FR", "CZ", "JP"), strict=False))
    assert not any("\n" in street for street in streets)


def test_czech_family_names_agree_with_the_form_of_the_first_name() -> None:
    from faker.providers.person.cs_CZ import Provider

    profiles = [make_profile(k, person_id="x", locale="cs_CZ") for k in range(200)]
    feminine = [p for p in profiles if p.family_name.endswith("ová")]

    assert 60 < len(feminine) < 140
    assert {p.given_name for p in feminine} <= set(Provider.first_names_female)


@pytest.mark.parametrize(("typed", "near"), [("en-US", "en_US"), ("de_DEE", "de_DE"), ("fr", "fr_FR")])
def test_an_unknown_locale_is_refused_with_the_nearest_valid_one(typed: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"unknown locale '{typed}'; did you mean {near}"):
        check_locale(typed)


def test_a_locale_that_resembles_nothing_is_refused_with_examples() -> None:
    with pytest.raises(ValueError, match="such as en_US, de_DE or ja_JP"):
        make_profile(1, person_id="x", locale="!")


def test_every_locale_of_faker_gives_a_whole_profile() -> None:
    from faker.config import AVAILABLE_LOCALES

    for locale in sorted(AVAILABLE_LOCALES):
        profile = make_profile(11, person_id="x", locale=locale)
        assert profile.given_name and profile.family_name and profile.street and profile.city, locale
        assert re.fullmatch("[A-Z]{2}", profile.country_code), locale
        assert 1940 <= profile.birth_year <= 2005

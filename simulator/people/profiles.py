"""Fictional people who can do no harm: names and addresses by Faker, contact data from reserved ranges.

A profile is made from the person's own key alone, so it never depends on who else exists or on which
profile was made before. Mail goes to names reserved for documentation, telephone numbers are those set
aside for fiction (realism.md 3), and there are no card numbers at all.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from simulator.core.randomness import mix_int, uniform_one

if TYPE_CHECKING:
    from faker import Faker

DEFAULT_LOCALE = "en_US"

RESERVED_DOMAINS = ("example.com", "example.org", "example.net")  # RFC 2606

# Geographic area codes of the North American plan; 555-0100 to 555-0199 is fictional in each of them.
_AREA_CODES = (
    *(201, 202, 205, 206, 208, 212, 213, 214, 215, 216, 225, 251, 253, 256, 303, 304, 305, 307, 312, 313),
    *(314, 317, 318, 319, 401, 402, 404, 405, 406, 408, 410, 412, 414, 415, 416, 501, 502, 503, 504, 505),
    *(512, 513, 515, 601, 602, 603, 605, 612, 615, 617, 619, 701, 702, 703, 704, 713, 801, 802, 803, 808),
    *(901, 904, 907, 913, 916, 918),
)
_UK_DRAMA_MOBILE = "+447700900"  # Ofcom's numbers for drama, mobile: 07700 900000 to 900999

_BIRTH_YEARS = (1940, 2005)  # adults, whenever a run is set; evenly spread [a]
_ID_LIMIT = 32  # with the name and a dot, within the 64 characters that RFC 5321 leaves before the @
_NAME_LIMIT = 29

# Letters that Unicode does not take apart into a base letter and a mark.
_PLAIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One fictional person, as a customer database would hold them.

    ``phone_number`` is in E.164 form, ``country_code`` ISO 3166-1 alpha-2, ``locale`` as Faker spells it.
    """

    person_id: str
    given_name: str
    family_name: str
    email: str
    phone_number: str
    street: str
    postal_code: str
    city: str
    country_code: str
    locale: str
    birth_year: int


def make_profile(
    key: int,
    *,
    person_id: str,
    locale: str = DEFAULT_LOCALE,
    email_domain: str | None = None,
    home_key: int | None = None,
) -> Profile:
    """The profile of the person with the 64-bit ``key``; the same arguments always give the same one.

    ``email_domain`` is the tester's own catch-all domain, in place of the reserved ones. The mail address
    holds ``person_id``, so two people never share one. People of the
    same ``home_key`` (by default the own key) and ``locale`` share an address. A ``locale`` that Faker doesn't
    have is a ValueError.
    """
    check_locale(locale)
    fake = _generator(locale)
    fake.seed_instance(key)
    # First and last name of the same form, for the languages whose family names have two.
    if mix_int(key) & 1:
        given, family = fake.first_name_female(), fake.last_name_female()
    else:
        given, family = fake.first_name_male(), fake.last_name_male()
    domain = email_domain or RESERVED_DOMAINS[_index(key, 0, len(RESERVED_DOMAINS))]
    country = fake.current_country_code()
    if home_key is not None and home_key != key:
        # What the first member of the household has: names come before the address.
        head = make_profile(home_key, person_id=person_id, locale=locale)
        street, postal_code, city = head.street, head.postal_code, head.city
    else:
        street = fake.street_address().replace("\n", ", ")
        postal_code, city = fake.postcode(), fake.city()
    first, last = _BIRTH_YEARS
    return Profile(
        person_id=person_id,
        given_name=given,
        family_name=family,
        email=f"{_mailbox(given, family, person_id)}@{domain}",
        phone_number=_phone_number(key, country),
        street=street,
        postal_code=postal_code,
        city=city,
        country_code=country,
        locale=locale,
        birth_year=first + _index(key, 1, last - first + 1),
    )


def check_locale(name: str) -> None:
    """ValueError, with the nearest valid name, unless Faker has the locale ``name``."""
    if name == DEFAULT_LOCALE:  # needs no Faker, whose import takes a while
        return
    known = _locales()
    if name not in known:
        spelt = name.replace("-", "_")
        language = spelt.partition("_")[0].lower()
        home = f"{language}_{language.upper()}"  # a language is most often meant as that of its own country: de_DE
        same = [other for other in known if other.startswith(f"{language}_")]
        near = get_close_matches(spelt, same, n=1, cutoff=0.9) or [home] * (home in known)
        near = near or get_close_matches(spelt, same or known, n=1)
        hint = f"did you mean {near[0]}?" if near else "expected a locale such as en_US, de_DE or ja_JP"
        raise ValueError(f"unknown locale {name!r}; {hint}")


@cache
def _locales() -> tuple[str, ...]:
    from faker.config import AVAILABLE_LOCALES

    return tuple(sorted(AVAILABLE_LOCALES))


@cache
def _generator(locale: str) -> Faker:
    from faker import Faker

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Faker calls some of its locales deprecated; they still work
        # Faker's weights by frequency of names cost five times the rest of a profile; names are even.
        return Faker(locale, use_weighting=False)


def _index(key: int, counter: int, size: int) -> int:
    return int(uniform_one(key, counter) * size)


def _phone_number(key: int, country: str) -> str:
    if country == "GB":
        return f"{_UK_DRAMA_MOBILE}{_index(key, 2, 1000):03d}"
    return f"+1{_AREA_CODES[_index(key, 2, len(_AREA_CODES))]}55501{_index(key, 3, 100):02d}"


def _mailbox(given: str, family: str, person_id: str) -> str:
    """The part before the @. Its last piece tells people apart: the id, or its readable part and a digest."""
    name = ".".join(part for part in (_latin(given), _latin(family)) if part)[:_NAME_LIMIT].strip(".")
    tail = person_id
    if not re.fullmatch(rf"[a-z0-9-]{{1,{_ID_LIMIT}}}", tail):
        readable = re.sub(r"[^a-z0-9]+", "-", tail.lower()).strip("-")[: _ID_LIMIT - 11]
        tail = f"{readable}_{blake2b(person_id.encode(), digest_size=5).hexdigest()}"
    return f"{name or 'person'}.{tail}"


def _latin(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN))
    return re.sub(r"[^a-z]", "", folded)

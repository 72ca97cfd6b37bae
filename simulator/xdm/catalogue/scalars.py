"""Small types that every field group uses."""

from __future__ import annotations

import re

from simulator.xdm.catalogue.dsl import Field, number, obj, required, shared, string


def _language_tag() -> str:
    """The grammar of a language tag, part by part as in RFC 5646 section 2.1, anchored at both ends."""
    letter, either = "[A-Za-z]", "[A-Za-z0-9]"
    extlang = f"{letter}{{3}}(-{letter}{{3}}){{0,2}}"
    language = f"({letter}{{2,3}}(-{extlang})?|{letter}{{4}}|{letter}{{5,8}})"
    script = f"(-{letter}{{4}})?"
    region = f"(-({letter}{{2}}|[0-9]{{3}}))?"
    variants = f"(-({either}{{5,8}}|[0-9]{either}{{3}}))*"
    extensions = f"(-[0-9A-WY-Za-wy-z](-{either}{{2,8}})+)*"
    private = f"x(-{either}{{1,8}})+"
    irregular = (
        "en-GB-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo i-pwn i-tao i-tay "
        "i-tsu sgn-BE-FR sgn-BE-NL sgn-CH-DE"
    )
    regular = "art-lojban cel-gaulish no-bok no-nyn zh-guoyu zh-hakka zh-min zh-min-nan zh-xiang"
    grandfathered = "|".join(f"{irregular} {regular}".split())
    tag = f"{language}{script}{region}{variants}{extensions}(-{private})?"
    return f"^({tag}|{private}|{grandfathered})$"


LANGUAGE_TAG = _language_tag()


def is_language_tag(text: str) -> bool:
    """Whether events may carry ``text`` as a language."""
    return re.match(LANGUAGE_TAG, text) is not None


CURRENCY = r"^[A-Z]{3}$"
COUNTRY = r"^[A-Z]{2}$"
# ISO 3166-2 in intention only: the empty branch and the missing anchors let any text pass (xdm.md 12).
STATE_OR_PROVINCE = r"([A-Z]{2}-[A-Z0-9]{1,3}|)"


def instant(note: str = "") -> Field:
    """Date and time with a zone."""
    return string(note, format="date-time")


def uri(note: str = "", *, suggested: tuple[str, ...] = ()) -> Field:
    """An absolute URI."""
    return string(note, format="uri", suggested=suggested)


def uri_reference(note: str = "") -> Field:
    """A URI, absolute or relative; a UUID is one."""
    return string(note, format="uri-reference")


def language() -> Field:
    """The ``_dc`` object with a language tag."""
    return obj(language=string("Language tag with hyphens, such as `en-US`.", pattern=LANGUAGE_TAG))


def currency() -> Field:
    """A currency code."""
    return string("ISO 4217 code.", pattern=CURRENCY)


def etag() -> Field:
    """The ``_repo`` object with the revision of a decisioning entity."""
    return obj(etag=string("Revision of the entity."))


measure = shared(
    "measure",
    obj(
        "A count; something that happened once has the value 1.",
        id=string("Makes the count unique, so that it is not added twice."),
        value=required(number()),
    ),
)

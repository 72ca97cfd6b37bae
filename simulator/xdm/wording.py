"""The sentences in which violations are told (ingestion.md 1.7).

They are those of the open-source library whose output the platform shows. Wordings that the text doesn't
list (URI formats, ``minProperties``) follow the same library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_INT_MAX = 2**31 - 1
_LONG_MAX = 2**63 - 1

_EXPECTED = {
    "string": "String",
    "number": "Number",
    "integer": "Integer",
    "boolean": "Boolean",
    "object": "JSONObject",
    "array": "JSONArray",
    "null": "Null",
}

_DATE_TIME_FORMS = (
    "yyyy-MM-dd'T'HH:mm:ssZ",
    "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z",
    "yyyy-MM-dd'T'HH:mm:ss[+-]HH:mm",
    "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}[+-]HH:mm",
)

_FORMATS = {
    "date-time": f"date-time. Expected [{', '.join(_DATE_TIME_FORMS)}]",
    "date": "date. Expected [yyyy-MM-dd]",
    "email": "email address",
    "ipv4": "ipv4 address",
    "ipv6": "ipv6 address",
    "uri": "URI",
    "uri-reference": "URI reference",
}


def type_name(value: object) -> str:
    """What ``value`` is called in a message; a whole number by its size in bits (32, 64 or more)."""
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case int():
            if -_INT_MAX - 1 <= value <= _INT_MAX:
                return "Integer"
            return "Long" if -_LONG_MAX - 1 <= value <= _LONG_MAX else "Number"
        case float():
            return "Number"
        case str():
            return "String"
        case list():
            return "JSONArray"
        case _:
            return "JSONObject"


def _wrong_type(value: Any, detail: Mapping[str, Any]) -> str:
    expected = " or ".join(_EXPECTED[name] for name in detail["types"])
    return f"expected type: {expected}, found: {type_name(value)}"


def _format(value: Any, detail: Mapping[str, Any]) -> str:
    name = detail["format"]
    return f"[{value}] is not a valid {_FORMATS.get(name, name)}"


# By JSON Schema keyword: (the value that is wrong, what the validator knows about it) to a sentence.
_SENTENCES: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "type": _wrong_type,
    "format": _format,
    "required": lambda _, detail: f"required key [{detail['property']}] not found",
    "enum": lambda value, _: f"{value} is not a valid enum value",
    "pattern": lambda value, detail: f"string [{value}] does not match pattern {detail['pattern']}",
    "minimum": lambda value, detail: f"{value} is not greater or equal to {detail['limit']}",
    "maximum": lambda value, detail: f"{value} is not less or equal to {detail['limit']}",
    "minLength": lambda value, detail: f"expected minLength: {detail['limit']}, actual: {len(value)}",
    "maxLength": lambda value, detail: f"expected maxLength: {detail['limit']}, actual: {len(value)}",
    "minItems": lambda value, detail: f"expected minimum item count: {detail['limit']}, found: {len(value)}",
    "maxItems": lambda value, detail: f"expected maximum item count: {detail['limit']}, found: {len(value)}",
    "minProperties": lambda value, detail: f"minimum size: [{detail['limit']}], found: [{len(value)}]",
}


def sentence(keyword: str, value: object, detail: Mapping[str, Any], otherwise: str) -> str:
    """The message for a violated ``keyword``, or ``otherwise`` when the wording is not known."""
    make = _SENTENCES.get(keyword)
    return make(value, detail) if make else otherwise


def extraneous(name: str) -> str:
    """The message for a name that the schema doesn't have."""
    return f"extraneous key [{name}] is not permitted"


def summary(count: int) -> str:
    """The message of the wrapper around several violations."""
    return f"{count} schema violations found"

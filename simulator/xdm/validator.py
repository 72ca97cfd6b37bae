"""Validation of events, with answers as the platform words them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from simulator.xdm import wording
from simulator.xdm.schema import event_schema

# ingestion.md 1.7: seconds are needed, a fraction has 1 to 9 digits, `T` and `Z` are capitals, an offset has
# a colon. No leap seconds.
_DATE_TIME_PATTERN = (
    r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DATE_TIME = re.compile(_DATE_TIME_PATTERN)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# ingestion.md 1.7: the platform stops on a message after five errors.
DEFAULT_LIMIT = 5


def is_date_time(text: str) -> bool:
    """Whether ``text`` is a date and time that the ingestion endpoint accepts."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return False
    day = int(match[3])
    if day <= 28:
        return True
    year, month = int(match[1]), int(match[2])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= _DAYS[month - 1] + (month == 2 and leap)


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule of the schema that an event breaks.

    ``pointer`` leads to the place in the event (``#/placeContext/geo``), ``schema_location`` to the rule's
    object in the schema with references followed (``#/properties/placeContext/properties/geo``).
    """

    pointer: str
    schema_location: str
    keyword: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The violation as the endpoint tells it."""
        return {
            "schemaLocation": self.schema_location,
            "pointerToViolation": self.pointer,
            "causingExceptions": [],
            "keyword": self.keyword,
            "message": self.message,
        }


class EventValidator:
    """A schema, compiled once; by default that of :func:`event_schema` for any tenant."""

    __slots__ = ("_explaining", "is_valid")

    is_valid: Callable[[object], bool]
    """The quick answer, meant to be asked for every event that arrives."""

    def __init__(self, schema: dict[str, Any] | None = None) -> None:
        """``schema`` is a JSON Schema 2020-12; formats are always checked."""
        schema = event_schema() if schema is None else schema
        self._explaining = jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, formats={"date-time": is_date_time}
        )
        # Asking Python about each date costs more than half of a validation, so the quick answer comes from
        # the validator's own format check, narrowed by a pattern; a test holds the two together.
        self.is_valid = jsonschema_rs.Draft202012Validator(
            _narrow_date_times(schema), validate_formats=True
        ).is_valid

    def violations(self, event: object, limit: int = DEFAULT_LIMIT) -> list[Violation]:
        """What is wrong with ``event``: the first ``limit`` violations by their place; none if valid."""
        found = (v for error in self._explaining.iter_errors(event) for v in _violations_of(error))
        return sorted(found, key=lambda v: (v.pointer, v.keyword, v.message))[:limit]

    @staticmethod
    def report(violations: Sequence[Violation]) -> dict[str, Any]:
        """The entry of ``_streamingValidation``: one violation alone, or several in a wrapper.

        Raises ``ValueError`` when there is nothing to report.
        """
        if not violations:
            raise ValueError("no violations to report")
        if len(violations) == 1:
            return violations[0].as_dict()
        return {
            "schemaLocation": "#",
            "pointerToViolation": "#",
            "message": wording.summary(len(violations)),
            "causingExceptions": [violation.as_dict() for violation in violations],
        }


def _narrow_date_times(node: Any) -> Any:
    """A copy of a schema in which every date-time without a pattern has that of the endpoint."""
    if isinstance(node, list):
        return [_narrow_date_times(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _narrow_date_times(value) for key, value in node.items()}
    if copy.get("format") == "date-time":
        copy.setdefault("pattern", f"^(?:{_DATE_TIME_PATTERN})$")
    return copy


def _violations_of(error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    keyword = error.kind.name
    pointer = _pointer(error.instance_path)
    # The last step is the keyword itself; a reader of the report sees a schema without references.
    location = _pointer([step for step in error.evaluation_path[:-1] if step != "$ref"])
    detail = error.kind.as_dict()
    if keyword == "additionalProperties":
        for name in detail["unexpected"]:
            yield Violation(pointer, location, keyword, wording.extraneous(name))
    else:
        message = wording.sentence(keyword, error.instance, detail, error.message)
        yield Violation(pointer, location, keyword, message)


def _pointer(steps: Sequence[str | int]) -> str:
    """A JSON pointer as a URI fragment; ``~`` and ``/`` in names are escaped as RFC 6901 says."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)

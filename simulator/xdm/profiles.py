"""Profile records: people as a customer database hands them to the platform, before any event.

The fields are those of the class XDM Individual Profile with demographic details, personal contact details and,
for test profiles, profile test details (journeys.md 2.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One person, as a record shows it; ``position`` of the home in degrees, ``country_code`` ISO 3166-1 alpha-2."""

    person_id: str
    ecid: str
    given_name: str
    family_name: str
    birth_year: int
    email: str
    phone_number: str
    street: str
    postal_code: str
    city: str
    country_code: str
    position: tuple[float, float]
    identities: Mapping[str, str] = field(default_factory=dict)
    """What other systems know them by: namespace to id."""


def profile_record(person: PersonFacts, *, test_profile: bool, ecid_primary: bool = True) -> dict[str, Any]:
    """The profile record of a person, in wire form, as an ``xdmEntity`` takes it.

    The ECID, by which the events of the phone find the person, is the primary identity; the mail address and further
    ``identities`` are those of other systems. ``test_profile`` flags it for journeys in test mode. Where a descriptor
    of the schema names the primary identity, ``ecid_primary`` must be false: a record has only one.
    """
    latitude, longitude = person.position
    record: dict[str, Any] = {
        "_id": person.person_id.replace("/", "-"),
        "personID": person.person_id,
        "identityMap": {
            "ECID": [{"id": person.ecid, "primary": ecid_primary}],
            "Email": [{"id": person.email, "primary": False}],
            **{space: [{"id": own, "primary": False}] for space, own in person.identities.items()},
        },
        "person": {
            "name": {
                "firstName": person.given_name,
                "lastName": person.family_name,
                "fullName": f"{person.given_name} {person.family_name}",
            },
            "birthYear": person.birth_year,
        },
        "personalEmail": {"address": person.email, "primary": True, "type": "personal"},
        "mobilePhone": {"number": person.phone_number, "primary": True},
        "homeAddress": {
            "street1": person.street,
            "postalCode": person.postal_code,
            "city": person.city,
            "countryCode": person.country_code,
            "_schema": {"latitude": latitude, "longitude": longitude},
            "primary": True,
        },
    }
    if test_profile:
        record["testProfile"] = True
    return record

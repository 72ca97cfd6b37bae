"""A person's profile record, as far as test profiles need it: who it is, how to reach them, loyalty."""

from __future__ import annotations

from simulator.xdm.catalogue.commerce import address
from simulator.xdm.catalogue.dsl import (
    Field,
    array,
    boolean,
    integer,
    number,
    numbers,
    obj,
    one_of,
    shared,
    string,
    strings,
)
from simulator.xdm.catalogue.identity import identity_map
from simulator.xdm.catalogue.scalars import instant, uri_reference

_person = obj(
    name=obj(**strings("firstName lastName middleName courtesyTitle suffix fullName")),
    birthDate=string(format="date"),
    birthDayAndMonth=string("Month and day, `03-31`.", pattern="[0-1][0-9]-[0-9][0-9]"),
    birthYear=integer(minimum=1, maximum=32767),
    gender=one_of("male", "female", "not_specified", "non_specific", default="not_specified"),
    **strings("nationality taxId"),
)

_email = obj(
    address=string(format="email"),
    primary=boolean(),
    **strings("label type status statusReason"),
)

_phone = obj(
    number=string("In any usual spelling, with the country's code."),
    primary=boolean(),
    **strings("extension status statusReason validity"),
)

_push_details = obj(
    **strings("appID token"),
    platform=string(suggested=("apns", "apnsSandbox", "fcm")),
    denylisted=boolean(),
    identity=obj(namespace=obj(code=string()), id=string(), xid=string()),
)

_loyalty = obj(
    "Membership of a loyalty programme.",
    loyaltyID=array(string()),
    **strings("program status tier nextTier"),
    **numbers("points pointsRedeemed pointsToNextTier adjustedPoints expiredPoints lifetimePoints"),
    **numbers("lifetimePurchases promisedPoints returnedPoints"),
    joinDate=instant(),
    upgradeDate=instant(),
    tierUpgradeDate=instant(),
    tierExpiryDate=instant(),
    pointsExpiration=array(obj(pointsExpiring=number(), pointsExpirationDate=instant())),
)

_consent = shared("consent", obj(val=string(suggested=("y", "n", "p", "u", "LI")), time=instant()))

_consents = obj(
    collect=_consent,
    share=_consent,
    personalize=obj(content=_consent),
    marketing=obj(
        preferred=string(),
        any=_consent,
        **dict.fromkeys(("email", "push", "inApp", "sms", "whatsApp", "phone"), _consent),
    ),
    metadata=obj(time=instant()),
)

PROFILE: Field = obj(
    "A profile record in wire form.",
    _id=uri_reference("Id of the record."),
    personID=string("Id of the person."),
    identityMap=identity_map,
    person=_person,
    personalEmail=_email,
    mobilePhone=_phone,
    homePhone=_phone,
    homeAddress=address,
    mailingAddress=address,
    billingAddress=address,
    shippingAddress=address,
    pushNotificationDetails=array(_push_details),
    consents=_consents,
    testProfile=boolean("The profile is for tests.", default=False),
    loyalty=_loyalty,
)

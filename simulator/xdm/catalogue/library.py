"""The global classes and field groups of the schema library: which fields of the catalogue each one brings.

Ids and titles are those of the public XDM schemas; what they hold is the part of it that the catalogue describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator.xdm.catalogue.dsl import Field
from simulator.xdm.catalogue.event import EVENT
from simulator.xdm.catalogue.profile import PROFILE

XDM = "https://ns.adobe.com/xdm"
PRODUCT = "https://ns.adobe.com/experience"

EXPERIENCE_EVENT = f"{XDM}/context/experienceevent"
INDIVIDUAL_PROFILE = f"{XDM}/context/profile"
TIME_SERIES = f"{XDM}/data/time-series"
RECORD = f"{XDM}/data/record"
IDENTITY_MAP = f"{XDM}/context/identitymap"

BEHAVIORS: Mapping[str, str] = {TIME_SERIES: "Time-series Schema", RECORD: "Record Schema"}


@dataclass(frozen=True, slots=True)
class XdmClass:
    """A class: what every record of a kind has. ``extends`` begins with the behaviour."""

    id: str
    title: str
    note: str
    extends: tuple[str, ...]
    fields: Field


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields that schemas of the classes ``extends`` may add."""

    id: str
    title: str
    extends: tuple[str, ...]
    fields: Field


def _part(root: Field, paths: str) -> Field:
    """Of ``root`` only the fields at the dotted ``paths`` (separated by blanks), each with all inside it."""
    by_first: dict[str, list[str]] = {}
    for path in paths.split():
        first, _, rest = path.partition(".")
        by_first.setdefault(first, []).append(rest)
    known = root.members or {}
    members = {
        name: known[name] if "" in inside else _part(replace(known[name], type_name=None), " ".join(inside))
        for name, inside in by_first.items()
    }
    return replace(root, members=members, note="")


def _event_group(path: str, title: str, fields: str) -> FieldGroup:
    base = "" if path.startswith("https:") else f"{XDM}/context/experienceevent-"
    return FieldGroup(base + path, title, (EXPERIENCE_EVENT,), _part(EVENT, fields))


def _profile_group(id: str, title: str, fields: str) -> FieldGroup:
    return FieldGroup(id, title, (INDIVIDUAL_PROFILE,), _part(PROFILE, fields))


_CJM = f"{PRODUCT}/customerJourneyManagement"
_CJM_FIELDS = "_experience.customerJourneyManagement"
_ORCHESTRATION = f"{PRODUCT}/journeyOrchestration"
_LIFECYCLE = (
    "application.id application.name application.version application.isLaunch application.isInstall "
    "application.isUpgrade application.isClose application.closeType application.sessionLength "
    "application._dc device.type device.manufacturer device.model device.modelNumber device.screenHeight "
    "device.screenWidth environment.type environment.operatingSystem environment.operatingSystemVersion "
    "environment.carrier environment._dc"
)
_CONTACT = "personalEmail mobilePhone homePhone homeAddress mailingAddress billingAddress shippingAddress"


CLASSES: Mapping[str, XdmClass] = {
    made.id: made
    for made in (
        XdmClass(
            EXPERIENCE_EVENT,
            "XDM ExperienceEvent",
            "Something that happened at one moment.",
            (TIME_SERIES, IDENTITY_MAP),
            _part(EVENT, "_id timestamp eventType producedBy eventMergeId identityMap"),
        ),
        XdmClass(
            INDIVIDUAL_PROFILE,
            "XDM Individual Profile",
            "What is known of one person.",
            (RECORD, f"{XDM}/common/auditable"),
            _part(PROFILE, "_id personID"),
        ),
    )
}

FIELD_GROUPS: Mapping[str, FieldGroup] = {
    group.id: group
    for group in (
        FieldGroup(IDENTITY_MAP, "IdentityMap", (INDIVIDUAL_PROFILE,), _part(PROFILE, "identityMap")),
        _event_group("environment-details", "Environment Details", "device environment placeContext"),
        _event_group("application", "Application Details", "application"),
        _event_group("implementation-details", "Implementation Details", "implementationDetails"),
        _event_group("commerce", "Commerce Details", "commerce productListItems"),
        _event_group("pushtracking", "Push notification tracking", "pushNotificationTracking"),
        _event_group("inappmessage-tracking", "Inapp message tracking", "inappMessageTracking"),
        _event_group("channel", "Channel Details", "channel"),
        _event_group("marketing", "Campaign Marketing Details", "marketing"),
        _event_group("privacy", "IAB TCF 2.0 Consent Details", "consentStrings"),
        _event_group("web", "Web Details", "web"),
        _event_group("enduserids", "End User ID Details", "endUserIDs"),
        _event_group(f"{PRODUCT}/aep-mobile-lifecycle-details", "AEP Mobile Lifecycle Details", _LIFECYCLE),
        _event_group(
            f"{PRODUCT}/campaign/orchestration/eventid",
            "Orchestration eventID",
            "_experience.campaign.orchestration",
        ),
        _event_group(
            f"{PRODUCT}/decisioning/proposition-interaction",
            "Experience Event - Proposition Interactions",
            "_experience.decisioning",
        ),
        _event_group(
            f"{_CJM}/messageexecution",
            "Adobe CJM ExperienceEvent - Message Execution Details",
            f"{_CJM_FIELDS}.messageExecution",
        ),
        _event_group(
            f"{_CJM}/messageprofile",
            "Adobe CJM ExperienceEvent - Message Profile Details",
            " ".join(
                f"{_CJM_FIELDS}.{name}"
                for name in (
                    "messageProfile",
                    "emailChannelContext",
                    "pushChannelContext",
                    "smsChannelContext",
                    "whatsAppChannelContext",
                )
            ),
        ),
        _event_group(
            f"{_CJM}/message-interaction",
            "Adobe CJM ExperienceEvent - Message interaction details",
            f"{_CJM_FIELDS}.messageInteraction",
        ),
        _event_group(
            f"{_CJM}/message-delivery-feedback",
            "Adobe CJM ExperienceEvent - Message Delivery Feedback Details",
            f"{_CJM_FIELDS}.messageDeliveryfeedback",
        ),
        _event_group(
            f"{_ORCHESTRATION}/journey",
            "Journey Orchestration Journey Fields",
            "_experience.journeyOrchestration.journey",
        ),
        _event_group(
            f"{_ORCHESTRATION}/Identity",
            "Journey Orchestration Identity Fields",
            "_experience.journeyOrchestration.profile",
        ),
        _event_group(
            f"{_ORCHESTRATION}/stepEvents/journeyStepEventCommonFields",
            "Journey Orchestration Step Event Common Fields",
            "_experience.journeyOrchestration.stepEvents",
        ),
        _profile_group(f"{XDM}/context/profile-person-details", "Demographic Details", "person"),
        _profile_group(f"{XDM}/context/profile-personal-details", "Personal Contact Details", _CONTACT),
        _profile_group(
            f"{XDM}/context/profile-push-notification-details",
            "Push Notification Details",
            "pushNotificationDetails",
        ),
        _profile_group(f"{XDM}/context/profile-test-profile", "Profile test details", "testProfile"),
        _profile_group(f"{XDM}/mixins/profile/profile-loyalty-details", "Loyalty Details", "loyalty"),
        _profile_group(f"{XDM}/mixins/profile-consents", "Consent and Preference Details", "consents"),
    )
}

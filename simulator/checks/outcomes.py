"""What the outcomes of crossings mean, in words: the one table that reports and documentation tell them from."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.ledger import Outcome

SYSTEM_NAMES = {"ios": "iOS", "android": "Android", "": "the phone"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """An outcome in words.

    ``meaning`` ends the sentence "the crossing has this outcome because ..." in documentation and tables;
    ``told`` is how the story of one crossing ends, with ``{phone}`` for the name of the system.
    """

    meaning: str
    told: str


EXPLANATIONS: dict[Outcome, Explanation] = {
    Outcome.DELIVERED: Explanation("its event was acknowledged by the destination", "acknowledged"),
    Outcome.REJECTED: Explanation("its event was refused", "refused by the destination"),
    Outcome.UNDELIVERED: Explanation(
        "its event left the phone, but the destination was not reached; it is in `undelivered.ndjson`",
        "not delivered, kept in undelivered.ndjson",
    ),
    Outcome.NOT_DUE: Explanation(
        "its event left the phone, but the load that sends at a rate ended before its time",
        "not sent: the load ended before its time",
    ),
    Outcome.NO_PERMISSION: Explanation(
        "the app was not allowed to use the location at that moment in the way that region monitoring needs",
        "not noticed: the app was not allowed to use the location",
    ),
    Outcome.NOT_MONITORED: Explanation(
        "the place was not among the regions that the app had registered at that moment",
        "not noticed: the place was not among the regions registered with {phone}",
    ),
    Outcome.TOO_SHORT: Explanation(
        "the border was crossed the other way before the operating system was sure of it",
        "not noticed: the border was crossed the other way before {phone} was sure",
    ),
    Outcome.NOT_NOTICED: Explanation(
        "the fence is smaller than what the operating system detects reliably",
        "not noticed: the fence is too small for {phone} to detect reliably",
    ),
    Outcome.PENDING_DETECTION: Explanation(
        "the run ended before the operating system would have noticed",
        "not noticed yet when the run ended",
    ),
    Outcome.APP_NOT_RUNNING: Explanation(
        "the app was not running, and the operating system does not start it in that state",
        "not noticed: the app was not running, and {phone} does not start it in that state",
    ),
    Outcome.PHONE_OFF: Explanation("the phone was switched off", "not noticed: the phone was switched off"),
    Outcome.DELIVERED_LATE: Explanation(
        "its event was acknowledged, but later than the scenario calls timely (`network.late_after`)",
        "acknowledged, but late",
    ),
    Outcome.STALE_POI: Explanation(
        "the place was no longer in the SDK's list of nearby ones, so the SDK took its region event for an old one",
        "no event: the place had left the SDK's list of nearby ones",
    ),
    Outcome.NO_METADATA: Explanation(
        "the SDK of Android makes no event for a place without any metadata",
        "no event: the place has no metadata, and {phone}'s SDK cannot make one without",
    ),
    Outcome.DEDUPLICATED: Explanation(
        "the app took itself to be on that side of the border already and held it back",
        "held back by the app, which took itself to be on that side of the border already",
    ),
    Outcome.CONSENT_NO: Explanation(
        "the person does not consent to data being collected, so its event was thrown away",
        "thrown away: the person does not consent to data being collected",
    ),
    Outcome.DROPPED_BY_CODE: Explanation(
        "the endpoint answered with a code after which the SDK gives an event up",
        "given up after an answer that the SDK does not try again",
    ),
    Outcome.QUEUE_LOST: Explanation(
        "its event was still in the queue when the app was removed or installed afresh",
        "lost with the app's storage when it was installed afresh",
    ),
    Outcome.QUEUED_AT_END: Explanation(
        "its event was still in the phone's queue when the run ended",
        "still in the phone's queue when the run ended",
    ),
    Outcome.UNCONFIRMED: Explanation(
        "its event reached the endpoint, but the phone had not heard so by the end",
        "it reached the endpoint, but the phone never heard so",
    ),
}

# What an app may do that may not always use the exact location; by the names of the ledger.
PERMISSION_TOLD = {
    "while_in_use": "not noticed: the app may use the location only while it is in use",
    "approximate": "not noticed: the app may know the location only approximately, regions need it exactly",
    "denied": "not noticed: the app may not use the location",
}


def told(outcome: Outcome, phone: str, permission: str) -> str:
    """How the story of one crossing ends: the reason in the words of its phone."""
    if outcome is Outcome.NO_PERMISSION and permission in PERMISSION_TOLD:
        return PERMISSION_TOLD[permission]
    return EXPLANATIONS[outcome].told.format(phone=phone)

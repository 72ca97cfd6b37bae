"""Which form of a resource the Accept header asks for (ingestion.md 4.1)."""

from __future__ import annotations

import re

from simulator.receiver.calls import Call, RefusedError
from simulator.receiver.platform import problems

_LISTING = re.compile(r"application/vnd\.adobe\.(xed-id|xed)\+json")
_LOOK_UP = re.compile(
    r"application/vnd\.adobe\.(xed|xed-full|xed-notext|xed-full-notext|xed-full-desc|xed-deprecatefield)\+json"
    r"\s*;\s*version=[0-9]{1,6}(\.[0-9]{1,6})?"
)
_DESCRIPTORS = re.compile(r"application/vnd\.adobe\.(xdm|xdm-id|xdm-link|xdm-v2|xdm-v2-id|xdm-v2-link)\+json")

# Examples of each for the OpenAPI document.
LISTING_FORMS = ["application/vnd.adobe.xed-id+json", "application/vnd.adobe.xed+json"]
LOOK_UP_FORMS = [
    f"application/vnd.adobe.{form}+json; version=1"
    for form in ("xed", "xed-full", "xed-notext", "xed-full-notext", "xed-full-desc", "xed-deprecatefield")
]
DESCRIPTOR_FORM = "application/vnd.adobe.xdm+json"
DESCRIPTOR_LIST_FORMS = [
    f"application/vnd.adobe.{form}+json"
    for form in ("xdm", "xdm-id", "xdm-link", "xdm-v2", "xdm-v2-id", "xdm-v2-link")
]


def listing_form(call: Call) -> str:
    """``xed-id`` or ``xed``."""
    return _form(call, _LISTING, "XDM-1006-400")


def look_up_form(call: Call) -> str:
    """``xed``, ``xed-full``, ... with a version."""
    return _form(call, _LOOK_UP, "XDM-1007-400")


def descriptor_list_form(call: Call) -> str:
    """``xdm``, ``xdm-id``, ``xdm-link`` or one of the paged forms ``xdm-v2...``."""
    return _form(call, _DESCRIPTORS, "XDM-1008-400")


def descriptor_form(call: Call) -> str:
    """Always ``xdm``."""
    return _form(call, re.compile(r"application/vnd\.adobe\.(xdm)\+json"), "XDM-1009-400")


def _form(call: Call, pattern: re.Pattern[str], code: str) -> str:
    accept = call.headers.get("accept", "").strip()
    if not accept:
        raise RefusedError(problems.older_registry(406, "Accept header parameter is required"))
    match = pattern.fullmatch(accept)
    if match is None:
        detail = f"The Accept header supplied is not valid for this request: {accept[:200]}"
        raise RefusedError(problems.registry(code, detail, call.now_ms))
    return match[1]

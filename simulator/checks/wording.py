"""Expectations in words."""

from __future__ import annotations

from simulator.scenario.models import Expectation, HoursOfDay, ShareBounds, Who


def said_of(expectation: Expectation) -> str:
    """What an expectation says: `who visits * Cafe, stays 5 min or more: receives Coupon within 10 min`."""
    if expectation.nothing is not None:
        said = "is sent nothing" if expectation.nothing == "sent" else "receives nothing"
    else:
        verbs = (
            ("enters", expectation.enters),
            ("is sent", expectation.sent),
            ("receives", expectation.receives),
            ("opens", expectation.opens),
        )
        said = next((f"{verb} {name}" for verb, name in verbs if name is not None), "")
    if expectation.before is not None:
        said += f" before {expectation.before}"
    if expectation.within is not None:
        since = {"crossing": "", "event": " of the event", "acknowledged": " of the acknowledgement"}
        said += f" within {time_said(expectation.within)}{since[expectation.of]}"
    return f"{who_said(expectation.who or Who())} {said}"


def who_said(who: Who) -> str:
    """Whom an expectation is about, in words."""
    parts = []
    if who.visits:
        parts.append(f"visits {' or '.join(who.visits)}")
    if who.stays is not None:
        parts.append(f"stays {time_said(who.stays)}")
    if who.leaves_within is not None:
        parts.append(f"leaves within {time_said(who.leaves_within)}")
    if who.between is not None:
        parts.append(hours_said(who.between))
    if who.enters is not None:
        parts.append(f"enters {who.enters}")
    if who.sent is not None:
        parts.append(f"is sent {who.sent}")
    parts += [f"is in {audience}" for audience in who.in_audience]
    parts += [f"is not in {audience}" for audience in who.not_in_audience]
    parts += [f"has {path} {value}" for path, value in who.attributes.items()]
    if who.phone is not None:
        parts.append(f"has {'iOS' if who.phone == 'ios' else 'Android'}")
    people = ", ".join(who.people)
    if not parts:
        return people or "everybody"
    return f"{people or 'whoever'}{' who' if people else ''} {', '.join(parts)}:"


def hours_said(hours: HoursOfDay) -> str:
    """Hours of the day in words: `from 07:00 to 21:00 on mon, tue`."""
    times = [
        f"{word} {int(at // 3600):02d}:{int(at % 3600 // 60):02d}"
        for word, at in (("from", hours.after), ("to", hours.before))
        if at is not None
    ]
    days = [f"on {', '.join(hours.days)}"] if hours.days else []
    return " ".join([*times, *days])


def said_share(share: ShareBounds) -> str:
    """Bounds of a share in words."""
    parts = []
    if share.about is not None:
        parts.append(f"about {percent(share.about)} ({percent(share.confidence)} confidence)")
    if share.at_least is not None:
        parts.append(f"at least {percent(share.at_least)}")
    if share.at_most is not None:
        parts.append(f"at most {percent(share.at_most)}")
    return " and ".join(parts)


def percent(share: float) -> str:
    """A share in per cent, to a tenth where that says more."""
    tenths = round(share * 1000)
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"


def time_said(seconds: float) -> str:
    """A time: `10 min`, `1 h 30 min`, `2.5 s`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    parts, left = [], round(seconds)
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts)

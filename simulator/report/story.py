"""The story of one person or place in lines that can be pasted into a ticket.

One line per moment: what happened at the same millisecond stands on one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby

from rich.console import Console
from rich.text import Text

from simulator.checks import SYSTEM_NAMES
from simulator.report.explain import Document, notes, took, when
from simulator.report.glyphs import Glyphs, count, glyphs_for, plural
from simulator.report.printing import Lines, print_blocks, width_of
from simulator.report.sections import BAD, HEADING, LABEL, heading, wrapped

_CLOCK = "  00:00:00  "
_TIED = "\N{NO-BREAK SPACE}"  # within what is not to be broken over two lines; printed as a plain space
_PERMISSIONS = {
    "always": "the app may always use the location",
    "while_in_use": "the app may use the location while it is in use",
    "approximate": "the app may know the approximate location",
    "denied": "the app may not use the location",
}


def render_story(document: Document, console: Console) -> None:
    """Print the document of one person or place to ``console``."""
    glyphs, width = glyphs_for(console), width_of(console)
    print_blocks(
        [
            _headline(document, width, glyphs),
            *_days(document, width),
            *_besides(document, width),
            _not_met(document, width, glyphs),
            _rest(document),
        ],
        console,
    )


def _headline(document: Document, width: int, glyphs: Glyphs) -> Lines:
    run, person, place = document["run"], document.get("person"), document.get("place")
    who = person["id"] if person else ""
    names = " at ".join(name for name in (who, place["name"] if place else "") if name)
    about = []
    if person:
        about += [SYSTEM_NAMES[person["system"]]] if person["system"] else []
        about += [_PERMISSIONS[person["permission"]]] if person["permission"] in _PERMISSIONS else []
    if place:
        about.append(f"place {place['id']}")
    about.append(f"{run['scenario']}, {when(run, glyphs)}")
    ends = document["outcomes"].items()
    told = ", ".join(f"{count(number)} {outcome.replace('_', ' ')}" for outcome, number in ends)
    head = f"{names}: {plural(document['crossings'], 'crossing')}" + (f"; {told}" if told else "")
    return [
        *wrapped(head, width, "", HEADING),
        *wrapped("; ".join(about), width, "  ", LABEL),
        *notes(run, width, glyphs),
    ]


def _not_met(document: Document, width: int, glyphs: Glyphs) -> Lines:
    """The expectations that this person is an example against, and why."""
    lines: Lines = []
    for one in document.get("not_met") or ():
        lines += wrapped(f"{glyphs.bad} {one['expectation']}: {one['said']}", width, "  ", BAD)
    return lines


def _days(document: Document, width: int) -> Iterator[Lines]:
    """A block for each local day on which something was crossed."""
    for day, crossings in groupby(document["story"], lambda told: _at(told["crossed"]).date()):
        lines = [heading(_named(day))]
        for crossing in crossings:
            lines += _crossing(crossing, document, day, width)
        yield lines


def _crossing(crossing: Document, document: Document, day: date, width: int) -> Lines:
    """A line for each moment of one crossing; the later ones stand further in, because crossings overlap."""
    lines: Lines = []
    for at, steps in groupby(_steps(crossing, document), lambda step: step[0]):
        moment = _at(at)
        text = "; ".join(step for _, step in steps)
        if moment.date() != day:
            text = f"({_named(moment.date())}) {text}"
        lines += _line(moment, text, width, " " * (len(_CLOCK) + (2 if lines else 0)))
    return lines


def _line(moment: datetime, text: str, width: int, indent: str) -> Lines:
    first, *rest = (_plain_spaces(line) for line in wrapped(text, width, indent))
    clock = Text("  ").append(f"{moment:%H:%M:%S}", LABEL)
    return [clock.append_text(first[clock.cell_len :]), *rest]


def _steps(crossing: Document, document: Document) -> Iterator[tuple[str, str]]:
    """What happened, in the order of time: (moment, words)."""
    entry = crossing["crossing"] == "entry"
    who = "" if "person" in document else f"{crossing['person']['id']} "
    where = f" {crossing['place']['name']}" if "person" in document else ""
    yield crossing["crossed"], f"{who}{'entered' if entry else 'left'}{where}"
    if crossing["noticed"] is None:
        yield crossing["crossed"], crossing["because"]
        return
    after = crossing["noticed_after_seconds"]
    late = f"({took(after)} later)".replace(" ", _TIED) if after else "at once"
    yield crossing["noticed"], f"noticed by {SYSTEM_NAMES[crossing['person']['system'] or '']} {late}"
    event = f"location.{crossing['crossing']}"
    if crossing["queued"] is not None and crossing["queued"] != crossing["sent"]:
        yield crossing["queued"], f"{event} queued"
    last = crossing["noticed"]
    if crossing["sent"] is not None:
        last = crossing["sent"]
        number = f" (event{_TIED}{crossing['event']})" if crossing["event"] is not None else ""
        tries = f" at attempt{_TIED}{crossing['attempts']}" if crossing["attempts"] > 1 else ""
        yield last, f"{event} sent{tries}{number}"
    yield last, crossing["because"]
    yield from _journey(crossing.get("journey") or ())


def _journey(moments: Sequence[Document]) -> Iterator[tuple[str, str]]:
    for moment in moments:
        yield moment["at"], moment["said"]


def _besides(document: Document, width: int) -> Iterator[Lines]:
    """What happened in journeys for events that no crossing caused."""
    told = document.get("without_crossing") or ()
    if not told:
        return
    lines = [heading("In journeys, for events that no crossing of the record caused")]
    for at, steps in groupby(_journey(told), lambda step: step[0]):
        lines += _line(_at(at), "; ".join(step for _, step in steps), width, " " * len(_CLOCK))
    yield lines


def _rest(document: Document) -> Lines:
    shown, crossings = len(document["story"]), document["crossings"]
    if not crossings:
        return [Text("  No crossing of a geofence is on record.")]
    more = crossings - shown
    return [Text(f"  and {plural(more, 'more crossing')}; --limit tells more", LABEL)] if more else []


def _plain_spaces(line: Text) -> Text:
    return Text(line.plain.replace(_TIED, " "), line.style)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _named(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"

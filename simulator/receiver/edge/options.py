"""How the Edge Network's side answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MAX_BODY_BYTES = 65_536  # 64 KB, 8 fragments of 8 KB (ingestion.md 2.7)
FRAGMENT_BYTES = 8_192
INTERACT_UNITS_PER_SECOND = 4_000
COLLECT_UNITS_PER_SECOND = 6_000

Hint = Literal["or2", "va6", "irl1", "ind1", "jpn3", "sgp3", "aus3"]
# The location hints (ingestion.md 2.5) and the numbers of their regions, as `x-adobe-edge` names them.
REGIONS: Mapping[str, int] = {
    "or2": 9,
    "va6": 7,
    "irl1": 6,
    "ind1": 12,
    "jpn3": 11,
    "sgp3": 3,
    "aus3": 8,
}


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """How the Edge Network's side answers.

    - ``datastreams``: the ids that exist, joined by commas; empty lets any be one. ``disabled``: those that are
      switched off (422).
    - ``authenticated``: every request needs a token.
    - ``hint``: where clients that name no location are sent.
    - ``organization``: names the state that clients keep; for clients that have none yet.
    - ``interact_units_per_second``, ``collect_units_per_second``: 429 above them on the v2 paths; a unit is 8 KB
      begun; 0 has no limit.
    """

    datastreams: str = ""
    disabled: str = ""
    authenticated: bool = False
    hint: Hint = "or2"
    organization: str = "0123456789ABCDEF01234567@AdobeOrg"
    interact_units_per_second: int = 0
    collect_units_per_second: int = 0

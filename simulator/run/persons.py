"""Who the people of a cohort are, wherever something has to know them: profile, attributes, and identities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from simulator.core.distributions import pick
from simulator.core.randomness import key_of, mix_int, purpose_keys, uniform, uniform_one
from simulator.people import Cohort
from simulator.people.profiles import Profile, make_profile
from simulator.scenario.models import Group

# Numbers as they are written; what begins with a needless zero is a code, and no number.
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,15})\.[0-9]{1,15}")


class CohortProfiles:
    """The profiles of the people of a cohort, made one by one when they are asked for."""

    def __init__(self, cohort: Cohort) -> None:
        self._cohort = cohort

    def profile(self, local: int) -> Profile:
        """Who somebody is, by index within the cohort: a name of their locale, the address of their household."""
        return make_profile(
            int(self._cohort.keys[local]),
            person_id=self._cohort.person_id(local).replace("/", "-"),
            locale=self._locales[local],
            home_key=int(self._cohort.home_keys[local]),
        )

    @cached_property
    def _locales(self) -> list[str]:
        """The locale of each person: that of their persona, or of the group."""
        found = [""] * self._cohort.size
        for part in self._cohort.by_habits():
            group, keys = part.people.group, part.people.keys
            names = list(group.locale)
            which = pick(tuple(group.locale.values()), uniform(purpose_keys(keys, "locale")))
            for who, number in zip(part.rows.tolist(), which.tolist(), strict=True):
                found[who] = names[number]
        return found


def attributes_of(group: Group, key: int) -> Iterator[tuple[list[str], Any]]:
    """The attributes of a person of a group, each as its path and the value drawn; ``key`` is that of the person."""
    for path, weights in group.attributes.items():
        u = np.array([uniform_one(mix_int(key ^ key_of("attribute", path)), 0)])
        value = list(weights)[int(pick(tuple(weights.values()), u)[0])]
        yield path.split("."), _typed(value)


def _typed(text: str) -> Any:
    """The value that a weighted name stands for: true, false, a number, or the text."""
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text

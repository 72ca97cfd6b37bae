"""What people will do with the app's settings in a run: log in and out, decide about consent.

People do such things in the app, so each step is due from some time on and happens at the next launch. Only those
to whom something happens have a plan.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from simulator.core.distributions import Distribution, pick
from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.core.simtime import MS_PER_SECOND
from simulator.scenario.models import App
from simulator.sdk.consent import Choice


class Act(IntEnum):
    """What somebody does."""

    LOG_IN = 0
    LOG_OUT = 1
    AGREE = 2
    REFUSE = 3


class Step(NamedTuple):
    """Something that somebody does at the first launch at or after ``due`` (virtual milliseconds)."""

    due: int
    act: Act


class Plan:
    """The plan of one person."""

    __slots__ = ("consent", "next", "push", "steps")

    def __init__(self, consent: Choice, steps: tuple[Step, ...], push: bool) -> None:
        self.consent = consent
        """What is set when the app is installed."""
        self.steps = steps
        self.next = 0
        """The first step that is still to come."""
        self.push = push
        """Whether the app gets a push token."""

    def due(self, now: int) -> list[Act]:
        """What happens now; it will not happen again."""
        acts = []
        while self.next < len(self.steps) and self.steps[self.next].due <= now:
            acts.append(self.steps[self.next].act)
            self.next += 1
        return acts

    def restart(self) -> None:
        """The app was installed afresh: people decide and log in again."""
        self.next = 0


def make_plans(app: App, keys: KeyArray) -> Callable[[int], Plan | None]:
    """The plans of the people with ``keys``, by their index: None for those to whom nothing happens."""
    consent, login, push = app.consent, app.login, app.push
    quiet = consent.start.keys() == {"yes"} and not consent.withdrawn and login is None and push is None
    if quiet:
        return lambda person: None

    def chance(purpose: str, share: float) -> list[bool]:
        drawn: list[bool] = (uniform(purpose_keys(keys, f"app.{purpose}")) < share).tolist()
        return drawn

    def chosen(purpose: str, weights: dict[str, float]) -> list[Choice]:
        which = pick(tuple(weights.values()), uniform(purpose_keys(keys, f"app.{purpose}"))).tolist()
        names = [Choice[name.upper()] for name in weights]
        return [names[number] for number in which]

    def drawn(purpose: str, distribution: Distribution) -> list[int]:
        seconds = distribution.ppf(uniform(purpose_keys(keys, f"app.{purpose}")))
        times: list[int] = np.rint(np.maximum(seconds, 0.0) * MS_PER_SECOND).astype(np.int64).tolist()
        return times

    yes, pending = Choice.YES, Choice.PENDING
    start, answer = chosen("consent.start", consent.start), chosen("consent.answer", consent.answer)
    answered = drawn("consent.answered", consent.answered_after)
    withdraws = chance("consent.withdraws", consent.withdrawn)
    withdrawn = drawn("consent.withdrawn", consent.withdrawn_after)
    logs_in = chance("login", login.share if login else 0.0)
    login_at = drawn("login.at", login.after) if login else []
    logout_at = drawn("login.out", login.logout_after) if login and login.logout_after else []
    pushes = chance("push", push.share if push else 0.0)

    def plan(person: int) -> Plan | None:
        steps: list[Step] = []
        agrees = start[person] is yes
        if start[person] is pending and answer[person] is not pending:
            agrees = answer[person] is yes
            steps.append(Step(answered[person], Act.AGREE if agrees else Act.REFUSE))
        if agrees and withdraws[person]:
            since = steps[-1].due if steps else 0
            steps.append(Step(max(withdrawn[person], since), Act.REFUSE))
        if logs_in[person]:
            steps.append(Step(login_at[person], Act.LOG_IN))
            if logout_at:
                steps.append(Step(max(logout_at[person], login_at[person]), Act.LOG_OUT))
        if len(steps) > 1:
            steps.sort(key=lambda step: step.due)
        if start[person] is yes and not steps and not pushes[person]:
            return None
        return Plan(start[person], tuple(steps), pushes[person])

    return plan

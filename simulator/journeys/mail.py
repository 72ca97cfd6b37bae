"""What people do with the e-mails of journeys: open them, and click in them, some time later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
import simpy

from simulator.core.distributions import Distribution
from simulator.core.randomness import key_of, mix_int, uniform_one
from simulator.core.simtime import MS_PER_SECOND
from simulator.journeys.instance import Instance
from simulator.journeys.plan import ActionPlan

if TYPE_CHECKING:
    from simulator.journeys.engine import JourneyEngine

# The draws of one e-mail.
_OPENS, _OPENED_AFTER, _CLICKS, _CLICKED_AFTER = range(4)


class Mailbox:
    """Everybody's e-mails. ``after`` gives an event that happens so many milliseconds later."""

    def __init__(
        self, env: simpy.Environment, engine: JourneyEngine, after: Callable[[int], simpy.Event]
    ) -> None:
        self._env = env
        self._engine = engine
        self._after = after

    def receive(self, instance: Instance, step: str, action: ActionPlan) -> None:
        """An e-mail of a step arrives now."""
        habits, key = action.model.mail, mix_int(instance.key ^ key_of("mail", step))
        arrived = int(self._env.now)

        def note(kind: Literal["opened", "clicked"]) -> None:
            self._engine.note(kind, instance, step, {"action": action.name, "received": arrived})
            self._engine.react(instance.id, step, kind)

        def later(delay: Distribution, purpose: int, does: Callable[[], None]) -> None:
            seconds = float(delay.ppf(np.array([uniform_one(key, purpose)]))[0])
            timer = self._after(max(0, round(seconds * MS_PER_SECOND)))
            timer.callbacks.append(lambda _: does())

        def opens() -> None:
            note("opened")
            if uniform_one(key, _CLICKS) < habits.clicked:
                later(habits.clicked_after, _CLICKED_AFTER, lambda: note("clicked"))

        if uniform_one(key, _OPENS) < habits.opened:
            later(habits.opened_after, _OPENED_AFTER, opens)

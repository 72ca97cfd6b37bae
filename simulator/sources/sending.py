"""How a system tells of what it knows: some time after the fact, one by one or in batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import simpy

from simulator.core.distributions import Distribution
from simulator.core.randomness import bits_one, uniform_one
from simulator.core.simtime import to_ms
from simulator.scenario.models import Source
from simulator.sdk import KINDS, Hit
from simulator.sources.customers import Customer
from simulator.xdm import Template


class Outbox:
    """The events of one system about the people of a cohort."""

    def __init__(
        self,
        env: simpy.Environment,
        post: Callable[[Hit], None],
        source: Source,
        delay: Distribution,
        every: float | None = None,
    ) -> None:
        """Events leave ``delay`` (seconds) after the fact, or with the next batch if there is one ``every`` so often.

        What would leave after the end of the run is not sent.
        """
        self._env = env
        self._post = post
        self._source = source
        self._delay = delay
        self._every = None if every is None else to_ms(every)

    def leaves(self, now: int, customer: Customer) -> int:
        """When the next event about somebody leaves if it happened now."""
        sender, number = customer.peek(self._source)
        u = uniform_one(bits_one(sender.id_key, 7), number)
        leaves = now + max(0, to_ms(float(self._delay.ppf(np.array([u]))[0])))
        return leaves if self._every is None else -(-leaves // self._every) * self._every

    def put(
        self,
        now: int,
        customer: Customer,
        kind: str,
        template: Template,
        values: tuple[bytes, ...],
        leaves: int | None = None,
    ) -> None:
        """Tell of an event of the type ``kind`` that happened now; it is dated so, and leaves then or later."""
        if leaves is None:
            leaves = self.leaves(now, customer)
        sender, number = customer.next_event(self._source)
        hit: Hit = (leaves, sender, KINDS.index(kind), now, number, template, values, None, False)
        if leaves == now:
            self._post(hit)
        else:
            simpy.Timeout(self._env, leaves - now, hit).callbacks.append(self._goes)

    def _goes(self, timer: simpy.Event) -> None:
        self._post(cast(Hit, timer.value))

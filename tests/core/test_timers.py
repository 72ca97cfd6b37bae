"""Timers beside SimPy's own events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.timers import TimedEnvironment

Told = list[tuple[int, int]]


def schedule(env: TimedEnvironment, plan: list[tuple[int, bool]]) -> Told:
    """Timers and time-outs after these delays; what will be told is when, and which of them."""
    told: Told = []
    for number, (delay, timer) in enumerate(plan):
        if timer:
            env.call_at(delay, lambda value: told.append((int(env.now), value)), number)
        else:
            simpy.Timeout(env, delay, number).callbacks.append(
                lambda event: told.append((int(env.now), event.value))
            )
    return told


def by_steps(env: TimedEnvironment) -> None:
    env.run()


def at_once(env: TimedEnvironment) -> None:
    env.happen_before(1_000)


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans())))
@pytest.mark.parametrize("run", [by_steps, at_once])
def test_timers_and_time_outs_happen_in_the_order_of_time_and_then_of_their_making(
    run: Callable[[TimedEnvironment], None], plan: list[tuple[int, bool]]
) -> None:
    env = TimedEnvironment()
    told = schedule(env, plan)
    run(env)
    assert told == sorted((delay, number) for number, (delay, _) in enumerate(plan))


def test_only_what_is_earlier_happens_and_the_clock_stays_at_the_last_of_it() -> None:
    env = TimedEnvironment()
    told = schedule(env, [(5, True), (7, False), (9, True)])
    env.happen_before(9)
    assert told == [(5, 0), (7, 1)]
    assert env.now == 7
    env.happen_before(10)
    assert told[2:] == [(9, 2)]


def test_a_timer_may_start_another_in_the_same_millisecond() -> None:
    env, told = TimedEnvironment(), []

    def first(value: str) -> None:
        told.append((env.now, value))
        env.call_at(3, second, "second")

    def second(value: str) -> None:
        told.append((env.now, value))

    env.call_at(3, first, "first")
    env.happen_before(4)
    assert told == [(3, "first"), (3, "second")]


def test_the_failure_of_an_event_that_nobody_minds_is_raised() -> None:
    env = TimedEnvironment()
    env.event().fail(ArithmeticError("no"))
    with pytest.raises(ArithmeticError, match="no"):
        env.happen_before(1)


def test_processes_wait_among_timers() -> None:
    env, told = TimedEnvironment(), []

    def walk() -> Iterator[simpy.Event]:
        yield env.timeout(4)
        told.append(("process", env.now))

    env.process(walk())
    env.call_at(3, lambda value: told.append((value, env.now)), "timer")
    env.run()
    assert told == [("timer", 3), ("process", 4)]
    with pytest.raises(simpy.core.EmptySchedule):
        env.step()

"""People who act by a script: one process each, which does one step after the other.

What a step does goes the way that planned things go: the person crosses borders, the phone notices or not, the app
hears of it or not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

from simulator.core.randomness import purpose_keys
from simulator.core.simtime import to_ms
from simulator.people import Cohort, DayLegs, Mover, PlaceNames, Surroundings, due_times
from simulator.phone import LivingPhone, Permission, Ways, draw_permissions, happenings
from simulator.run.environment import CohortEnvironment, Wake
from simulator.run.observations import Observations
from simulator.run.phones import CohortPhones, ModelContext
from simulator.run.shopping import Shopper
from simulator.run.trade import Trade
from simulator.scenario.models import MOVES, Observed, ScriptStep
from simulator.sdk import DISMISS, MobileSdk
from simulator.world import Legs, solve

Steps = Generator[simpy.Event, Any, None]
Happen = Callable[[LivingPhone, int, int, int], None]
LongArray = npt.NDArray[np.int64]

_TO_THE_PHONE = {
    ("phone", "off"): happenings.POWER_OFF,
    ("phone", "on"): happenings.POWER_ON,
    ("network", "off"): happenings.OFFLINE,
    ("network", "on"): happenings.ONLINE,
    ("app", "force_quit"): happenings.FORCE_QUIT,
    ("app", "crash"): happenings.CRASH,
    ("app", "update"): happenings.UPDATE,
    ("app", "reinstall"): happenings.REINSTALL,
}


class Scripts:
    """The scripts of the people of one cohort."""

    def __init__(
        self,
        env: CohortEnvironment,
        context: ModelContext,
        cohort: Cohort,
        phones: CohortPhones,
        trade: Trade,
        expect: Callable[[LongArray], None],
        happen: Happen,
    ) -> None:
        """``expect`` is told the times of crossings that will come, ``happen`` lets something happen to a phone."""
        self.env = env
        self.context = context
        self.first_person = cohort.spec.first_person
        self.phones = phones
        self.trade = trade
        self.expect = expect
        self.happen = happen
        self.observations = Observations(env)
        self.on_opened: Callable[[str], None] = lambda identifier: None
        """Told the id of each message that is opened."""
        self.done = 0
        """Steps that were done."""
        self.in_vain = 0
        """Waits for something that did not come in time."""
        self.people: list[ScriptedPerson] = []
        self.script = cohort.group.script
        self.due = due_times(self.script, context.calendar)
        self._start(cohort)

    def _start(self, cohort: Cohort) -> None:
        around = Surroundings(
            self.context.places,
            PlaceNames(self.context.places),
            cohort.roads,
            cohort.group.travel.modes(),
        )
        if any(step.permission or step.location for step in self.script):
            self.phones.expect_changes(range(cohort.size))
        permissions = draw_permissions(cohort.group.phone, cohort.keys).tolist()
        keys = purpose_keys(cohort.keys, "script").tolist()
        homes = zip(cohort.home_lat.tolist(), cohort.home_lon.tolist(), strict=True)
        for who, home in enumerate(homes):
            mover = Mover(around, keys[who], *home)
            shopper = self.trade.shopper(who)
            person = ScriptedPerson(self, who, mover, shopper, Permission(permissions[who]))
            self.people.append(person)
            self.env.process(person.live())


class _StoppedError(Exception):
    """The script does not go on."""


class ScriptedPerson:
    """One person on the way through the script."""

    def __init__(
        self, scripts: Scripts, who: int, mover: Mover, shopper: Shopper, permission: Permission
    ) -> None:
        self._scripts = scripts
        self._env = scripts.env
        self._who = who
        self._mover = mover
        self._shopper = shopper
        self._permission = permission
        """What the app may know of the location while it is switched on."""
        self._in_front = False
        self._stopped = False
        # The times of crossings on the way under way.
        self._ahead: LongArray = np.empty(0, dtype=np.int64)

    @property
    def _sdk(self) -> MobileSdk:
        return self._scripts.phones.sdks[self._who]

    @property
    def _now(self) -> int:
        return int(self._env.now)

    def stop(self, now: int) -> LongArray:
        """The script ends here; the times of the crossings from ``now`` on that don't come any more."""
        self._stopped = True
        ahead, self._ahead = self._ahead, self._ahead[:0]
        return ahead[ahead >= now]

    def live(self) -> Steps:
        """Do one step after the other."""
        with suppress(_StoppedError):
            yield from self._act()

    def _act(self) -> Steps:
        scripts = self._scripts
        for number, (step, due) in enumerate(zip(scripts.script, scripts.due, strict=True)):
            goes_on = True
            if isinstance(step.after, Observed):
                goes_on = yield from self._observe(step.after)
            elif step.after is not None:
                yield from self._until(self._now + to_ms(step.after))
            elif due is not None:
                yield from self._until(due)
            if not goes_on or self._stopped:
                return
            yield from self._do(step, number)
            scripts.done += 1

    def _until(self, time: int) -> Steps:
        if time > self._now:
            yield Wake(self._env, time - self._now)
        if self._stopped:
            raise _StoppedError

    def _observe(self, awaited: Observed) -> Generator[simpy.Event, Any, bool]:
        """Wait for a message; whether the script goes on."""
        received = yield from self._scripts.observations.wait_for(
            self._who, awaited.receives, to_ms(awaited.within)
        )
        if received is None:
            self._scripts.in_vain += 1
            return awaited.otherwise == "go_on"
        return True

    def _do(self, step: ScriptStep, number: int) -> Steps:
        """What one step says."""
        action, now = step.action, self._now
        if action in MOVES:
            yield from self._move(step, number)
        elif action == "wait":
            yield from self._until(now + to_ms(step.wait or 0.0))
        elif action == "app" and step.app in ("open", "close"):
            self._bring_app(step.app == "open", now)
        elif action in ("phone", "network", "app"):
            self._to_the_phone(_TO_THE_PHONE[action, str(getattr(step, action))], now)
        elif action in ("location", "permission"):
            self._allow(step, now)
        elif action == "account":
            if step.account == "log_in":
                self._sdk.log_in()
            else:
                self._sdk.log_out(now)
        elif action == "react":
            self._react(str(step.react), now)
        else:
            self._shopper.do(step, now)

    # --- on the way ---------------------------------------------------------------------------------------

    def _move(self, step: ScriptStep, number: int) -> Steps:
        scripts, who = self._scripts, self._who
        legs, arrive = self._mover.move(step, number, self._now)
        crossings = solve(scripts.context.places, legs)
        times = crossings.time
        self._ahead = np.sort(times[times < scripts.context.duration_ms])
        scripts.expect(self._ahead)
        if (onlooker := scripts.context.onlooker) is not None:
            onlooker.going(scripts.first_person, DayLegs(np.full(len(legs), who), legs), crossings)
        self._carry_phone(legs)
        where = crossings.latitude, crossings.longitude
        sights = scripts.phones.sightings(np.full(len(times), who), crossings.place, times, *where)
        columns = (column.tolist() for column in (times, crossings.place, crossings.entry, *where))
        for at, place, entry, latitude, longitude, sight in zip(*columns, sights, strict=True):
            yield from self._until(at)
            scripts.phones.phones[who].cross(at, place, entry, latitude, longitude, sight)
        yield from self._until(arrive)

    def _carry_phone(self, legs: Legs) -> None:
        """The app on the phone may come to register other places on the way."""
        registered = self._scripts.phones.registrations
        watched = registered[self._who] if registered else None
        if watched is not None:
            watched.follow(Ways(legs), 0, len(legs), self._now)

    # --- phone and app ------------------------------------------------------------------------------------

    def _to_the_phone(self, kind: int, now: int, value: int = 0) -> None:
        self._scripts.happen(self._scripts.phones.living[self._who], kind, now, value)

    def _bring_app(self, to_front: bool, now: int) -> None:
        app = self._scripts.phones.apps[self._who]
        if to_front:
            app.foreground(now)
        else:
            app.background(now)

    def _allow(self, step: ScriptStep, now: int) -> None:
        """Permission changes, or the location service is switched off or on: without it nothing is allowed."""
        if step.permission is not None:
            self._permission = Permission[step.permission.upper()]
        allowed = Permission.DENIED if step.location == "off" else self._permission
        self._to_the_phone(happenings.PERMISSION, now, int(allowed))

    def _react(self, how: str, now: int) -> None:
        """To the message received last; who has received none reacts to one of which the run knows nothing."""
        message = self._scripts.observations.last.get(self._who) or {"id": f"message-{self._who}"}
        if how == "dismiss":
            self._sdk.push_acted(now, message, DISMISS)
            return
        self._bring_app(True, now)
        self._scripts.on_opened(str(message.get("id", "")))
        if how == "open":
            self._sdk.push_opened(now, message)
        else:
            self._sdk.push_acted(now, message, how, opened=True)

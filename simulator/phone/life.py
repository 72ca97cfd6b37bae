"""The life of a phone and of the app's process on it: power, signal, and what the system starts and ends.

A phone of this class notices every crossing at once; :class:`~simulator.phone.monitoring.MonitoredPhone` is the
one with a system that takes its time. Both tell the app of the state of the world through ``AppOnPhone``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.core.randomness import bits_one, uniform_one
from simulator.core.simtime import to_ms
from simulator.core.timers import TimedEnvironment
from simulator.ledger import CrossingRow, Outcome, unnoticed
from simulator.phone.os_profiles import OsProfile
from simulator.phone.permission import Permission
from simulator.phone.phone import FOREVER, AppOnPhone, ProcessEnd, RegionEvent, Sighting
from simulator.phone.tables import quantile_table

_APP_NOT_RUNNING = int(Outcome.APP_NOT_RUNNING)
_PHONE_OFF = int(Outcome.PHONE_OFF)
_PENDING_DETECTION = int(Outcome.PENDING_DETECTION)

# Why there may be no network: bits of a number that is 0 while there is one.
_OFFLINE, _AIRPLANE, _DOZE, _OFF, _DEAD_ZONE = 1, 2, 4, 8, 16

_WHY_OFFLINE = (
    *((_OFFLINE, "offline"), (_AIRPLANE, "airplane"), (_DOZE, "doze")),
    *((_OFF, "off"), (_DEAD_ZONE, "dead_zone")),
)

# A phone is not dozing that was woken up this short ago, milliseconds: it moves. Doze needs half an hour of rest [a].
_STILL = 1_800_000

# Draws of a phone about itself, by the time at which they are needed.
_DOZES, _WINDOW = 0, 1


@dataclass(slots=True)
class Unreported:
    """The crossings of many phones that the apps on them have not been told of."""

    lost: list[CrossingRow] = field(default_factory=list)
    """Crossings that nobody will be told of any more."""
    open: dict[RegionEvent, int] = field(default_factory=dict)
    """Crossings whose detection is under way, each with the ordinal of its person."""

    def collect(self) -> list[CrossingRow]:
        """The lost crossings since the last call."""
        taken = self.lost[:]
        self.lost.clear()
        return taken

    def pending(self) -> list[CrossingRow]:
        """The crossings under way, as they stand in the ledger if the run ends now."""
        return [row_of(person, region, _PENDING_DETECTION) for region, person in self.open.items()]


def row_of(person: int, region: RegionEvent, outcome: int) -> CrossingRow:
    """A crossing that the app never hears of."""
    return unnoticed(person, region.place, region.entry, region.crossed, outcome)


class LifeRules:
    """What all phones of one operating system have in common: a profile, ready for use."""

    __slots__ = ("dead_zones", "doze_delays", "doze_share", "profile", "run_time")

    def __init__(self, profile: OsProfile, dead_zones: frozenset[int], *, always_awake: bool = False) -> None:
        """``dead_zones`` are the places in which there is no signal; the app may be one that always runs."""
        self.profile = profile
        self.dead_zones = dead_zones
        self.run_time = FOREVER if always_awake else to_ms(profile.background_run_time)
        self.doze_share = 0.0 if always_awake else profile.doze_share
        self.doze_delays = quantile_table(profile.doze_delay)


class LivingPhone:
    """One person's phone, which is switched off, loses its signal, and runs the app or not."""

    __slots__ = (
        "_app",
        "_dead_zones",
        "_env",
        "_in_front",
        "_key",
        "_no_network",
        "_off",
        "_person",
        "_rules",
        "_saving",
        "_stopped",
        "_unreported",
        "_window",
        "_woken",
        "inside",
    )

    def __init__(
        self,
        env: TimedEnvironment,
        app: AppOnPhone,
        person: int,
        key: int,
        rules: LifeRules,
        unreported: Unreported,
    ) -> None:
        """``key`` is that of the draws for what the phone notices."""
        self._env = env
        self._app = app
        self._person = person
        self._key = key
        self._rules = rules
        self._unreported = unreported
        self._in_front = False
        # How many reasons there are for the phone to be off, and why it has no network.
        self._off = 0
        self._no_network = 0
        self._dead_zones = 0
        self._saving = False
        # Whether the app is not started before its person opens it.
        self._stopped = False
        # When the network that Doze holds back is let through; None while it is not held back.
        self._window: int | None = None
        self._woken = -_STILL
        # Places that the phone knows to be in, in the order of entering (a dict keeps it, a set would not).
        self.inside: dict[int, None] = {}

    # --- how it stands ------------------------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        """Whether the phone is switched on."""
        return not self._off

    @property
    def why_offline(self) -> tuple[str, ...]:
        """Why there is no network; empty while there is."""
        return tuple(name for bit, name in _WHY_OFFLINE if self._no_network & bit)

    # --- the person and the world -------------------------------------------------------------------------

    def start_in(self, place: int) -> None:
        """The run finds the person in ``place``."""
        self.inside[place] = None
        if place in self._rules.dead_zones:
            self._cover(0, True)

    def cross(
        self,
        now: int,
        place: int,
        entry: bool,
        latitude: float,
        longitude: float,
        sight: Sighting | None = None,
    ) -> None:
        """The person crosses the border of ``place``'s geofence."""
        if place in self._rules.dead_zones:
            self._cover(now, entry)
        if entry:
            self.inside[place] = None
        else:
            self.inside.pop(place, None)
        if self._off or self._stopped:
            reason = _PHONE_OFF if self._off else _APP_NOT_RUNNING
            self._lose(place, entry, now, reason)
            return
        self._tell(RegionEvent(place, entry, now, now, latitude, longitude, self.inside))

    def foreground(self, now: int) -> None:
        """The person opens the app, if the phone is on."""
        if self._off:
            return
        self._in_front = True
        self._stopped = False
        if self._window is not None:
            self._end_doze(now)
        self._app.foreground(now)

    def background(self, now: int) -> None:
        """The app leaves the front; it may have ended before."""
        if not self._in_front:
            return
        self._leave_front()
        self._app.awake(now, now + self._rules.run_time)
        self._app.background(now)

    # --- signal and power ---------------------------------------------------------------------------------

    def offline(self, now: int, begins: bool) -> None:
        """There is no connection, or there is one again."""
        self._lack(now, _OFFLINE, begins)

    def airplane_mode(self, now: int, begins: bool) -> None:
        """The person switches airplane mode on or off."""
        self._lack(now, _AIRPLANE, begins)

    def power(self, now: int, off: bool) -> None:
        """The phone is switched off or on; a restart is both, soon after one another."""
        before = self._off
        self._off = max(before + (1 if off else -1), 0)
        if off and not before:
            self._lack(now, _OFF, True)
            self._leave_front()
            self._app.ended(now, ProcessEnd.POWER_OFF)
            self._switched_off(now)
        elif before and not self._off:
            self._lack(now, _OFF, False)
            self._switched_on(now)

    def battery_saver(self, now: int, on: bool) -> None:
        """The phone begins or ceases to save energy."""
        self._saving = on

    def _cover(self, now: int, entry: bool) -> None:
        """The person goes into a place without signal, or out of it; such places may overlap."""
        self._dead_zones += 1 if entry else -1
        self._lack(now, _DEAD_ZONE, self._dead_zones > 0)

    def _lack(self, now: int, reason: int, begins: bool) -> None:
        """One reason for having no network comes or goes; the app hears of it when that makes a difference."""
        before = self._no_network
        after = before | reason if begins else before & ~reason
        self._no_network = after
        if bool(before) != bool(after):
            self._app.network(now, not after)

    # --- the app ------------------------------------------------------------------------------------------

    def force_quit(self, now: int) -> None:
        """The person ends the app by force."""
        if self._off:
            return
        self._leave_front()
        self._stopped = not self._rules.profile.woken_after_force_quit
        self._app.ended(now, ProcessEnd.FORCE_QUIT)

    def crash(self, now: int) -> None:
        """The app fails, if it is in front."""
        if self._in_front:
            self._leave_front()
            self._app.ended(now, ProcessEnd.CRASH)

    def system_end(self, now: int) -> None:
        """The system ends the app to use its memory, if the app is not in front."""
        if not self._in_front:
            self._app.ended(now, ProcessEnd.SYSTEM)

    def update(self, now: int) -> None:
        """A new version of the app is installed, if the phone is on and nobody is using the old one."""
        if self._off or self._in_front:
            return
        self._app.ended(now, ProcessEnd.SYSTEM)
        self._app.updated(now)

    def reinstall(self, now: int) -> None:
        """The person installs the app afresh; until it is opened, nothing starts it."""
        if self._off:
            return
        self._leave_front()
        self._stopped = True
        self._app.ended(now, ProcessEnd.FORCE_QUIT)
        self._app.installed(now)

    def permit(self, now: int, permission: Permission) -> None:
        """The person changes what the app may know of the location; here it makes no difference."""

    # --- for subclasses -----------------------------------------------------------------------------------

    def _leave_front(self) -> None:
        """The app is no longer in front, whatever the reason."""
        self._in_front = False

    def _switched_off(self, now: int) -> None:
        """The phone has just gone off."""

    def _switched_on(self, now: int) -> None:
        """The phone has just come on."""

    def _lose(self, place: int, entry: bool, crossed: int, reason: int) -> None:
        self._unreported.lost.append(unnoticed(self._person, place, entry, crossed, reason))

    def _tell(self, region: RegionEvent) -> None:
        """Give the app a region event, after waking it up if it is not in front."""
        now = region.noticed
        if not self._in_front:
            if self._rules.doze_share > 0.0:
                if self._window is None and now - self._woken > _STILL:
                    self._doze(now)
                self._woken = now
            self._app.awake(now, now + self._rules.run_time)
        self._app.region_event(region)

    # --- Doze ---------------------------------------------------------------------------------------------

    def _doze(self, now: int) -> None:
        """A wake-up in the background, the first in a while, may find the network held back."""
        share = 1.0 if self._saving else self._rules.doze_share
        key = bits_one(self._key, -1)
        if uniform_one(key, 2 * now + _DOZES) >= share:
            return
        delays = self._rules.doze_delays
        wait = delays[bits_one(key, 2 * now + _WINDOW) % len(delays)]
        if wait <= 0:
            return
        self._window = now + wait
        self._lack(now, _DOZE, True)
        self._env.call_at(self._window, self._open_window, self._window)

    def _open_window(self, window: int) -> None:
        """A maintenance window: the network is let through, and the app may run to use it."""
        if self._window == window:
            self._end_doze(window)
            if not self._off and not self._stopped:
                self._app.awake(window, window + self._rules.run_time)

    def _end_doze(self, now: int) -> None:
        self._window = None
        self._lack(now, _DOZE, False)

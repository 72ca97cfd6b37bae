"""The phone under an operating system: what it notices of the crossings of its person, and when.

A crossing is noticed when the phone is on, the app is allowed to know, the place is being watched, the fence is large
enough to be seen, and nobody turns back before the detection delay is over (mobile_sdk.md 3). Every other crossing is
lost, and is recorded with the reason.
"""

from __future__ import annotations

from simulator.core.randomness import bits_one, uniform_one
from simulator.core.timers import TimedEnvironment
from simulator.ledger import Outcome
from simulator.phone.life import LivingPhone, Unreported, row_of
from simulator.phone.nearby import Registrations
from simulator.phone.permission import Permission
from simulator.phone.phone import AppOnPhone, Cause, RegionEvent, Sighting
from simulator.phone.regions import MISTAKE, POSITION, SIGHT, RegionService

# A region event is on its way to the app for about this long: woken, it may have asked for other places meanwhile,
# milliseconds (mobile_sdk.md 8: up to 2 s).
_CALLBACK = 2_000
# A mistake about the side of a border begins this long after a region event and lasts as long again, milliseconds [a].
_SHORTEST_MISTAKE, _LONGEST_MISTAKE = 30_000, 300_000

_NO_PERMISSION = int(Outcome.NO_PERMISSION)
_NOT_MONITORED = int(Outcome.NOT_MONITORED)
_TOO_SHORT = int(Outcome.TOO_SHORT)
_NOT_NOTICED = int(Outcome.NOT_NOTICED)
_APP_NOT_RUNNING = int(Outcome.APP_NOT_RUNNING)
_PHONE_OFF = int(Outcome.PHONE_OFF)
_CROSSING = Cause.CROSSING

# What the system knows of a place that the person is in: nothing, that the person is in it, or that it will never
# know, because the fence is too small.
_UNKNOWN, _SEEN, _UNSEEN = range(3)


class MonitoredPhone(LivingPhone):
    """One person's phone, with an operating system that takes its time and may look away."""

    __slots__ = (
        "_allowed",
        "_mistaken",
        "_only_in_use",
        "_pending",
        "_registered",
        "_service",
        "_watched",
        "_within",
        "permission",
    )

    def __init__(
        self,
        env: TimedEnvironment,
        app: AppOnPhone,
        person: int,
        key: int,
        permission: Permission,
        service: RegionService,
        unreported: Unreported,
        watched: Registrations | None,
    ) -> None:
        """``key`` is that of the person's draws for detection; ``watched`` is None when all places are."""
        super().__init__(env, app, person, key, service, unreported)
        self.permission = permission
        # Whether regions are monitored now, and whether that depends on the app being in front.
        self._allowed = permission == Permission.ALWAYS
        self._only_in_use = permission == Permission.WHILE_IN_USE
        self._service = service
        self._watched = watched
        # Whether the system has any regions of the app at all.
        self._registered = True
        self._pending: dict[int, RegionEvent] = {}
        # Places that the person truly is in, with what the system knows of it.
        self._within: dict[int, int] = {}
        # Places about whose border the system is wrong now, with the region event that was wrong.
        self._mistaken: dict[int, RegionEvent] | None = None

    @property
    def noticing(self) -> list[tuple[int, bool, int]]:
        """The crossings that the system is about to notice: place, whether it is an entry, and when."""
        return [(region.place, region.entry, region.noticed) for region in self._pending.values()]

    # --- what happens to the phone ------------------------------------------------------------------------

    def start_in(self, place: int) -> None:
        """The run finds the person in ``place``."""
        super().start_in(place)
        self._within[place] = _SEEN

    def watch(self, watched: Registrations) -> None:
        """From now on ``watched`` says what is registered."""
        self._watched = watched

    def foreground(self, now: int) -> None:
        """The person opens the app, which then asks for the places around."""
        LivingPhone.foreground(self, now)
        if self._in_front:
            if self._only_in_use:
                self._allowed = True
            if self._allowed:
                self._register(now)

    def cross(
        self,
        now: int,
        place: int,
        entry: bool,
        latitude: float,
        longitude: float,
        sight: Sighting | None = None,
    ) -> None:
        """The person crosses the border of ``place``'s geofence; ``sight`` is what the phone may make of it, if that
        was drawn before."""
        service = self._service
        if place in service.dead_zones:
            self._cover(now, entry)
        if entry:
            known = self._within[place] = _UNKNOWN
        else:
            known = self._within.pop(place, _UNKNOWN)
        reason = self._why_not(place, entry, now, known)
        if reason is not None:
            self._lose(place, entry, now, reason)
            return
        if sight is None:
            sight = service.sighting(self._key, place, now, latitude, longitude)
        rank, latitude, longitude, accuracy, errs = sight
        delay = (service.foreground_delays if self._in_front else service.delays)[rank]
        if self._saving:
            delay = round(delay * service.profile.saver_delay_factor)
        # fmt: off
        region = RegionEvent(
            place, entry, now, now + delay, latitude, longitude, self.inside, accuracy, _CROSSING, False, errs
        )
        # fmt: on
        self._pending[place] = region
        self._unreported.open[region] = self._person
        self._env.call_at(now + delay, self._notice, region)

    def permit(self, now: int, permission: Permission) -> None:
        """The person changes what the app may know of the location; an app in front registers at once."""
        before = self._allowed
        self.permission = permission
        self._only_in_use = permission == Permission.WHILE_IN_USE
        self._allowed = permission == Permission.ALWAYS or (self._only_in_use and self._in_front)
        if not self._allowed:
            self._give_all_up(_NO_PERMISSION)
        elif self._in_front and not before:
            self._register(now)

    def force_quit(self, now: int) -> None:
        """The person ends the app by force; where nothing wakes it up any more, it no longer learns where it is."""
        super().force_quit(now)
        if self._stopped and self._watched is not None:
            self._watched.pause(now)

    def reinstall(self, now: int) -> None:
        """The person installs the app afresh: its regions are gone."""
        super().reinstall(now)
        if self._stopped:
            self._forget_regions(now, _NOT_MONITORED)

    def _leave_front(self) -> None:
        """The app is no longer in front; if it may know the location only there, detection ends."""
        self._in_front = False
        if self._only_in_use:
            self._allowed = False
            if self._pending:
                self._give_all_up(_NO_PERMISSION)

    def _switched_off(self, now: int) -> None:
        self._mistaken = None
        if self._service.profile.regions_survive_restart:
            self._give_all_up(_PHONE_OFF)
            if self._watched is not None:
                self._watched.pause(now)
        else:
            self._forget_regions(now, _PHONE_OFF)

    def _switched_on(self, now: int) -> None:
        if self._registered:
            if self._watched is not None and not self._stopped:
                self._watched.resume(now)
            # The system finds out without a word where it is.
            self.inside.clear()
            self.inside.update(
                dict.fromkeys(place for place, known in self._within.items() if known != _UNSEEN)
            )

    def _forget_regions(self, now: int, reason: int) -> None:
        """The system has no regions of the app any more, until the app registers some."""
        self._give_all_up(reason)
        self._registered = False
        self._mistaken = None
        if self._watched is not None:
            self._watched.pause(now)
        for place, known in self._within.items():
            if known == _SEEN:
                self._within[place] = _UNKNOWN

    # --- what the operating system makes of it ------------------------------------------------------------

    def _why_not(self, place: int, entry: bool, now: int, known: int) -> int | None:
        """Why a crossing is lost at once; None if its detection begins."""
        before = self._pending.get(place)
        if before is not None:  # crossings of a place alternate, so this one is the way back
            self._give_up(before, _TOO_SHORT)
            if entry:
                self._within[place] = _SEEN
            return _TOO_SHORT
        if self._off:
            return _PHONE_OFF
        if not self._allowed:
            return _NO_PERMISSION
        if not self._registered or (self._watched is not None and not self._watched.has_around(place, now)):
            if entry:
                self._look_again(now)
            return _NOT_MONITORED
        reliability = self._service.reliability
        if reliability is not None and not self._sees(place, entry, now, known, reliability[place]):
            return _NOT_NOTICED
        if self._mistaken and self._mistaken.pop(place, None) is not None and entry == (place in self.inside):
            return _NOT_NOTICED  # the system took the person for being there already
        return None

    def _has(self, place: int, now: int) -> bool:
        """Whether a place that the person is in, or at the border of, is registered with the system."""
        return self._registered and (self._watched is None or self._watched.has_around(place, now))

    def _sees(self, place: int, entry: bool, now: int, known: int, reliability: float) -> bool:
        """Whether a visit is noticed at all: who was not seen coming is not seen going."""
        if not entry and known != _UNKNOWN:
            return known == _SEEN
        seen = uniform_one(bits_one(self._key, place), 4 * now + SIGHT) < reliability
        if entry and not seen:
            self._within[place] = _UNSEEN
        return seen

    def _notice(self, region: RegionEvent) -> None:
        """The detection delay of a crossing is over: the app is told, unless that came to nothing."""
        place, now = region.place, region.noticed
        if self._pending.get(place) is not region:
            return
        if self._stopped:
            self._believe(place, region.entry)
            self._give_up(region, _APP_NOT_RUNNING)
            return
        if self._watched is not None and not self._watched.has_around(place, now, region.crossed):
            if now - self._watched.fixed_at > _CALLBACK:
                self._give_up(region, _NOT_MONITORED)
                return
            region.listed = False
        del self._pending[place], self._unreported.open[region]
        self._believe(place, region.entry)
        self._tell(region)
        if self._watched is not None:
            self._register(now)
        if region.errs:
            self._err_soon(region, now)

    def _report(self, region: RegionEvent) -> None:
        """Tell the app."""
        self._believe(region.place, region.entry)
        self._tell(region)

    def _believe(self, place: int, inside: bool) -> None:
        """The system takes the phone to be in a place, or outside."""
        if inside:
            self.inside[place] = None
            within = self._within
            if place in within:
                within[place] = _SEEN
        else:
            self.inside.pop(place, None)

    def _give_up(self, region: RegionEvent, reason: int) -> None:
        """The detection of a crossing comes to nothing."""
        del self._pending[region.place], self._unreported.open[region]
        self._unreported.lost.append(row_of(self._person, region, reason))

    def _give_all_up(self, reason: int) -> None:
        for region in list(self._pending.values()):
            self._give_up(region, reason)

    # --- registration -------------------------------------------------------------------------------------

    def _register(self, now: int) -> None:
        """The app registers the places around; Android reports those that the phone is in already."""
        self._registered = True
        if self._watched is not None:
            self._watched.refresh(now)
        if self._service.initial_trigger and self._within:
            self._report_already_inside(now)

    def _report_already_inside(self, now: int) -> None:
        reliability = self._service.reliability
        for place, known in list(self._within.items()):
            if known != _UNKNOWN or place in self._pending or not self._has(place, now):
                continue
            if reliability is None or self._sees(place, True, now, _UNKNOWN, reliability[place]):
                where = self._service.centre(place)
                self._report(self._without_crossing(place, True, now, where, Cause.ALREADY_INSIDE))

    def _look_again(self, now: int) -> None:
        """A place that was entered unregistered may be registered when the app next learns where it is."""
        if self._service.initial_trigger and self._registered and self._watched is not None:
            change = self._watched.next_change()
            if change is not None and change > now:
                self._env.call_at(change, self._changed, change)

    def _changed(self, now: int) -> None:
        """The person moved far enough for the app to register other places."""
        if self._allowed and self._registered and not self._off and not self._stopped:
            self._report_already_inside(now)

    # --- mistakes -----------------------------------------------------------------------------------------

    def _err_soon(self, region: RegionEvent, now: int) -> None:
        """A poor position will soon make the system wrong about the side of the border."""
        drawn = bits_one(bits_one(self._key, region.place), 4 * region.crossed + MISTAKE)
        spread = _LONGEST_MISTAKE - _SHORTEST_MISTAKE
        begins, lasts = (_SHORTEST_MISTAKE + (drawn >> shift) % spread for shift in (20, 0))
        where = region.latitude, region.longitude
        wrong = self._without_crossing(
            region.place, not region.entry, now + begins, where, Cause.POOR_POSITION
        )
        self._env.call_at(now + begins, self._err, (wrong, lasts))

    def _err(self, mistake: tuple[RegionEvent, int]) -> None:
        """The system believes the phone on the other side of a border, if nothing has changed since."""
        wrong, lasts = mistake
        place, now = wrong.place, wrong.noticed
        truly = place in self._within
        if truly == wrong.entry or truly != (place in self.inside) or not self._can_report(place, now):
            return
        if self._mistaken is None:
            self._mistaken = {}
        self._mistaken[place] = wrong
        self._report(wrong)
        self._env.call_at(now + lasts, self._correct, wrong)

    def _correct(self, wrong: RegionEvent) -> None:
        """The system finds out that it was wrong."""
        if self._mistaken is None or self._mistaken.get(wrong.place) is not wrong:
            return
        del self._mistaken[wrong.place]
        now = int(self._env.now)
        if self._can_report(wrong.place, now):
            where = wrong.latitude, wrong.longitude
            self._report(
                self._without_crossing(wrong.place, not wrong.entry, now, where, Cause.POOR_POSITION)
            )
        else:
            self._believe(wrong.place, not wrong.entry)

    def _can_report(self, place: int, now: int) -> bool:
        free = self._allowed and not self._off and not self._stopped and place not in self._pending
        return free and self._registered and (self._watched is None or self._watched.has(place, now))

    def _without_crossing(
        self, place: int, entry: bool, now: int, where: tuple[float, float], cause: Cause
    ) -> RegionEvent:
        """A region event that no crossing caused, with a position near ``where`` as good as the phone has it."""
        key = bits_one(self._key, place)
        fix = self._service.fix(key, 4 * now + POSITION, place, *where)
        return RegionEvent(place, entry, -1, now, *fix[:2], self.inside, fix[2], cause, False)

"""The Mobile SDK in the app on one phone: from what the system tells the app to XDM events on their way out.

Behaviour after mobile_sdk.md: a region event becomes a `location.entry` or `location.exit` (2.3, 2.6); the
app coming to the front and leaving it become `application.launch` and `application.close` (5.1, 5.2), the
close half a second late so that a quick return cancels both; a session whose end nobody saw is closed at the next
start (5.3). Events leave at once where nothing is in the way, and wait in the queue (4) otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.core.identifiers import ecid
from simulator.core.simtime import MS_PER_SECOND
from simulator.core.timers import TimedEnvironment
from simulator.ledger import Outcome
from simulator.phone import FOREVER, ProcessEnd, RegionEvent
from simulator.sdk.consent import Choice
from simulator.sdk.forms import CLOSE, ENTRY, EXIT, LAUNCH, HandsetForms
from simulator.sdk.identity import AuthenticatedState, anonymous, ecid_of, known
from simulator.sdk.places import PlacesState
from simulator.sdk.plans import Act, Plan
from simulator.sdk.push import Message, make_token, tracking_event
from simulator.sdk.routes import CONSENT_KIND, KINDS, PUSH_TOKEN_KIND
from simulator.sdk.sending import NEVER, Sending
from simulator.sdk.shared import SdkShared
from simulator.sdk.uplink import Sender
from simulator.xdm import EventType, SdkFacts, Template

# A close is held back this long (core-ios LifecycleV2Constants; mobile_sdk.md 5.1).
LIFECYCLE_DEBOUNCE_MS = 500
# An unseen end is taken for this much later than the last activity on record (the same; 5.3).
CLOSE_OFFSET_MS = 2 * MS_PER_SECOND

_PUSH_TOKEN, _CONSENT = KINDS.index(PUSH_TOKEN_KIND), KINDS.index(CONSENT_KIND)
_OPENED = KINDS.index(EventType.PUSH_APPLICATION_OPENED)
_ACTED = KINDS.index(EventType.PUSH_CUSTOM_ACTION)
# What the next launch is.
_ORDINARY, _INSTALL, _UPGRADE = 0, 1, 2


class MobileSdk(Sending):
    """One phone's SDK. It is the app that the phone tells of region events and sessions."""

    __slots__ = (
        *("_close_due", "_front", "_generation", "_last_activity", "_launched", "_login", "_places", "_plan"),
        *("_push_sent", "_start", "_until_behind", "on_connected"),
    )

    def __init__(
        self,
        env: TimedEnvironment,
        shared: SdkShared,
        sender: Sender,
        identities: bytes,
        forms: HandsetForms,
        skew: int = 0,
        plan: Plan | None = None,
        login: Callable[[str], str] = "{}-1".format,
    ) -> None:
        """``identities`` is the identity map at first, ``skew`` how far the phone's clock is ahead, milliseconds.

        ``login`` tells who the person is when logged in, by the identity namespace.
        """
        super().__init__(env, shared, sender, identities, forms, skew)
        self._plan = plan
        self._login = login
        self._generation = 0
        # Until when the process runs once the app is no longer in front.
        self._until_behind = NEVER
        self._front = False
        self.on_connected: Callable[[int], None] | None = None
        """Told when the connection is back: push messages that wait for it can arrive."""
        # Lifecycle: the start of the session, and the pause whose close is held back.
        self._launched: int | None = None
        self._close_due: int | None = None
        self._start = _ORDINARY
        # The last activity of a process that ended during a session.
        self._last_activity: int | None = None
        self._places: PlacesState | None = None
        self._push_sent = False
        if plan is not None:
            self._start_by(plan)

    @property
    def facts(self) -> SdkFacts:
        """The SDK as events speak of it."""
        return self._forms.sdk

    @property
    def in_front(self) -> bool:
        """Whether the app is in the foreground."""
        return self._front

    @property
    def allows_push(self) -> bool:
        """Whether the person allows push messages; everybody does where the scenario doesn't say."""
        return self._shared.app.push is None or (self._plan is not None and self._plan.push)

    # --- what the operating system tells ------------------------------------------------------------------

    def awake(self, now: int, until: int) -> None:
        """The process runs, at least until ``until``."""
        if until > self._until_behind:
            self._until_behind = until
        if not self._front:
            self.until = until = self._until_behind
            self._clear = until if self.online and self.collects else NEVER
        if self._close_due is not None and now > self._close_due + LIFECYCLE_DEBOUNCE_MS:
            self._close(now)  # the debounce was over while the process was suspended
        if self._queue is not None:
            self._queue.pump(now)

    def foreground(self, now: int) -> None:
        """The app comes to the front: a launch, unless it left the front less than half a second ago."""
        self._front = True
        self._run_until(FOREVER)
        if self._close_due is not None:
            if now <= self._close_due + LIFECYCLE_DEBOUNCE_MS:
                self._close_due = None
                return
            self._close(now)
        if self._launched is not None and self._last_activity is None:
            return  # a repeated equal state is ignored
        if self._queue is not None:
            self._queue.pump(now)
        self._launch(now)
        if self._plan is not None:
            self._follow(self._plan, now)

    def background(self, now: int) -> None:
        """The app leaves the front: a close, if it stays away."""
        self._front = False
        self._run_until(self._until_behind)
        if self._launched is not None and self._close_due is None:
            self._close_due = now
            self._env.call_at(now + LIFECYCLE_DEBOUNCE_MS, self._debounced, now)

    def ended(self, now: int, why: ProcessEnd) -> None:
        """The process ended. What is stored stays; a session that was open will be closed at the next start."""
        self._front = False
        self._until_behind = NEVER
        self._run_until(NEVER)
        self._close_due = None
        if self._launched is not None and self._last_activity is None:
            self._last_activity = self._activity
        if self._queue is not None:
            self._queue.stop()

    def network(self, now: int, up: bool) -> None:
        """The connection is lost, or back."""
        self.online = up
        self._run_until(self.until)
        if self._queue is not None:
            if up:
                self._queue.connected(now)
            else:
                self._queue.disconnected(now)
        if up and self.on_connected is not None:
            self.on_connected(now)

    def installed(self, now: int) -> None:
        """The app was installed afresh: queue, identities, consent and memory of places are gone."""
        if self._queue is not None:
            self._queue.clear(now, int(Outcome.QUEUE_LOST))
        self._renew_identities()
        self._launched = self._close_due = self._last_activity = self._places = None
        self._start = _INSTALL
        if self._plan is not None:
            self._plan.restart()
            self._consent = self._plan.consent
            self.collects = self._consent is Choice.YES

    def updated(self, now: int) -> None:
        """Another version of the app; the next launch is an upgrade."""
        self._forms = self._forms.updated()
        if self._start != _INSTALL:
            self._start = _UPGRADE

    def region_event(self, region: RegionEvent) -> None:
        """The system reports an entry or exit. The SDK believes it if it knows the place, repeated or not."""
        if not region.listed:
            self._lose(region, Outcome.STALE_POI)
            return
        if self._shared.careful and self._held_back(region):
            return
        noticed = region.noticed
        template, values = self._forms.location(region, self._identities, noticed + self._skew)
        if region.crossed < 0:
            self._shared.record.stray += 1
        self._send(noticed, ENTRY if region.entry else EXIT, noticed, template, values, region)

    # --- places -------------------------------------------------------------------------------------------

    def _held_back(self, region: RegionEvent) -> bool:
        """Whether the app or the SDK makes no event of a region event (2.6, 2.8)."""
        place, entry, os, shared = region.place, region.entry, self.os, self._shared
        if shared.dedupe:
            if self._places is None:
                self._places = PlacesState(os, shared.forms.weights)
            known = place in self._places.within
            # Apps after the older monitors let repeated exits through on Android.
            if known if entry else not known and os == "ios":
                self._lose(region, Outcome.DEDUPLICATED)
                return True
            self._places.region(region.noticed, place, entry)
        if os == "android" and shared.needs_metadata and shared.forms.lacks_metadata(place):
            self._lose(region, Outcome.NO_METADATA)
            return True
        return False

    # --- lifecycle ----------------------------------------------------------------------------------------

    def _launch(self, now: int) -> None:
        forms = self._forms
        if self._last_activity is not None and self._launched is not None:
            ended = self._last_activity + CLOSE_OFFSET_MS
            length_s = max(0, ended - self._launched) // MS_PER_SECOND
            self._last_activity = None
            template, values = forms.lost_close(length_s, self._identities)
            self._send(now, CLOSE, ended, template, values)
        template = forms.launch
        if self._start != _ORDINARY:
            template = forms.install if self._start == _INSTALL else forms.upgrade
            self._start = _ORDINARY
        self._launched = now
        self._send(now, LAUNCH, now, template, (self._identities,))

    def _debounced(self, paused: int) -> None:
        """The debounce after a pause is over, if it was not cancelled and the process is not suspended."""
        now = paused + LIFECYCLE_DEBOUNCE_MS
        if self._close_due == paused and self.until >= now:
            self._close(now)

    def _close(self, now: int) -> None:
        """The close of a session. It is dated at the pause, not at its sending."""
        paused, launched = self._close_due, self._launched
        self._close_due = self._launched = None
        if paused is None or launched is None:
            return
        template, values = self._forms.close((paused - launched) // MS_PER_SECOND, self._identities)
        self._send(now, CLOSE, paused, template, values)

    # --- identity, consent, push --------------------------------------------------------------------------

    def log_in(self) -> None:
        """The person logs in; what is queued already stays without the login."""
        self._identify("authenticated")

    def log_out(self, now: int) -> None:
        """The person logs out, in the way of the scenario."""
        login = self._shared.app.login
        if login is None or login.logout == "logged_out":
            self._identify("loggedOut")
        elif login.logout == "removed":
            self._identities = anonymous(ecid_of(self._identities))
        else:
            self.reset_identities()

    def reset_identities(self) -> None:
        """The phone gets a new ECID; the push token is registered for it when the app is next opened."""
        self._renew_identities()

    def set_consent(self, now: int, choice: Choice) -> None:
        """The person decides about data being collected; the Edge Network is told, through the same queue."""
        before, self._consent = self._consent, choice
        self.collects = choice is Choice.YES
        self._run_until(self.until)
        if self._queue is not None:
            if choice is Choice.NO:
                self._queue.clear(now, int(Outcome.CONSENT_NO))
            else:
                self._queue.pump(now)
        if choice is not before:
            template = self._shared.consents[choice]
            self._send(now, _CONSENT, now, template, (self._identities,), None, choice is Choice.NO)
        if choice is Choice.YES and self._push_sent:
            self._register_push(now)

    def track(self, now: int, event: dict[str, Any]) -> None:
        """The app tells of something that happened in it; ``event`` has slots `id`, `timestamp` and `identities`."""
        template = self._shared.forms.finish(event)
        self._send(now, KINDS.index(event["eventType"]), now, template, (self._identities,))

    def send_form(self, now: int, kind: int, template: Template, values: tuple[bytes, ...]) -> None:
        """The same with a prepared event: ``kind`` is an index into KINDS, ``values`` are those of the template's slots
        after the id and the timestamp, :attr:`identities` among them."""
        self._send(now, kind, now, template, values)

    def push_opened(self, now: int, message: Message) -> None:
        """The person opened a push message."""
        self._track(now, _OPENED, message, None, opened=True)

    def push_acted(self, now: int, message: Message, action: str, *, opened: bool = False) -> None:
        """The person chose ``action`` of a push message, which may have opened the app."""
        self._track(now, _ACTED, message, action, opened=opened)

    def _track(self, now: int, kind: int, message: Message, action: str | None, *, opened: bool) -> None:
        push = self._shared.app.push
        event = tracking_event(
            message,
            self._forms.sdk,
            self.os,
            action=action,
            opened=opened,
            sandbox=push is not None and push.sandbox,
        )
        self._send(now, kind, now, self._shared.forms.finish(event), (self._identities,))

    def _start_by(self, plan: Plan) -> None:
        """What the person decided or did before the run began."""
        self._consent = plan.consent
        self.collects = self._consent is Choice.YES
        if plan.steps and plan.steps[0].due == 0 and plan.steps[0].act is Act.LOG_IN:
            plan.next = 1
            self.log_in()

    def _follow(self, plan: Plan, now: int) -> None:
        """The person is in the app: what is due now is done."""
        for act in plan.due(now):
            if act is Act.LOG_IN:
                self.log_in()
            elif act is Act.LOG_OUT:
                self.log_out(now)
            else:
                self.set_consent(now, Choice.YES if act is Act.AGREE else Choice.NO)
        if plan.push and not self._push_sent:
            self._register_push(now)

    def _register_push(self, now: int) -> None:
        self._push_sent = True
        token = make_token(self.sender.id_key, self._generation, self.os).encode()
        values = (self._identities, token, ecid_of(self._identities).encode())
        self._send(now, _PUSH_TOKEN, now, self._shared.token(self.os), values)

    def _identify(self, state: AuthenticatedState) -> None:
        login = self._shared.app.login
        if login is not None:
            self._identities = known(
                ecid_of(self._identities), login.namespace, self._login(login.namespace), state
            )

    def _renew_identities(self) -> None:
        self._generation += 1
        self._push_sent = False
        self._identities = anonymous(ecid(self.sender.id_key, self._generation))

"""The Mobile SDK in the app on one phone: from region events and app sessions to XDM events.

Behaviour after mobile_sdk.md: a region event becomes a `location.entry` or `location.exit` (2.3, 2.6); the
app coming to the front and leaving it become `application.launch` and `application.close` (5.1, 5.2), the
close half a second late so that a quick return cancels both.
"""

from __future__ import annotations

import simpy

from simulator.core.identifiers import IdStream, ecid
from simulator.ledger import CrossingRow, Outcome
from simulator.phone import Handset, RegionEvent
from simulator.sdk.forms import CLOSE, ENTRY, EXIT, LAUNCH, EventForms, HandsetForms
from simulator.sdk.uplink import Hit, Uplink

# A close is held back this long (core-ios LifecycleV2Constants; mobile_sdk.md 5.1).
LIFECYCLE_DEBOUNCE_MS = 500

_OPEN = int(Outcome.OPEN)


class MobileSdk:
    """One phone's SDK. It is the app that the phone tells of region events and sessions."""

    __slots__ = ("_close_due", "_ecid", "_env", "_forms", "_launched", "_person", "_post", "ids")

    def __init__(
        self,
        *,
        env: simpy.Environment,
        person: int,
        key: int,
        id_key: int,
        forms: EventForms,
        handset: Handset,
        uplink: Uplink,
    ) -> None:
        """``key`` is the person's root key, ``id_key`` that of the event ids; ``person`` the ordinal."""
        self.ids = IdStream(id_key, upper=handset.os == "ios")
        self._env = env
        self._person = person
        self._ecid = ecid(key).encode()
        self._forms: HandsetForms = forms.of(handset)
        self._post = uplink.post
        self._launched: int | None = None
        self._close_due: int | None = None

    def region_event(self, region: RegionEvent) -> None:
        """The operating system reports an entry or exit; nothing is suppressed, nothing is held back."""
        noticed = region.noticed
        entry = region.entry
        body = self._forms.location(region, self.ids.next_uuid(), self._ecid)
        row = CrossingRow(
            self._person, region.place, entry, region.crossed, noticed, noticed, noticed, _OPEN
        )
        self._post(Hit(noticed, self._person, ENTRY if entry else EXIT, body, row))

    def foreground(self, now: int) -> None:
        """The app comes to the front: a launch, unless it left the front less than half a second ago."""
        if self._close_due is not None:
            self._close_due = None
            return
        if self._launched is not None:
            return  # a repeated equal state is ignored
        self._launched = now
        body = self._forms.launch(now, self.ids.next_uuid(), self._ecid)
        self._post(Hit(now, self._person, LAUNCH, body, None))

    def background(self, now: int) -> None:
        """The app leaves the front: a close, if it stays away."""
        if self._launched is None or self._close_due is not None:
            return
        self._close_due = now
        timer = self._env.timeout(LIFECYCLE_DEBOUNCE_MS, now)
        timer.callbacks.append(self._close)

    def _close(self, timer: simpy.Event) -> None:
        """The debounce is over. The event is dated at the pause, not at its sending."""
        paused = timer.value
        if self._close_due != paused or self._launched is None:
            return
        length_s = (paused - self._launched) // 1000
        self._close_due = self._launched = None
        body = self._forms.close(paused, length_s, self.ids.next_uuid(), self._ecid)
        self._post(Hit(paused + LIFECYCLE_DEBOUNCE_MS, self._person, CLOSE, body, None))

"""The Mobile SDK in the app on one phone: from region events and app sessions to XDM events.

Behaviour after mobile_sdk.md: a region event becomes a `location.entry` or `location.exit` (2.3, 2.6); the
app coming to the front and leaving it become `application.launch` and `application.close` (5.1, 5.2), the
close half a second late so that a quick return cancels both.
"""

from __future__ import annotations

import simpy

from simulator.core.simtime import MS_PER_SECOND
from simulator.ledger import CrossingRow, Outcome
from simulator.phone import RegionEvent
from simulator.sdk.forms import CLOSE, ENTRY, EXIT, LAUNCH, HandsetForms
from simulator.sdk.uplink import Sender, Uplink
from simulator.xdm import Template

# A close is held back this long (core-ios LifecycleV2Constants; mobile_sdk.md 5.1).
LIFECYCLE_DEBOUNCE_MS = 500

_OPEN = int(Outcome.OPEN)


class MobileSdk:
    """One phone's SDK. It is the app that the phone tells of region events and sessions."""

    __slots__ = ("_close_due", "_ecid", "_env", "_events", "_forms", "_launched", "_post", "_sender")

    def __init__(
        self, env: simpy.Environment, uplink: Uplink, sender: Sender, ecid: bytes, forms: HandsetForms
    ) -> None:
        self._env = env
        self._post = uplink.post
        self._sender = sender
        self._ecid = ecid
        self._forms = forms
        self._events = 0
        self._launched: int | None = None
        self._close_due: int | None = None

    def region_event(self, region: RegionEvent) -> None:
        """The operating system reports an entry or exit; nothing is suppressed, nothing is held back."""
        noticed, entry = region.noticed, region.entry
        template, values = self._forms.location(region, self._ecid)
        row = (
            *(self._sender.person, region.place, entry, region.crossed),
            *(noticed, noticed, noticed, noticed, 1, _OPEN),
        )
        self._send(noticed, ENTRY if entry else EXIT, noticed, template, values, row)

    def foreground(self, now: int) -> None:
        """The app comes to the front: a launch, unless it left the front less than half a second ago."""
        if self._close_due is not None:
            self._close_due = None
        elif self._launched is None:  # a repeated equal state is ignored
            self._launched = now
            self._send(now, LAUNCH, now, self._forms.launch, (self._ecid,), None)

    def background(self, now: int) -> None:
        """The app leaves the front: a close, if it stays away."""
        if self._launched is not None and self._close_due is None:
            self._close_due = now
            simpy.Timeout(self._env, LIFECYCLE_DEBOUNCE_MS, now).callbacks.append(self._close)

    def _close(self, timer: simpy.Event) -> None:
        """The debounce is over. The event is dated at the pause, not at its sending."""
        paused = self._close_due
        if paused is None or paused != timer.value or self._launched is None:
            return
        length_s = (paused - self._launched) // MS_PER_SECOND
        self._close_due = self._launched = None
        template, values = self._forms.close(length_s, self._ecid)
        self._send(paused + LIFECYCLE_DEBOUNCE_MS, CLOSE, paused, template, values, None)

    def _send(
        self,
        now: int,
        event_type: int,
        dated: int,
        template: Template,
        values: tuple[bytes, ...],
        crossing: CrossingRow | None,
    ) -> None:
        number = self._events
        self._events = number + 1
        self._post((now, self._sender, event_type, dated, number, template, values, crossing))

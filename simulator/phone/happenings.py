"""The kinds of things that can be planned for a phone, as numbers: what stands on a cohort's agenda.

The first two are crossings of the border of a place; the next two are sessions of the app. The others happen to the
phone (docs/phone.md says what each does); of a pair the first begins a state and the second ends it.
"""

from __future__ import annotations

EXIT, ENTER = 0, 1
OPEN_APP, LEAVE_APP = 2, 3
OFFLINE, ONLINE = 4, 5
AIRPLANE_ON, AIRPLANE_OFF = 6, 7
POWER_OFF, POWER_ON = 8, 9  # soon after one another they are a restart
SAVER_ON, SAVER_OFF = 10, 11
FORCE_QUIT, CRASH, SYSTEM_END = 12, 13, 14
REINSTALL, UPDATE = 15, 16
PERMISSION = 17  # the new one is the number that crossings have in `place`
# People who shop: a step in the app or in the web shop (in `place`: its whereabouts and whether it is the first of its
# session), and paying in a store.
BROWSE, BROWSE_WEB, PAY = 18, 19, 20

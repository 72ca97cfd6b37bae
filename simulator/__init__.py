"""journeysim: simulated people, phones and geofences that stream XDM events.

The rooms of the house and the way of one event through them are described in docs/architecture.md.
"""

__version__ = "0.1.0"

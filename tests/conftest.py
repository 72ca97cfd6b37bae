"""Settings for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# Machines are shared: how long an example takes says nothing. In CI the same examples are tried every time.
settings.register_profile("journeysim", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("journeysim")

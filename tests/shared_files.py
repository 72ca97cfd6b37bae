"""Reference files that live beside the repository and are not part of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


def shared_path(relative: str) -> Path:
    """The path of a reference file; where it is missing the test is skipped, or fails if CI=true."""
    path = SHARED / relative
    if not path.exists():
        reason = f"needs ../shared/{relative}, which is not here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path

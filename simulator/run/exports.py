"""Exports of journey step events, from a file or from a URL such as that of a receiver which evaluates journeys."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx

from simulator.core.errors import UsageError
from simulator.delivery import is_loopback
from simulator.run.pacing import WallClock

# A month of step events comes in one answer; what counts is that it goes on coming.
_TIMEOUT_S = 30.0


def exported_lines(source: str) -> list[bytes]:
    """The lines of an export, one record each. Raises UsageError where it can't be read."""
    if source.startswith(("http://", "https://")):
        return _fetched(source)
    try:
        return Path(source).read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"--step-events {source}: {(error.strerror or str(error)).lower()}") from error


def known_until(source: str) -> datetime:
    """Until when an export can know: when its file was written last, or now for a URL."""
    if source.startswith(("http://", "https://")):
        return datetime.fromtimestamp(WallClock().epoch_ms() / 1000.0, UTC)
    return datetime.fromtimestamp(Path(source).stat().st_mtime, UTC)


def _fetched(url: str) -> list[bytes]:
    shown = url.partition("?")[0]  # a query may hold what nobody should read
    try:
        host = httpx.URL(url).host
        # A proxy has no business between this machine and itself.
        with httpx.Client(
            timeout=_TIMEOUT_S, follow_redirects=True, trust_env=not is_loopback(host)
        ) as client:
            answer = client.get(url, headers={"Accept": "application/x-ndjson"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = re.sub(r"^\[Errno [^]]*\] ", "", str(error)) or type(error).__name__
        raise UsageError(f"--step-events {shown}: not to be had: {why.lower()}") from error
    if answer.status_code != 200:
        raise UsageError(f"--step-events {shown}: was answered with {answer.status_code}; expected 200")
    return answer.content.splitlines()

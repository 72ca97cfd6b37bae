"""Hosts and addresses of destinations."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from simulator.core.errors import UsageError


def is_loopback(host: str) -> bool:
    """Whether ``host`` (without brackets) is this machine itself, and certain to be."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Whether ``host`` is loopback, or one of ``allowed``; ``*.example.com`` stands for all hosts below."""
    if is_loopback(host):
        return True
    name = host.lower().rstrip(".")
    for entry in allowed:
        wanted = entry.lower().rstrip(".").strip("[]")
        if name == wanted or (wanted.startswith("*.") and name.endswith(wanted[1:]) and name != wanted[2:]):
            return True
    return False


def split_url(url: str, expected: str) -> SplitResult:
    """The parts of an http(s) address without a user name; raises ``UsageError`` that ends in ``expected``."""
    shown = url.partition("?")[0]
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{shown}: not an address: {error}; {expected}") from error
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{parts.scheme}://{host}...: the address has a user name in it; {expected}")
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{shown}: not an address; {expected}")
    if any(ord(character) <= 32 for character in url):
        raise UsageError(f"{shown!r}: not an address, it has spaces in it; {expected}")
    return parts


def without_query(parts: SplitResult) -> str:
    """The address as it may be shown: no query, which may hold what nobody should read."""
    return f"{parts.scheme}://{parts.netloc}{parts.path}"

"""Which of the two ways requests go: plain sockets where that is all that is needed, else libcurl."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulator.delivery.addresses import is_loopback
from simulator.delivery.curl import Pool
from simulator.delivery.sockets import SocketPool
from simulator.delivery.transport import Transport

_PROXIES = ("http_proxy", "all_proxy", "ALL_PROXY")


def make_pool(
    url: str,
    size: int,
    timeout: float,
    headers: Sequence[str],
    *,
    method: str = "POST",
    ca_file: Path | None = None,
) -> Transport[Any]:
    """Up to ``size`` requests in flight to the host of ``url``, each bounded by ``timeout`` seconds."""
    if needs_sockets_only(url):
        return SocketPool(url, size, timeout, headers, method=method)
    return Pool(size, timeout, headers, method=method, ca_file=ca_file)


def needs_sockets_only(url: str) -> bool:
    """Whether an address needs neither TLS nor a proxy nor (but for ``localhost``) the look-up of a name."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or (any(map(os.environ.get, _PROXIES)) and not is_loopback(host)):
        return False
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

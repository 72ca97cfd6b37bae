"""How the receiver is put together: parts that serve the paths below a prefix.

A *router* is a function that takes the :class:`Receiver` and gives the :class:`Mount` s of one part, such as the
inlets or the Edge Network; ``app.ROUTERS`` lists them. A part sees the whole path, and speaks plain ASGI or uses
:func:`simulator.receiver.web.web_app` (starlette with the receiver's error bodies).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from simulator.receiver.receiver import Receiver


@dataclass(frozen=True, slots=True)
class Mount:
    """One part of the receiver: ``app`` serves every path that begins with ``prefix``.

    ``links`` are shown at ``GET /``: a short name and a path or path template.
    """

    prefix: str
    app: ASGIApp
    links: Mapping[str, str] = field(default_factory=dict)


Router = Callable[["Receiver"], Iterable[Mount]]


def dispatch(mounts: Iterable[Mount], otherwise: ASGIApp) -> ASGIApp:
    """Send each request to the mount with the longest prefix of its path, or to ``otherwise``."""
    by_length = sorted(((mount.prefix, mount.app) for mount in mounts), key=lambda pair: -len(pair[0]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            for prefix, part in by_length:
                if path.startswith(prefix):
                    await part(scope, receive, send)
                    return
        await otherwise(scope, receive, send)

    return app

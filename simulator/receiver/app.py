"""The receiver's HTTP side: its parts, put together."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from simulator.receiver.inlet_routes import inlet_router
from simulator.receiver.pages import reading_router
from simulator.receiver.platform import platform_router
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Router, dispatch
from simulator.receiver.web import json_response, web_app

ROUTERS: tuple[Router, ...] = (inlet_router, platform_router, reading_router)
"""The parts of a receiver; a new part is a function that gives its mounts, added here."""


def create_app(receiver: Receiver, routers: Sequence[Router] = ROUTERS) -> ASGIApp:
    """The ASGI application that serves ``receiver``."""
    mounts = [mount for router in routers for mount in router(receiver)]
    links = {name: link for mount in mounts for name, link in mount.links.items()}

    async def index(_: Request) -> Response:
        return json_response(200, {"name": "journeysim receiver", "links": links})

    return dispatch(mounts, web_app([Route("/", index, methods=["GET"])]))

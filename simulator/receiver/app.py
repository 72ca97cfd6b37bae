"""The receiver's HTTP side: its parts, put together."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from simulator.receiver.access import with_access
from simulator.receiver.batches import batches_router
from simulator.receiver.edge.routes import edge_router
from simulator.receiver.faults.layer import with_faults
from simulator.receiver.faults.routes import faults_router
from simulator.receiver.inlet_routes import inlet_router
from simulator.receiver.journeys import journeys_router
from simulator.receiver.pages import reading_router
from simulator.receiver.places import places_router
from simulator.receiver.platform import platform_router
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Router, dispatch
from simulator.receiver.token_routes import token_router
from simulator.receiver.web import json_response, web_app

ROUTERS: tuple[Router, ...] = (
    inlet_router,
    edge_router,
    places_router,
    token_router,
    faults_router,
    batches_router,
    platform_router,
    journeys_router,
    reading_router,
)
"""The parts of a receiver; a new part is a function that gives its mounts, added here."""


def create_app(receiver: Receiver, routers: Sequence[Router] = ROUTERS) -> ASGIApp:
    """The ASGI application that serves ``receiver``."""
    mounts = [mount for router in routers for mount in router(receiver)]
    links = {name: link for mount in mounts for name, link in mount.links.items()}

    async def index(_: Request) -> Response:
        return json_response(200, {"name": "journeysim receiver", "links": links})

    parts = dispatch(mounts, web_app([Route("/", index, methods=["GET"])]))
    return with_access(with_faults(parts, receiver), receiver)

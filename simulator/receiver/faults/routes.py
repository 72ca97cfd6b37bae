"""``/faults``: setting, reading and ending faults while the receiver runs."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.core.errors import InputError
from simulator.receiver import answers
from simulator.receiver.faults.layer import PATH
from simulator.receiver.faults.models import Faults
from simulator.receiver.faults.reading import faults_of
from simulator.receiver.http import read_body
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Mount
from simulator.receiver.web import AnswerError, by_method, json_response, web_app

_MAX_BODY = 1_000_000


def faults_router(receiver: Receiver) -> list[Mount]:
    """``GET``, ``PUT`` and ``DELETE /faults``."""
    plan = receiver.faults

    async def get(_: Request) -> Response:
        faults = [
            {
                **active.fault.model_dump(exclude_defaults=True),
                "matched": active.matched,
                "hit": active.hit,
            }
            for active in plan.active
        ]
        return json_response(200, {"seed": plan.faults.seed, "faults": faults})

    async def put(request: Request) -> Response:
        body = await read_body(request.receive, dict(request.scope["headers"]), _MAX_BODY)
        if isinstance(body, answers.Answer):
            raise AnswerError(body)
        try:
            plan.set(faults_of(orjson.loads(body)), receiver.now_ms())
        except orjson.JSONDecodeError as error:
            raise AnswerError(_bad([f"the request is not valid JSON: {error}"])) from error
        except InputError as error:
            raise AnswerError(_bad([str(problem) for problem in error.problems])) from error
        return await get(request)

    async def delete(_: Request) -> Response:
        ended = len(plan.active)
        plan.set(Faults(), receiver.now_ms())
        return json_response(200, {"deleted": ended})

    handler = by_method({"GET": get, "PUT": put, "DELETE": delete})
    app = web_app([Route(PATH, handler, methods=["GET", "PUT", "DELETE"])])
    return [Mount(PATH, app, {"faults": PATH})]


def _bad(problems: list[str]) -> answers.Answer:
    return answers.problem(400, "bad-faults", "Bad faults", "; ".join(problems))

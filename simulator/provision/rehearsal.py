"""The dry run: every call is shown, none is made; ids that only the platform could give stand in angle brackets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from simulator.provision.paths import CATALOG, FLOW, REGISTRY

Json = Any

_STAND_IN_TENANT = "tenant"


class Rehearsal:
    """Shows calls through ``show`` and answers as a platform on which nothing is set up yet."""

    def __init__(self, show: Callable[[str], None], url: str) -> None:
        self._show = show
        self._url = url

    def call(
        self, method: str, path: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        self._show(f"{method} {self._url}{path}")
        for name, value in (headers or {}).items():
            self._show(f"    {name}: {value}")
        if body is not None:
            for line in orjson.dumps(body, option=orjson.OPT_INDENT_2).decode().splitlines():
                self._show(f"    {line}")
        return self._answer(method, path, body)

    def send(self, url: str, messages: list[Json], authenticated: bool) -> list[str]:
        token = ", with a token" if authenticated else ""
        self._show(f"POST {url} ({len(messages)} test profiles in one request{token})")
        return []

    def _answer(self, method: str, path: str, body: Json) -> Json:
        if method == "POST":
            name = body.get("title") or body.get("name") or body.get("@type")
            stand_in = f"<{name}>"
            if path.startswith(CATALOG):
                return [f"@/dataSets/{stand_in}"]
            return {"$id": stand_in, "meta:altId": stand_in, "@id": stand_in, "id": stand_in}
        if path == f"{REGISTRY}/stats":
            return {"tenantId": _STAND_IN_TENANT}
        if path.startswith(REGISTRY):
            return {"results": [], "_page": {"next": None}} if "descriptors" not in path else {}
        if path.startswith(CATALOG):
            return {}
        if path.startswith(f"{FLOW}/connections/"):
            parameters = {"inletUrl": "<inlet URL>", "inletId": "<inlet id>"}
            return {"items": [{"auth": {"params": parameters}}]}
        return {"items": []}

"""``python -m subtitled.web.api.schema``: print the description of the API."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI

from .application import build_api, describe_api
from .services import ApiServices


def render_schema() -> str:
    """Return the description as text, as ``docs/openapi.json`` has it."""
    # The routes are described without being called, so that they need nothing of a daemon.
    nothing: Any = _Nothing()
    services = ApiServices(
        configuration=nothing,
        db=nothing,
        health=nothing,
        authenticator=nothing,
        events=nothing,
        requests=nothing,
    )
    api: FastAPI = build_api(services)
    return json.dumps(describe_api(api), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


class _Nothing:
    """Stands for parts of the daemon that are not used."""

    def __getattr__(self, name: str) -> _Nothing:
        return self


if __name__ == "__main__":
    print(render_schema(), end="")

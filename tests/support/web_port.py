"""The HTTP port without a socket: its application, with a user of each role, keys and a token."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from subtitled.config.web_settings import WebSettings
from subtitled.daemon.health import HealthReport
from subtitled.web.api.events import EventHub
from subtitled.web.api.idempotency import IdempotentRequests
from subtitled.web.api.services import ApiServices
from subtitled.web.app import PortServices, build_application
from subtitled.web.auth.roles import Role, Scope
from subtitled.web.auth.sessions import csrf_token
from subtitled.web.group_commit import GroupCommitQueue
from subtitled.web.pages.services import SiteServices
from subtitled.web.receiver import WebhookReceiver
from subtitled.web.text_endpoints import TextEndpoint
from subtitled.web.wall_setup import build_wall_parts

from .web_library import open_library, write_configuration

TOKEN = "correct horse battery staple"
PASSWORD = "a long enough password"
PEER = "192.0.2.7"
HOST = "http://192.0.2.1:8085"


class WebPort:
    """The port, called from an address of the network."""

    def __init__(self, state: Path, *, token: str | None = TOKEN, **section: Any) -> None:
        state.mkdir(mode=0o700, exist_ok=True)
        self.state = state
        self.settings = WebSettings.model_validate(section)
        self.configuration = write_configuration(state.parent)
        self.db = open_library(self.configuration)
        self.parts = build_wall_parts(self.settings, state, token)
        self.accounts = self.parts.accounts
        self.services = PortServices(
            receiver=WebhookReceiver(self.settings, {}),
            commit_queue=GroupCommitQueue(None),  # type: ignore[arg-type]
            health=lambda: HealthReport(True, ("a problem",)),
            endpoints={"/metrics": TextEndpoint(lambda: "files 3\n")},
            accounts=self.parts.accounts,
            authenticator=self.parts.authenticator,
            hosts=self.parts.hosts,
            site=SiteServices(configuration=self.configuration, db=self.db, state=state),
            api=ApiServices(
                configuration=self.configuration,
                db=self.db,
                health=lambda: HealthReport(True, ("a problem",)),
                authenticator=self.parts.authenticator,
                events=EventHub(self.db),
                requests=IdempotentRequests(self.db.kv),
                base_path=self.settings.base_path,
            ),
            base_path=self.settings.base_path,
            max_body_bytes=self.settings.max_body_bytes,
        )
        self.app: ASGIApp = build_application(self.services)

    def close(self) -> None:
        self.accounts.close()
        self.db.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        peer: str | None = PEER,
        host: str = HOST,
        app: ASGIApp | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Send one request."""

        async def send() -> httpx.Response:
            client = (peer, 40000) if peer is not None else ("", 0)
            transport = httpx.ASGITransport(app or self.app, client=client)
            async with httpx.AsyncClient(transport=transport, base_url=host) as http:
                return await http.request(method, path, **more)

        return asyncio.run(send())

    def add_users(self) -> None:
        """Add a user of each role, with the name of the role."""
        for role in reversed(Role):
            self.accounts.users.add(role, PASSWORD, role)

    @functools.cached_property
    def keys(self) -> Mapping[str, str]:
        """A key of each role and scope, by the name of these."""
        grants: list[Role | Scope] = [*Role, *Scope]
        return {
            name: self.accounts.keys.add(
                name, name if isinstance(name, Role) else [name], created_by="a test"
            )
            for name in grants
        }

    @functools.cached_property
    def bound_key(self) -> str:
        """The key of an admin of one library."""
        keys = self.accounts.keys
        return keys.add("bound", Role.ADMIN, created_by="a test", libraries=["films"])

    def session(self, name: str) -> Browser:
        """Begin a session of a user, without a sign-in."""
        user = self.accounts.users.get(name)
        assert user is not None
        token = self.accounts.sessions.create(user, PEER, "test browser")
        return Browser(self, token)

    def browser(self) -> Browser:
        """Return a browser in which nobody has signed in."""
        return Browser(self, "")


class Browser:
    """A browser: it keeps the cookie and sends what browsers send."""

    def __init__(self, port: WebPort, token: str) -> None:
        self._port = port
        self.token = token

    @property
    def csrf_token(self) -> str:
        return csrf_token(self.token)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._keep(
            self._port.call("GET", path, headers={"Accept": "text/html", **self._cookie, **headers})
        )

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        """Send a form of these pages, with the token of its page."""
        origin = {"Origin": HOST, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
        data = {"csrf_token": self.csrf_token} | dict(fields)
        given = {**origin, **self._cookie, **headers}
        return self._keep(self._port.call("POST", path, data=data, headers=given))

    @property
    def _cookie(self) -> dict[str, str]:
        return {"Cookie": f"subtitled={self.token}"} if self.token else {}

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        for line in answer.headers.get_list("set-cookie"):
            match = re.match(r'(?:__\w+-)?subtitled="?([^";]*)', line)
            if match is not None:
                self.token = match[1]
        return answer


def shift_clock(monkeypatch: Any, part: Any, now: Callable[[], float]) -> None:
    """Let one part of the accounts have another clock."""
    monkeypatch.setattr(part, "_now", now)

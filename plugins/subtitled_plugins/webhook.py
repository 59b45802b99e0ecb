"""Webhooks out: each event as signed JSON to an address of yours.

The signature is HMAC-SHA256 over the time, a dot and the body, so that nobody can make one up, nor
send an old one again: docs/notifications.md shows how to check it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from subtitled.plugin import (
    Component,
    Finding,
    Misconfigured,
    Notice,
    Notifier,
    Problem,
    Rejected,
    Secret,
    Settings,
    event_to_json,
    hookimpl,
)

from ._http import ask

SUBTITLED_CONTRACT = "2.0"

_SOMEBODY = frozenset({401, 403, 404, 405})


class WebhookSettings(Settings):
    """``[notifiers.webhook]``"""

    url: str = Field(pattern=r"^https?://", description="Where to send events with POST.")
    secret: Secret = Field(description="What the signature is made with, by reference.")
    events: tuple[Literal["published", "finished", "failed"], ...] = Field(
        ("published", "finished", "failed"), min_length=1, description="Which to send."
    )
    timeout: float = Field(15.0, gt=0, le=45, description="Seconds to wait for the answer.")
    verify_tls: bool = Field(True, description="Insist on a valid certificate.")


class Webhook(Notifier):
    """One receiver."""

    Settings = WebhookSettings
    settings: WebhookSettings

    def notify(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            said = event_to_json(notice.event)
            if said["event"] in self.settings.events:
                self._send({"id": f"{notice.at:.0f}-{notice.id}", "at": notice.at, **said})

    def check(self) -> Sequence[Finding]:
        what = f"webhook to {self._shown()}"
        try:
            self.settings.secret.reveal()
        except Problem as problem:
            return [Finding(what, False, problem.what, problem.cure)]
        return [Finding(what, True, "its secret is there; nothing was sent")]

    def _send(self, said: dict[str, object]) -> None:
        body = json.dumps(said, ensure_ascii=False).encode("utf-8")
        now = f"{time.time():.0f}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "subtitled",
            "X-Subtitled-Timestamp": now,
            "X-Subtitled-Signature": signature(self.settings.secret.reveal(), now, body),
        }
        answer = ask(
            self._shown(),
            "POST",
            self.settings.url,
            timeout=self.settings.timeout,
            verify=self.settings.verify_tls,
            headers=headers,
            section=self._called(),
            example="https://host/path",
            content=body,
        )
        status = answer.status_code
        if status in _SOMEBODY:
            raise Misconfigured(
                f"{self._shown()} answers {status}", f"Check {self._called()}.url and its secret"
            )
        if not answer.is_success:
            raise Rejected(f"{self._shown()} answers {status}", "Look at its log")

    def _called(self) -> str:
        return f"notifiers.{self.context.name}"

    def _shown(self) -> str:
        """The address without what may be a secret in it: its path and query."""
        return "/".join(self.settings.url.split("/")[:3]).rpartition("@")[2]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """``sha256=`` and the HMAC of ``timestamp.body`` in hexadecimal."""
    made = hmac.new(secret.encode("utf-8"), timestamp.encode("ascii") + b"." + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Webhook]

"""Outgoing webhooks: each event as signed JSON, sent with POST.

The signature is HMAC-SHA256 over the time, a dot and the body. It proves the sender, and the time
prevents replays. docs/admins/notifications.md shows how to check it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Collection, Sequence
from typing import Literal

from pydantic import Field

from subtitled.plugin import (
    REVIEW_EVENTS,
    CheckResult,
    InputRejectedError,
    Notification,
    Notifier,
    Register,
    ReviewEvent,
    Secret,
    Settings,
    SetupError,
    SubtitledError,
    event_to_json,
    hookimpl,
)
from subtitled.plugin.http import HttpService, send_request

SUBTITLED_API = "1"

_SETUP_STATUSES = frozenset({401, 403, 404, 405})


class WebhookSettings(Settings):
    """The settings in ``[notifiers.webhook]``."""

    url: str = Field(pattern=r"^https?://", description="The address to send events to, with POST.")
    secret: Secret = Field(description="The key of the signature, by reference.")
    events: tuple[
        Literal["published", "finished", "failed", "reviews-waiting", "approved", "reopened"], ...
    ] = Field(
        ("published", "finished", "failed"),
        min_length=1,
        description="Which events to send; those of reviews only if they are named.",
    )
    timeout: float = Field(15.0, gt=0, le=45, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Require a valid certificate.")


class WebhookNotifier(Notifier[WebhookSettings]):
    """A receiver of webhooks."""

    @classmethod
    def review_events(cls, settings: WebhookSettings) -> Collection[type[ReviewEvent]]:
        return [kind for name, kind in REVIEW_EVENTS.items() if name in settings.events]

    def notify(self, notifications: Sequence[Notification]) -> None:
        for notification in notifications:
            payload = event_to_json(notification.event)
            if payload["event"] in self.settings.events:
                self._send(
                    {
                        "id": f"{notification.occurred_at:.0f}-{notification.id}",
                        "at": notification.occurred_at,
                        **payload,
                    }
                )

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"webhook to {self._get_display_url()}"
        try:
            self.settings.secret.reveal()
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        return [CheckResult(subject, True, "its secret is there; nothing was sent")]

    def _send(self, payload: dict[str, object]) -> None:
        body = json.dumps(payload, ensure_ascii=False).encode("utf-8")
        timestamp = f"{time.time():.0f}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "subtitled",
            "X-Subtitled-Timestamp": timestamp,
            "X-Subtitled-Signature": compute_signature(
                self.settings.secret.reveal(), timestamp, body
            ),
        }
        service = HttpService(
            name=self._get_display_url(),
            timeout=self.settings.timeout,
            verify=self.settings.verify_tls,
            section=self._get_section(),
            example="https://host/path",
        )
        response = send_request(service, "POST", self.settings.url, headers=headers, content=body)
        status = response.status_code
        if status in _SETUP_STATUSES:
            raise SetupError(
                f"{self._get_display_url()} answers {status}",
                f"Check {self._get_section()}.url and its secret",
            )
        if not response.is_success:
            raise InputRejectedError(
                f"{self._get_display_url()} answers {status}", "Look at its log"
            )

    def _get_section(self) -> str:
        return f"notifiers.{self.context.name}"

    def _get_display_url(self) -> str:
        """Return the url without its user, path and query, which may contain a secret."""
        return "/".join(self.settings.url.split("/")[:3]).rpartition("@")[2]


def compute_signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a request.

    Args:
        secret: The key.
        timestamp: Seconds since 1970, as in the header.
        body: The body of the request.

    Returns:
        ``sha256=`` and the HMAC of ``timestamp.body`` in hexadecimal.
    """
    digest = hmac.new(
        secret.encode("utf-8"), timestamp.encode("ascii") + b"." + body, hashlib.sha256
    )
    return f"sha256={digest.hexdigest()}"


@hookimpl
def register_notifiers(register: Register[Notifier]) -> None:
    register(WebhookNotifier)

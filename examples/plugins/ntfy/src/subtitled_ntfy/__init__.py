"""ntfy: a message when a subtitle was made or a job failed.

A message is JSON that is sent to the root of the server: https://docs.ntfy.sh/publish/.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from subtitled.plugin import (
    JobFailed,
    Notifier,
    Secret,
    Settings,
    SubtitlePublished,
    hookimpl,
)
from subtitled.plugin.http import HttpService, refusal_error, send_request

SUBTITLED_API = "1"
HIGH, DEFAULT = 4, 3  # priorities of ntfy


class NtfySettings(Settings):
    url: str = Field(
        "https://ntfy.sh", pattern=r"^https?://", description="The address of the server."
    )
    topic: str = Field(description="The topic to send to.")
    token: Secret | None = Field(None, description="An access token, by reference.")
    events: tuple[Literal["published", "failed"], ...] = Field(
        ("failed",), description="What is told: subtitles that were made, jobs that failed."
    )
    timeout: float = Field(15.0, gt=0, le=45, description="Seconds to wait for an answer.")


class Ntfy(Notifier[NtfySettings]):
    """Sends a message to ntfy."""

    def notify(self, notifications):
        for notification in notifications:
            message = write_message(notification.event, self.settings.events)
            if message is not None:
                self._send({"topic": self.settings.topic, **message})

    def _send(self, message):
        service = HttpService(
            name=f"ntfy at {self.settings.url}",
            timeout=self.settings.timeout,
            section=f"notifiers.{self.context.name}",
            example="https://ntfy.sh",
        )
        token = self.settings.token
        headers = {"Authorization": f"Bearer {token.reveal()}"} if token is not None else {}
        # No answer, 429 and 5xx raise TransientError: the events then come again.
        response = send_request(service, "POST", self.settings.url, headers=headers, json=message)
        if not response.is_success:
            raise refusal_error(service.name, response)


def write_message(event, events):
    """Return the message of an event, or None if nobody wants it."""
    if isinstance(event, SubtitlePublished) and "published" in events:
        return {
            "title": f"Subtitle: {show(event.media)}",
            "message": f"In {event.language}",
            "tags": ["speech_balloon"],
            "priority": DEFAULT,
        }
    if isinstance(event, JobFailed) and "failed" in events and event.retry_at is None:
        return {
            "title": f"No subtitle: {show(event.media)}",
            "message": f"{event.reason}. {event.hint}",
            "tags": ["warning"],
            "priority": HIGH,
        }
    return None


def show(path):
    """Return the name of a file. A name that is not UTF-8 would not be JSON."""
    return path.name.encode("utf-8", "replace").decode()


@hookimpl
def register_notifiers(register):
    register(Ntfy)

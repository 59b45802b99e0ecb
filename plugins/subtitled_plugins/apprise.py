"""Apprise: messages over any of the hundred services that it supports.

Needs the package ``apprise``. Each section is one service, so that a failure of one service sends
no duplicates to the others.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from datetime import time
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from subtitled.plugin import (
    CheckResult,
    DeliverySchedule,
    JobFailed,
    JobFinished,
    Notification,
    Notifier,
    Register,
    Secret,
    Settings,
    SetupError,
    SubtitledError,
    TransientError,
    hookimpl,
)

SUBTITLED_API = "1"

MAX_LINES = 15
"""How many files a heading names. The others are counted."""

Category = Literal["made", "failed", "waiting"]
_HEADINGS: dict[Category, str] = {
    "made": "Subtitles were made",
    "failed": "Failed, and retried automatically",
    "waiting": "Waiting for you",
}


class AppriseSettings(Settings):
    """The settings in ``[notifiers.apprise]``."""

    url: Secret = Field(
        description="The Apprise url of a service, by reference, because it contains passwords. "
        "github.com/caronc/apprise lists them."
    )
    events: tuple[Category, ...] = Field(
        ("made", "failed", "waiting"),
        min_length=1,
        description="What to report: subtitles that were made, failures that are retried, failures "
        "that wait for you.",
    )
    batch_interval: float = Field(
        3600.0,
        ge=0,
        le=7 * 86400,
        description="Seconds for which events are collected into one message. 0 sends each alone.",
    )
    quiet_hours: str = Field(
        "",
        description='Hours without messages, such as "22:00-07:00". What happens then is sent '
        "afterwards.",
    )
    title: str = Field("subtitled", description="The title of the messages.")

    @field_validator("quiet_hours")
    @classmethod
    def _check_quiet_hours(cls, value: str) -> str:
        if value:
            try:
                parse_quiet_hours(value)
            except ValueError:
                raise ValueError('not a span of hours; write one such as "22:00-07:00"') from None
        return value


def parse_quiet_hours(text: str) -> tuple[time, time]:
    """Parse hours such as ``22:00-07:00``.

    Raises:
        ValueError: The text is no span of hours.
    """
    begin, end = (time.fromisoformat(clock.strip()) for clock in text.split("-"))
    if begin.tzinfo or end.tzinfo or begin == end:
        raise ValueError
    return begin, end


class AppriseNotifier(Notifier[AppriseSettings]):
    """A service of Apprise."""

    @classmethod
    def delivery_schedule(cls, settings: AppriseSettings) -> DeliverySchedule:
        quiet_hours = parse_quiet_hours(settings.quiet_hours) if settings.quiet_hours else None
        return DeliverySchedule(batch_seconds=settings.batch_interval, quiet_hours=quiet_hours)

    def notify(self, notifications: Sequence[Notification]) -> None:
        lines_by_category = group_by_category(notifications)
        body = format_message(
            {
                category: lines_by_category[category]
                for category in _HEADINGS
                if category in self.settings.events
            }
        )
        if not body:
            return
        has_failures = any(
            lines_by_category[category]
            for category in ("failed", "waiting")
            if category in self.settings.events
        )
        kind = "warning" if has_failures else "success"
        if not self._build_service().notify(body=body, title=self.settings.title, notify_type=kind):
            raise TransientError(
                f"{self._get_section()} did not take the message",
                "Look whether the service is there and its address is right",
            )

    def self_check(self) -> Sequence[CheckResult]:
        try:
            self._build_service()
        except SubtitledError as error:
            return [CheckResult(self._get_section(), False, error.message, error.hint)]
        return [
            CheckResult(self._get_section(), True, "its address is understood; nothing was sent")
        ]

    def _build_service(self) -> Any:
        try:
            import apprise
        except ImportError:
            raise SetupError(
                "the package apprise is not installed", "pip install 'subtitled[apprise]'"
            ) from None
        # At lower levels it logs urls, which hold passwords, and texts.
        logging.getLogger("apprise").setLevel(logging.ERROR)
        service = apprise.Apprise()
        if not service.add(self.settings.url.reveal()):
            raise SetupError(
                f"{self._get_section()}: its url is none that Apprise knows",
                "Compare it with the list of services of Apprise",
            )
        return service

    def _get_section(self) -> str:
        return f"notifiers.{self.context.name}"


def group_by_category(notifications: Iterable[Notification]) -> dict[Category, list[str]]:
    """Group media files by what happened to them last.

    Returns:
        For each category, a line for each media file.
    """
    last: dict[Path, tuple[Category, str]] = {}
    for notification in notifications:
        event = notification.event
        if isinstance(event, JobFinished):
            last.pop(event.media, None)
            if event.sidecars:
                last[event.media] = "made", event.outcome
        elif isinstance(event, JobFailed):
            last.pop(event.media, None)
            category: Category = "waiting" if event.retry_at is None else "failed"
            last[event.media] = (
                category,
                f"{event.reason}. {event.hint}" if category == "waiting" else (event.reason),
            )
    lines: dict[Category, list[str]] = {category: [] for category in _HEADINGS}
    for media, (category, line) in last.items():
        lines[category].append(f"{os.fsencode(media.name).decode('utf-8', 'replace')}: {line}")
    return lines


def format_message(lines_by_category: dict[Category, list[str]]) -> str:
    """Format the message. Return an empty string if there are no lines."""
    parts = []
    for category, lines in lines_by_category.items():
        if lines:
            omitted = len(lines) - MAX_LINES
            shown_lines = [*lines[:MAX_LINES], *([f"and {omitted} more"] if omitted > 0 else [])]
            parts.append("\n".join([f"{_HEADINGS[category]} ({len(lines)})", *shown_lines]))
    return "\n\n".join(parts)


@hookimpl
def register_notifiers(register: Register[Notifier]) -> None:
    register(AppriseNotifier)

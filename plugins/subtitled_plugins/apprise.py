"""Apprise: messages over any of the hundred services that it supports.

Needs the package ``apprise``. Each section is one service, so that a failure of one service sends
no duplicates to the others.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
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
    ReviewEvent,
    ReviewReopened,
    ReviewsWaiting,
    Secret,
    Settings,
    SetupError,
    SubtitleApproved,
    SubtitledError,
    TransientError,
    hookimpl,
)

SUBTITLED_API = "1"

MAX_LINES = 15
"""How many files a heading names. The others are counted."""

Category = Literal["made", "failed", "waiting", "reviews-waiting", "approved"]
_HEADINGS: dict[Category, str] = {
    "made": "Subtitles were made",
    "failed": "Failed, and retried automatically",
    "waiting": "Waiting for you",
    "reviews-waiting": "Subtitles wait for review",
    "approved": "Approved and reopened",
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
        "that wait for you, how many subtitles wait for review (reviews-waiting), reviews that "
        "were approved or reopened (approved).",
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

    @classmethod
    def review_events(cls, settings: AppriseSettings) -> Collection[type[ReviewEvent]]:
        waiting = (ReviewsWaiting,) if "reviews-waiting" in settings.events else ()
        approved = (SubtitleApproved, ReviewReopened) if "approved" in settings.events else ()
        return (*waiting, *approved)

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
        is_about_files = any(lines_by_category[one] for one in ("made", "approved"))
        kind = "warning" if has_failures else "success" if is_about_files else "info"
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
    """Group media files, and libraries with reviews, by what happened to them last.

    Returns:
        For each category, a line for each of them.
    """
    last: dict[Path, tuple[Category, str]] = {}
    lines: dict[Category, list[str]] = {category: [] for category in _HEADINGS}
    waiting: dict[str, ReviewsWaiting] = {}
    approved: dict[tuple[Path, str, str], str] = {}
    for notification in notifications:
        event = notification.event
        if isinstance(event, ReviewsWaiting):
            earlier = waiting.get(event.library)
            new = event.new + (earlier.new if earlier is not None else 0)
            waiting[event.library] = replace(event, new=min(new, event.count))
        elif isinstance(event, SubtitleApproved | ReviewReopened):
            done = "approved" if isinstance(event, SubtitleApproved) else "reopened"
            key = (event.media, str(event.language), str(event.kind))
            approved.pop(key, None)
            approved[key] = _join(f"{event.language}, {done} by {event.by}", event.link)
        elif isinstance(event, JobFinished):
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
    for media, (category, line) in last.items():
        lines[category].append(f"{_name(media)}: {line}")
    for review in waiting.values():
        subtitles = "1 subtitle" if review.count == 1 else f"{review.count} subtitles"
        text = f"{review.library}: {subtitles}, {review.new} of them new, about "
        text += f"{review.expected_errors:.0f} wrong cues expected"
        lines["reviews-waiting"].append(_join(text, review.link))
    for (media, _language, _kind), line in approved.items():
        lines["approved"].append(f"{_name(media)}: {line}")
    return lines


def _head(category: Category, count: int) -> str:
    """Return the heading of some lines. A line about reviews has its own count."""
    heading = _HEADINGS[category]
    return heading if category == "reviews-waiting" else f"{heading} ({count})"


def _name(media: Path) -> str:
    return os.fsencode(media.name).decode("utf-8", "replace")


def _join(text: str, link: str) -> str:
    return f"{text}: {link}" if link else text


def format_message(lines_by_category: dict[Category, list[str]]) -> str:
    """Format the message. Return an empty string if there are no lines."""
    parts = []
    for category, lines in lines_by_category.items():
        if lines:
            omitted = len(lines) - MAX_LINES
            shown_lines = [*lines[:MAX_LINES], *([f"and {omitted} more"] if omitted > 0 else [])]
            parts.append("\n".join([_head(category, len(lines)), *shown_lines]))
    return "\n\n".join(parts)


@hookimpl
def register_notifiers(register: Register[Notifier]) -> None:
    register(AppriseNotifier)

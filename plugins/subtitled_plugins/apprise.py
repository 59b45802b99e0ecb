"""Apprise: a message to a person, over any of the hundred services that it knows.

Needs the package ``apprise``. One service a section: what one of them could not be told is told
again without bothering the others.
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
    Component,
    Failed,
    Finding,
    Finished,
    Misconfigured,
    Notice,
    Notifier,
    Problem,
    Rhythm,
    Secret,
    Settings,
    Temporary,
    hookimpl,
)

SUBTITLED_CONTRACT = "2.0"

MOST_LINES = 15
"""Files named under each heading; of the others the number is said."""

What = Literal["made", "failed", "waiting"]
_HEADINGS: dict[What, str] = {
    "made": "Subtitles were made",
    "failed": "Failed, and tried again by itself",
    "waiting": "Waits for you",
}


class AppriseSettings(Settings):
    """``[notifiers.apprise]``"""

    url: Secret = Field(
        description="Apprise's address of one service, by reference: it holds passwords. "
        "github.com/caronc/apprise lists them."
    )
    tell: tuple[What, ...] = Field(
        ("made", "failed", "waiting"),
        min_length=1,
        description="What to tell of: what was made, what failed and is tried again, what waits "
        "for somebody to look at it.",
    )
    digest: float = Field(
        3600.0,
        ge=0,
        le=7 * 86400,
        description="Seconds for which news is collected into one message; 0 tells each at once.",
    )
    quiet: str = Field(
        "",
        description='Hours in which nobody is disturbed, such as "22:00-07:00"; what happens then '
        "is told afterwards.",
    )
    title: str = Field("subtitled", description="The title of its messages.")

    @field_validator("quiet")
    @classmethod
    def _is_a_span(cls, value: str) -> str:
        if value:
            try:
                span(value)
            except ValueError:
                raise ValueError('not a span of hours; write one such as "22:00-07:00"') from None
        return value


def span(quiet: str) -> tuple[time, time]:
    """From when to when, of ``22:00-07:00``. Raises ``ValueError`` for anything else."""
    begin, end = (time.fromisoformat(clock.strip()) for clock in quiet.split("-"))
    if begin.tzinfo or end.tzinfo or begin == end:
        raise ValueError
    return begin, end


class Apprise(Notifier):
    """One service."""

    Settings = AppriseSettings
    settings: AppriseSettings

    @classmethod
    def rhythm(cls, settings: Any) -> Rhythm:
        quiet = span(settings.quiet) if settings.quiet else None
        return Rhythm(every=settings.digest, quiet=quiet)

    def notify(self, notices: Sequence[Notice]) -> None:
        news = sort(notices)
        body = written({what: news[what] for what in _HEADINGS if what in self.settings.tell})
        if not body:
            return
        bad = any(news[what] for what in ("failed", "waiting") if what in self.settings.tell)
        kind = "warning" if bad else "success"
        if not self._service().notify(body=body, title=self.settings.title, notify_type=kind):
            raise Temporary(
                f"{self._called()} did not take the message",
                "Look whether the service is there and its address is right",
            )

    def check(self) -> Sequence[Finding]:
        try:
            self._service()
        except Problem as problem:
            return [Finding(self._called(), False, problem.what, problem.cure)]
        return [Finding(self._called(), True, "its address is understood; nothing was sent")]

    def _service(self) -> Any:
        try:
            import apprise
        except ImportError:
            raise Misconfigured(
                "the package apprise is not installed", "pip install 'subtitled[apprise]'"
            ) from None
        # At lower levels it logs addresses and texts.
        logging.getLogger("apprise").setLevel(logging.ERROR)
        service = apprise.Apprise()
        if not service.add(self.settings.url.reveal()):
            raise Misconfigured(
                f"{self._called()}: its url is none that Apprise knows",
                "Compare it with the list of services of Apprise",
            )
        return service

    def _called(self) -> str:
        return f"notifiers.{self.context.name}"


def sort(notices: Iterable[Notice]) -> dict[What, list[str]]:
    """A line for each medium under what last happened to it."""
    last: dict[Path, tuple[What, str]] = {}
    for notice in notices:
        event = notice.event
        if isinstance(event, Finished):
            last.pop(event.media, None)
            if event.made:
                last[event.media] = "made", event.outcome
        elif isinstance(event, Failed):
            last.pop(event.media, None)
            what: What = "waiting" if event.again_at is None else "failed"
            last[event.media] = (
                what,
                f"{event.reason}. {event.cure}" if what == "waiting" else (event.reason),
            )
    lines: dict[What, list[str]] = {what: [] for what in _HEADINGS}
    for medium, (what, said) in last.items():
        lines[what].append(f"{os.fsencode(medium.name).decode('utf-8', 'replace')}: {said}")
    return lines


def written(news: dict[What, list[str]]) -> str:
    """The message; empty if there is nothing to say."""
    parts = []
    for what, lines in news.items():
        if lines:
            more = len(lines) - MOST_LINES
            shown = [*lines[:MOST_LINES], *([f"and {more} more"] if more > 0 else [])]
            parts.append("\n".join([f"{_HEADINGS[what]} ({len(lines)})", *shown]))
    return "\n\n".join(parts)


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Apprise]

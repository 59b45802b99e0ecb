"""Notifiers, and the events that they receive."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import time
from pathlib import Path
from typing import Any

from .component import Component, S
from .languages import Language
from .paths import display_path
from .types import SubtitleKind


@dataclass(frozen=True, slots=True)
class SubtitlePublished:
    """A sidecar was written completely."""

    media: Path
    """The media file."""
    sidecar: Path
    """The sidecar."""
    language: Language
    """Its language."""
    kind: SubtitleKind
    """Full, forced or SDH."""


@dataclass(frozen=True, slots=True)
class JobFinished:
    """A job ended without a failure."""

    media: Path
    """The media file."""
    sidecars: tuple[Path, ...]
    """The sidecars that the job wrote, perhaps none."""
    outcome: str
    """The outcome in one sentence, such as ``made fr, en`` or ``no speech found``."""


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job failed."""

    media: Path
    """The media file."""
    reason: str
    """What went wrong, in one sentence."""
    hint: str
    """What the user can do about it."""
    retry_at: float | None = None
    """When the job is retried, in seconds since 1970. None if it waits for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewsWaiting:
    """More subtitles of a library wait for a review than before. Since API 1.1."""

    library: str
    """The name of the library."""
    count: int
    """How many subtitles wait."""
    new: int
    """How many of them came since the last event of this library."""
    expected_errors: float
    """How many wrong cues are expected in all that wait."""
    link: str = ""
    """The address of the review queue; empty if ``web.public_url`` is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleApproved:
    """A person approved a subtitle. Since API 1.1."""

    media: Path
    """The media file."""
    sidecars: tuple[Path, ...]
    """The sidecars that were written and locked."""
    language: Language
    """Their language."""
    kind: SubtitleKind
    """Full, forced or SDH."""
    by: str
    """The name of the person."""
    link: str = ""
    """The address of the review; empty if ``web.public_url`` is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewReopened:
    """A person reopened an approved review, so that it is edited again. Since API 1.1."""

    media: Path
    """The media file."""
    language: Language
    """The language of the subtitle."""
    kind: SubtitleKind
    """Full, forced or SDH."""
    by: str
    """The name of the person."""
    link: str = ""
    """The address of the review; empty if ``web.public_url`` is not set."""


ReviewEvent = ReviewsWaiting | SubtitleApproved | ReviewReopened
"""What happened to reviews. Only notifiers that ask for such events get them."""

REVIEW_EVENTS: Mapping[str, type[ReviewEvent]] = {
    "reviews-waiting": ReviewsWaiting,
    "approved": SubtitleApproved,
    "reopened": ReviewReopened,
}
"""These events by their names in JSON and in configurations."""

Event = SubtitlePublished | JobFinished | JobFailed | ReviewEvent
"""What happened."""


def event_to_json(event: Event) -> dict[str, Any]:
    """Convert an event to plain JSON, as the plugin ``webhook`` sends it.

    Args:
        event: The event.

    Returns:
        ``event`` (``published``, ``finished``, ``failed``, ``reviews-waiting``, ``approved`` or
        ``reopened``) and the event's fields. Each path appears twice: as text, with U+FFFD for
        bytes that are not UTF-8, and under ``..._hex`` as its bytes in hexadecimal.
    """
    match event:
        case SubtitlePublished():
            payload: dict[str, Any] = {"event": "published", "language": event.language}
            payload |= {"kind": event.kind, **_path_to_json("sidecar", event.sidecar)}
        case JobFinished():
            payload = {"event": "finished", "outcome": event.outcome}
            payload |= _paths_to_json("sidecars", event.sidecars)
        case JobFailed():
            payload = {"event": "failed", "reason": event.reason, "hint": event.hint}
            payload["retry_at"] = event.retry_at
        case ReviewsWaiting():
            return {"event": "reviews-waiting", **asdict(event)}
        case SubtitleApproved():
            payload = {"event": "approved", **_review_to_json(event)}
            payload |= _paths_to_json("sidecars", event.sidecars)
        case ReviewReopened():
            payload = {"event": "reopened", **_review_to_json(event)}
    return payload | _path_to_json("media", event.media)


def event_from_json(payload: dict[str, Any]) -> Event:
    """Convert the result of :func:`event_to_json` back to the event.

    Args:
        payload: The JSON object.

    Returns:
        The event, with the exact bytes of its paths.

    Raises:
        KeyError: A field is missing.
        ValueError: A field is invalid.
    """
    if payload["event"] == "reviews-waiting":
        names = (field.name for field in fields(ReviewsWaiting))
        return ReviewsWaiting(**{name: payload[name] for name in names})
    media = _decode_path(payload["media_hex"])
    match payload["event"]:
        case "published":
            sidecar = _decode_path(payload["sidecar_hex"])
            return SubtitlePublished(
                media, sidecar, Language(payload["language"]), SubtitleKind(payload["kind"])
            )
        case "finished":
            return JobFinished(
                media, tuple(map(_decode_path, payload["sidecars_hex"])), payload["outcome"]
            )
        case "approved":
            paths = tuple(map(_decode_path, payload["sidecars_hex"]))
            return SubtitleApproved(media=media, sidecars=paths, **_review_from_json(payload))
        case "reopened":
            return ReviewReopened(media=media, **_review_from_json(payload))
        case _:
            return JobFailed(media, payload["reason"], payload["hint"], payload["retry_at"])


def _review_to_json(event: SubtitleApproved | ReviewReopened) -> dict[str, Any]:
    about = {"language": event.language, "kind": event.kind}
    return about | {"by": event.by, "link": event.link}


def _review_from_json(payload: dict[str, Any]) -> dict[str, Any]:
    about = {"language": Language(payload["language"]), "kind": SubtitleKind(payload["kind"])}
    return about | {"by": payload["by"], "link": payload["link"]}


def _paths_to_json(name: str, paths: Sequence[Path]) -> dict[str, list[str]]:
    return {
        name: [display_path(path) for path in paths],
        f"{name}_hex": [os.fsencode(path).hex() for path in paths],
    }


def _path_to_json(name: str, path: Path) -> dict[str, str]:
    return {name: display_path(path), f"{name}_hex": os.fsencode(path).hex()}


def _decode_path(encoded: str) -> Path:
    return Path(os.fsdecode(bytes.fromhex(encoded)))


@dataclass(frozen=True, slots=True)
class Notification:
    """An event for a notifier."""

    id: int
    """Unique for the event, and the same at each try."""
    occurred_at: float
    """When the event happened, in seconds since 1970."""
    event: Event
    """What happened."""


@dataclass(frozen=True, slots=True)
class DeliverySchedule:
    """When a notifier receives events."""

    batch_seconds: float = 0.0
    """For how many seconds events are collected from the first one on. 0 delivers each alone."""
    quiet_hours: tuple[time, time] | None = None
    """From when to when nothing is delivered, by the local clock. It may span midnight. The events
    are delivered afterwards."""


class Notifier(Component[S], ABC):
    """Tells people or programs what happened. It runs in the daemon's process.

    The core stores events until :meth:`notify` returns, also over restarts. A call may take one
    minute.
    """

    @classmethod
    def delivery_schedule(cls, settings: S) -> DeliverySchedule:
        """Say when to deliver events. May be implemented.

        Do not import heavy packages and do not use the network.

        Args:
            settings: The validated settings.

        Returns:
            The schedule. The default delivers each event alone, at any time.
        """
        return DeliverySchedule()

    @classmethod
    def review_events(cls, settings: S) -> Collection[type[ReviewEvent]]:
        """Say which events of reviews to deliver. May be implemented. Since API 1.1.

        All other events are delivered always.

        Args:
            settings: The validated settings.

        Returns:
            Their types. The default is none.
        """
        return ()

    @abstractmethod
    def notify(self, notifications: Sequence[Notification]) -> None:
        """Pass events on, or ignore those of no interest. Must be implemented.

        Args:
            notifications: The events, oldest first: exactly one, unless :meth:`delivery_schedule`
                collects several.

        Raises:
            TransientError: The receiver does not answer now. The same notifications come again
                later, with the same ids.
            SetupError: A url or a key is wrong.
            InputRejectedError: The core drops these notifications.
        """

"""Notifiers, and the events that they receive."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
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


Event = SubtitlePublished | JobFinished | JobFailed
"""What happened."""


def event_to_json(event: Event) -> dict[str, Any]:
    """Convert an event to plain JSON, as the plugin ``webhook`` sends it.

    Args:
        event: The event.

    Returns:
        ``event`` (``published``, ``finished`` or ``failed``) and the event's fields. Each path
        appears twice: as text, with U+FFFD for bytes that are not UTF-8, and under ``..._hex`` as
        its bytes in hexadecimal.
    """
    match event:
        case SubtitlePublished():
            payload: dict[str, Any] = {"event": "published", "language": event.language}
            payload |= {"kind": event.kind, **_path_to_json("sidecar", event.sidecar)}
        case JobFinished():
            payload = {"event": "finished", "outcome": event.outcome}
            payload["sidecars"] = [display_path(path) for path in event.sidecars]
            payload["sidecars_hex"] = [os.fsencode(path).hex() for path in event.sidecars]
        case JobFailed():
            payload = {"event": "failed", "reason": event.reason, "hint": event.hint}
            payload["retry_at"] = event.retry_at
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
        case _:
            return JobFailed(media, payload["reason"], payload["hint"], payload["retry_at"])


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

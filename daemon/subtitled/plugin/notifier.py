"""What the daemon tells plugins about.

Notifiers tell people what happened.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

from .component import Component
from .languages import Language
from .types import SubtitleKind


@dataclass(frozen=True, slots=True)
class SubtitlePublished:
    """A sidecar was written and is whole on disk."""

    media: Path
    sidecar: Path
    language: Language
    kind: SubtitleKind


@dataclass(frozen=True, slots=True)
class JobFinished:
    """The work on a medium came to its end; ``sidecars`` are the sidecars, perhaps none."""

    media: Path
    sidecars: tuple[Path, ...]
    outcome: str
    """In one sentence, such as ``sidecars fr, en`` or ``nobody speaks in it``."""


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The work on a medium failed: why, and what to do about it."""

    media: Path
    reason: str
    hint: str
    retry_at: float | None = None
    """When it is tried again by itself, in seconds since 1970; None: it waits for somebody."""


Event = SubtitlePublished | JobFinished | JobFailed


def event_to_json(event: Event) -> dict[str, Any]:
    """An event as plain JSON, as ``webhook`` sends it and the ledger keeps it.

    ``event`` is ``published``, ``finished`` or ``failed``; beside each path, in which bytes that
    are no UTF-8 are U+FFFD, stands ``..._hex`` with its bytes.
    """
    match event:
        case SubtitlePublished():
            payload: dict[str, Any] = {"event": "published", "language": event.language}
            payload |= {"kind": event.kind, **_path_to_json("sidecar", event.sidecar)}
        case JobFinished():
            payload = {"event": "finished", "outcome": event.outcome}
            payload["sidecars"] = [_display_path(path) for path in event.sidecars]
            payload["sidecars_hex"] = [os.fsencode(path).hex() for path in event.sidecars]
        case JobFailed():
            payload = {"event": "failed", "reason": event.reason, "hint": event.hint}
            payload["retry_at"] = event.retry_at
    return payload | _path_to_json("media", event.media)


def event_from_json(payload: dict[str, Any]) -> Event:
    """What :func:`event_to_json` made."""
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
    return {name: _display_path(path), f"{name}_hex": os.fsencode(path).hex()}


def _display_path(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _decode_path(encoded: str) -> Path:
    return Path(os.fsdecode(bytes.fromhex(encoded)))


@dataclass(frozen=True, slots=True)
class Notification:
    """One event that a notifier is to be told of."""

    id: int
    """The same at each try, and of no other event: who receives it twice can tell."""
    occurred_at: float
    """When it happened, in seconds since 1970."""
    event: Event


@dataclass(frozen=True, slots=True)
class DeliverySchedule:
    """When a notifier wants to be told."""

    batch_seconds: float = 0.0
    """Seconds for which events are collected from the first one on; 0 tells each by itself."""
    quiet_hours: tuple[time, time] | None = None
    """From when to when nobody is to be disturbed, by the clock of this machine; it may span
    midnight. What happens then is told afterwards."""


class Notifier(Component, ABC):
    """Tells somebody what happened. The core keeps what it could not tell, through restarts."""

    @classmethod
    def delivery_schedule(cls, settings: Any) -> DeliverySchedule:
        """When to be told with these settings. Called in the daemon: import nothing heavy."""
        return DeliverySchedule()

    @abstractmethod
    def notify(self, notifications: Sequence[Notification]) -> None:
        """Pass events on, oldest first, or leave those that nobody wants to hear of.

        One at a time, unless :meth:`delivery_schedule` collects. Raises :class:`Temporary` when the
        other side is away: the same notices come again later. :class:`Rejected` gives these up.
        """

"""What the daemon tells plugins about."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .language import Language
from .subtitle import Kind


@dataclass(frozen=True, slots=True)
class Published:
    """A sidecar was written and is whole on disk."""

    media: Path
    sidecar: Path
    language: Language
    kind: Kind


@dataclass(frozen=True, slots=True)
class Finished:
    """The work on a medium came to its end; ``made`` are the sidecars, perhaps none."""

    media: Path
    made: tuple[Path, ...]
    outcome: str
    """In one sentence, such as ``made fr, en`` or ``nobody speaks in it``."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The work on a medium failed: why, and what to do about it."""

    media: Path
    reason: str
    cure: str
    again_at: float | None = None
    """When it is tried again by itself, in seconds since 1970; None: it waits for somebody."""


Event = Published | Finished | Failed


def event_to_json(event: Event) -> dict[str, Any]:
    """An event as plain JSON, as ``webhook`` sends it and the ledger keeps it.

    ``event`` is ``published``, ``finished`` or ``failed``; beside each path, in which bytes that
    are no UTF-8 are U+FFFD, stands ``..._hex`` with its bytes.
    """
    match event:
        case Published():
            said: dict[str, Any] = {"event": "published", "language": event.language}
            said |= {"kind": event.kind, **_path_to_json("sidecar", event.sidecar)}
        case Finished():
            said = {"event": "finished", "outcome": event.outcome}
            said["made"] = [_text(path) for path in event.made]
            said["made_hex"] = [os.fsencode(path).hex() for path in event.made]
        case Failed():
            said = {"event": "failed", "reason": event.reason, "cure": event.cure}
            said["again_at"] = event.again_at
    return said | _path_to_json("media", event.media)


def event_from_json(said: dict[str, Any]) -> Event:
    """What :func:`event_to_json` made."""
    media = _path(said["media_hex"])
    match said["event"]:
        case "published":
            sidecar = _path(said["sidecar_hex"])
            return Published(media, sidecar, Language(said["language"]), Kind(said["kind"]))
        case "finished":
            return Finished(media, tuple(map(_path, said["made_hex"])), said["outcome"])
        case _:
            return Failed(media, said["reason"], said["cure"], said["again_at"])


def _path_to_json(name: str, path: Path) -> dict[str, str]:
    return {name: _text(path), f"{name}_hex": os.fsencode(path).hex()}


def _text(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _path(encoded: str) -> Path:
    return Path(os.fsdecode(bytes.fromhex(encoded)))

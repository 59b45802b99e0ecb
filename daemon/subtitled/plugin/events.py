"""What the daemon tells plugins about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


Event = Published | Finished | Failed

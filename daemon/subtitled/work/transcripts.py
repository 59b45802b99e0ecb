"""Transcripts by content: what was once heard is never listened to again.

A folder per content identity holds what each track said, so that renaming, moving, a new language,
format or style decodes and recognises nothing::

    transcripts/ab/ab12.../1/listened.json            where somebody speaks, in which language
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.json    the words of one stretch
    transcripts/ab/ab12.../1/whisper-3f2a.../removed.json  what of them is not believed, and why
    transcripts/ab/ab12.../shots.json                      where the picture cuts
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from subtitled.plugin import Interval, Language, Stretch, Transcript
from subtitled.subtitles.guards import Removal

from .wire import TRANSCRIPT


@dataclass(frozen=True, slots=True)
class Listened:
    """What is known of a track before a word of it is recognised."""

    duration: float
    speech: tuple[Interval, ...]
    language: Language | None = None
    confidence: float = 0.0
    why: str = ""
    quiet: tuple[Interval, ...] = ()
    """Parts of the speech that are faint."""


@dataclass(frozen=True, slots=True)
class Shots:
    """Seconds at which the picture cuts, in order, at so many frames a second."""

    frame_rate: float
    cuts: tuple[float, ...]


T = TypeVar("T")
_LISTENED: TypeAdapter[Listened] = TypeAdapter(Listened)
_SHOTS: TypeAdapter[Shots] = TypeAdapter(Shots)
_REMOVED: TypeAdapter[tuple[Removal, ...]] = TypeAdapter(tuple[Removal, ...])


def recipe(engine: str, settings: dict[str, Any], into: Language | None) -> str:
    """A short name for "this engine with these settings", safe as a folder's name."""
    said = json.dumps([engine, settings, into], sort_keys=True, default=str)
    return f"{engine}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def write_durably(target: Path, content: bytes) -> None:
    """Put a file in place so that a power cut leaves either nothing or all of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class TranscriptStore:
    """The transcripts in one folder. Readers and writers of several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def listened(self, content: str, track: int) -> Listened | None:
        """What was heard of a track, or None."""
        return _read(self._track(content, track) / "listened.json", _LISTENED)

    def keep_listened(self, content: str, track: int, listened: Listened) -> None:
        write_durably(
            self._track(content, track) / "listened.json", _LISTENED.dump_json(listened, indent=1)
        )

    def stretch(self, content: str, track: int, recipe: str, stretch: Stretch) -> Transcript | None:
        """The words of one stretch under one recipe, or None."""
        return _read(self._stretch(content, track, recipe, stretch), TRANSCRIPT)

    def keep_stretch(
        self, content: str, track: int, recipe: str, stretch: Stretch, words: Transcript
    ) -> None:
        write_durably(
            self._stretch(content, track, recipe, stretch), TRANSCRIPT.dump_json(words, indent=1)
        )

    def whole(
        self, content: str, track: int, recipe: str, stretches: Sequence[Stretch]
    ) -> Transcript | None:
        """All stretches joined, or None if one is missing."""
        parts = [self.stretch(content, track, recipe, stretch) for stretch in stretches]
        known = [part for part in parts if part is not None]
        if len(known) != len(parts) or not known:
            return None
        words = tuple(word for part in known for word in part.words)
        evidence = tuple(one for part in known for one in part.evidence)
        return Transcript(known[0].language, words, known[0].engine, recipe, evidence)

    def removals(self, content: str, track: int) -> dict[str, tuple[Removal, ...]]:
        """What was left out of the transcripts of a track and why, by recipe."""
        found = {}
        for path in sorted(self._track(content, track).glob("*/removed.json")):
            found[path.parent.name] = _read(path, _REMOVED) or ()
        return found

    def keep_removals(
        self, content: str, track: int, recipe: str, removals: tuple[Removal, ...]
    ) -> None:
        """Beside the stretches, which stay as they are."""
        path = self._track(content, track) / recipe / "removed.json"
        if (_read(path, _REMOVED) or ()) != removals:
            write_durably(path, _REMOVED.dump_json(removals, indent=1))

    def shots(self, content: str) -> Shots | None:
        """Where the picture cuts, or None where nobody looked yet."""
        return _read(self.folder / content[:2] / content / "shots.json", _SHOTS)

    def keep_shots(self, content: str, shots: Shots) -> None:
        target = self.folder / content[:2] / content / "shots.json"
        write_durably(target, _SHOTS.dump_json(shots, indent=1))

    def _track(self, content: str, track: int) -> Path:
        return self.folder / content[:2] / content / str(track)

    def _stretch(self, content: str, track: int, recipe: str, stretch: Stretch) -> Path:
        start, end = (round(t * 1000) for t in (stretch.interval.start, stretch.interval.end))
        return self._track(content, track) / recipe / f"{start}-{end}.json"


def _read(path: Path, adapter: TypeAdapter[T]) -> T | None:
    try:
        return adapter.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        # Damaged on disk: as good as missing, and written anew.
        return None

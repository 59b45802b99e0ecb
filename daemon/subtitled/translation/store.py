"""Translations by content: what was once translated is never paid for again.

Beside the transcript, one file for each translator with its settings and pair of languages::

    transcripts/ab/ab12.../1/openai-3f2a.../lines.json     each line's text, or why there is none
    transcripts/ab/ab12.../1/openai-3f2a.../kept.json      lines that stayed in the language spoken

A line is known by its text, the one before it and the terms that hold in it, so that a change of
one word asks for two lines.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from subtitled.plugin import Pair
from subtitled.plugin.memo import write_durably
from subtitled.subtitles.guards import Removal

from .checks import Fault

PROTOCOL = 1
"""Part of every recipe: raised when what is sent changes, so that old lines are made anew."""

_LINES: TypeAdapter[dict[str, str | Fault]] = TypeAdapter(dict[str, str | Fault])
_NOTES: TypeAdapter[tuple[Removal, ...]] = TypeAdapter(tuple[Removal, ...])


def line_key(text: str, before: str, terms: Sequence[Pair]) -> str:
    """What a line is known by."""
    facts = [text, before, *((term.source, term.target) for term in terms)]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()[:24]


class Lines:
    """The lines of one translator for one track, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lines.json"
        self._known = _read(self._path, _LINES) or {}

    def __getitem__(self, key: str) -> str | Fault | None:
        return self._known.get(key)

    def keep(self, lines: dict[str, str | Fault]) -> None:
        """Remember lines for good, before this returns."""
        if lines:
            self._known |= lines
            write_durably(self._path, _LINES.dump_json(self._known, indent=1))


def notes(track: Path) -> dict[str, tuple[Removal, ...]]:
    """What of a track stayed untranslated, or is doubtful, and why, by recipe."""
    return {
        path.parent.name: _read(path, _NOTES) or () for path in sorted(track.glob("*/kept.json"))
    }


def keep_notes(folder: Path, said: tuple[Removal, ...]) -> None:
    path = folder / "kept.json"
    if (_read(path, _NOTES) or ()) != said:
        write_durably(path, _NOTES.dump_json(said, indent=1))


def _read(path: Path, adapter: TypeAdapter[Any]) -> Any:
    try:
        return adapter.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None  # damaged is as good as missing

"""Translations by content: what was once translated is never paid for again.

Beside the transcript, one file for each translator with its settings and pair of languages::

    transcripts/ab/ab12.../1/openai-3f2a.../lines.json         each line's text, or why there is none
    transcripts/ab/ab12.../1/openai-3f2a.../untranslated.json  lines that were not translated

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

from subtitled.plugin import TextPair
from subtitled.plugin.checkpoint import write_atomic
from subtitled.subtitles.hallucination import RemovedText

from .checks import LineIssue

PROTOCOL_VERSION = 1
"""Part of every recipe: raised when what is sent changes, so that old lines are made anew."""

_LINES: TypeAdapter[dict[str, str | LineIssue]] = TypeAdapter(dict[str, str | LineIssue])
_UNTRANSLATED: TypeAdapter[tuple[RemovedText, ...]] = TypeAdapter(tuple[RemovedText, ...])


def line_key(text: str, before: str, terms: Sequence[TextPair]) -> str:
    """What a line is known by."""
    facts = [text, before, *((term.source, term.target) for term in terms)]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()[:24]


class LineCache:
    """The lines of one translator for one track, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lines.json"
        self._cached = _read_json(self._path, _LINES) or {}

    def __getitem__(self, key: str) -> str | LineIssue | None:
        return self._cached.get(key)

    def save(self, lines: dict[str, str | LineIssue]) -> None:
        """Remember lines for good, before this returns."""
        if lines:
            self._cached |= lines
            write_atomic(self._path, _LINES.dump_json(self._cached, indent=1))


def untranslated(track: Path) -> dict[str, tuple[RemovedText, ...]]:
    """What of a track stayed untranslated, or is doubtful, and why, by recipe."""
    return {
        path.parent.name: _read_json(path, _UNTRANSLATED) or ()
        for path in sorted(track.glob("*/untranslated.json"))
    }


def save_untranslated(folder: Path, by_variant: tuple[RemovedText, ...]) -> None:
    path = folder / "untranslated.json"
    if (_read_json(path, _UNTRANSLATED) or ()) != by_variant:
        write_atomic(path, _UNTRANSLATED.dump_json(by_variant, indent=1))


def _read_json(path: Path, adapter: TypeAdapter[Any]) -> Any:
    try:
        return adapter.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None  # damaged is as good as missing

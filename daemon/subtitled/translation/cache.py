"""The cache of translated lines by fingerprint: no line is paid for twice.

Each translator, with its settings and language pair, has a folder beside the transcripts::

    transcripts/ab/ab12.../1/openai-3f2a.../lines.json         each line's text, or its issue
    transcripts/ab/ab12.../1/openai-3f2a.../untranslated.json  lines that were not translated

The key of a line is made of its text, the line before and the glossary terms in it. A change of one
word therefore asks for two lines, unless a person corrected it: then the next line keeps its key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from subtitled.plugin import TextPair
from subtitled.plugin.files import write_atomic
from subtitled.subtitles.hallucination import RemovedText

from .checks import LineIssue

PROTOCOL_VERSION = 1
"""Part of every variant. Raise it when what is sent changes, so that lines are translated again."""

_LINES: TypeAdapter[dict[str, str | LineIssue]] = TypeAdapter(dict[str, str | LineIssue])
_UNTRANSLATED: TypeAdapter[tuple[RemovedText, ...]] = TypeAdapter(tuple[RemovedText, ...])


def line_key(text: str, before: str, terms: Sequence[TextPair]) -> str:
    """Return the key of a line in the cache."""
    facts = [text, before, *((term.source, term.target) for term in terms)]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()[:24]


class LineCache:
    """The cached lines of one translator for one track."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lines.json"
        self._cached = _read_json(self._path, _LINES) or {}

    def __getitem__(self, key: str) -> str | LineIssue | None:
        return self._cached.get(key)

    def save(self, lines: dict[str, str | LineIssue]) -> None:
        """Store lines durably before returning."""
        if lines:
            self._cached |= lines
            write_atomic(self._path, _LINES.dump_json(self._cached, indent=1))


def untranslated(track: Path) -> dict[str, tuple[RemovedText, ...]]:
    """Return the untranslated and doubtful lines of a track with the reason, by variant."""
    return {
        path.parent.name: _read_json(path, _UNTRANSLATED) or ()
        for path in sorted(track.glob("*/untranslated.json"))
    }


def save_untranslated(folder: Path, by_variant: tuple[RemovedText, ...]) -> None:
    """Store the untranslated and doubtful lines of one variant, unless they are stored."""
    path = folder / "untranslated.json"
    if (_read_json(path, _UNTRANSLATED) or ()) != by_variant:
        write_atomic(path, _UNTRANSLATED.dump_json(by_variant, indent=1))


def _read_json(path: Path, adapter: TypeAdapter[Any]) -> Any:
    try:
        return adapter.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None  # A damaged file is as good as missing.

"""Cues and changes as JSON, as the database keeps them."""

from __future__ import annotations

import json
from typing import Any

from .changes import Change, CueChange
from .document import Document, ReviewCue


def encode_cues(document: Document) -> str:
    """Serialise the cues of a document."""
    return _dump([_to_list(cue) for cue in document.cues])


def decode_cues(text: str) -> Document:
    """Parse what :func:`encode_cues` returned, as version 0."""
    return Document.create(0, (_from_list(values) for values in json.loads(text)))


def encode_change(change: Change) -> str:
    """Serialise a change."""
    return _dump(
        [
            [
                part.cue,
                *(None if cue is None else _to_list(cue) for cue in (part.before, part.after)),
            ]
            for part in change
        ]
    )


def decode_change(text: str) -> Change:
    """Parse what :func:`encode_change` returned."""
    return tuple(
        CueChange(
            cue,
            None if before is None else _from_list(before),
            None if after is None else _from_list(after),
        )
        for cue, before, after in json.loads(text)
    )


def _to_list(cue: ReviewCue) -> list[Any]:
    return [cue.id, cue.start, cue.end, list(cue.lines)]


def _from_list(values: list[Any]) -> ReviewCue:
    number, start, end, lines = values
    return ReviewCue(id=number, start=start, end=end, lines=tuple(lines))


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

"""Transcripts for people as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .documents import TextRun, TranscriptDocument

_PARTS = re.compile(r"(\W*)(.*?)(\W*)", re.DOTALL)
"""A doubtful text: the marks before it, itself, and those after it."""


def write(document: TranscriptDocument) -> bytes:
    """Render a transcript as UTF-8: the header, and a paragraph for each speech."""
    return ("\n\n".join(_iter_blocks(document)) + "\n").encode("utf-8", "replace")


def _iter_blocks(document: TranscriptDocument) -> Iterator[str]:
    yield document.title
    yield "\n".join(f"{name}: {value}" for name, value in document.header("marked as [word?]"))
    for paragraph in document.paragraphs:
        text = "".join(map(_mark, paragraph.runs))
        yield f"{document.label(paragraph)}  {paragraph.opening}{text}"


def _mark(run: TextRun) -> str:
    """Return the text of a run, a doubtful one in brackets without the marks around it."""
    match = _PARTS.fullmatch(run.text) if run.is_doubtful else None
    if match is None or not match[2]:
        return run.text
    return f"{match[1]}[{match[2]}?]{match[3]}"

"""Transcripts for people as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .documents import TextRun, TranscriptDocument

_LETTER = re.compile(r"\w")


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
    text = run.text
    first = _LETTER.search(text) if run.is_doubtful else None
    last = _LETTER.search(text[::-1])
    if first is None or last is None:
        return text
    begin, end = first.start(), len(text) - last.start()
    return f"{text[:begin]}[{text[begin:end]}?]{text[end:]}"

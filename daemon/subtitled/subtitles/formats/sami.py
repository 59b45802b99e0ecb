"""SAMI, the format of Windows Media: one file may hold several languages as classes.

A text stands from its SYNC until the next SYNC of its class, which is empty where nothing is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from subtitled.plugin import Cue, InputRejectedError, Language

from ..markup import normalise_markup, strip_tags, unescape
from .parallel_languages import is_in_language
from .result import DropLog, ReadResult

_TAG = re.compile(r"<(/?)(sync|p|br|body|sami)\b([^<>]{0,300})>", re.IGNORECASE)
_START = re.compile(r"start\s{0,4}=\s{0,4}[\"']?\s{0,4}(-?\d{1,10})", re.IGNORECASE)
_CLASS = re.compile(r"class\s{0,4}=\s{0,4}[\"']?\s{0,4}([\w-]{1,40})", re.IGNORECASE)
_RULE = re.compile(r"\.([\w-]{1,40})\s{0,20}\{([^{}]{0,500})\}")
_LANG = re.compile(r"lang\s{0,4}:\s{0,4}([A-Za-z0-9-]{2,35})", re.IGNORECASE)
_HIDDEN = re.compile(r"id\s{0,4}=\s{0,4}[\"']?\s{0,4}source", re.IGNORECASE)
"""The name of the speaker, a paragraph of its own."""
MAX_COMMENT_CHARS = 10_000
"""Longest comment. What is longer has lost its end."""
LAST_CUE_SECONDS = 5.0
"""Seconds of a text after which no SYNC follows."""


@dataclass(slots=True)
class _Track:
    """The texts of one class, by their starts in milliseconds."""

    language: str
    texts: list[tuple[int, list[str]]] = field(default_factory=list)


def is_sami(text: str) -> bool:
    """Check whether a file is SAMI."""
    head = text[:20_000].lower()
    return "<sami" in head or "<sync" in head


def read(text: str, language: Language | None = None) -> ReadResult:
    """Read the cues of one language of a file.

    Args:
        text: The file.
        language: Which language to take. By default the one with most text.

    Raises:
        InputRejectedError: The file has no text with a time.
    """
    dropped = DropLog()
    tracks = _read_tracks(text)
    if not tracks:
        raise InputRejectedError("no SAMI file: no SYNC with a text", "Check what the file is")
    names = sorted(tracks, key=lambda name: -sum(bool(texts) for _, texts in tracks[name].texts))
    if language is not None:
        names.sort(key=lambda name: not is_in_language(tracks[name].language, language))
    for name in names[1:]:
        for start, texts in tracks[name].texts:
            if texts:
                stated = tracks[name].language or name
                dropped.add(f"in another language ({stated})", None, f"{start} ms {texts[0]}")
    languages = tuple(tracks[name].language for name in names if tracks[name].language)
    return ReadResult(
        cues=tuple(_iter_cues(tracks[names[0]])),
        format="smi",
        dropped=tuple(dropped),
        languages=languages,
    )


def _read_tracks(text: str) -> dict[str, _Track]:
    stated = {
        match[1].lower(): lang[1]
        for match in _RULE.finditer(text[:100_000])
        if (lang := _LANG.search(match[2])) is not None
    }
    text = _without_comments(text)
    tracks: dict[str, _Track] = {}
    start: int | None = None
    current, is_hidden, done = "", False, 0

    def add(part: str) -> None:
        part = normalise_markup(unescape(" ".join(part.split())).strip("\u00a0 "))
        if start is None or is_hidden:
            return
        if current not in tracks and not strip_tags(part).strip():
            if current:
                tracks[current] = _Track(stated.get(current, ""), [(start, [])])
            return
        texts = tracks.setdefault(current, _Track(stated.get(current, ""))).texts
        if not texts or texts[-1][0] != start:
            texts.append((start, []))
        if strip_tags(part).strip():
            texts[-1][1].append(part)

    for match in _TAG.finditer(text):
        add(text[done : match.start()])
        done = match.end()
        name, is_end = match[2].lower(), bool(match[1])
        if name == "sync" and not is_end:
            time = _START.search(match[3])
            start = int(time[1]) if time else None
            current, is_hidden = "", False
        elif name == "p" and not is_end:
            kind = _CLASS.search(match[3])
            # A paragraph without a class is one of the only class that there is.
            current = kind[1].lower() if kind else next(iter(tracks)) if len(tracks) == 1 else ""
            is_hidden = _HIDDEN.search(match[3]) is not None
            add("")
        elif name in ("sync", "body", "sami"):
            start = None
    add(text[done:])
    if len(tracks) > 1 and "" in tracks and not any(texts for _, texts in tracks[""].texts):
        del tracks[""]
    return {name: track for name, track in tracks.items() if any(t for _, t in track.texts)}


def _without_comments(text: str) -> str:
    parts: list[str] = []
    done, end = 0, -1
    while (begin := text.find("<!--", done)) >= 0:
        if end < begin + 4:
            end = text.find("-->", begin + 4)
            if end < 0:
                break
        is_whole = end - begin <= MAX_COMMENT_CHARS
        parts.append(text[done : begin if is_whole else begin + 4])
        done = end + 3 if is_whole else begin + 4
    return "".join([*parts, text[done:]])


def _iter_cues(track: _Track) -> Iterator[Cue]:
    texts = sorted(track.texts, key=lambda entry: entry[0])
    for number, (start, lines) in enumerate(texts):
        if not lines:
            continue
        later = texts[number + 1][0] if number + 1 < len(texts) else None
        end = start / 1000 + LAST_CUE_SECONDS if later is None else later / 1000
        yield Cue(start / 1000, end, "\n".join(lines))

"""JSON for other programs: words with times and confidence, in the structure of Whisper's own.

It is a superset of what openai-whisper writes. Each cue is a segment, the ``words`` of a segment
have ``word``, ``start``, ``end`` and ``probability``, and all times are seconds. ``cues`` holds the
text as it is shown, with its line breaks. Words with estimated times are marked.
"""

from __future__ import annotations

import bisect
import json
import math
from collections.abc import Sequence
from typing import Any

from subtitled.plugin import Cue, InputRejectedError, Subtitle, Word

from ..markup import strip_tags
from .text import unwrap_lines

Content = tuple[tuple[Cue, ...], tuple[Word, ...]]


def representable(subtitle: Subtitle) -> Content:
    """Return what the format can represent: cues and words with finite times in milliseconds."""
    words = subtitle.words if subtitle.cues else ()
    return subtitle.cues, tuple(
        _round_word(word)
        for word in words
        if math.isfinite(word.start) and math.isfinite(word.end) and 0 <= word.start <= word.end
    )


def write(subtitle: Subtitle) -> str:
    """Render the file."""
    cues, words = representable(subtitle)
    words_by_cue = assign_words(cues, words)
    segments = [
        {
            "id": number,
            "start": cue.start,
            "end": cue.end,
            "text": unwrap_lines([strip_tags(cue.text)], subtitle.language),
            "words": [_word_to_json(word) for word in words_by_cue[number]],
        }
        for number, cue in enumerate(cues)
    ]
    document = {
        "language": str(subtitle.language),
        "kind": str(subtitle.kind),
        "title": subtitle.title,
        "text": unwrap_lines((strip_tags(cue.text) for cue in cues), subtitle.language),
        "segments": segments,
        "cues": [
            {"id": number, "start": cue.start, "end": cue.end, "text": cue.text}
            for number, cue in enumerate(cues)
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def assign_words(cues: Sequence[Cue], words: Sequence[Word]) -> list[list[Word]]:
    """Return the words of each cue, in order. Without cues, no words are returned.

    The middle of a word is in its cue, however early or late the cue appears.
    """
    words_by_cue: list[list[Word]] = [[] for _ in cues]
    starts, index = [cue.start for cue in cues], 0
    for word in words if cues else ():
        index = max(index, bisect.bisect_right(starts, (word.start + word.end) / 2) - 1)
        words_by_cue[index].append(word)
    return words_by_cue


def read(text: str) -> Content:
    """Read the cues and words of our files, or of those of Whisper and similar programs.

    Raises:
        InputRejectedError: The file is neither.
    """
    try:
        document = json.loads(text)
        segments = document.get("segments", [])
        cues = [
            Cue(
                _parse_time(segment["start"]),
                _parse_time(segment["end"]),
                str(segment["text"]).strip(),
            )
            for segment in document.get("cues", segments)
        ]
        words = [
            _word_from_json(word) for segment in segments for word in segment.get("words") or ()
        ]
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise InputRejectedError(
            "it is no JSON with segments as Whisper writes it", "Check what the file is"
        ) from error
    if "cues" not in document and "segments" not in document:
        raise InputRejectedError("the JSON has neither cues nor segments", "Check what the file is")
    return tuple(cues), tuple(words)


def _parse_time(value: object) -> float:
    """Convert a value to seconds.

    Raises:
        ValueError: It is no number, or no possible time.
    """
    if not isinstance(value, (int, float, str)) or not 0 <= float(value) < 1e7:
        raise ValueError(f"no time: {value!r:.40}")
    return float(value)


def _round_word(word: Word) -> Word:
    return Word(
        text=word.text,
        start=round(word.start, 3),
        end=round(word.end, 3),
        confidence=None if word.confidence is None else round(word.confidence, 4),
        speaker=word.speaker,
        is_estimated=word.is_estimated,
    )


def _word_to_json(word: Word) -> dict[str, Any]:
    payload: dict[str, Any] = {"word": word.text, "start": word.start, "end": word.end}
    if word.confidence is not None:
        payload["probability"] = word.confidence
    if word.speaker is not None:
        payload["speaker"] = word.speaker
    if word.is_estimated:
        payload["estimated"] = True
    return payload


def _word_from_json(payload: dict[str, Any]) -> Word:
    probability = payload.get("probability")
    return Word(
        text=str(payload["word"]),
        start=_parse_time(payload["start"]),
        end=_parse_time(payload["end"]),
        confidence=None if probability is None else float(probability),
        speaker=payload.get("speaker"),
        is_estimated=bool(payload.get("estimated", False)),
    )

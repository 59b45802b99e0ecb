"""JSON for other programs: the words with times and confidence, in the shape of Whisper's own.

A superset of what openai-whisper writes: each cue is a segment, ``words`` of a segment have
``word``, ``start``, ``end`` and ``probability``, all times in seconds. ``cues`` holds the text as
it is shown, with its line breaks. Words whose times we estimated say so.
"""

from __future__ import annotations

import bisect
import json
import math
from typing import Any

from subtitled.plugin import Cue, Rejected, Subtitle, Word

from .flow import flowing

Content = tuple[tuple[Cue, ...], tuple[Word, ...]]


def carried(subtitle: Subtitle) -> Content:
    """What the format can carry: words of cues, with times that are times, in thousandths."""
    words = subtitle.words if subtitle.cues else ()
    return subtitle.cues, tuple(
        _rounded(word)
        for word in words
        if math.isfinite(word.start) and math.isfinite(word.end) and 0 <= word.start <= word.end
    )


def write(subtitle: Subtitle) -> str:
    """The file's text."""
    cues, words = carried(subtitle)
    spoken: list[list[Word]] = [[] for _ in cues]
    starts, at = [cue.start for cue in cues], 0
    for word in words:
        # The middle of a word lies in its cue, however early or late the cue comes; words stay
        # in their order.
        at = max(at, bisect.bisect_right(starts, (word.start + word.end) / 2) - 1)
        spoken[at].append(word)
    segments = [
        {
            "id": number,
            "start": cue.start,
            "end": cue.end,
            "text": flowing([cue.text], subtitle.language),
            "words": [_as_json(word) for word in spoken[number]],
        }
        for number, cue in enumerate(cues)
    ]
    document = {
        "language": str(subtitle.language),
        "kind": str(subtitle.kind),
        "title": subtitle.title,
        "text": flowing((cue.text for cue in cues), subtitle.language),
        "segments": segments,
        "cues": [
            {"id": number, "start": cue.start, "end": cue.end, "text": cue.text}
            for number, cue in enumerate(cues)
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def read(text: str) -> Content:
    """Cues and words of ours, or of what Whisper and its kin write.

    Raises :class:`Rejected` for what is neither.
    """
    try:
        document = json.loads(text)
        segments = document.get("segments", [])
        cues = [
            Cue(_time(one["start"]), _time(one["end"]), str(one["text"]).strip())
            for one in document.get("cues", segments)
        ]
        words = [_as_word(word) for one in segments for word in one.get("words") or ()]
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Rejected(
            "it is no JSON with segments as Whisper writes it", "Look what the file is"
        ) from error
    if "cues" not in document and "segments" not in document:
        raise Rejected("the JSON has neither cues nor segments", "Look what the file is")
    return tuple(cues), tuple(words)


def _time(said: object) -> float:
    """Seconds. Raises ``ValueError`` for what is no number, or none that can be."""
    if not isinstance(said, (int, float, str)) or not 0 <= float(said) < 1e7:
        raise ValueError(f"no time: {said!r:.40}")
    return float(said)


def _rounded(word: Word) -> Word:
    return Word(
        word.text,
        round(word.start, 3),
        round(word.end, 3),
        None if word.confidence is None else round(word.confidence, 4),
        word.speaker,
        word.estimated,
    )


def _as_json(word: Word) -> dict[str, Any]:
    known: dict[str, Any] = {"word": word.text, "start": word.start, "end": word.end}
    if word.confidence is not None:
        known["probability"] = word.confidence
    if word.speaker is not None:
        known["speaker"] = word.speaker
    if word.estimated:
        known["estimated"] = True
    return known


def _as_word(known: dict[str, Any]) -> Word:
    probability = known.get("probability")
    return Word(
        str(known["word"]),
        _time(known["start"]),
        _time(known["end"]),
        None if probability is None else float(probability),
        known.get("speaker"),
        bool(known.get("estimated", False)),
    )

"""Answers in the shapes of Whisper and of OpenAI."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Any

from subtitled.daemon.audio_requests.questions import AudioAnswer
from subtitled.plugin import Cue, Language, SegmentScores, Subtitle, Word
from subtitled.subtitles.formats.text import unwrap_lines
from subtitled.subtitles.formats.whisper_json import assign_words
from subtitled.subtitles.markup import strip_tags

_CODES = {"jv": "jw", "fil": "tl", "nb": "no"}
"""Whisper's codes where they are not those of BCP 47."""
_NAMES = {"nn": "nynorsk", "mi": "maori", "fil": "tagalog", "my": "myanmar", "nb": "norwegian"}
"""Whisper's names where they are not the English ones."""
TSV_HEAD = "start\tend\ttext\n"


def whisper_code(language: Language) -> str:
    """Return Whisper's code of a language, such as ``zh``, ``no`` or ``jw``."""
    primary = str(language.primary)
    return _CODES.get(primary, primary)


def whisper_name(language: Language) -> str:
    """Return Whisper's name of a language: ``english``, ``haitian creole``."""
    primary = language.primary
    return _NAMES.get(str(primary), primary.english_name.lower())


def plain_text(subtitle: Subtitle | None) -> str:
    """Return the whole text on one line."""
    if subtitle is None:
        return ""
    return unwrap_lines((strip_tags(cue.text) for cue in subtitle.cues), subtitle.language)


def cue_text(cue: Cue, language: Language) -> str:
    """Return the text of a cue on one line."""
    return unwrap_lines([strip_tags(cue.text)], language)


def to_tsv(subtitle: Subtitle) -> str:
    """Return a table of start, end (milliseconds) and text, as Whisper writes it."""
    return TSV_HEAD + "".join(
        f"{round(cue.start * 1000)}\t{round(cue.end * 1000)}\t"
        + cue_text(cue, subtitle.language).replace("\t", " ")
        + "\n"
        for cue in subtitle.cues
    )


def to_lines(subtitle: Subtitle) -> str:
    """Return the text, a line for each cue."""
    return "".join(cue_text(cue, subtitle.language) + "\n" for cue in subtitle.cues)


def list_segments(answer: AudioAnswer) -> list[dict[str, Any]]:
    """Return the cues as segments with the scores of the recogniser."""
    subtitle = answer.subtitle
    if subtitle is None:
        return []
    words = assign_words(subtitle.cues, subtitle.words)
    segments = []
    for number, cue in enumerate(subtitle.cues):
        text = cue_text(cue, subtitle.language)
        scores = _scores_of(cue, answer.scores)
        segments.append(
            {
                "id": number,
                "start": round(cue.start, 3),
                "end": round(cue.end, 3),
                "text": text,
                "avg_logprob": _first(scores.avg_logprob, _mean_log(words[number])),
                "no_speech_prob": _first(scores.no_speech_prob, 0.0),
                "compression_ratio": _first(scores.compression_ratio, _compression(text)),
                "words": [
                    {
                        "word": word.text,
                        "start": round(word.start, 3),
                        "end": round(word.end, 3),
                        "probability": _first(word.confidence, 1.0),
                    }
                    for word in words[number]
                ],
            }
        )
    return segments


def list_words(subtitle: Subtitle | None) -> list[dict[str, Any]]:
    """Return the words as OpenAI lists them."""
    return [
        {
            "word": word.text.strip(),
            "start": round(word.start, 3),
            "end": round(word.end, 3),
        }
        for word in (subtitle.words if subtitle is not None else ())
    ]


def _scores_of(cue: Cue, scores: Sequence[SegmentScores]) -> SegmentScores:
    """Return the scores of the segment that a cue has most of its time in common with."""

    def shared(one: SegmentScores) -> float:
        return min(cue.end, one.end) - max(cue.start, one.start)

    best = max(scores, key=shared, default=None)
    if best is None or shared(best) <= 0:
        return SegmentScores(start=cue.start, end=cue.end)
    return best


def _mean_log(words: Sequence[Word]) -> float:
    known = [word.confidence for word in words if word.confidence and word.confidence > 0]
    return sum(map(math.log, known)) / len(known) if known else 0.0


def _compression(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def _first(value: float | None, default: float) -> float:
    return round(default if value is None else value, 4)

"""Parsing the responses of ``/audio/transcriptions``, which differ between servers.

Words are beside the segments or inside them, with or without punctuation. Times are numbers or
text, in seconds, milliseconds or nanoseconds. Segments may be null. The result has times that are
finite, in order and inside the audio, or no times.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from subtitled.plugin import Language, SegmentScores, Word

MAX_START_OVERRUN = 1.0
"""Seconds after the end of the audio at which words may start."""
MAX_END_OVERRUN = 30.0
"""Seconds after the end of the audio at which words may end: Whisper works in windows of 30."""
UNITS_PER_SECOND = (1.0, 1e3, 1e9)
"""Seconds, milliseconds, and nanoseconds. Old versions of LocalAI use nanoseconds."""
MAX_GAP_CHARACTERS = 24
"""How many characters of punctuation and spaces may be between two words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionResponse:
    """A parsed response."""

    words: tuple[Word, ...] = ()
    """Words, or segments, or one entry with the whole text."""
    has_word_timestamps: bool = False
    """Whether ``words`` are single words."""
    segment_scores: tuple[SegmentScores, ...] = ()
    language: Language | None = None
    seconds: float | None = None
    """Seconds of audio, as the service counted them."""


def is_transcription(payload: object) -> bool:
    """Check whether a payload is a transcription, perhaps without speech."""
    return isinstance(payload, dict) and (
        isinstance(payload.get("text"), str)
        or any(isinstance(payload.get(key), list) for key in ("segments", "words"))
    )


def parse_response(
    payload: dict[str, Any], duration: float, start: float = 0.0
) -> TranscriptionResponse:
    """Parse a response.

    Words that do not match the text are ignored, and the segments are used. Without times of
    segments, one :class:`Word` has the whole text.

    Args:
        payload: The parsed JSON.
        duration: Seconds of audio that were sent.
        start: Where the audio starts, in seconds of the track.

    Returns:
        The response, with times in seconds of the track.
    """
    segments = _list_objects(payload.get("segments"))
    given_text = payload.get("text")
    text = given_text if isinstance(given_text, str) else "".join(map(_get_text, segments))
    segment_words = [word for segment in segments for word in _list_objects(segment.get("words"))]
    word_objects = _list_objects(payload.get("words")) or segment_words
    unit = _detect_unit([*word_objects, *segments], duration)
    timed_words = _parse_timed_words(word_objects, unit, duration)
    if timed_words:
        timed_words = _match_text(timed_words, text)
    words = timed_words or _parse_timed_words(segments, unit, duration)
    if not words and text.strip():
        words = [Word(text=f" {text.strip()}", start=0.0, end=duration)]
    return TranscriptionResponse(
        words=tuple(_shift_word(word, start) for word in words),
        has_word_timestamps=bool(timed_words),
        segment_scores=tuple(_iter_segment_scores(segments, unit, duration, start)),
        language=_parse_language(payload.get("language")),
        seconds=_parse_seconds(payload.get("usage")),
    )


def _list_objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _get_text(item: dict[str, Any]) -> str:
    text = item.get("word") if isinstance(item.get("word"), str) else item.get("text")
    return text if isinstance(text, str) else ""


def _parse_number(value: object) -> float | None:
    """Parse a finite number, given as a number or as text. Return None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _detect_unit(items: Sequence[dict[str, Any]], duration: float) -> float | None:
    """Find the unit in which the times fit the audio. Return None if there is none."""
    starts = [_parse_number(item.get("start")) for item in items]
    ends = [_parse_number(item.get("end")) for item in items]
    first = max((at for at in starts if at is not None), default=0.0)
    last = max((at for at in ends if at is not None), default=0.0)
    if last <= 0:
        return None
    for unit in UNITS_PER_SECOND:
        if (
            first / unit <= duration + MAX_START_OVERRUN
            and last / unit <= duration + MAX_END_OVERRUN
        ):
            return unit
    return None


def _parse_timed_words(
    items: Sequence[dict[str, Any]], unit: float | None, duration: float
) -> list[Word]:
    """Parse words or segments in order. Return none if one of them has no times."""
    words = []
    for item in items:
        text = _get_text(item)
        if not text.strip():
            continue
        start, end = _parse_number(item.get("start")), _parse_number(item.get("end"))
        if unit is None or start is None or end is None or end < start:
            return []
        start, end = (min(max(at / unit, 0.0), duration) for at in (start, end))
        speaker = item.get("speaker")
        words.append(
            Word(
                text=text,
                start=start,
                end=end,
                confidence=_get_confidence(item),
                speaker=speaker if isinstance(speaker, str) else None,
            )
        )
    return sorted(words, key=lambda word: (word.start, word.end))


def _get_confidence(item: dict[str, Any]) -> float | None:
    for key in ("probability", "confidence", "score"):
        number = _parse_number(item.get(key))
        if number is not None and 0 <= number <= 1:
            return number
    mean = _parse_number(item.get("avg_logprob"))
    return math.exp(mean) if mean is not None and mean <= 0 else None


def _match_text(words: Sequence[Word], text: str) -> list[Word]:
    """Give words the spaces and punctuation of the text. Return none if they do not match it.

    OpenAI's own words are bare: ``country`` if the text has ``country.``.
    """
    if not text.strip():
        return (
            list(words) if any(word.text[:1].isspace() for word in words) else _with_spaces(words)
        )
    folded, at = text.lower(), 0
    if len(folded) != len(text):  # some letters become two in lower case
        folded = text
    spans: list[tuple[int, int]] = []
    for word in words:
        stripped = word.text.strip()
        needle = stripped if folded is text else stripped.lower()
        position = folded.find(needle, at, at + MAX_GAP_CHARACTERS + len(needle))
        if position < 0 or any(map(str.isalnum, text[at:position])):
            return []
        at = position + len(stripped)
        spans.append((position, at))
    if any(map(str.isalnum, text[at:])):
        return []
    # Characters between two words belong to the first up to the space, then to the second.
    edges = [0]
    for (_, end), (begin, _) in itertools.pairwise(spans):
        space = next((i for i in range(end, begin) if text[i].isspace()), begin)
        edges.append(space)
    edges.append(len(text.rstrip()))
    parts = [text[first:last] for first, last in itertools.pairwise(edges)]
    if len(parts) == 1 or any(map(str.isspace, text.strip())):
        parts[0] = f" {parts[0].lstrip()}"  # it follows the chunk before
    return [replace(word, text=part) for word, part in zip(words, parts, strict=True)]


def _with_spaces(words: Sequence[Word]) -> list[Word]:
    """Put a space in front of each word."""
    return [replace(word, text=f" {word.text.strip()}") for word in words]


def _shift_word(word: Word, start: float) -> Word:
    return replace(word, start=word.start + start, end=word.end + start)


def _iter_segment_scores(
    segments: Iterable[dict[str, Any]], unit: float | None, duration: float, start: float
) -> Iterable[SegmentScores]:
    for segment in segments:
        avg_logprob = _parse_number(segment.get("avg_logprob"))
        no_speech_prob = _parse_number(segment.get("no_speech_prob"))
        compression_ratio = _parse_number(segment.get("compression_ratio"))
        begin, end = _parse_number(segment.get("start")), _parse_number(segment.get("end"))
        if (avg_logprob, no_speech_prob, compression_ratio) == (None, None, None) or unit is None:
            continue
        if begin is None or end is None or end < begin:
            continue
        begin, end = (min(max(at / unit, 0.0), duration) for at in (begin, end))
        yield SegmentScores(
            start=begin + start,
            end=end + start,
            avg_logprob=avg_logprob if avg_logprob is not None and avg_logprob <= 0 else None,
            no_speech_prob=no_speech_prob
            if no_speech_prob is not None and 0 <= no_speech_prob <= 1
            else None,
            compression_ratio=compression_ratio
            if compression_ratio is not None and compression_ratio > 0
            else None,
        )


def _parse_language(value: object) -> Language | None:
    """Parse a code or a name of a language. Return None if it is neither."""
    try:
        return Language.parse(value) if isinstance(value, str) and value.strip() else None
    except ValueError:
        return None


def _parse_seconds(usage: object) -> float | None:
    seconds = _parse_number(usage.get("seconds")) if isinstance(usage, dict) else None
    return seconds if seconds is not None and seconds >= 0 else None

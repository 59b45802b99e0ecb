"""Parsing the result files of transcription tasks, of both families of models."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from subtitled.plugin import Language, TimeSpan, TransientError, Word

from .catalogue import TIMESTAMP_LANGUAGES

_OPENING_PUNCTUATION = "«“‘「『（《【〈([{¿¡"

TimedText = tuple[str, float, float]
"""A text with the white space in front of it, its start and its end in seconds."""


@dataclass(frozen=True, slots=True)
class ParsedResult:
    """A parsed result file, in seconds of the track."""

    words: tuple[Word, ...]
    languages: tuple[Language, ...]
    """The languages of its sentences, in order."""


def parse_result(document: Any, bounds: TimeSpan, is_timing_uncertain: bool) -> ParsedResult:
    """Parse a result file.

    Args:
        document: The parsed JSON.
        bounds: The time span of the track that was sent.
        is_timing_uncertain: Whether word times are marked as estimated in languages for which the
            service does not promise them.

    Returns:
        The words and the languages.

    Raises:
        TransientError: The document is no result file.
    """
    words: list[Word] = []
    languages: list[Language] = []
    try:
        for sentence in _iter_sentences(document):
            text = str(sentence["text"]).strip()
            if not text:
                continue
            start, end = _parse_times(sentence, bounds)
            language = _parse_language(sentence.get("language"))
            speaker = sentence.get("speaker_id")
            is_estimated = (
                is_timing_uncertain
                and language is not None
                and language.primary not in TIMESTAMP_LANGUAGES
            )
            pieces = _split_sentence(text, sentence.get("words") or (), bounds)
            leading_space = " " if needs_space(words[-1].text if words else "", text) else ""
            for piece, begins, ends in pieces or distribute_words(text, start, end):
                words.append(
                    Word(
                        text=leading_space + piece,
                        start=begins,
                        end=ends,
                        speaker=None if speaker is None else str(speaker),
                        is_estimated=is_estimated or not pieces,
                    )
                )
                leading_space = ""
            if language is not None:
                languages.append(language)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise TransientError(
            "the result of the transcription is not in the shape that is documented",
            "It is downloaded again. If that does not help, report it to the authors of subtitled",
        ) from None
    return ParsedResult(tuple(sorted(words, key=lambda word: word.start)), tuple(languages))


def _iter_sentences(document: Any) -> Iterator[dict[str, Any]]:
    """Iterate over the sentences of all transcripts. A mono file has one."""
    for transcript in document["transcripts"]:
        yield from transcript.get("sentences") or ()


def _parse_times(entry: dict[str, Any], bounds: TimeSpan) -> tuple[float, float]:
    """Convert milliseconds of the file to seconds of the track, inside the bounds."""
    begin, end = (bounds.start + float(entry[key]) / 1000 for key in ("begin_time", "end_time"))
    if not (math.isfinite(begin) and math.isfinite(end)):
        raise ValueError("a time is not finite")
    start = min(max(begin, bounds.start), bounds.end)
    return start, min(max(end, start), bounds.end)


def _parse_language(code: Any) -> Language | None:
    try:
        return Language(code) if isinstance(code, str) and code else None
    except ValueError:
        return None


def _split_sentence(
    text: str, words: Sequence[dict[str, Any]], bounds: TimeSpan
) -> list[TimedText]:
    """Split a sentence into words with times, spelled and punctuated as in the sentence."""
    valid_words = [word for word in words if str(word["text"]).strip()]
    pieces = match_words(text, [str(word["text"]).strip() for word in valid_words])
    if pieces is None:
        pieces = []
        for word in valid_words:
            piece = str(word["text"]).strip() + str(word.get("punctuation") or "").strip()
            pieces.append(f" {piece}" if pieces and needs_space(pieces[-1], piece) else piece)
    return [
        (piece, *_parse_times(word, bounds))
        for piece, word in zip(pieces, valid_words, strict=True)
        if piece
    ]


def match_words(text: str, words: Sequence[str]) -> list[str] | None:
    """Split a text into one piece for each word.

    Args:
        text: The text.
        words: Its words without punctuation.

    Returns:
        Pieces that together are the text, or None if the words are not those of the text.
    """
    pieces: list[str] = []
    at, begin = 0, 0
    for word in words:
        position = text.find(word, at)
        gap = text[at:position]
        if position < 0 or any(letter.isalnum() for letter in gap):
            return None
        if at:
            split_at = at + _find_split(gap)
            pieces.append(text[begin:split_at])
            begin = split_at
        at = position + len(word)
    if any(letter.isalnum() for letter in text[at:]):
        return None
    return [*pieces, text[begin:]] if words else None


def _find_split(gap: str) -> int:
    """Find where to split the characters between two words.

    White space and opening punctuation belong to the second word.
    """
    spaces = [number for number, letter in enumerate(gap) if letter.isspace()]
    if not spaces:
        return next((n for n, letter in enumerate(gap) if letter in _OPENING_PUNCTUATION), len(gap))
    head = gap[: spaces[-1]].rstrip()
    if head and head[-1] in _OPENING_PUNCTUATION:
        head = head[:-1].rstrip()
        return len(head)
    return spaces[-1]


def distribute_words(text: str, start: float, end: float) -> list[TimedText]:
    """Distribute the words of a text over a time span, by their lengths."""
    pieces = re.findall(r"\s*\S+", text.rstrip())
    if sum(map(_is_wide, text)) * 2 > len(text):
        pieces = re.findall(r"\s*\S", text.rstrip())
    ends = list(accumulate(len(piece) for piece in pieces))
    step = (end - start) / ends[-1]
    return [
        (piece, start + (last - len(piece)) * step, start + last * step)
        for piece, last in zip(pieces, ends, strict=True)
    ]


def needs_space(before: str, after: str) -> bool:
    """Check whether a space belongs between two texts: not beside Chinese, Japanese or Thai."""
    return not (before[-1:] and _is_wide(before[-1])) and not _is_wide(after[0])


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF" and not "\uac00" <= letter <= "\ud7a3"

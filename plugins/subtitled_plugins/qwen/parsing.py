"""The result files of transcription tasks as words, in either family's shape."""

from __future__ import annotations

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
"""A piece of text with the white space in front of it, and its times in seconds."""


@dataclass(frozen=True, slots=True)
class ParsedResult:
    """What a result file says, in seconds of the medium."""

    words: tuple[Word, ...]
    languages: tuple[Language, ...]
    """The languages of its sentences, in order."""


def parse_result(document: Any, bounds: TimeSpan, is_timing_uncertain: bool) -> ParsedResult:
    """The words of a result file of the sound of ``bounds``, and what it says of its sentences.

    ``doubt``: word times outside the languages for which they are promised are marked as estimated.
    Raises :class:`~subtitled.plugin.TransientError` for what is no result file.
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
                        leading_space + piece,
                        begins,
                        ends,
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
            "It is fetched again; if that goes on, tell the authors of subtitled",
        ) from None
    return ParsedResult(tuple(sorted(words, key=lambda word: word.start)), tuple(languages))


def _iter_sentences(document: Any) -> Iterator[dict[str, Any]]:
    """All sentences. A mono file has one transcript; of more, each is a channel of its own."""
    for transcript in document["transcripts"]:
        yield from transcript.get("sentences") or ()


def _parse_times(entry: dict[str, Any], bounds: TimeSpan) -> tuple[float, float]:
    """Milliseconds of the file as seconds of the medium, inside the bounds and in order."""
    begin, end = (bounds.start + float(entry[key]) / 1000 for key in ("begin_time", "end_time"))
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
    """The pieces of a sentence with the times of its words. Punctuation is told apart from them,
    so they are spelled as in the sentence; else as they are."""
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
    """The text cut into one piece for each word, which together are all of it.

    None where the words are not those of the text.
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
    """Where what stands between two words is parted: white space and what opens go to the next."""
    spaces = [number for number, letter in enumerate(gap) if letter.isspace()]
    if not spaces:
        return next((n for n, letter in enumerate(gap) if letter in _OPENING_PUNCTUATION), len(gap))
    head = gap[: spaces[-1]].rstrip()
    if head and head[-1] in _OPENING_PUNCTUATION:
        head = head[:-1].rstrip()
        return len(head)
    return spaces[-1]


def distribute_words(text: str, start: float, end: float) -> list[TimedText]:
    """A text without word times over its interval, by the length of its words."""
    pieces = re.findall(r"\s*\S+", text)
    if sum(map(_is_wide, text)) * 2 > len(text):
        pieces = re.findall(r"\s*\S", text)
    ends = list(accumulate(len(piece) for piece in pieces))
    step = (end - start) / ends[-1]
    return [
        (piece, start + (last - len(piece)) * step, start + last * step)
        for piece, last in zip(pieces, ends, strict=True)
    ]


def needs_space(before: str, after: str) -> bool:
    """Whether a space stands between two texts: not beside Chinese, Japanese or Thai letters."""
    return not (before[-1:] and _is_wide(before[-1])) and not _is_wide(after[0])


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF" and not "\uac00" <= letter <= "\ud7a3"

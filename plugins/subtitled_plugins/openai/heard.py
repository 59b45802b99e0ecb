"""What servers of ``/audio/transcriptions`` answer, read with forgiveness and checked.

They agree on the format and on little else: words beside the segments or inside them, with their
punctuation or without, times as numbers, as text or in nanoseconds, segments that are null. What
comes out is in order, finite and inside the sound, or it is not taken for times at all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from subtitled.plugin import Evidence, Language, Word

SLACK = 1.0
"""Seconds after the end of the sound at which words may still begin."""
OVERHANG = 30.0
"""Seconds after the end of the sound at which they may end: Whisper works in windows of 30."""
UNITS = (1.0, 1e3, 1e9)
"""Seconds, milliseconds, and nanoseconds, which old versions of LocalAI give."""
GAP = 24
"""Characters of punctuation and spaces that may stand between two words."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer. ``words`` are words if ``timed``, else segments, or one with all the text."""

    words: tuple[Word, ...] = ()
    timed: bool = False
    evidence: tuple[Evidence, ...] = ()
    language: Language | None = None
    seconds: float | None = None
    """Of sound, as the service counted them."""


def is_answer(said: object) -> bool:
    """Whether it is a transcription at all: one without speech is."""
    return isinstance(said, dict) and (
        isinstance(said.get("text"), str)
        or any(isinstance(said.get(key), list) for key in ("segments", "words"))
    )


def heard(said: dict[str, Any], length: float, start: float = 0.0) -> Heard:
    """An answer about ``length`` seconds of sound that lie at ``start`` in the medium.

    Words that the text does not bear out are not believed, then segments count; where these have
    no times either, there is one :class:`Word` from end to end with all the text.
    """
    segments = _objects(said.get("segments"))
    spelt = said.get("text")
    text = spelt if isinstance(spelt, str) else "".join(map(_text, segments))
    inner = [word for segment in segments for word in _objects(segment.get("words"))]
    single = _objects(said.get("words")) or inner
    unit = _unit([*single, *segments], length)
    timed = _timed(single, unit, length)
    if timed:
        timed = _spelt(timed, text)
    words = timed or _timed(segments, unit, length)
    if not words and text.strip():
        words = [Word(f" {text.strip()}", 0.0, length)]
    return Heard(
        tuple(_moved(word, start) for word in words),
        bool(timed),
        tuple(_evidence(segments, unit, length, start)),
        _language(said.get("language")),
        _seconds(said.get("usage")),
    )


def _objects(said: object) -> list[dict[str, Any]]:
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _text(said: dict[str, Any]) -> str:
    found = said.get("word") if isinstance(said.get("word"), str) else said.get("text")
    return found if isinstance(found, str) else ""


def _number(said: object) -> float | None:
    """A finite number, given as one or as text."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _unit(all_said: Sequence[dict[str, Any]], length: float) -> float | None:
    """What the times are counted in, so that they fit the sound; None if they are no times."""
    starts = [_number(said.get("start")) for said in all_said]
    ends = [_number(said.get("end")) for said in all_said]
    first = max((at for at in starts if at is not None), default=0.0)
    last = max((at for at in ends if at is not None), default=0.0)
    if last <= 0:
        return None
    for unit in UNITS:
        if first / unit <= length + SLACK and last / unit <= length + OVERHANG:
            return unit
    return None


def _timed(all_said: Sequence[dict[str, Any]], unit: float | None, length: float) -> list[Word]:
    """Words or segments in order of their times; none at all if one of them has no times."""
    found = []
    for said in all_said:
        text = _text(said)
        if not text.strip():
            continue
        start, end = _number(said.get("start")), _number(said.get("end"))
        if unit is None or start is None or end is None or end < start:
            return []
        start, end = (min(max(at / unit, 0.0), length) for at in (start, end))
        speaker = said.get("speaker")
        found.append(
            Word(text, start, end, _confidence(said), speaker if isinstance(speaker, str) else None)
        )
    return sorted(found, key=lambda word: (word.start, word.end))


def _confidence(said: dict[str, Any]) -> float | None:
    for key in ("probability", "confidence", "score"):
        number = _number(said.get(key))
        if number is not None and 0 <= number <= 1:
            return number
    mean = _number(said.get("avg_logprob"))
    return math.exp(mean) if mean is not None and mean <= 0 else None


def _spelt(words: Sequence[Word], text: str) -> list[Word]:
    """The words with the spaces and punctuation that they have in the text; none if they are not
    what it says. OpenAI's own words are bare: ``country`` where the text has ``country.``"""
    if not text.strip():
        return list(words) if any(word.text[:1].isspace() for word in words) else _apart(words)
    folded, at = text.lower(), 0
    if len(folded) != len(text):  # letters that are two in lower case: as it stands
        folded = text
    spans: list[tuple[int, int]] = []
    for word in words:
        bare = word.text.strip()
        sought = bare if folded is text else bare.lower()
        found = folded.find(sought, at, at + GAP + len(sought))
        if found < 0 or any(map(str.isalnum, text[at:found])):
            return []
        at = found + len(bare)
        spans.append((found, at))
    if any(map(str.isalnum, text[at:])):
        return []
    # What stands between two words belongs to the first as far as the space, then to the second.
    edges = [0]
    for (_, end), (begin, _) in itertools.pairwise(spans):
        space = next((i for i in range(end, begin) if text[i].isspace()), begin)
        edges.append(space)
    edges.append(len(text.rstrip()))
    parts = [text[first:last] for first, last in itertools.pairwise(edges)]
    if len(parts) == 1 or any(map(str.isspace, text.strip())):
        parts[0] = f" {parts[0].lstrip()}"  # it follows the stretch before
    return [replace(word, text=part) for word, part in zip(words, parts, strict=True)]


def _apart(words: Sequence[Word]) -> list[Word]:
    """Words that came without spaces."""
    return [replace(word, text=f" {word.text.strip()}") for word in words]


def _moved(word: Word, start: float) -> Word:
    return replace(word, start=word.start + start, end=word.end + start)


def _evidence(
    segments: Iterable[dict[str, Any]], unit: float | None, length: float, start: float
) -> Iterable[Evidence]:
    for segment in segments:
        mean = _number(segment.get("avg_logprob"))
        none = _number(segment.get("no_speech_prob"))
        packed = _number(segment.get("compression_ratio"))
        begin, end = _number(segment.get("start")), _number(segment.get("end"))
        if (mean, none, packed) == (None, None, None) or unit is None:
            continue
        if begin is None or end is None or end < begin:
            continue
        begin, end = (min(max(at / unit, 0.0), length) for at in (begin, end))
        yield Evidence(
            begin + start,
            end + start,
            mean if mean is not None and mean <= 0 else None,
            none if none is not None and 0 <= none <= 1 else None,
            packed if packed is not None and packed > 0 else None,
        )


def _language(said: object) -> Language | None:
    """A language by its code or its name."""
    try:
        return Language.parse(said) if isinstance(said, str) and said.strip() else None
    except ValueError:
        return None


def _seconds(usage: object) -> float | None:
    seconds = _number(usage.get("seconds")) if isinstance(usage, dict) else None
    return seconds if seconds is not None and seconds >= 0 else None

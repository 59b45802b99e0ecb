"""Forced alignment: finds when words are said that an engine returned without times.

The text is aligned in passages: the whole chunk, or a few phrases where the engine knows their
times. The result must contain exactly that text, in order, inside its passage, and with enough
confidence. Otherwise the times are estimated (:mod:`subtitled.subtitles.segmentation.word_timing`)
and the words are marked so. :mod:`.media_sync` is something else: it compares two versions of a
media file.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from subtitled.plugin import Audio, Chunk, Language, SubtitledError, TimeSpan, Transcript, Word
from subtitled.plugin.speech_timeline import SpeechTimeline
from subtitled.subtitles.hallucination.passages import normalise_text
from subtitled.subtitles.segmentation.removed_silence import confine_to_speech
from subtitled.subtitles.segmentation.syntax import is_clause_end
from subtitled.subtitles.segmentation.word_timing import estimate_times, interpolate, speech_weight

Aligner = Callable[[Audio, Chunk, str, Language], Sequence[Word]]
"""A function like :meth:`subtitled.plugin.Engine.align`."""

MAX_PASSAGE_SECONDS = 28.0
"""Seconds of phrases with times that are aligned together: one window of Whisper."""
SLACK_SECONDS = 0.3
"""Seconds by which the times of a phrase may be wrong."""
MIN_CONFIDENCE = 0.15
"""Median confidence below which an alignment is rejected.

Whisper base reaches 0.8 and more if the text was said, and 0.01 to 0.12 if not
(benchmarks/alignment.py measures both).
"""
MAX_CROWDED_SHARE = 0.4
"""Share of words that may be crowded."""
MAX_CHARS_PER_SECOND = 35.0
"""Letters a second that are impossible. Words that are faster are crowded."""


@dataclass(frozen=True, slots=True)
class AlignmentResult:
    """Words with times, who aligned them, and why some are estimated."""

    words: tuple[Word, ...]
    aligner: str
    rejections: tuple[str, ...] = ()

    def __str__(self) -> str:
        estimated = sum(word.is_estimated for word in self.words)
        if not self.words:
            return "without words"
        if not estimated:
            return f"times found by {self.aligner}"
        reason = "; ".join(dict.fromkeys(self.rejections))
        share = (
            "" if estimated == len(self.words) else f" of {estimated} of {len(self.words)} words"
        )
        return f"times{share} estimated: {reason}"


@dataclass(frozen=True, slots=True)
class _Passage:
    """Phrases that are aligned together, and the chunk in which they are said."""

    phrases: tuple[Word, ...]
    chunk: Chunk

    def text(self) -> str:
        return "".join(phrase.text for phrase in self.phrases)


def align_transcript(
    untimed: Transcript, chunk: Chunk, audio: Audio, align: Aligner | None, aligner: str = ""
) -> AlignmentResult:
    """Give each word of an untimed transcript its own times.

    Args:
        untimed: A transcript whose words are phrases, or one text.
        chunk: Where it is said.
        audio: The decoded track.
        align: How an engine aligns, or None if none can.
        aligner: The name of that engine.

    Returns:
        The words. Where alignment failed, their times are estimated and the reasons are given.
    """
    words: list[Word] = []
    rejections: list[str] = []
    for passage in _split_into_passages(untimed.words, chunk):
        result: Sequence[Word] | str = "no configured engine supports alignment"
        if align is not None:
            result = _align_passage(passage, audio, untimed.language, align, aligner)
        if isinstance(result, str):
            rejections.append(result)
            result = estimate_times(passage.phrases, passage.chunk.speech, untimed.language)
        words += result
    return AlignmentResult(tuple(words), aligner, tuple(rejections))


def _split_into_passages(phrases: Sequence[Word], chunk: Chunk) -> list[_Passage]:
    """Split phrases into passages whose time spans do not overlap."""
    spoken = [phrase for phrase in phrases if normalise_text(phrase.text)]
    has_times = all(
        math.isfinite(spoken_phrase.start) and math.isfinite(spoken_phrase.end)
        for spoken_phrase in spoken
    )
    if len(spoken) < 2 or not has_times:
        return [_Passage(tuple(spoken), chunk)] if spoken else []
    groups: list[list[Word]] = []
    for phrase in spoken:
        if groups and phrase.end - groups[-1][0].start <= MAX_PASSAGE_SECONDS:
            groups[-1].append(phrase)
        else:
            groups.append([phrase])
    return [
        _Passage(
            tuple(group),
            _passage_chunk(
                chunk,
                _passage_border(groups[number - 1][-1].end, group[0].start)
                if number
                else -math.inf,
                _passage_border(group[-1].end, groups[number + 1][0].start)
                if number + 1 < len(groups)
                else math.inf,
                TimeSpan(group[0].start - SLACK_SECONDS, group[-1].end + SLACK_SECONDS),
            ),
        )
        for number, group in enumerate(groups)
    ]


def _passage_border(before: float, after: float) -> float:
    """Return the middle of the gap between two passages, or of their overlap."""
    return (before + after) / 2


def _passage_chunk(chunk: Chunk, first: float, last: float, claimed: TimeSpan) -> Chunk:
    start = max(first, claimed.start, chunk.span.start)
    end = max(start, min(last, claimed.end, chunk.span.end))

    def clipped(parts: Sequence[TimeSpan]) -> tuple[TimeSpan, ...]:
        inside = (TimeSpan(max(part.start, start), min(part.end, end)) for part in parts)
        return tuple(part for part in inside if part.duration > 0)

    return Chunk(TimeSpan(start, end), clipped(chunk.speech), clipped(chunk.low_energy))


def _align_passage(
    passage: _Passage, audio: Audio, language: Language, align: Aligner, aligner: str
) -> Sequence[Word] | str:
    """Return the aligned words of a passage, or why it could not be aligned."""
    chunk = passage.chunk
    if not chunk.speech:
        return "no speech was detected there"
    try:
        words = tuple(align(audio, chunk, passage.text(), language))
    except SubtitledError as error:
        return f"{aligner} could not align: {error.message}"
    reason = rejection_reason(words, passage.text(), chunk.span)
    if reason:
        return reason
    confined = confine_to_speech(words, chunk.speech, language)
    spread = spread_crowded_words(confined, chunk.span.end, chunk.speech)
    return _restore_phrase_data(spread, passage.phrases)


def rejection_reason(words: Sequence[Word], text: str, within: TimeSpan) -> str:
    """Return why an alignment must be rejected; empty if it may be used."""
    if normalise_text("".join(word.text for word in words)) != normalise_text(text):
        return "the alignment lost some of the text"
    last = within.start
    for word in words:
        if not (last - 1e-3 <= word.start <= word.end <= within.end + 1e-3):
            return "the alignment is out of order"
        last = word.start
    confidences = [word.confidence for word in words if word.confidence is not None]
    if confidences and statistics.median(confidences) < MIN_CONFIDENCE:
        return f"the alignment does not convince (confidence {statistics.median(confidences):.0%})"
    crowded = sum(_is_crowded(word) for word in words)
    if crowded > MAX_CROWDED_SHARE * len(words) and len(words) > 3:
        return f"the alignment does not convince ({crowded} of {len(words)} words are too short)"
    return ""


def _is_crowded(word: Word) -> bool:
    return word.end - word.start < speech_weight(word.text) / MAX_CHARS_PER_SECOND


def spread_crowded_words(
    words: Sequence[Word], end: float, speech: Sequence[TimeSpan] = ()
) -> list[Word]:
    """Give crowded words some of the time of their neighbours, by the length of the words.

    Time is taken from the pause after each run of crowded words and, if that is not enough, from
    words on both sides, one after the other. The order stays, and so do words that are not needed
    for it.

    Args:
        words: The words in order, none of which spans a pause of the speech.
        end: Where the last of them ends at the latest.
        speech: Speech spans. Words are not spread over the pauses between them.
    """
    if not speech:
        return _spread_crowded(words, end)
    # Where a word is said nobody is silent, whether or not speech was detected there.
    said = (TimeSpan(word.start, word.end) for word in words)
    timeline = SpeechTimeline(sorted([*speech, *said]))
    in_speech_time = [
        replace(
            word,
            start=timeline.to_speech_time(word.start),
            end=timeline.to_speech_time(word.end),
        )
        for word in words
    ]
    spread = _spread_crowded(in_speech_time, timeline.to_speech_time(end))
    return [
        word if after == before else _to_media_time(after, timeline)
        for word, before, after in zip(words, in_speech_time, spread, strict=True)
    ]


def _to_media_time(word: Word, timeline: SpeechTimeline) -> Word:
    place = timeline.place(word.start, word.end, prefers_first=is_clause_end(word.text))
    return replace(word, start=place.start, end=place.end)


def _spread_crowded(words: Sequence[Word], end: float) -> list[Word]:
    ordered = [replace(word, end=max(word.end, word.start)) for word in words]
    index = 0
    while index < len(ordered):
        if not _is_crowded(ordered[index]):
            index += 1
            continue
        first = last = index
        while last + 1 < len(ordered) and _is_crowded(ordered[last + 1]):
            last += 1
        first, last = _widen_run(ordered, first, last, end)
        start = ordered[first].start
        end_time = ordered[last + 1].start if last + 1 < len(ordered) else end
        needed = (
            sum(speech_weight(word.text) for word in ordered[first : last + 1])
            / MAX_CHARS_PER_SECOND
        )
        end_time = min(end_time, max(ordered[last].end, start + 2 * needed))
        run = Word(text="", start=start, end=end_time)
        spread = interpolate(run, [word.text for word in ordered[first : last + 1]])
        for number, timed in enumerate(spread):
            word = ordered[first + number]
            ordered[first + number] = replace(word, start=timed.start, end=timed.end)
        index = last + 1
    return ordered


def _widen_run(words: Sequence[Word], first: int, last: int, end: float) -> tuple[int, int]:
    """Extend a run of crowded words until it has enough time to be said."""
    for _ in range(8):
        end_time = words[last + 1].start if last + 1 < len(words) else end
        needed = (
            sum(speech_weight(word.text) for word in words[first : last + 1]) / MAX_CHARS_PER_SECOND
        )
        if end_time - words[first].start >= needed:
            break
        if first > 0:
            first -= 1
        elif last + 1 < len(words):
            last += 1
    return first, last


def _restore_phrase_data(words: Sequence[Word], phrases: Sequence[Word]) -> list[Word]:
    """Give each word the speaker of its phrase, and the confidence of the phrase if known."""
    restored: list[Word] = []
    number, phrase_end, position = 0, len(normalise_text(phrases[0].text)), 0
    for word in words:
        while position >= phrase_end and number + 1 < len(phrases):
            number += 1
            phrase_end += len(normalise_text(phrases[number].text))
        position += len(normalise_text(word.text))
        phrase = phrases[number]
        confidence = word.confidence if phrase.confidence is None else phrase.confidence
        restored.append(replace(word, speaker=phrase.speaker, confidence=confidence))
    return restored

"""Signs from the sound: speech without words, words without speech, and their times."""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Iterator, Sequence

from subtitled.plugin import TimeSpan
from subtitled.plugin.speech_timeline import SpeechTimeline

from .gaps import find_uncovered_speech
from .reasons import ReasonKind
from .subtitle_view import MIN_WORD_SECONDS, Sign, SubtitleView

MIN_GAP_SECONDS = 1.0
"""Seconds of speech without a word from which something may be missing."""
FULL_GAP_SECONDS = 3.0
"""Seconds from which something is surely missing."""
NEAR_SECONDS = 1.0
"""How near to a cue text that was left out concerns it."""
MAX_WORD_SECONDS = 2.0
"""Seconds that one word covers at most. Longer times are a fault of the alignment."""
UNUSUAL_PACE = 2.0
"""How much faster or slower than the rest of the file words are said that look wrong."""
MAX_QUOTED = 60
"""Characters of text that a reason quotes."""
_FAST, _SLOWLY = {"pace": "fast"}, {"pace": "slowly"}
"""Values that nearly every cue has. One for all saves the time to make them."""


def find_gaps(view: SubtitleView) -> list[TimeSpan]:
    """Find speech in which nothing is written, faint speech left out."""
    if view.evidence.speech is None:
        return []
    covered = _join_words(view.word_times)
    covered += ((span.start, span.end) for span in view.evidence.faint_speech)
    if view.evidence.is_translation or not view.evidence.words:
        covered += ((cue.start, cue.end) for cue in view.cues)
    return find_uncovered_speech(view.evidence.speech, covered, MIN_GAP_SECONDS)


def _join_words(times: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the time that words cover. Those with less than a gap between them are one."""
    joined: list[tuple[float, float]] = []
    first, covered = math.inf, -math.inf
    for start, end in times:
        if not first <= start < covered + MIN_GAP_SECONDS:
            if covered > -math.inf:
                joined.append((first, covered))
            first, covered = start, -math.inf
        # Conditions take half the time of max(), and this is done for each word.
        latest = start + MAX_WORD_SECONDS
        end = end if end < latest else latest
        covered = end if end > covered else covered
    if covered > -math.inf:
        joined.append((first, covered))
    return joined


def find_speech_left(view: SubtitleView, gaps: Sequence[TimeSpan]) -> Iterator[Sign]:
    """Find the cues beside or around speech in which nothing is written."""
    starts = [cue.start for cue in view.cues]
    for gap in gaps:
        after = bisect.bisect_right(starts, gap.start + MIN_GAP_SECONDS / 2)
        for index in (after - 1, after):
            if not 0 <= index < len(view.cues):
                continue
            cue = view.cues[index]
            if cue.start - NEAR_SECONDS < gap.end and gap.start < cue.end + NEAR_SECONDS:
                values = {"seconds": round(gap.duration, 1)}
                strength = gap.duration / FULL_GAP_SECONDS
                yield Sign(index, ReasonKind.SPEECH_LEFT, strength, values)


def find_left_out(view: SubtitleView) -> Iterator[Sign]:
    """Find the cues in or beside which text was left out."""
    starts = [cue.start for cue in view.cues]
    for removal in view.evidence.left_out:
        if not removal.text:
            continue  # That is speech without a word, which has a sign of its own.
        first = max(0, bisect.bisect_right(starts, removal.start) - 1)
        for index in range(first, len(view.cues)):
            cue = view.cues[index]
            if cue.start > removal.end + NEAR_SECONDS:
                break
            if cue.end > removal.start - NEAR_SECONDS:
                text = removal.text
                shown = text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED].rstrip() + "…"
                values = {"text": shown, "why": removal.reason}
                yield Sign(index, ReasonKind.LEFT_OUT, 1.0, values)


def find_words_without_speech(view: SubtitleView) -> Iterator[Sign]:
    """Find cues whose words are said where nobody speaks, or where speech is faint."""
    if view.speech is None:
        return
    times = view.by_cue(view.word_times)
    for index, total in enumerate(view.spoken_seconds):
        if total is None:
            continue
        words = times[index]
        outside = 1.0 - _measure_inside(words, view.speech) / total
        if outside > 0:
            yield Sign(index, ReasonKind.NO_SPEECH, outside)
        if view.evidence.faint_speech:
            inside = _measure_inside(words, view.faint_speech) / total
            yield Sign(index, ReasonKind.FAINT_SPEECH, inside)


def _measure_inside(words: Sequence[tuple[float, float]], timeline: SpeechTimeline) -> float:
    """Return the seconds of speech in some words, by their starts and ends."""
    # Neighbours mostly touch, so a few long runs are measured instead of many words.
    inside, start, end = 0.0, words[0][0], words[0][0]
    for word_start, word_end in words:
        if word_start > end + MIN_WORD_SECONDS:
            inside += timeline.measure_speech(start, end)
            start = word_start
        # Conditions take half the time of max(), and this is done for each word.
        shortest = word_start + MIN_WORD_SECONDS
        end = word_end if word_end > end else end
        end = shortest if shortest > end else end
    return inside + timeline.measure_speech(start, end)


def find_odd_pace(view: SubtitleView) -> Iterator[Sign]:
    """Find cues whose words are said much faster or slower than those of the rest of the file."""
    paces = [
        letters / seconds if seconds else None
        for letters, seconds in zip(view.letter_counts, view.spoken_seconds, strict=True)
    ]
    known = [pace for pace in paces if pace]
    if not known:
        return
    usual = statistics.median(known)
    for index, pace in enumerate(paces):
        if pace:
            ratio = math.log(pace / usual) / math.log(UNUSUAL_PACE)
            yield Sign(index, ReasonKind.ODD_PACE, abs(ratio), _FAST if ratio > 0 else _SLOWLY)


def find_estimated_times(view: SubtitleView) -> Iterator[Sign]:
    """Find cues whose words have no times of their own."""
    for index, count in enumerate(view.estimated_words):
        if count:
            yield Sign(index, ReasonKind.ESTIMATED_TIMES, count / len(view.words[index]))

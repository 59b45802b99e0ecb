"""The language of windows by what was transcribed in them, as pure functions over transcripts.

An engine may find the language by itself and say which it is. Its word counts unless the text is
clearly in another language: then the text counts, because it is what becomes the subtitle.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subtitled.plugin import Language, LanguageGuess, TimeSpan, Transcript
from subtitled.subtitles.language_id import LanguageEvidence, gather_evidence
from subtitled.subtitles.language_model import labels_for

from .language_detection import WindowGuesses

READ_PROBABILITY = 0.9
"""Probability of a language that the text is clearly in."""
CONFIRMED_PROBABILITY = 0.95
"""Probability of a language that the engine says and the text is clearly in."""
SAID_PROBABILITY = 0.55
"""Probability of a language that the engine says, of a text too short to confirm it. It is below
:data:`~.language_segments.AMBIGUITY_THRESHOLD`, so that such a text suggests no change."""
MIN_ADVANTAGE = 0.05
"""Difference of mean confidence from which one candidate language is better than another."""


@dataclass(frozen=True, slots=True)
class WindowVerdict:
    """The languages that one window may be in."""

    probabilities: Mapping[Language, float]
    """Language -> probability, 0 to 1. Empty if nothing tells the language."""
    note: str = ""
    """What speaks against it, for people."""
    is_confirmed: bool = False
    """Whether the text itself is clearly in that language."""


NO_VERDICT = WindowVerdict({})


def judge_claim(
    transcript: Transcript, known: frozenset[Language] | None, engine: str
) -> WindowVerdict:
    """Judge the language of a window that was transcribed without being told it.

    Args:
        transcript: What the engine returned. Its language is the one that it found, or ``und``.
        known: The languages that the engine knows; None: any.
        engine: Its name.

    Returns:
        The language that the engine says, unless the text is clearly in another.
    """
    text = text_of(transcript)
    if not text:
        return NO_VERDICT
    evidence = gather_evidence([text])
    read = _as_known(evidence.language(), known)
    said, note = transcript.language.primary, ""
    if said.is_known and _as_known(said, known) is None:
        note = f"{engine} said {said.english_name}, which it does not know"
    elif said.is_known:
        mismatch = evidence.find_mismatch(transcript.language)
        if mismatch is None:
            is_confirmed = read is not None and str(read.primary) in labels_for(said)
            probability = CONFIRMED_PROBABILITY if is_confirmed else SAID_PROBABILITY
            return WindowVerdict({said: probability}, is_confirmed=is_confirmed)
        actual = mismatch.english_name if isinstance(mismatch, Language) else mismatch
        if read is not None:
            actual = read.english_name
        note = f"{engine} said {said.english_name}, but its text is {actual}"
    if read is None:
        return WindowVerdict({}, note)
    return WindowVerdict({read: READ_PROBABILITY}, note, is_confirmed=True)


def judge_candidates(transcripts: Mapping[Language, Transcript]) -> WindowVerdict:
    """Judge the language of a window that was transcribed in each of several languages.

    Args:
        transcripts: The candidate languages, with what was transcribed in each.

    Returns:
        The candidates whose text is in their language, by the confidence of the engine. None if
        several are and nothing tells them apart.
    """
    readings = {
        language: (transcript, gather_evidence([text]))
        for language, transcript in transcripts.items()
        if (text := text_of(transcript))
    }
    left = [
        language
        for language, (_, evidence) in readings.items()
        if evidence.find_mismatch(language) is None
    ]
    clear = [language for language in left if _is_in(readings[language][1], language)]
    if len(clear) == 1:
        return WindowVerdict({clear[0]: READ_PROBABILITY}, is_confirmed=True)
    if len(left) == 1 and len(transcripts) > 1:
        return WindowVerdict({left[0]: SAID_PROBABILITY})
    confidences = {
        language: confidence
        for language in clear or left
        if (confidence := mean_confidence(readings[language][0])) is not None
    }
    ranked = sorted(confidences.values(), reverse=True)
    if len(confidences) < len(clear or left) or len(ranked) < 2:
        return NO_VERDICT
    if ranked[0] - ranked[1] < MIN_ADVANTAGE:
        return NO_VERDICT
    total = sum(ranked)
    return WindowVerdict({language: value / total for language, value in confidences.items()})


def gather_guesses(
    windows: Sequence[TimeSpan],
    verdicts: Sequence[WindowVerdict],
    texts: Sequence[str],
    known: frozenset[Language] | None,
) -> WindowGuesses:
    """Return the verdicts as guesses, with each note once.

    If no window alone has enough text to tell a language, all of them together may.

    Args:
        windows: The windows.
        verdicts: The verdict of each.
        texts: What was transcribed in each without being told the language; may be empty.
        known: The languages that the engine knows; None: any.
    """
    notes = Counter(verdict.note for verdict in verdicts if verdict.note)
    described = tuple(
        f"{note} ({count} of {len(windows)} windows)" for note, count in notes.items()
    )
    found = [dict(verdict.probabilities) for verdict in verdicts]
    if not any(found):
        read = _as_known(gather_evidence(texts).language(), known)
        found = [{read: READ_PROBABILITY} if read and text.strip() else {} for text in texts]
        found = found or [{} for _ in windows]
    else:
        _share_doubt(found, verdicts)
    guesses = zip(windows, found, strict=True)
    return WindowGuesses(tuple(LanguageGuess(*guess) for guess in guesses), described)


def text_of(transcript: Transcript) -> str:
    """Return the text of a transcript."""
    return "".join(word.text for word in transcript.words).strip()


def _share_doubt(found: list[dict[Language, float]], verdicts: Sequence[WindowVerdict]) -> None:
    """Give what an unconfirmed window leaves open to the languages that texts confirm elsewhere.

    Otherwise one word of which the engine said another language would be a part of its own.
    """
    confirmed = Counter(
        language
        for verdict in verdicts
        if verdict.is_confirmed
        for language in verdict.probabilities
    )
    total = confirmed.total()
    for probabilities, verdict in zip(found, verdicts, strict=True):
        if verdict.is_confirmed or not probabilities or not total:
            continue
        left = 1.0 - sum(probabilities.values())
        for language, count in confirmed.items():
            share = probabilities.get(language, 0.0) + left * count / total
            probabilities[language] = share


def _is_in(evidence: LanguageEvidence, language: Language) -> bool:
    read = evidence.language()
    return read is not None and str(read.primary) in labels_for(language)


def _as_known(language: Language | None, known: frozenset[Language] | None) -> Language | None:
    """Return a language as the engine knows it; None if it knows neither it nor a near relative."""
    if language is None or known is None:
        return language.primary if language is not None else None
    primaries = {one.primary for one in known}
    if language.primary in primaries:
        return language.primary
    relatives = sorted(one for one in primaries if str(language.primary) in labels_for(one))
    return relatives[0] if relatives else None


def mean_confidence(transcript: Transcript) -> float | None:
    """Return the mean confidence of the words, or of the segments if words have none."""
    values = [word.confidence for word in transcript.words if word.confidence is not None]
    if not values:
        values = [
            math.exp(min(0.0, scores.avg_logprob))
            for scores in transcript.segment_scores
            if scores.avg_logprob is not None
        ]
    return sum(values) / len(values) if values else None

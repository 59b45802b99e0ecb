"""Which language is spoken: a vote of several windows, with the track's tag as one more voice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from subtitled.media.chunking import select_detection_windows
from subtitled.plugin import UNDETERMINED, Language, LanguageGuess, TimeSpan
from subtitled.transcripts.models import TrackAnalysis

from .language_segments import is_ambiguous, language_windows, segment_languages

Detector = Callable[[Sequence[TimeSpan]], Sequence[LanguageGuess]]
"""What is heard in some windows."""

TAG_VOTE_WEIGHT = 0.5
"""What a track's tag counts, in windows. Tags are often wrong: a prior, never a verdict."""


def vote(guesses: Sequence[LanguageGuess], tag: Language) -> tuple[Language, float, str]:
    """The spoken language, its share of the vote (0 to 1) and the reason in a sentence.

    Windows count by their length. Without any guess the tag decides, with confidence 0.
    """
    if not guesses:
        return tag, 0.0, f"the track is tagged {tag}; nobody listened"
    ballots: defaultdict[Language, float] = defaultdict(float)
    total = sum(guess.window.duration for guess in guesses)
    for guess in guesses:
        for language, probability in guess.probabilities.items():
            ballots[language] += probability * guess.window.duration / total * len(guesses)
    shares = dict(ballots)
    if tag.is_known:
        alike = [language for language in ballots if language.primary == tag.primary]
        ballots[alike[0] if alike else tag.primary] += TAG_VOTE_WEIGHT
    if not ballots:
        return UNDETERMINED, 0.0, "no window of speech told a language"
    winner = max(ballots, key=lambda language: (ballots[language], language))
    confidence = min(1.0, shares.get(winner, 0.0) / len(guesses))
    reason = f"heard {winner} in {len(guesses)} windows ({confidence:.0%})"
    if tag.is_known and tag.primary != winner.primary:
        reason += f", though the track is tagged {tag}"
    elif tag.is_known and tag.primary == winner.primary:
        # The tag may say more than an ear can: pt-BR, zh-Hant.
        return tag, confidence, f"{reason}; the track is tagged {tag}"
    return winner, confidence, reason


def detect_language(
    analysis: TrackAnalysis, tag: Language, per_segment: bool, detector: Detector | None
) -> TrackAnalysis:
    """What is spoken, by a vote of windows spread over the whole track; and which part of it is in
    which language, if that is asked for (``closely``) or if the windows disagree."""
    guesses = detector(select_detection_windows(analysis.speech)) if detector else ()
    language, confidence, reason = vote(guesses, tag)
    parts = None
    if detector is not None and (per_segment or is_ambiguous(guesses, language)):
        guesses = detector(language_windows(analysis.speech))
        language, confidence, reason = vote(guesses, tag)
        parts = segment_languages(guesses, language, analysis.duration)
        other_languages = sorted({run.language for run in parts} - {language})
        reason += f"; parts are in {', '.join(other_languages)}" if other_languages else ""
    return replace(
        analysis,
        language=language,
        confidence=confidence,
        language_reason=reason,
        language_segments=parts,
    )

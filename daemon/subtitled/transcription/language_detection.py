"""Language detection by a vote of several windows, in which the track's tag counts a little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from subtitled.media.chunking import select_detection_windows
from subtitled.plugin import UNDETERMINED, Language, LanguageGuess, TimeSpan
from subtitled.plugin.speech_timeline import SpeechTimeline
from subtitled.transcripts.models import TrackAnalysis

from .language_segments import is_ambiguous, language_windows, segment_languages

Detector = Callable[[Sequence[TimeSpan]], Sequence[LanguageGuess]]
"""A function that detects the language of each window."""

TAG_VOTE_WEIGHT = 0.5
"""The weight of a track's tag in windows. Tags are often wrong, so it is only a prior."""


def vote(
    guesses: Sequence[LanguageGuess], tag: Language, speech: Sequence[TimeSpan] = ()
) -> tuple[Language, float, str]:
    """Return the spoken language, its share of the vote (0 to 1) and the reason in a sentence.

    Windows count by the seconds of speech in them, or by their duration if the speech is not given.
    Without any guess the tag decides, with confidence 0.
    """
    if not guesses:
        return tag, 0.0, f"the track is tagged {tag}; not detected from audio"
    votes: defaultdict[Language, float] = defaultdict(float)
    timeline = SpeechTimeline(speech or [guess.window for guess in guesses])
    seconds = [timeline.measure_speech(guess.window.start, guess.window.end) for guess in guesses]
    total = sum(seconds) or 1.0
    for guess, spoken in zip(guesses, seconds, strict=True):
        for language, probability in guess.probabilities.items():
            votes[language] += probability * spoken / total * len(guesses)
    shares = dict(votes)
    if tag.is_known:
        matching = [language for language in votes if language.primary == tag.primary]
        votes[matching[0] if matching else tag.primary] += TAG_VOTE_WEIGHT
    if not votes:
        return UNDETERMINED, 0.0, "no language was detected in any window"
    winner = max(votes, key=lambda language: (votes[language], language))
    confidence = min(1.0, shares.get(winner, 0.0) / len(guesses))
    reason = f"detected {winner} in {len(guesses)} windows ({confidence:.0%})"
    if tag.is_known and tag.primary != winner.primary:
        reason += f", though the track is tagged {tag}"
    elif tag.is_known and tag.primary == winner.primary:
        # The tag may say more than audio can tell, such as pt-BR or zh-Hant.
        return tag, confidence, f"{reason}; the track is tagged {tag}"
    return winner, confidence, reason


def detect_language(
    analysis: TrackAnalysis, tag: Language, per_segment: bool, detector: Detector | None
) -> TrackAnalysis:
    """Detect the language of a track, and of each part if needed.

    Args:
        analysis: The track's speech.
        tag: The language in its tag, or ``und``.
        per_segment: Whether to detect the language of each part in any case. It is also done if the
            windows disagree.
        detector: Detects the language of windows; None: only the tag is used.

    Returns:
        The analysis with the language, its confidence and reason, and the language segments if
        detected.
    """
    guesses = detector(select_detection_windows(analysis.speech)) if detector else ()
    language, confidence, reason = vote(guesses, tag, analysis.speech)
    segments = None
    if detector is not None and (per_segment or is_ambiguous(guesses, language)):
        guesses = detector(language_windows(analysis.speech))
        language, confidence, reason = vote(guesses, tag, analysis.speech)
        segments = segment_languages(guesses, language, analysis.duration)
        other_languages = sorted({segment.language for segment in segments} - {language})
        reason += f"; parts are in {', '.join(other_languages)}" if other_languages else ""
    return replace(
        analysis,
        language=language,
        confidence=confidence,
        language_reason=reason,
        language_segments=segments,
    )

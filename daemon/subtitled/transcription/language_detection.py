"""Language detection by a vote of several windows, in which the track's tag counts a little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from subtitled.media.chunking import select_detection_windows
from subtitled.plugin import UNDETERMINED, Language, LanguageGuess, SetupError, TimeSpan
from subtitled.plugin.speech_timeline import SpeechTimeline
from subtitled.transcripts.models import LanguageOrigin, TrackAnalysis

from .language_confidence import MIN_CONFIDENCE, ConfidenceScale, choose_close_language
from .language_segments import (
    MAX_WINDOW_SECONDS,
    is_ambiguous,
    language_windows,
    segment_languages,
)

MAX_DETECTION_SECONDS = 30.0
"""Seconds of a window in which the language of a track is detected."""
TAG_VOTE_WEIGHT = 0.5
"""The weight of a track's tag in windows. Tags are often wrong, so it is only a prior."""


@dataclass(frozen=True, slots=True)
class WindowGuesses:
    """The guesses for some windows, one for each, and what speaks against some of them."""

    guesses: tuple[LanguageGuess, ...]
    notes: tuple[str, ...] = ()
    """For people: such as that the engine said another language than its text is in."""

    @property
    def is_empty(self) -> bool:
        """Whether no known language was found in any window."""
        return not any(
            language.is_known and probability > 0
            for guess in self.guesses
            for language, probability in guess.probabilities.items()
        )


@dataclass(frozen=True, slots=True)
class WindowDetector:
    """Something that detects the language of windows."""

    name: str
    """What detects it, for people: the name of an engine, or what it transcribed."""
    detect: Callable[[Sequence[TimeSpan]], WindowGuesses]
    max_window_seconds: float = MAX_DETECTION_SECONDS
    """Seconds of the longest window that it accepts."""
    scale: ConfidenceScale | None = None
    """What its probabilities mean; None: just what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageClues:
    """What is known of the spoken language before anybody listens."""

    tag: Language = UNDETERMINED
    """The tag of the track, or ``und``."""
    assumed: Language | None = None
    """The language that the library assumes where nobody can tell."""
    library_languages: tuple[Language, ...] = ()
    """The languages that the library names. They count only against languages close to them."""
    per_segment: bool = False
    """Whether to detect the language of each part in any case. It is also done if the windows
    disagree."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the windows say together."""

    language: Language
    confidence: float
    """The probability that it is right, 0 to 1. 0 if only the tag told it."""
    reason: str
    """For people."""
    is_clear: bool = True
    """Whether it, or a close language, is sure enough to count."""


def vote(
    guesses: Sequence[LanguageGuess],
    clues: LanguageClues,
    speech: Sequence[TimeSpan] = (),
    detector: str = "",
    scale: ConfidenceScale | None = None,
) -> Verdict:
    """Return the spoken language by a vote of windows.

    Windows count by the seconds of speech in them, or by their duration if the speech is not given.
    Without any guess the tag decides, with confidence 0.

    Args:
        guesses: The guess for each window.
        clues: What is known beforehand.
        speech: The spans of speech.
        detector: What detected the language, for people.
        scale: What a share of the vote means; None: it is the confidence.
    """
    tag = clues.tag
    if not guesses:
        return Verdict(tag, 0.0, f"the track is tagged {tag}; not detected from audio")
    votes: defaultdict[Language, float] = defaultdict(float)
    timeline = SpeechTimeline(speech or [guess.window for guess in guesses])
    seconds = [timeline.measure_speech(guess.window.start, guess.window.end) for guess in guesses]
    total = sum(seconds) or 1.0
    for guess, spoken in zip(guesses, seconds, strict=True):
        for language, probability in guess.probabilities.items():
            if language.is_known:
                votes[language] += probability * spoken / total * len(guesses)
    shares = {language: count / len(guesses) for language, count in votes.items()}
    if tag.is_known:
        matching = [language for language in votes if language.primary == tag.primary]
        votes[matching[0] if matching else tag.primary] += TAG_VOTE_WEIGHT
    if not votes:
        return Verdict(UNDETERMINED, 0.0, "no language was detected in any window")
    winner = max(votes, key=lambda language: (votes[language], language))
    choice = choose_close_language(winner, shares, tag, clues.library_languages)
    likely = choice.group_share
    if scale is not None:
        likely = scale.probability(likely, total)
    confidence = likely * choice.weight
    by = f" by {detector}" if detector else ""
    shown = likely if choice.reason else confidence
    reason = f"detected {winner} in {len(guesses)} windows{by} ({shown:.0%})"
    if choice.reason:
        reason += f"; {choice.reason}"
    elif tag.is_known and tag.primary == winner.primary:
        reason += f"; the track is tagged {tag}"
    elif tag.is_known:
        reason += f", though the track is tagged {tag}"
    is_clear = scale is None or likely >= MIN_CONFIDENCE
    return Verdict(choice.language, confidence, reason, is_clear)


def detect_language(
    analysis: TrackAnalysis, clues: LanguageClues, detectors: Sequence[WindowDetector]
) -> TrackAnalysis:
    """Detect the language of a track, and of each part if needed.

    Args:
        analysis: The track's speech.
        clues: What is known beforehand.
        detectors: What detects the language of windows. The first that is sure of one counts.

    Returns:
        The analysis with the language, its confidence and reason, and the language segments if
        detected. Without a detector that is sure of one, the tag decides, then the library's
        assumption.

    Raises:
        SetupError: A detector cannot work, and no other found a language.
        SubtitledError: A detector failed.
    """
    errors: list[SetupError] = []
    silent: list[str] = []
    for detector in detectors:
        limit = min(MAX_DETECTION_SECONDS, detector.max_window_seconds)
        windows = select_detection_windows(analysis.speech, window_seconds=limit)
        try:
            found = detector.detect(windows)
        except SetupError as error:
            errors.append(error)
            continue
        if found.is_empty:
            silent += (*found.notes, f"{detector.name} told no language")
            continue
        detected = _detect_by(detector, found, analysis, clues)
        if isinstance(detected, TrackAnalysis):
            return detected
        silent.append(f"{detected.reason}, which is too unsure to count")
    if errors:
        raise errors[0]
    return _without_detection(analysis, clues, silent)


def _detect_by(
    detector: WindowDetector, found: WindowGuesses, analysis: TrackAnalysis, clues: LanguageClues
) -> TrackAnalysis | Verdict:
    """Return what the guesses say, of each part if they disagree; their verdict if unclear."""
    speech, scale = analysis.speech, detector.scale
    verdict = vote(found.guesses, clues, speech, detector.name, scale)
    if not verdict.is_clear:
        return verdict
    language, reason, segments = verdict.language, verdict.reason, None
    if clues.per_segment or is_ambiguous(found.guesses, language):
        limit = min(MAX_WINDOW_SECONDS, detector.max_window_seconds)
        everywhere = detector.detect(language_windows(speech, limit))
        if not everywhere.is_empty:
            found = everywhere
            verdict = vote(found.guesses, clues, speech, detector.name, scale)
            language, reason = verdict.language, verdict.reason
        segments = segment_languages(everywhere.guesses, language, analysis.duration)
        other_languages = sorted({segment.language for segment in segments} - {language})
        reason += f"; parts are in {', '.join(other_languages)}" if other_languages else ""
    return replace(
        analysis.without_language(),
        language=language,
        confidence=verdict.confidence,
        language_reason="; ".join((reason, *found.notes)),
        language_segments=segments,
        language_origin=LanguageOrigin.AUDIO,
    )


def _without_detection(
    analysis: TrackAnalysis, clues: LanguageClues, silent: Sequence[str]
) -> TrackAnalysis:
    """Return what the tag says, or else what the library assumes."""
    language, origin = UNDETERMINED, LanguageOrigin.NOTHING
    reason = "not identified: no engine can, and the track has no tag"
    if clues.tag.is_known:
        language, origin = clues.tag, LanguageOrigin.TAG
        reason = f"the track is tagged {clues.tag}; not detected from audio"
    elif clues.assumed is not None:
        language, origin = clues.assumed, LanguageOrigin.ASSUMPTION
        reason = "assumed, as assumed_language of the library says; not detected from audio"
    elif silent:
        reason = "not identified, and the track has no tag"
    return replace(
        analysis.without_language(),
        language=language,
        confidence=0.0,
        language_reason="; ".join((reason, *silent)),
        language_segments=None,
        language_origin=origin,
    )

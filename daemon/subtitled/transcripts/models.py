"""What is stored about a media file beside its words: analyses, reuse, shot cuts, fallbacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from subtitled.plugin import Language, TimeSpan

DECODER_VERSION = 1
"""Grows when decoding finds speech where it found none before: 1 has channels out of phase, and
microphones on tracks of their own."""


@dataclass(frozen=True, slots=True)
class LanguageSegment:
    """A part of a media file that is in one language."""

    span: TimeSpan
    language: Language


@dataclass(frozen=True, slots=True)
class LanguageCorrection:
    """Speech that was taken to be in one language, and is in another by its text."""

    earlier: Language
    written: Language

    @property
    def is_variety(self) -> bool:
        """Whether the text only says which variety it is, so that nothing is transcribed again."""
        return self.earlier.primary == self.written.primary


@dataclass(frozen=True, slots=True)
class FirstLanguages:
    """The language of a track and of its parts before any correction."""

    language: Language
    language_segments: tuple[LanguageSegment, ...] | None = None


class LanguageOrigin(StrEnum):
    """What told the spoken language of a track."""

    NOTHING = ""
    """Nothing: it is ``und``. Also in analyses that do not say, of earlier versions."""
    AUDIO = "audio"
    """An engine identified it."""
    TAG = "tag"
    """The tag of the track; no engine could tell."""
    ASSUMPTION = "assumption"
    """The library assumes it; nothing else could tell."""
    TEXT = "text"
    """What was transcribed in the language that any of these told is clearly in another."""
    STATEMENT = "statement"
    """Who asked for the subtitle said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShare:
    """The part of one channel in the sound of a track that several channels make up."""

    track: int
    channel: int | None
    """The channel of the track, from 1; None if the track has only one."""
    speech_seconds: float
    gain: float
    """The factor by which it is raised in the mix. 0: it is not taken."""
    reason: str
    """What was found in it and why it was taken or not, for people."""
    level: float | None = None
    """Decibels of full scale of its speech, or of all of it if it has none; None in analyses of
    earlier versions."""
    version: int | None = None
    """The track whose analysis has it as another version of what is said, as in another language;
    None if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackAnalysis:
    """What is known of a track before it is transcribed."""

    duration: float
    speech: tuple[TimeSpan, ...]
    language: Language | None = None
    confidence: float = 0.0
    language_reason: str = ""
    quiet_speech: tuple[TimeSpan, ...] = ()
    """Parts of the speech that are faint."""
    language_segments: tuple[LanguageSegment, ...] | None = None
    """The language of each part, in order and without gaps; None if changes were not looked for."""
    channel_shares: tuple[ChannelShare, ...] = ()
    """The channels that were listened to together. Empty if the track stands for itself."""
    decoder_version: int = 0
    """Which way of decoding the speech was found in (:data:`DECODER_VERSION`)."""
    language_origin: LanguageOrigin = LanguageOrigin.NOTHING
    language_means: tuple[str, ...] = ()
    """By what the language was looked for, if nothing but an assumption told it. It is looked for
    again when there is something else."""
    first_languages: FirstLanguages | None = None
    """The languages before the corrections; None if there are none."""
    language_corrections: tuple[LanguageCorrection, ...] = ()
    """The languages in which parts were transcribed again, in the order of the decisions. The
    languages of the analysis are as they are after all of them."""

    @property
    def versions(self) -> tuple[int, ...]:
        """The tracks with other versions of what is said, as in other languages, in order."""
        found = (share.version for share in self.channel_shares)
        return tuple(dict.fromkeys(track for track in found if track is not None))

    @property
    def is_language_evident(self) -> bool:
        """Whether the language is known by more than an assumption."""
        is_known = self.language is not None and self.language.is_known
        return is_known and self.language_origin is not LanguageOrigin.ASSUMPTION

    def with_correction(self, correction: LanguageCorrection) -> TrackAnalysis:
        """Return the analysis with the speech of one language taken to be in another."""
        before = self.first_languages
        if before is None:
            before = FirstLanguages(self.language or correction.earlier, self.language_segments)
        earlier, written = correction.earlier.english_name, correction.written.english_name
        reason = (
            f"transcribed again as {written}, because what was written as {earlier} is {written}"
        )
        if correction.is_variety:
            reason = f"{written} by its words"
        corrections = (*self.language_corrections, correction)
        known = replace(self, first_languages=before, language_corrections=corrections)
        return replace(
            known.after_corrections(len(corrections)).with_reason(reason),
            language_origin=LanguageOrigin.TEXT,
        )

    def with_reason(self, reason: str) -> TrackAnalysis:
        """Return the analysis with one more reason, for people. One that it has comes once."""
        if reason in self.language_reason:
            return self
        return replace(
            self, language_reason="; ".join(filter(None, (self.language_reason, reason)))
        )

    @property
    def reading(self) -> str:
        """What the corrections of the language made of the speech; empty if there were none."""
        return " and ".join(
            f"spoken {correction.written} instead of {correction.earlier}"
            for correction in self.language_corrections
            if not correction.is_variety
        )

    def after_corrections(self, count: int) -> TrackAnalysis:
        """Return the analysis as it was after some of its corrections, from 0 to all."""
        before = self.first_languages
        if before is None:
            return self
        corrections = self.language_corrections[:count]
        written = {correction.earlier: correction.written for correction in corrections}
        segments = before.language_segments
        if segments is not None:
            # Neighbours in one language stay apart: the chunks that are stored follow them.
            segments = tuple(
                replace(segment, language=written.get(segment.language, segment.language))
                for segment in segments
            )
        return replace(
            self,
            language=written.get(before.language, before.language),
            language_segments=segments,
            language_corrections=corrections,
        )

    def list_earlier_languages(self, language: Language) -> tuple[Language, ...]:
        """Return the languages that the parts in a language were taken to be in at first."""
        return tuple(
            correction.earlier
            for correction in self.language_corrections
            if correction.written == language and not correction.is_variety
        )

    def with_statement(self, language: Language) -> TrackAnalysis:
        """Return the analysis with the language that a caller says is spoken."""
        return replace(
            self.without_language(),
            language=language,
            confidence=1.0,
            language_reason="stated by the caller",
            language_origin=LanguageOrigin.STATEMENT,
        )

    def without_language(self) -> TrackAnalysis:
        """Return the analysis as it was before the language was looked for."""
        return replace(
            self,
            language=None,
            confidence=0.0,
            language_reason="",
            language_segments=None,
            language_origin=LanguageOrigin.NOTHING,
            language_means=(),
            first_languages=None,
            language_corrections=(),
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """The audio tracks and channels that were listened to, by their numbers from 1."""

    tracks: tuple[int, ...] = ()
    """Empty: all."""
    channels: tuple[int, ...] = ()
    """Empty: all of each track."""


@dataclass(frozen=True, slots=True)
class ShotCuts:
    """The times in seconds at which the picture cuts, in order, and the frames per second."""

    frame_rate: float
    cuts: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptReuse:
    """The transcript of a track that was reused from another fingerprint, or why it was not."""

    source_fingerprint: str
    source_track: int
    offset: float
    """Seconds by which the words were moved; positive is later."""
    peak: float
    rival_peak: float
    part_count: int
    agreeing_parts: int
    rejection_reason: str = ""
    """Why the transcript was not reused; empty if it was."""

    def __str__(self) -> str:
        source = f"{self.source_fingerprint}, track {self.source_track}"
        if self.rejection_reason:
            return f"compared with {source}: {self.rejection_reason}"
        return (
            f"taken over from {source}, {self.offset:+.2f} s: speech "
            f"matches by {self.peak:.2f} (next best {self.rival_peak:.2f}), "
            f"{self.agreeing_parts} of {self.part_count} parts agree"
        )


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An engine whose words for a chunk do not count, and why."""

    engine: str
    reason: str
    is_permanent: bool = True
    """Whether another try would end the same way."""


@dataclass(frozen=True, slots=True)
class FallbackRecord:
    """How a chunk got its words, unless the preferred engine gave them at once.

    ``variant`` is the one whose words count.
    """

    engine: str
    variant: str
    attempts: tuple[FailedAttempt, ...] = ()
    timing_note: str = ""
    """Where the times of the words come from; empty if from the engine."""

    def __str__(self) -> str:
        attempts = [f"{attempt.engine}: {attempt.reason}" for attempt in self.attempts]
        return "; ".join(
            (
                *attempts,
                f"words by {self.engine}" + (f", {self.timing_note}" * bool(self.timing_note)),
            )
        )

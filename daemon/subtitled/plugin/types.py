"""Values that engines and translators exchange with the core: audio, words, transcripts, cues.

All times are float seconds from the start of the track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from .languages import Language

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


SAMPLE_RATE = 16_000
"""Samples per second of all audio that engines receive."""

SPEECH_PADDING_SECONDS = 0.3
"""Seconds of audio before and after the speech that a recogniser should receive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """One request to a remote service, for the egress log and the budgets."""

    kind: str
    """``audio`` or ``text``."""
    amount: float
    """Seconds of audio, or characters of text, as the service counts them."""
    host: str
    """The host that received the request."""
    region: str = ""
    """The region of the service, if it has regions."""
    request_id: str = ""
    """The service's own id of the request."""
    price: float | None = None
    """What the request cost, if the response says so. None uses the configured price."""
    currency: str = ""
    """The currency of ``price``, as an ISO 4217 code."""


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """A time span in seconds of the track."""

    start: float
    """Where it starts."""
    end: float
    """Where it ends, not before ``start``."""

    @property
    def duration(self) -> float:
        """The length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, order=True)
class SpeechWindow(TimeSpan):
    """A part of a track whose language is identified, and the speech in it."""

    speech: tuple[TimeSpan, ...] = ()
    """Where someone speaks, inside the window and in order. Empty if that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word."""

    text: str
    """The word with the white space in front of it and its punctuation. Concatenated texts form the
    sentence, in every script."""
    start: float
    """Where it starts, in seconds of the track."""
    end: float
    """Where it ends, in seconds of the track."""
    confidence: float | None = None
    """The probability that the word is right, 0 to 1. None if unknown."""
    speaker: str | None = None
    """A label of the speaker, unique within the track. None if unknown."""
    is_estimated: bool = False
    """Whether the times are estimated by the core. Engines leave it False."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentScores:
    """How sure a recogniser was about a segment. Each score may be None.

    The names and meanings are Whisper's. The core finds hallucinations by them.
    """

    start: float
    """Where the segment starts, in seconds of the track."""
    end: float
    """Where the segment ends, in seconds of the track."""
    avg_logprob: float | None = None
    """The mean natural logarithm of the token probabilities, 0 or less."""
    no_speech_prob: float | None = None
    """The probability that the segment has no speech, 0 to 1."""
    compression_ratio: float | None = None
    """The size of the text divided by its compressed size. Repetition makes it large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Everything that was recognised in a chunk, or in a whole track."""

    language: Language
    """The language of the text."""
    words: tuple[Word, ...]
    """The words in order."""
    engine: str = ""
    """The engine and its model, in words for users, such as ``whisper small``."""
    variant: str = ""
    """The hash of engine, model and settings. The core sets it."""
    segment_scores: tuple[SegmentScores, ...] = ()
    """Scores of the segments, in order, as far as the engine has them."""
    usage: tuple[UsageRecord, ...] = ()
    """One record for each request to a remote service."""
    word_timestamps: bool | None = None
    """Whether the words have their own times. None means as the engine's capabilities say."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(word.text for word in self.words).strip()


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """The result of language identification for one window."""

    window: TimeSpan
    """The window."""
    probabilities: dict[Language, float] = field(default_factory=dict)
    """Language -> probability, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A decoded track on disk: mono, 16-bit signed little-endian, :data:`SAMPLE_RATE`, no header.

    Sample *n* is at ``n / SAMPLE_RATE`` seconds of the track.
    """

    path: Path
    """The file."""

    @property
    def duration(self) -> float:
        """The length in seconds."""
        return self.path.stat().st_size / 2 / SAMPLE_RATE

    def read_samples(self, span: TimeSpan) -> npt.NDArray[np.float32]:
        """Read the samples of a time span from disk.

        Args:
            span: Seconds of the track. Parts outside the track are left out.

        Returns:
            A one-dimensional float32 array of about ``span.duration * SAMPLE_RATE`` samples, each
            -1 to 1.
        """
        import numpy as np

        first, last = (max(0, round(t * SAMPLE_RATE)) for t in (span.start, span.end))
        raw = np.fromfile(self.path, dtype="<i2", count=max(0, last - first), offset=first * 2)
        return raw.astype(np.float32) / 32768.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a track that an engine transcribes in one call."""

    span: TimeSpan
    """The time span of the chunk. Words must lie inside it."""
    speech: Sequence[TimeSpan]
    """Where someone speaks, inside ``span`` and in order. An engine may skip the rest."""
    low_energy: Sequence[TimeSpan] = ()
    """Parts of ``speech`` that are faint and may not be speech. Do not use hotwords there: a prompt
    in silence comes back as text."""

    @property
    def is_mostly_low_energy(self) -> bool:
        """Whether at least half of the speech is faint: do not use hotwords then."""
        faint_seconds = sum(part.duration for part in self.low_energy)
        return faint_seconds >= sum(part.duration for part in self.speech) / 2

    def trimmed(self, padding_seconds: float = SPEECH_PADDING_SECONDS) -> Chunk:
        """Remove the silence at both ends, which a remote service need not receive.

        Args:
            padding_seconds: Seconds of audio to keep before and after the speech.

        Returns:
            A chunk with a shorter ``span``. A chunk without speech is returned as it is.
        """
        if not self.speech:
            return self
        start = max(self.span.start, self.speech[0].start - padding_seconds)
        end = min(self.span.end, self.speech[-1].end + padding_seconds)
        return Chunk(TimeSpan(start, max(start, end)), self.speech, self.low_energy)

    def split(self, audio: Audio | None = None) -> tuple[Chunk, Chunk]:
        """Split the chunk in two, at the pause nearest to the middle of its speech.

        Args:
            audio: The decoded track. Without a pause near the middle, the chunk is split where it
                is quietest there. If None, it is then split in the middle, even inside a word.

        Returns:
            Two chunks that together cover ``span``.
        """
        span = self.trimmed().span
        middle = (span.start + span.end) / 2
        pauses = [
            (before.end + after.start) / 2
            for before, after in zip(self.speech, self.speech[1:], strict=False)
            if after.start > before.end
        ]
        central_pauses = [pause for pause in pauses if abs(pause - middle) < span.duration / 4]
        split_at = min(central_pauses, key=lambda pause: abs(pause - middle), default=middle)
        if not central_pauses and audio is not None:
            from .speech_windows import find_quiet_moment

            quarter = span.duration / 4
            split_at = find_quiet_moment(audio, TimeSpan(middle - quarter, middle + quarter))
        return (
            self._clip(TimeSpan(self.span.start, split_at)),
            self._clip(TimeSpan(split_at, self.span.end)),
        )

    def _clip(self, span: TimeSpan) -> Chunk:
        def clip(parts: Sequence[TimeSpan]) -> tuple[TimeSpan, ...]:
            clipped = (TimeSpan(max(p.start, span.start), min(p.end, span.end)) for p in parts)
            return tuple(part for part in clipped if part.duration > 0)

        return Chunk(span, clip(self.speech), clip(self.low_energy))


class SubtitleKind(StrEnum):
    """What a subtitle is for."""

    FULL = "full"
    """All speech."""
    FORCED = "forced"
    """Only foreign-language speech and texts on screen."""
    SDH = "sdh"
    """For the deaf and hard of hearing: also sounds and speakers."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle event on the screen."""

    start: float
    """When it appears, in seconds of the track."""
    end: float
    """When it disappears, in seconds of the track."""
    text: str
    """Its lines, separated by newlines."""

    @property
    def duration(self) -> float:
        """The length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtitle:
    """The cues of one language and kind, in order, without overlap."""

    language: Language
    """The language of the cues."""
    cues: tuple[Cue, ...]
    """The cues."""
    kind: SubtitleKind = SubtitleKind.FULL
    """Full, forced or SDH."""
    words: tuple[Word, ...] = ()
    """The words that the cues were made of, in order. Empty for a translated text."""
    title: str = ""
    """The title of the media file, for formats that have one."""

"""What left this machine: the receipts that engines and translators give the core.

What was said and when: the values that engines give and the core keeps.

All times are float seconds from the start of the medium.

Cues and subtitles: what a reader sees.
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


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One request that somebody else was paid, or trusted, with. ``subtitled egress`` shows it."""

    kind: str
    """``audio`` or ``text``."""
    amount: float
    """Seconds of audio, or characters, as the other side counts them."""
    host: str
    region: str = ""
    request_id: str = ""
    """The other side's own number for it, to ask it about."""
    price: float | None = None
    """What it costs, if the answer said so; else the core goes by its price table."""
    currency: str = ""


SAMPLE_RATE = 16_000
"""Samples a second of all audio that the core hands out."""


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """From ``start`` to ``end``, in seconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was spoken.

    ``text`` keeps the white space in front of it, so that ``"".join(word.text for word in words)``
    is the sentence in every script. ``confidence`` is 0 to 1, or None where the engine has none.
    ``is_estimated`` says that the times are a guess of ours, not the engine's.
    """

    text: str
    start: float
    end: float
    confidence: float | None = None
    speaker: str | None = None
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class SegmentScores:
    """How sure a recogniser was of what it wrote down from ``start`` to ``end``.

    Whatever an engine knows; None for the rest. The core weighs it before words become cues.
    """

    start: float
    end: float
    avg_logprob: float | None = None
    """Mean natural logarithm of the probabilities of the tokens: 0 or less."""
    no_speech_prob: float | None = None
    """Probability, 0 to 1, that nobody speaks there at all."""
    compression_ratio: float | None = None
    """Bytes of the text by its bytes when compressed: repetition makes it large."""


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """What a recogniser says of a passage beside its words: the language, how it was spoken."""

    start: float
    end: float
    language: Language | None = None
    emotion: str = ""
    """In the recogniser's own word, such as ``happy``."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything recognised in one stretch of audio, or in a whole medium.

    ``language`` is what the *text* is in. ``engine`` names who did it, ``variant`` with what
    settings: a transcript with another recipe is another transcript. An engine gives everything
    that it heard, with its ``segment_scores`` where it has any: what is not to be believed is left
    out by the core, which can say so.
    """

    language: Language
    words: tuple[Word, ...]
    engine: str = ""
    variant: str = ""
    segment_scores: tuple[SegmentScores, ...] = ()
    usage: tuple[UsageRecord, ...] = ()
    """What was sent away for it, by engines whose destination is not local."""
    segment_info: tuple[SegmentInfo, ...] = ()
    """What else it said of passages, in order."""
    word_timestamps: bool | None = None
    """Whether its words have times of their own, where that is known only now and may be otherwise
    than the engine's capabilities say."""

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """How probable each language is, 0 to 1, in one window of speech."""

    window: TimeSpan
    probabilities: dict[Language, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audio:
    """One decoded track on disk: mono, 16-bit little-endian, :data:`SAMPLE_RATE` a second.

    The file has no header: sample *n* is at ``n / SAMPLE_RATE`` seconds of the medium.
    """

    path: Path

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.path.stat().st_size / 2 / SAMPLE_RATE

    def read_samples(self, span: TimeSpan) -> npt.NDArray[np.float32]:
        """The samples of an interval as float32 in -1 to 1, read from disk, not kept."""
        import numpy as np

        first, last = (max(0, round(t * SAMPLE_RATE)) for t in (span.start, span.end))
        raw = np.fromfile(self.path, dtype="<i2", count=max(0, last - first), offset=first * 2)
        return raw.astype(np.float32) / 32768.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a medium that is recognised as one piece of work.

    ``speech`` are the intervals inside ``span`` where somebody speaks, in order. An engine
    may skip the rest; it must not give words outside ``span``. ``low_energy`` are parts of that
    speech which are faint and may be none: no place for hints such as the terms of a request.
    """

    span: TimeSpan
    speech: Sequence[TimeSpan]
    low_energy: Sequence[TimeSpan] = ()


class SubtitleKind(StrEnum):
    """What a subtitle is for."""

    FULL = "full"
    FORCED = "forced"
    """Only the foreign parts and on-screen texts."""
    SDH = "sdh"
    """For the deaf and hard of hearing: also sounds and speakers."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle on the screen: from ``start`` to ``end`` in seconds, lines split by newlines."""

    start: float
    end: float
    text: str

    @property
    def duration(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Subtitle:
    """All cues of one medium in one language, in order, without overlap."""

    language: Language
    cues: tuple[Cue, ...]
    kind: SubtitleKind = SubtitleKind.FULL
    words: tuple[Word, ...] = ()
    """What the cues were made of, in order; none where the text was translated from a text."""
    title: str = ""
    """The medium's, for formats that carry one."""

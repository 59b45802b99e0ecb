"""Transcripts for people: paragraphs by speaker with timecode, and where the text comes from."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from subtitled.media.timecode import StartTimecode
from subtitled.plugin import Language, Word
from subtitled.subtitles.formats.timestamps import format_timestamp
from subtitled.subtitles.formats.txt import LONG_PAUSE_SECONDS
from subtitled.subtitles.ownership import ApprovalMark
from subtitled.subtitles.quality_estimation.recogniser_signs import UNSURE_CONFIDENCE

MAX_PARAGRAPH_SECONDS = 30.0
"""Seconds after which a paragraph ends with its sentence, so that no timecode is far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a text comes from.

    Attributes:
        engine: What recognised the speech, with its model and version; empty if it is unknown.
        translator: What translated the text; empty if nothing did.
        made_at: When it was made, in seconds since 1970; None if it is unknown.
        approved: Who approved it, and when.
        is_changed: Whether somebody changed it after that.
    """

    engine: str = ""
    translator: str = ""
    made_at: float | None = None
    approved: ApprovalMark | None = None
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class TextRun:
    """A part of a paragraph."""

    text: str
    is_doubtful: bool


@dataclass(frozen=True)
class TranscriptParagraph:
    """What one person says without a long pause."""

    words: tuple[Word, ...]
    is_turn: bool = False
    """Whether it is known that somebody else begins to speak."""

    @property
    def start(self) -> float:
        """When it begins, in seconds of the media clock."""
        return self.words[0].start

    @property
    def speaker(self) -> str:
        """Who says it; empty if nobody knows."""
        return " ".join((self.words[0].speaker or "").split())

    @property
    def opening(self) -> str:
        """What stands before its text: the speaker, or a dash if only a change is known."""
        return f"{self.speaker}: " if self.speaker else "– " * self.is_turn

    @cached_property
    def runs(self) -> tuple[TextRun, ...]:
        """Its text in parts that are doubtful or not, without space around it."""
        runs: list[TextRun] = []
        for text, is_doubtful in self._iter_parts():
            if runs and runs[-1].is_doubtful == is_doubtful:
                runs[-1] = TextRun(runs[-1].text + text, is_doubtful)
            elif text:
                runs.append(TextRun(text, is_doubtful))
        return tuple(runs)

    def _iter_parts(self) -> Iterator[tuple[str, bool]]:
        """Yield each word, the space before it for itself. A space is as doubtful as both sides."""
        was_doubtful = False
        for number, word in enumerate(self.words):
            text = " ".join(word.text.split())
            is_doubtful = is_word_doubtful(word)
            if number and word.text[:1].isspace():
                yield " ", was_doubtful and is_doubtful
            yield text, is_doubtful
            was_doubtful = is_doubtful


@dataclass(frozen=True, kw_only=True)
class TranscriptDocument:
    """A transcript with its header.

    Attributes:
        title: The title of the programme.
        source: The name of the subtitle that it was made of.
        media: The name of the media file; empty if it is unknown.
        language: The language of the text.
        start: The timecode at 0 seconds; None if nothing states one.
        duration: Seconds of the media; 0 if it is unknown.
        provenance: Where the text comes from.
        paragraphs: The text.
        written_on: The date of the document.
    """

    title: str
    source: str
    media: str
    language: Language
    start: StartTimecode | None
    duration: float
    provenance: Provenance
    paragraphs: tuple[TranscriptParagraph, ...]
    written_on: date

    @cached_property
    def doubtful_words(self) -> int:
        """How many words are doubtful."""
        words = (word for paragraph in self.paragraphs for word in paragraph.words)
        return sum(map(is_word_doubtful, words))

    @property
    def has_confidences(self) -> bool:
        """Whether it is known how sure the recogniser was of any word."""
        return any(w.confidence is not None for p in self.paragraphs for w in p.words)

    def label(self, paragraph: TranscriptParagraph) -> str:
        """Return the timecode of a paragraph, or its time if there is no timecode."""
        if self.start is not None:
            return self.start.label_at(paragraph.start)
        return _format_clock(paragraph.start)

    def header(self, mark: str) -> list[tuple[str, str]]:
        """Return the names and values of the header.

        Args:
            mark: How doubtful words are marked.
        """
        made_at = self.provenance.made_at
        rows = [
            ("Media", self.media),
            ("Subtitle", self.source),
            ("Language", f"{self.language.english_name} ({self.language})"),
            ("Duration", _format_clock(self.duration) if self.duration else ""),
            ("Timecode", _describe_timecode(self.start)),
            ("Speech recognised by", self.provenance.engine),
            ("Translated by", self.provenance.translator),
            ("Made", _format_day(made_at) if made_at is not None else ""),
            ("Approved", _describe_approval(self.provenance)),
            ("Doubtful words", self._describe_doubt(mark)),
            ("Transcript written", self.written_on.isoformat()),
        ]
        return [(name, value) for name, value in rows if value]

    def _describe_doubt(self, mark: str) -> str:
        if not self.has_confidences:
            return "not known: the recogniser's confidence in each word is not stored for this text"
        below = f"the recogniser was less than {UNSURE_CONFIDENCE:.0%} sure of them"
        return f"{self.doubtful_words}, {mark}: {below}" if self.doubtful_words else "none"


def is_word_doubtful(word: Word) -> bool:
    """Return whether the recogniser was unsure of a word."""
    return word.confidence is not None and word.confidence < UNSURE_CONFIDENCE


def group_paragraphs(
    sentences: Sequence[Sequence[Word]], turns: Collection[int] = ()
) -> tuple[TranscriptParagraph, ...]:
    """Join sentences to paragraphs: one speaker, no long pause, and half a minute or little more.

    Args:
        sentences: The words of each sentence, in order, at least one.
        turns: The numbers of the sentences, from 0, with which somebody else begins to speak.
    """
    paragraphs: list[TranscriptParagraph] = []
    for number, words in enumerate(sentences):
        last = paragraphs[-1].words if paragraphs else ()
        if (
            last
            and number not in turns
            and last[-1].speaker == words[0].speaker
            and words[0].start - last[-1].end < LONG_PAUSE_SECONDS
            and last[-1].end - last[0].start < MAX_PARAGRAPH_SECONDS
        ):
            paragraphs[-1] = replace(paragraphs[-1], words=(*last, *words))
        else:
            paragraphs.append(TranscriptParagraph(tuple(words), is_turn=number in turns))
    return tuple(paragraphs)


def _describe_timecode(start: StartTimecode | None) -> str:
    if start is None:
        return ""
    counting = ", drop-frame" if start.rate.is_drop_frame else ""
    return f"begins at {start}, {float(start.rate.fps):.6g} frames per second{counting}"


def _describe_approval(provenance: Provenance) -> str:
    mark = provenance.approved
    changed = "; changed since" if provenance.is_changed else ""
    if mark is not None:
        return f"by {mark.by} on {_format_day(mark.at)}{changed}"
    is_machine = provenance.engine or provenance.translator
    return f"by nobody{changed}" if is_machine else ""


def _format_day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def _format_clock(seconds: float) -> str:
    return format_timestamp(seconds, ".").partition(".")[0]

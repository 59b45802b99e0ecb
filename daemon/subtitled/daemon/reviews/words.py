"""The recognised words of a review: those that its text was made of, and those of other engines."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.db.database import Database
from subtitled.db.passages import PassageRecord, PassageStatus
from subtitled.jobcontext.services import open_transcript_store
from subtitled.pipeline.quality_evidence import place_words
from subtitled.plugin import Language, Word
from subtitled.subtitles.chinese import convert_texts
from subtitled.subtitles.markup import strip_tags
from subtitled.subtitles.quality_estimation.alignment import align_words
from subtitled.subtitles.review.document import Document, ReviewCue
from subtitled.subtitles.scripts import is_spaceless
from subtitled.subtitles.segmentation.word_repair import restore_spaces
from subtitled.transcripts.assembly import list_stored_parts
from subtitled.transcripts.store import TranscriptStore

from .open_review import OpenReview

MAX_OTHERS = 9
"""Most other engines, because each has a key of one digit."""
AROUND_SECONDS = 1.0
"""How far beside a cue its words may be."""
_MAX_RECENT = 4
"""Reviews whose words are kept in memory."""

_Stamp = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineWords:
    """What one engine understood in a whole track."""

    engine: str
    """The engine and its model, as it names itself."""
    variant: str
    """The name of the engine in the configuration, with a hash of its settings."""
    words: tuple[Word, ...]
    """In order of time."""

    @property
    def text(self) -> str:
        """The words as one line."""
        return "".join(word.text for word in self.words).strip()


@dataclass(frozen=True, slots=True)
class RecognisedWords:
    """What engines understood in the track that the text of a review is of."""

    language: Language | None = None
    """The language spoken; None if no transcript is stored."""
    own: EngineWords | None = None
    """The words that the text was made of."""
    others: tuple[EngineWords, ...] = ()
    """What other engines understood otherwise, in order of their names."""

    def spoken_at(self, cue: ReviewCue) -> list[Word]:
        """Return the words about the time of a cue that its text was made of."""
        if self.own is None:
            return []
        return find_words(self.own.words, cue.start - AROUND_SECONDS, cue.end + AROUND_SECONDS)


class WordReader:
    """Reads the stored transcripts of reviews. Threads may share it."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._db = db
        self._lock = threading.Lock()
        self._recent: dict[int, tuple[_Stamp, RecognisedWords]] = {}

    @cached_property
    def store(self) -> TranscriptStore:
        """The transcripts of the state folder."""
        return open_transcript_store(resolve_state_dir(self._configuration.settings))

    def read(self, review: OpenReview) -> RecognisedWords:
        """Return what was recognised. It is read again only if a transcript was added since."""
        number = review.record.id
        asked = [] if review.is_translation else self._db.passages.of_review(number)
        stamp = (self._stamp(review), tuple(one.ended_at for one in asked))
        with self._lock:
            known = self._recent.pop(number, None)
        if known is not None and known[0] == stamp:
            recognised = known[1]
        else:
            recognised = _with_passages(self._read(review), asked, review.record.language)
        with self._lock:
            self._recent[number] = (stamp, recognised)
            while len(self._recent) > _MAX_RECENT:
                del self._recent[next(iter(self._recent))]
        return recognised

    def find_spoken(self, review: OpenReview, cue: ReviewCue) -> list[Word]:
        """Return the words about the time of a cue, in its language; none of a translation."""
        return [] if review.is_translation else self.read(review).spoken_at(cue)

    def _stamp(self, review: OpenReview) -> _Stamp:
        """Return what changes whenever other words would be read."""
        fingerprint, times = review.record.fingerprint, list[tuple[int, str, int]]()
        for track in self.store.tracks(fingerprint) if fingerprint else ():
            for variant in self.store.variants(fingerprint, track):
                folder = self.store.track_folder(fingerprint, track) / variant
                # A folder that was deleted meanwhile is not read either.
                with contextlib.suppress(FileNotFoundError):
                    times.append((track, variant, folder.stat().st_mtime_ns))
        return (fingerprint, review.base.sha256, review.file.spoken_language, tuple(times))

    def _read(self, review: OpenReview) -> RecognisedWords:
        fingerprint, language = review.record.fingerprint, _spoken_language(review)
        if not fingerprint:
            return RecognisedWords()
        own_text = None if review.is_translation else review.base_document
        recognised = [
            found
            for track in self._tracks_in(fingerprint, language)
            if (found := self._read_track(fingerprint, track, language, own_text)).own is not None
        ]
        return max(
            recognised,
            key=lambda one: _likeness(one.own, own_text, language),
            default=RecognisedWords(),
        )

    def _tracks_in(self, fingerprint: str, language: Language) -> list[int]:
        """Return the tracks in which a language is spoken, or of which the language is unknown."""
        analyses = {
            track: self.store.analysis(fingerprint, track)
            for track in self.store.tracks(fingerprint)
        }
        return [
            track
            for track, analysis in analyses.items()
            if analysis is None
            or analysis.language is None
            or _is_same(analysis.language, language)
        ]

    def _read_track(
        self, fingerprint: str, track: int, language: Language, own_text: Document | None
    ) -> RecognisedWords:
        analysis = self.store.analysis(fingerprint, track)
        removals = self.store.removals(fingerprint, track)

        def read(variant: str, *, is_effective: bool) -> EngineWords | None:
            parts = [
                part
                for part in list_stored_parts(
                    self.store, fingerprint, track, variant, is_effective=is_effective
                )
                if _is_same(part.language, language)
            ]
            words = place_words(parts, analysis, removals.get(variant, ()))
            if not words:
                return None
            engines = ", ".join(dict.fromkeys(part.engine for part in parts if part.engine))
            return EngineWords(
                engine=engines or variant.rpartition("-")[0],
                variant=variant,
                words=_as_published(words, language),
            )

        variants = self.store.variants(fingerprint, track)
        candidates = [read(variant, is_effective=True) for variant in variants]
        known = [one for one in candidates if one is not None]
        if not known:
            return RecognisedWords()
        own = max(known, key=lambda one: _likeness(one, own_text, language))
        # What an engine understood itself differs from what counts only if another one replaced it.
        has_fallbacks = bool(self.store.fallbacks(fingerprint, track))
        themselves = (
            (read(name, is_effective=False) for name in variants) if has_fallbacks else known
        )
        others = {one.text: one for one in themselves if one is not None}
        others.pop(own.text, None)
        return RecognisedWords(language, own, tuple(others.values())[:MAX_OTHERS])


def _with_passages(
    recognised: RecognisedWords, asked: Sequence[PassageRecord], language: Language
) -> RecognisedWords:
    """Add what engines understood that a person asked about passages.

    Each engine is one more, behind those that transcribed the track. Of passages that overlap, the
    later one counts.
    """
    by_engine = dict[str, EngineWords]()
    for passage in asked:
        if passage.status is not PassageStatus.DONE:
            continue
        start, end = passage.span.start, passage.span.end
        before = by_engine[passage.engine].words if passage.engine in by_engine else ()
        kept = [word for word in before if word.end <= start or word.start >= end]
        words = sorted(
            (*kept, *_as_published(passage.words, language)),
            key=lambda word: (word.start, word.end),
        )
        by_engine[passage.engine] = EngineWords(
            engine=passage.engine, variant=passage.variant, words=tuple(words)
        )
    others = recognised.others[: MAX_OTHERS - min(len(by_engine), MAX_OTHERS)]
    return replace(recognised, others=(*others, *by_engine.values())[:MAX_OTHERS])


def find_words(words: Sequence[Word], start: float, end: float) -> list[Word]:
    """Return the words of which any part is said in a span."""
    return [word for word in words if word.end > start and word.start < end]


def find_alternative(other: EngineWords, document: Document, place: int) -> EngineWords | None:
    """Return what another engine understood in one cue; None if nothing.

    Args:
        other: The engine.
        document: The current version. Each word belongs to the cue that it is nearest to.
        place: The place of the cue.
    """
    first = max(0, place - 1)
    cues = document.cues[first : place + 2]
    begin, end = cues[0].start - AROUND_SECONDS, max(cue.end for cue in cues) + AROUND_SECONDS
    near = find_words(other.words, begin, end)
    own = document.cues[place]
    spoken = align_words([cue.to_cue() for cue in cues], near)[place - first]
    words = tuple(find_words(spoken, own.start - AROUND_SECONDS, own.end + AROUND_SECONDS))
    return replace(other, words=words) if words else None


def _as_published(words: Sequence[Word], language: Language) -> tuple[Word, ...]:
    """Return words with the spaces and the script that a text of ours has."""
    spaced = list(words) if is_spaceless(language) else restore_spaces(words)
    texts = convert_texts([word.text for word in spaced], language)
    return tuple(
        word if word.text == text else replace(word, text=text)
        for word, text in zip(spaced, texts, strict=True)
    )


def _likeness(recognised: EngineWords | None, text: Document | None, language: Language) -> float:
    """Return the share of words that a text and a transcript have in common.

    If the text is unknown, it is how many were recognised.
    """
    if recognised is None or text is None:
        return len(recognised.words) if recognised is not None else 0
    written = Counter(part for cue in text.cues for part in _split(strip_tags(cue.text), language))
    spoken = Counter(_split(recognised.text, language))
    return 2 * (written & spoken).total() / max(1, written.total() + spoken.total())


def _split(text: str, language: Language) -> Sequence[str]:
    """Return the words of a text as they are written, or its letters."""
    return "".join(text.split()) if is_spaceless(language) else text.split()


def _spoken_language(review: OpenReview) -> Language:
    """Return the language in which the words of a review are."""
    spoken = review.file.spoken_language
    return Language(spoken) if review.is_translation and spoken else review.record.language


def _is_same(one: Language, other: Language) -> bool:
    return one.primary.satisfies(other.primary)

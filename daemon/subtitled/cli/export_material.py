"""What an export has to know besides the cues: the words of a text, and who made it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from subtitled.config.paths import resolve_state_dir
from subtitled.config.settings import AppSettings
from subtitled.db.signatures import SignatureStore
from subtitled.db.state_folder import SIGNATURES_FOLDER
from subtitled.jobcontext.services import open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.quality_evidence import place_words
from subtitled.plugin import Cue, Subtitle, Word
from subtitled.subtitles.formats import tidy_text
from subtitled.subtitles.markup import strip_tags
from subtitled.subtitles.ownership import Signature, read_signature
from subtitled.transcripts.assembly import list_stored_parts
from subtitled.transcripts.documents import Provenance
from subtitled.transcripts.store import TranscriptStore
from subtitled.translation.batching import Sentence, split_into_sentences
from subtitled.translation.corrected_words import correct_words

from .exported_text import ExportedText

_DASHES = ("-", "‐", "‑", "–", "—")
"""What stands before the line of each of several speakers."""


def find_signature(text: ExportedText, settings: AppSettings) -> Signature | None:
    """Return the signature of a subtitle of ours, also if it was changed since; None of others."""
    signature = read_signature(text.file)
    if signature is None and text.media is not None:
        signatures = SignatureStore(resolve_state_dir(settings) / SIGNATURES_FOLDER)
        digest = hashlib.sha256(text.data).hexdigest()
        signature = signatures.find(content_fingerprint(text.media), digest)
    return signature


def describe_provenance(text: ExportedText, signature: Signature | None) -> Provenance:
    """Say who made a text, and who approved it. Nothing is known of a text of others."""
    if signature is None:
        return Provenance()
    return Provenance(
        engine=str(signature.makers.engine),
        translator=str(signature.makers.translator),
        made_at=signature.created_at,
        approved=signature.approved,
        is_changed=signature.sha256 != hashlib.sha256(text.data).hexdigest(),
    )


@dataclass(frozen=True, slots=True)
class SpokenText:
    """The sentences of a subtitle.

    Attributes:
        sentences: In order of time.
        turns: The numbers, from 0, of those with which somebody else begins to speak, by the dash
            before a line. Empty where speakers are known.
    """

    sentences: tuple[Sentence, ...]
    turns: frozenset[int] = frozenset()


def split_text(
    text: ExportedText, signature: Signature | None, settings: AppSettings
) -> SpokenText:
    """Return the sentences of a subtitle, as it words them.

    What is as it was recognised has the times, speaker and confidence of the transcript. Anything
    else has the times of its cue.
    """
    cues = sorted(text.subtitle.cues, key=lambda cue: (cue.start, cue.end))
    tidy = tuple(replace(cue, text=tidy_text(cue.text)) for cue in cues)
    subtitle = replace(text.subtitle, cues=tidy)
    words = subtitle.words
    if not words and signature is not None:
        store = open_transcript_store(resolve_state_dir(settings))
        words = find_words(store, signature)
    if words:
        words = correct_words(words, subtitle.cues, subtitle.language)
    else:
        words = tuple(word for cue in subtitle.cues for word in _spread_words(cue, subtitle))
    has_speakers = any(word.speaker for word in words)
    turns = set() if has_speakers else set(_find_turns(subtitle))
    sentences: list[Sentence] = []
    numbers: set[int] = set()
    for first, last in pairwise(sorted({0, *turns, len(words)})):
        if first in turns:
            numbers.add(len(sentences))
        sentences += split_into_sentences(words[first:last], subtitle.language)
    return SpokenText(tuple(sentences), frozenset(numbers))


def _find_turns(subtitle: Subtitle) -> Iterator[int]:
    """Yield the number of each word, from 0, with which a line with a dash begins."""
    count = 0
    for cue in subtitle.cues:
        for line in strip_tags(cue.text).splitlines():
            words = correct_words((), (replace(cue, text=line),), subtitle.language)
            if words and line.lstrip()[:1] in _DASHES:
                yield count
            count += len(words)


def find_words(store: TranscriptStore, signature: Signature) -> tuple[Word, ...]:
    """Return the stored words that a subtitle of ours was made of; none of a translation."""
    place, engine = signature.fingerprint, signature.makers.engine.name
    candidates: list[tuple[bool, tuple[Word, ...]]] = []
    for track in store.tracks(place):
        removals = store.removals(place, track)
        for variant in store.variants(place, track):
            parts = list_stored_parts(store, place, track, variant)
            spoken = [part for part in parts if part.language.satisfies(signature.language)]
            analysis = store.analysis(place, track)
            words = place_words(spoken, analysis, removals.get(variant, ()))
            candidates.append((variant.rpartition("-")[0] == engine, words))
    return max(candidates, key=lambda one: (one[0], len(one[1])), default=(False, ()))[1]


def _spread_words(cue: Cue, subtitle: Subtitle) -> Iterator[Word]:
    """Yield the words of a cue as if they were said at an even pace."""
    tokens = correct_words((), (cue,), subtitle.language)
    total, passed = sum(len(token.text) for token in tokens), 0
    for token in tokens:
        start = cue.start + cue.duration * passed / total
        passed += len(token.text)
        yield Word(text=token.text, start=start, end=cue.start + cue.duration * passed / total)

"""A better copy of a programme gets the words of the old one, moved to where they are said now.

What was heard of the old file is in the store of transcripts; where somebody speaks in the new one
was just found. If the two say the same (:mod:`.alignment`), no word is recognised again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from subtitled.media.stretches import stretches_for
from subtitled.plugin import Capabilities, Evidence, Language, Stretch, Transcript, Word
from subtitled.transcripts.heard import Listened, Retimed
from subtitled.transcripts.store import TranscriptStore

from .alignment import FARTHEST, Alignment, align

LENGTHS = 0.1
"""How much longer or shorter, as a share, another version of the same programme may be."""

Timed = TypeVar("Timed", Word, Evidence)


@dataclass(frozen=True, slots=True)
class _Found:
    content: str
    track: int
    alignment: Alignment


def retime(
    store: TranscriptStore,
    content: str,
    track: int,
    listened: Listened,
    language: Language,
    earlier: Sequence[str],
    length: float,
    able: Mapping[str, Capabilities] = MappingProxyType({}),
) -> Retimed | None:
    """Take over the words of the first of ``earlier`` contents that says the same.

    ``language`` is what is spoken in the new file: a dub has its speech where the original has
    it, too. ``length`` is that of the stretches, in seconds of speech. What was compared is kept,
    so that it can be explained; what was taken over, or None, is the answer.
    """
    doubts: list[Retimed] = []
    for other in earlier:
        for found in _alike(store, other, listened, language):
            alignment = found.alignment
            said = Retimed(
                content=found.content,
                track=found.track,
                offset=alignment.offset,
                peak=alignment.peak,
                rival=alignment.rival,
                parts=alignment.parts,
                agreeing=alignment.agreeing,
                doubt=alignment.doubt,
            )
            if not alignment.convincing:
                doubts.append(said)
            elif _taken_over(store, content, track, listened, found, length, able):
                store.keep_retimed(content, track, said)
                return said
    if doubts:
        store.keep_retimed(content, track, max(doubts, key=lambda said: said.peak))
    return None


def moved(said: Sequence[Timed], offset: float, end: float) -> tuple[Timed, ...]:
    """Words ``offset`` seconds later, without those that fall before 0 or after ``end``."""
    return tuple(
        replace(one, start=max(0.0, one.start + offset), end=min(end, one.end + offset))
        for one in said
        if one.end + offset > 0.0 and one.start + offset < end
    )


def shared_out(said: Sequence[Timed], stretches: Sequence[Stretch]) -> list[tuple[Timed, ...]]:
    """The words of each stretch, every word in exactly one: where most of it is said.

    Stretches follow each other without a gap; they are cut in pauses.
    """
    shares: list[list[Timed]] = [[] for _ in stretches]
    number = 0
    for one in said:
        middle = (one.start + one.end) / 2
        while number + 1 < len(stretches) and middle >= stretches[number].interval.end:
            number += 1
        shares[number].append(one)
    return [tuple(share) for share in shares]


def _alike(
    store: TranscriptStore, content: str, listened: Listened, language: Language
) -> list[_Found]:
    """Tracks of another content that are in this language, about as long, and have words."""
    found = []
    for track in store.tracks(content):
        old = store.listened(content, track)
        if old is None or old.language is None or old.language.primary != language.primary:
            continue
        if abs(old.duration - listened.duration) > max(FARTHEST, LENGTHS * old.duration):
            continue
        alignment = align(old.speech, listened.speech, old.quiet, listened.quiet)
        if alignment is not None:
            found.append(_Found(content, track, alignment))
    return sorted(found, key=lambda one: (not one.alignment.convincing, -one.alignment.peak))


def _taken_over(
    store: TranscriptStore,
    content: str,
    track: int,
    listened: Listened,
    found: _Found,
    length: float,
    able: Mapping[str, Capabilities],
) -> bool:
    """Write all complete transcripts of the old file down for the new one; whether any is."""
    some = False
    for recipe in store.recipes(found.content, found.track):
        whole = store.joined(found.content, found.track, recipe)
        if whole is None:
            continue
        engine = able.get(recipe.rpartition("-")[0], Capabilities())
        stretches = stretches_for(
            engine, listened.speech, length, listened.duration, listened.quiet
        )
        offset = found.alignment.offset
        words = shared_out(moved(whole.words, offset, listened.duration), stretches)
        evidence = shared_out(moved(whole.evidence, offset, listened.duration), stretches)
        for stretch, its, sure in zip(stretches, words, evidence, strict=True):
            part = Transcript(whole.language, its, whole.engine, whole.recipe, sure)
            store.keep_stretch(content, track, recipe, stretch, part)
        some = True
    return some

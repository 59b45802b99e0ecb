"""Which subtitles and summaries a medium has: the one answer for the daemon, the planner and the
commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import ExistingSettings
from subtitled.media.probe import MediaFacts
from subtitled.plugin import Kind, Language
from subtitled.subtitles.names import DATA_ENDINGS, IMAGE_ENDINGS, parse_sidecar, parse_summary
from subtitled.subtitles.ownership import Whose

SIDECAR = "sidecar"
EMBEDDED = "embedded"
WITHDRAWN = "taken back"
"""A subtitle of ours that a person took away: it is not there, and is not to be made again."""


@dataclass(frozen=True, slots=True)
class Existing:
    """One subtitle that a medium has."""

    language: Language | None
    kind: Kind
    origin: str
    """``sidecar``, ``embedded`` or ``taken back``."""
    where: str
    """The sidecar's name, or the number of the stream."""
    format: str
    is_text: bool = True
    ours: bool = False
    stale: bool = False
    """Ours, but made for another version of the medium: it serves nobody and is replaced."""
    edited: bool = False
    """Ours once. Somebody edited it: it is theirs, counts always and is never touched."""
    below: Language | None = None
    """The language below the other, where it has two."""

    def shows_below(self, wanted: Language | None) -> bool:
        """Whether it has a second language that serves, or has none where none is wanted."""
        if wanted is None or self.below is None:
            return wanted is self.below
        return self.below.serves(wanted)


def coverage(
    medium: Path,
    facts: MediaFacts,
    names: Sequence[str],
    whose: Callable[[Path], Whose],
    folder: Path | None = None,
) -> tuple[Existing, ...]:
    """Every subtitle in the medium and beside it.

    ``names`` is the listing of ``folder``, by default the medium's own; ``whose`` tells whose a
    sidecar is.
    """
    found = [
        Existing(
            language=track.language if track.language.is_known else None,
            kind=Kind.FORCED if track.forced else Kind.SDH if track.sdh else Kind.FULL,
            origin=EMBEDDED,
            where=str(track.index),
            format=track.codec,
            is_text=track.is_text,
        )
        for track in facts.subtitles
    ]
    medium_name = os.fsdecode(medium.name)
    for name in sorted(names):
        parsed = parse_sidecar(medium_name, name)
        if parsed is None:
            continue
        verdict = whose((folder or medium.parent) / name)
        if parsed.format in DATA_ENDINGS and verdict is Whose.THEIRS:
            continue
        found.append(
            Existing(
                language=parsed.language,
                kind=parsed.kind,
                origin=SIDECAR,
                where=name,
                format=parsed.format,
                is_text=parsed.format not in IMAGE_ENDINGS,
                ours=verdict in (Whose.OURS, Whose.STALE),
                stale=verdict is Whose.STALE,
                edited=verdict is Whose.EDITED,
                below=parsed.below,
            )
        )
    return tuple(found)


def summaries(
    medium: Path,
    names: Sequence[str],
    whose: Callable[[Path], Whose],
    folder: Path | None = None,
) -> tuple[Existing, ...]:
    """Every summary beside a medium, from what :func:`coverage` is given; its format is what the
    name ends with. What stands there and is not stale counts, whoever wrote it."""
    medium_name = os.fsdecode(medium.name)
    found = []
    for name in sorted(names):
        language, ending = parse_summary(medium_name, name) or (None, "")
        if language is not None:
            verdict = whose((folder or medium.parent) / name)
            found.append(
                Existing(
                    language=language,
                    kind=Kind.FULL,
                    origin=SIDECAR,
                    where=name,
                    format=ending,
                    ours=verdict in (Whose.OURS, Whose.STALE),
                    stale=verdict is Whose.STALE,
                    edited=verdict is Whose.EDITED,
                )
            )
    return tuple(found)


def counts(existing: Existing, rules: ExistingSettings, kind: Kind = Kind.FULL) -> bool:
    """Whether a subtitle counts as one of a kind under a library's rules.

    Ours and those that somebody edited count as what they are; those of another version never do.
    One of foreign parts only is wanted as such, or counts for a whole one if the rules say so.
    """
    if existing.ours or existing.edited:
        return not existing.stale and existing.kind is kind
    if existing.kind is not kind:
        if kind is not Kind.FULL:
            return False
        if not (rules.forced if existing.kind is Kind.FORCED else rules.sdh):
            return False
    if existing.origin == SIDECAR:
        return rules.sidecars
    return rules.embedded_text if existing.is_text else rules.embedded_images


def serving(
    existing: Sequence[Existing],
    wanted: Language,
    spoken: Language | None,
    fmt: str,
    rules: ExistingSettings,
    kind: Kind = Kind.FULL,
    below: Language | None = None,
) -> Existing | None:
    """The subtitle that gives a reader of ``wanted`` what they need of a kind, or None.

    ``below`` is the second language of one with two, which serves for no one with one.

    One of ours serves for its own format only, so that another format wanted later is made; any
    other serves for all. A sidecar without a language is taken to be in the language spoken.
    """
    for one in existing:
        language = one.language or (spoken if one.origin == SIDECAR else None)
        if language is None or not language.serves(wanted) or not counts(one, rules, kind):
            continue
        if not one.shows_below(below):
            continue
        if not one.ours or one.format == fmt:
            return one
    return None

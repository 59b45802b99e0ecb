"""Which subtitles and summaries a medium has: the one answer for the daemon, the planner and the
commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import ExistingSubtitleSettings
from subtitled.library.removal import RedundantSidecar
from subtitled.media.probe import MediaInfo
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.filenames import (
    DATA_EXTENSIONS,
    IMAGE_EXTENSIONS,
    parse_sidecar_name,
    parse_summary_name,
)
from subtitled.subtitles.ownership import Ownership

SIDECAR = "sidecar"
EMBEDDED = "embedded"
REMOVED_BY_USER = "removed-by-user"
"""A subtitle of ours that a person took away: it is not there, and is not to be made again."""


@dataclass(frozen=True, slots=True)
class ExistingSubtitle:
    """One subtitle that a medium has."""

    language: Language | None
    kind: SubtitleKind
    origin: str
    """``sidecar``, ``embedded`` or ``removed-by-user``."""
    location: str
    """The sidecar's name, or the number of the stream."""
    format: str
    is_text: bool = True
    is_ours: bool = False
    is_outdated: bool = False
    """Ours, but made for another version of the medium: it serves nobody and is replaced."""
    is_edited: bool = False
    """Ours once. Somebody edited it: it is theirs, counts always and is never touched."""
    secondary: Language | None = None
    """The language below the other, where it has two."""

    def has_secondary(self, wanted: Language | None) -> bool:
        """Whether it has a second language that serves, or has none where none is wanted."""
        if wanted is None or self.secondary is None:
            return wanted is self.secondary
        return self.secondary.satisfies(wanted)


def existing_subtitles(
    media: Path,
    facts: MediaInfo,
    names: Sequence[str],
    ownership_of: Callable[[Path], Ownership],
    folder: Path | None = None,
) -> tuple[ExistingSubtitle, ...]:
    """Every subtitle in the medium and beside it.

    ``names`` is the listing of ``folder``, by default the medium's own; ``whose`` tells whose a
    sidecar is.
    """
    subtitles = [
        ExistingSubtitle(
            language=track.language if track.language.is_known else None,
            kind=SubtitleKind.FORCED
            if track.is_forced
            else SubtitleKind.SDH
            if track.is_sdh
            else SubtitleKind.FULL,
            origin=EMBEDDED,
            location=str(track.index),
            format=track.codec,
            is_text=track.is_text,
        )
        for track in facts.subtitle_tracks
    ]
    medium_name = os.fsdecode(media.name)
    for name in sorted(names):
        parsed = parse_sidecar_name(medium_name, name)
        if parsed is None:
            continue
        verdict = ownership_of((folder or media.parent) / name)
        if parsed.format in DATA_EXTENSIONS and verdict is Ownership.HUMAN:
            continue
        subtitles.append(
            ExistingSubtitle(
                language=parsed.language,
                kind=parsed.kind,
                origin=SIDECAR,
                location=name,
                format=parsed.format,
                is_text=parsed.format not in IMAGE_EXTENSIONS,
                is_ours=verdict in (Ownership.OURS, Ownership.OUTDATED),
                is_outdated=verdict is Ownership.OUTDATED,
                is_edited=verdict is Ownership.EDITED,
                secondary=parsed.secondary,
            )
        )
    return tuple(subtitles)


def existing_summaries(
    media: Path,
    names: Sequence[str],
    ownership_of: Callable[[Path], Ownership],
    folder: Path | None = None,
) -> tuple[ExistingSubtitle, ...]:
    """Every summary beside a medium, from what :func:`existing_subtitles` is given; its format is
    what the name ends with. What stands there and is not stale counts, whoever wrote it."""
    medium_name = os.fsdecode(media.name)
    summaries_found = []
    for name in sorted(names):
        language, ending = parse_summary_name(medium_name, name) or (None, "")
        if language is not None:
            verdict = ownership_of((folder or media.parent) / name)
            summaries_found.append(
                ExistingSubtitle(
                    language=language,
                    kind=SubtitleKind.FULL,
                    origin=SIDECAR,
                    location=name,
                    format=ending,
                    is_ours=verdict in (Ownership.OURS, Ownership.OUTDATED),
                    is_outdated=verdict is Ownership.OUTDATED,
                    is_edited=verdict is Ownership.EDITED,
                )
            )
    return tuple(summaries_found)


def counts_as(
    existing: ExistingSubtitle,
    rules: ExistingSubtitleSettings,
    kind: SubtitleKind = SubtitleKind.FULL,
) -> bool:
    """Whether a subtitle counts as one of a kind under a library's rules.

    Ours and those that somebody edited count as what they are; those of another version never do.
    One of foreign parts only is wanted as such, or counts for a whole one if the rules say so.
    """
    if existing.is_ours or existing.is_edited:
        return not existing.is_outdated and existing.kind is kind
    if existing.kind is not kind:
        if kind is not SubtitleKind.FULL:
            return False
        if not (rules.forced if existing.kind is SubtitleKind.FORCED else rules.sdh):
            return False
    if existing.origin == SIDECAR:
        return rules.sidecars
    return rules.embedded_text if existing.is_text else rules.embedded_images


def find_satisfying(
    existing: Sequence[ExistingSubtitle],
    wanted: Language,
    spoken: Language | None,
    fmt: str,
    rules: ExistingSubtitleSettings,
    kind: SubtitleKind = SubtitleKind.FULL,
    secondary: Language | None = None,
) -> ExistingSubtitle | None:
    """The subtitle that gives a reader of ``wanted`` what they need of a kind, or None.

    ``secondary`` is the second language of one with two, which serves for no one with one.

    One of ours serves for its own format only, so that another format wanted later is made; any
    other serves for all. A sidecar without a language is taken to be in the language spoken.
    """
    for candidate in existing:
        language = candidate.language or (spoken if candidate.origin == SIDECAR else None)
        if (
            language is None
            or not language.satisfies(wanted)
            or not counts_as(candidate, rules, kind)
        ):
            continue
        if not candidate.has_secondary(secondary):
            continue
        if not candidate.is_ours or candidate.format == fmt:
            return candidate
    return None


def find_redundant(
    existing: Sequence[ExistingSubtitle], spoken: Language | None, rules: ExistingSubtitleSettings
) -> list[RedundantSidecar]:
    """Sidecars of ours that somebody else's sidecars make needless: each with those that do.

    One that somebody edited is no reason to take others away: it was ours like they.
    """
    other_subtitles = [
        (candidate, candidate.language or spoken)
        for candidate in existing
        if candidate.origin == SIDECAR and not candidate.is_ours and not candidate.is_edited
    ]
    redundant = []
    for ours in existing:
        if ours.origin != SIDECAR or not ours.is_ours or ours.language is None:
            continue
        replaced_by = tuple(
            candidate.location
            for candidate, language in other_subtitles
            if language
            and language.satisfies(ours.language)
            and candidate.has_secondary(ours.secondary)
            and counts_as(candidate, rules, ours.kind)
        )
        if replaced_by:
            redundant.append(RedundantSidecar(ours.location, replaced_by))
    return redundant

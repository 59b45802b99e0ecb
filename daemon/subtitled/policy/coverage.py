"""Coverage: which subtitles and summaries a media file has."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import ExistingSubtitleSettings
from subtitled.library.removal import RedundantSidecar
from subtitled.media.marks import Mark
from subtitled.media.probe import MediaInfo
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.filenames import (
    DATA_EXTENSIONS,
    IMAGE_EXTENSIONS,
    TIMED_DATA_EXTENSION,
    parse_sidecar_name,
    parse_summary_name,
)
from subtitled.subtitles.ownership import Ownership

SIDECAR = "sidecar"
EMBEDDED = "embedded"
REMOVED_BY_USER = "removed-by-user"
"""A subtitle of ours that a person removed. It does not exist, and is not made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingSubtitle:
    """One subtitle that a media file has."""

    language: Language | None
    kind: SubtitleKind
    origin: str
    """``sidecar``, ``embedded`` or ``removed-by-user``."""
    location: str
    """The name of the sidecar, or the index of the track."""
    format: str
    is_text: bool = True
    is_ours: bool = False
    is_outdated: bool = False
    """It is ours, but of another version of the media file, so it counts for nothing and is
    replaced.
    """
    is_edited: bool = False
    """It was ours and a person edited it, so it is human, always counts, and is never changed."""
    is_approved: bool = False
    """A person signed it off. It is treated as an edited one, which it also is."""
    secondary: Language | None = None
    """The second language of a bilingual subtitle."""
    marks: frozenset[Mark] = frozenset()
    """What its title says of it."""
    problem: str = ""
    """Why its text does not count: it cannot be read, or is not all that is said. Empty if it does.
    """
    source_problem: str = ""
    """Why its text must not be translated from; empty if it may be."""
    notes: tuple[str, ...] = ()
    """What else people should know of its text."""
    is_source_corrected: bool = False
    """A person corrected the text that it was translated from."""
    is_superseded: bool = False
    """It is ours and is to be made again, because what it was made of was corrected, or by a better
    engine. So it counts for nothing."""
    corrects_speech: bool = False
    """It is the approved text of the speech whose transcript is stored, so that translations are
    made of that transcript with its corrections.
    """

    def language_given(self, spoken: Language | None) -> Language | None:
        """Return the language. A sidecar of which it cannot be told is in the spoken language."""
        return self.language or (spoken if self.origin == SIDECAR else None)

    def has_secondary(self, wanted: Language | None) -> bool:
        """Return whether its second language satisfies ``wanted``, or neither is there."""
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
    """Return every subtitle in a media file and beside it.

    Args:
        media: The media file.
        facts: Its tracks.
        names: The names in ``folder``.
        ownership_of: Returns the ownership of a sidecar.
        folder: The folder of the sidecars, by default that of the media file.
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
            marks=track.marks,
        )
        for track in facts.subtitle_tracks
    ]
    media_name = os.fsdecode(media.name)
    for name in sorted(names):
        parsed = parse_sidecar_name(media_name, name)
        if parsed is None:
            continue
        verdict = ownership_of((folder or media.parent) / name)
        is_data = parsed.format in DATA_EXTENSIONS and parsed.format != TIMED_DATA_EXTENSION
        if verdict is Ownership.PARTIAL or (is_data and verdict is Ownership.HUMAN):
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
                is_edited=verdict in (Ownership.EDITED, Ownership.APPROVED),
                is_approved=verdict is Ownership.APPROVED,
                secondary=parsed.secondary,
                marks=parsed.marks,
            )
        )
    return tuple(subtitles)


def existing_summaries(
    media: Path,
    names: Sequence[str],
    ownership_of: Callable[[Path], Ownership],
    folder: Path | None = None,
) -> tuple[ExistingSubtitle, ...]:
    """Return every summary beside a media file.

    The arguments are those of :func:`existing_subtitles`.

    The format of a summary is the ending of its name. Human summaries count as well as ours.
    """
    media_name = os.fsdecode(media.name)
    summaries = []
    for name in sorted(names):
        language, ending = parse_summary_name(media_name, name) or (None, "")
        if language is not None:
            verdict = ownership_of((folder or media.parent) / name)
            summaries.append(
                ExistingSubtitle(
                    language=language,
                    kind=SubtitleKind.FULL,
                    origin=SIDECAR,
                    location=name,
                    format=ending,
                    is_ours=verdict in (Ownership.OURS, Ownership.OUTDATED),
                    is_outdated=verdict is Ownership.OUTDATED,
                    is_edited=verdict in (Ownership.EDITED, Ownership.APPROVED),
                )
            )
    return tuple(summaries)


def counts_as(
    existing: ExistingSubtitle,
    rules: ExistingSubtitleSettings,
    kind: SubtitleKind = SubtitleKind.FULL,
) -> bool:
    """Return whether a subtitle counts as one of a kind under the rules of a library.

    Our own and edited subtitles count as their kind, outdated and superseded ones never do. Of
    others, a text that cannot be read or is not whole counts as nothing. A forced or SDH subtitle
    counts as a full one if the rules say so.
    """
    if existing.is_ours or existing.is_edited:
        is_current = not existing.is_outdated and not existing.is_superseded
        return is_current and existing.kind is kind
    if existing.problem:
        return False
    if existing.kind is not kind:
        if kind is not SubtitleKind.FULL:
            return False
        if not (rules.forced if existing.kind is SubtitleKind.FORCED else rules.sdh):
            return False
    if existing.origin == SIDECAR:
        return rules.sidecars
    return rules.embedded_text if existing.is_text else rules.embedded_images


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleQuery:
    """What a subtitle has to be, to satisfy a requirement."""

    language: Language
    format: str
    kind: SubtitleKind = SubtitleKind.FULL
    secondary: Language | None = None
    """The second language of a bilingual requirement."""


def find_satisfying(
    existing: Sequence[ExistingSubtitle],
    query: SubtitleQuery,
    spoken: Language | None,
    rules: ExistingSubtitleSettings,
) -> ExistingSubtitle | None:
    """Return the subtitle that satisfies a requirement, or None.

    One of ours satisfies its own format only, so that another format is made when it is wanted. Any
    other satisfies all formats.

    Args:
        existing: The subtitles of the media file.
        query: What is required.
        spoken: The spoken language, if it is known.
        rules: The rules of the library.
    """
    for candidate in existing:
        language = candidate.language_given(spoken)
        if (
            language is None
            or not language.satisfies(query.language)
            or not counts_as(candidate, rules, query.kind)
        ):
            continue
        if not candidate.has_secondary(query.secondary):
            continue
        if not candidate.is_ours or candidate.format == query.format:
            return candidate
    return None


def find_redundant(
    existing: Sequence[ExistingSubtitle], spoken: Language | None, rules: ExistingSubtitleSettings
) -> list[RedundantSidecar]:
    """Return the sidecars of ours that human sidecars make redundant, each with those.

    An edited sidecar makes none redundant, because it was ours too.
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

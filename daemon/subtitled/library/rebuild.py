"""Rebuilding the ``sidecars`` table from the sidecars beside the media files.

Every sidecar of ours has a signature, beside the media file or in the state folder. No media file
is read. The daemon's scans find the media files again.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.subtitles.filenames import (
    DATA_EXTENSIONS,
    SUBTITLE_EXTENSIONS,
    SUMMARY_SUFFIXES,
    TEMPORARY_PREFIX,
)
from subtitled.subtitles.ownership import Signature, read_signature
from subtitled.subtitles.partial import is_partial_file
from subtitled.subtitles.publish import compute_sha256

from .media_filter import MediaFilter

BATCH_SIZE = 1000
"""How many sidecars are recorded in one transaction."""
_USUALLY_NOT_SUBTITLES = (*(f".{ending}" for ending in sorted(DATA_EXTENSIONS)), *SUMMARY_SUFFIXES)
"""Endings of files that are subtitles or summaries only if they are ours."""


@dataclass(slots=True)
class RebuildReport:
    """What was found."""

    media: int = 0
    adopted: int = 0
    foreign: int = 0
    """Sidecars without our signature, or with that of another name. They count as human."""
    unreadable: int = 0
    """The number of folders that cannot be read."""


def rebuild_sidecars(db: Database, libraries: Mapping[str, LibrarySettings]) -> RebuildReport:
    """Record every sidecar of ours in all libraries. Known sidecars stay as they are.

    A sidecar that has another name than it was given is skipped. It is checked when its media file
    is processed, whose fingerprint shows whether it was moved along.
    """
    report = RebuildReport()
    stored_signatures: defaultdict[str, list[Signature]] = defaultdict(list)
    for stored in db.sidecars.stored_signatures():
        stored_signatures[stored.name].append(stored)
    adopted: list[tuple[Path, Path, Signature]] = []
    for library in libraries.values():
        for folder, media, subtitles in _iter_folders(library, report):
            report.media += len(media)
            by_stem = {Path(name).stem: name for name in sorted(media, reverse=True)}
            for name in subtitles:
                signature = _find_signature(folder / name, name, stored_signatures)
                media_name = next(
                    (by_stem[stem] for stem in _candidate_stems(name) if stem in by_stem), None
                )
                if signature is None and is_partial_file(folder / name):
                    continue  # the rest of it was being made
                if signature is None or media_name is None:
                    report.foreign += not name.lower().endswith(_USUALLY_NOT_SUBTITLES)
                    continue
                report.adopted += 1
                adopted.append((folder / name, folder / media_name, signature))
            if len(adopted) >= BATCH_SIZE:
                db.sidecars.adopt(adopted)
                adopted = []
    db.sidecars.adopt(adopted)
    return report


def _find_signature(
    path: Path, name: str, stored_signatures: Mapping[str, list[Signature]]
) -> Signature | None:
    own_signature = read_signature(path)
    if own_signature is not None:
        return own_signature if own_signature.name == name else None
    if name not in stored_signatures:
        return None
    try:
        digest = compute_sha256(path)
    except OSError:
        return None
    return next(
        (candidate for candidate in stored_signatures[name] if candidate.sha256 == digest), None
    )


def _iter_folders(
    library: LibrarySettings, report: RebuildReport
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield every folder of a library with the names of its media files and of its subtitles."""
    media_filter = MediaFilter(library)
    folders = [library.path]
    while folders:
        folder = folders.pop()
        media: list[str] = []
        subtitles: list[str] = []
        inside: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if not media_filter.ignores_folder(entry.name):
                            inside.append(entry.name)
                    elif _is_subtitle(entry.name) and entry.is_file(follow_symlinks=False):
                        subtitles.append(entry.name)
                    elif media_filter.accepts(entry.name):
                        media.append(entry.name)
        except OSError:
            report.unreadable += 1
            continue
        excluded = media_filter.excluded_folders(
            os.fsencode(folder), map(os.fsencode, inside), has_media=bool(media)
        )
        folders += [folder / name for name in inside if os.fsencode(name) not in excluded]
        yield folder, media, subtitles


def _is_subtitle(name: str) -> bool:
    ending = name.rpartition(".")[2].lower()
    has_subtitle_extension = ending in SUBTITLE_EXTENSIONS or name.lower().endswith(
        SUMMARY_SUFFIXES
    )
    return has_subtitle_extension and not name.startswith(TEMPORARY_PREFIX)


def _candidate_stems(name: str) -> Iterator[str]:
    """Yield the stems that the media file of a sidecar may have, the longest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name

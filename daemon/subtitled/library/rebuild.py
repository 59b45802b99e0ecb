"""Making the ledger's pages of sidecars anew from what lies beside the media.

Everything that we wrote bears its signature, or has it in the state folder. No medium is read for
this; the walks of the daemon find the media again by themselves.
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
from subtitled.subtitles.publish import compute_sha256

from .scanner import MediaFilter

BATCH_SIZE = 1000
"""Sidecars that are written down in one transaction."""
_USUALLY_NOT_SUBTITLES = (*(f".{ending}" for ending in sorted(DATA_EXTENSIONS)), *SUMMARY_SUFFIXES)
"""No subtitles unless they are ours."""


@dataclass(slots=True)
class RebuildReport:
    """What was found."""

    media: int = 0
    ours: int = 0
    others: int = 0
    """Subtitles that bear no signature of ours, or that of another name: they are theirs."""
    unreadable: int = 0
    """Folders."""


def rebuild_sidecars(db: Database, libraries: Mapping[str, LibrarySettings]) -> RebuildReport:
    """Remember every sidecar of ours in all libraries; what is known already stays known.

    One that bears another name than it was given is left to the look at its medium, whose
    content tells whether it came there with it.
    """
    report = RebuildReport()
    stored_signatures: defaultdict[str, list[Signature]] = defaultdict(list)
    for signature_record in db.sidecars.stored_signatures():
        stored_signatures[signature_record.name].append(signature_record)
    adopted: list[tuple[Path, Path, Signature]] = []
    for library in libraries.values():
        for folder, media, subtitles in _iter_folders(library, report):
            report.media += len(media)
            by_stem = {Path(name).stem: name for name in sorted(media, reverse=True)}
            for name in subtitles:
                made_ = _find_signature(folder / name, name, stored_signatures)
                medium = next(
                    (by_stem[stem] for stem in _candidate_stems(name) if stem in by_stem), None
                )
                if made_ is None or medium is None:
                    report.others += not name.lower().endswith(_USUALLY_NOT_SUBTITLES)
                    continue
                report.ours += 1
                adopted.append((folder / name, folder / medium, made_))
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
    """Every folder of a library with the names of its media and of its subtitles."""
    media_filter = MediaFilter(library)
    folders = [library.path]
    while folders:
        folder = folders.pop()
        media: list[str] = []
        subtitles: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if not media_filter.ignores(entry.name):
                            folders.append(Path(entry.path))
                    elif _is_subtitle(entry.name) and entry.is_file(follow_symlinks=False):
                        subtitles.append(entry.name)
                    elif media_filter.accepts(entry.name):
                        media.append(entry.name)
        except OSError:
            report.unreadable += 1
            continue
        yield folder, media, subtitles


def _is_subtitle(name: str) -> bool:
    ending = name.rpartition(".")[2].lower()
    has_subtitle_extension = ending in SUBTITLE_EXTENSIONS or name.lower().endswith(
        SUMMARY_SUFFIXES
    )
    return has_subtitle_extension and not name.startswith(TEMPORARY_PREFIX)


def _candidate_stems(name: str) -> Iterator[str]:
    """What the name of the medium of a subtitle may be without its ending, the longest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name

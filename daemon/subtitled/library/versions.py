"""Previous versions of a media file: the same programme in a better copy, or another cut."""

from __future__ import annotations

import os
import re
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.records import FileRecord, FileState
from subtitled.subtitles.filenames import parse_sidecar_name

MAX_CANDIDATES = 40
"""The largest number of versions that are compared, as after the replacement of a whole season."""


def candidate_previous_versions(db: Database, record: FileRecord) -> tuple[str, ...]:
    """Return the fingerprints of which a file may be another version, the most likely first.

    These are, in order: the file that was at its path before, files of the same name with another
    extension, the media files of sidecars that match its name, and files that are gone from its
    folder. Of the last, the same episode comes first. The caller compares the speech.
    """
    candidates: dict[str, None] = {}

    def add(*contents: str | None) -> None:
        candidates.update(
            dict.fromkeys(
                fingerprint
                for fingerprint in contents
                if fingerprint and fingerprint != record.fingerprint
            )
        )

    add(record.previous_fingerprint)
    siblings = [other for other in db.files.in_folder(record.path.parent) if other.id != record.id]
    for other in siblings:
        if other.path.stem == record.path.stem:
            add(other.fingerprint, other.previous_fingerprint)
    for sidecar in db.sidecars.in_folder(record.path.parent):
        if parse_sidecar_name(record.path.name, sidecar.path.name) is not None:
            add(sidecar.fingerprint)
    gone = [
        other
        for other in siblings
        if other.state is FileState.MISSING or not os.path.lexists(other.path)
    ]
    episode = _episode_code(record.path)
    for other in sorted(
        gone,
        key=lambda missing: (
            episode is None or _episode_code(missing.path) != episode,
            missing.path,
        ),
    ):
        add(other.fingerprint)
    return tuple(candidates)[:MAX_CANDIDATES]


def _episode_code(path: Path) -> str | None:
    """Return the season and episode in a file name, as ``s1e2``, or None."""
    match = re.search(r"s(\d{1,3})\s?[ ._-]?e(\d{1,4})|(\d{1,3})x(\d{1,4})", path.name, re.I)
    if match is None:
        return None
    season, number = (int(part) for part in match.groups() if part is not None)
    return f"s{season}e{number}"

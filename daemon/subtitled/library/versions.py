"""What a file may be another version of: the same programme in a better copy, or another cut."""

from __future__ import annotations

import os
import re
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.records import FileRecord, FileState
from subtitled.subtitles.filenames import parse_sidecar_name

MAX_CANDIDATES = 40
"""Versions that are compared at most: a season that was replaced all at once."""


def candidate_previous_versions(db: Database, record: FileRecord) -> tuple[str, ...]:
    """Content identities of what the file may be a version of, the likeliest first.

    What lay at its path before; what has its name with another ending; what the sidecars that
    bear its name were made for; and what else is gone from its folder, where the same episode
    comes before others. Whether the speech is the same is for others to hear.
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
    neighbours = [
        other for other in db.files.in_folder(record.path.parent) if other.id != record.id
    ]
    for other in neighbours:
        if other.path.stem == record.path.stem:
            add(other.fingerprint, other.previous_fingerprint)
    for sidecar in db.sidecars.in_folder(record.path.parent):
        if parse_sidecar_name(record.path.name, sidecar.path.name) is not None:
            add(sidecar.fingerprint)
    gone = [
        other
        for other in neighbours
        if other.state is FileState.MISSING or not os.path.lexists(other.path)
    ]
    mine = _episode_code(record.path)
    for other in sorted(
        gone, key=lambda one: (mine is None or _episode_code(one.path) != mine, one.path)
    ):
        add(other.fingerprint)
    return tuple(candidates)[:MAX_CANDIDATES]


def _episode_code(path: Path) -> str | None:
    """``s01e02`` in a name, however it is written."""
    match = re.search(r"s(\d{1,3})\s?[ ._-]?e(\d{1,4})|(\d{1,3})x(\d{1,4})", path.name, re.I)
    if match is None:
        return None
    season, number = (int(part) for part in match.groups() if part is not None)
    return f"s{season}e{number}"

"""What a file may be another version of: the same programme in a better copy, or another cut."""

from __future__ import annotations

import os
import re
from pathlib import Path

from subtitled.subtitles.names import parse_sidecar

from .ledger import Ledger
from .records import FileRecord, FileState

MOST = 40
"""Versions that are compared at most: a season that was replaced all at once."""


def ancestors(ledger: Ledger, record: FileRecord) -> tuple[str, ...]:
    """Content identities of what the file may be a version of, the likeliest first.

    What lay at its path before; what has its name with another ending; what the sidecars that
    bear its name were made for; and what else is gone from its folder, where the same episode
    comes before others. Whether the speech is the same is for others to hear.
    """
    found: dict[str, None] = {}

    def add(*contents: str | None) -> None:
        found.update(dict.fromkeys(one for one in contents if one and one != record.content_id))

    add(record.previous_content_id)
    neighbours = [
        one for one in ledger.identities.in_folder(record.path.parent) if one.id != record.id
    ]
    for one in neighbours:
        if one.path.stem == record.path.stem:
            add(one.content_id, one.previous_content_id)
    for sidecar in ledger.sidecars.in_folder(record.path.parent):
        if parse_sidecar(record.path.name, sidecar.path.name) is not None:
            add(sidecar.content_id)
    gone = [
        one for one in neighbours if one.state is FileState.MISSING or not os.path.lexists(one.path)
    ]
    mine = _episode(record.path)
    for one in sorted(gone, key=lambda one: (mine is None or _episode(one.path) != mine, one.path)):
        add(one.content_id)
    return tuple(found)[:MOST]


def _episode(path: Path) -> str | None:
    """``s01e02`` in a name, however it is written."""
    match = re.search(r"s(\d{1,3})\s?[ ._-]?e(\d{1,4})|(\d{1,3})x(\d{1,4})", path.name, re.I)
    if match is None:
        return None
    season, number = (int(part) for part in match.groups() if part is not None)
    return f"s{season}e{number}"

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
from subtitled.subtitles.names import (
    DATA_ENDINGS,
    SUBTITLE_ENDINGS,
    SUMMARY_ENDINGS,
    TEMPORARY_PREFIX,
)
from subtitled.subtitles.ownership import Provenance, signature
from subtitled.subtitles.publish import file_sha256

from .ledger import Ledger
from .walk import Sieve

AT_ONCE = 1000
"""Sidecars that are written down in one transaction."""
_MOSTLY_SOMETHING_ELSE = (*(f".{ending}" for ending in sorted(DATA_ENDINGS)), *SUMMARY_ENDINGS)
"""No subtitles unless they are ours."""


@dataclass(slots=True)
class Rebuilt:
    """What was found."""

    media: int = 0
    ours: int = 0
    others: int = 0
    """Subtitles that bear no signature of ours, or that of another name: they are theirs."""
    unreadable: int = 0
    """Folders."""


def rebuild(ledger: Ledger, libraries: Mapping[str, LibrarySettings]) -> Rebuilt:
    """Remember every sidecar of ours in all libraries; what is known already stays known.

    One that bears another name than it was given is left to the look at its medium, whose
    content tells whether it came there with it.
    """
    told = Rebuilt()
    kept: defaultdict[str, list[Provenance]] = defaultdict(list)
    for made in ledger.sidecars.kept_aside():
        kept[made.name].append(made)
    found: list[tuple[Path, Path, Provenance]] = []
    for library in libraries.values():
        for folder, media, subtitles in _folders(library, told):
            told.media += len(media)
            by_stem = {Path(name).stem: name for name in sorted(media, reverse=True)}
            for name in subtitles:
                made_ = _ours(folder / name, name, kept)
                medium = next((by_stem[stem] for stem in _stems(name) if stem in by_stem), None)
                if made_ is None or medium is None:
                    told.others += not name.lower().endswith(_MOSTLY_SOMETHING_ELSE)
                    continue
                told.ours += 1
                found.append((folder / name, folder / medium, made_))
            if len(found) >= AT_ONCE:
                ledger.sidecars.adopt(found)
                found = []
    ledger.sidecars.adopt(found)
    return told


def _ours(path: Path, name: str, kept: Mapping[str, list[Provenance]]) -> Provenance | None:
    made = signature(path)
    if made is not None:
        return made if made.name == name else None
    if name not in kept:
        return None
    try:
        digest = file_sha256(path)
    except OSError:
        return None
    return next((one for one in kept[name] if one.sha256 == digest), None)


def _folders(
    library: LibrarySettings, told: Rebuilt
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Every folder of a library with the names of its media and of its subtitles."""
    sieve = Sieve(library)
    folders = [library.path]
    while folders:
        folder = folders.pop()
        media: list[str] = []
        subtitles: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if not sieve.ignores(entry.name):
                            folders.append(Path(entry.path))
                    elif _is_subtitle(entry.name) and entry.is_file(follow_symlinks=False):
                        subtitles.append(entry.name)
                    elif sieve.takes(entry.name):
                        media.append(entry.name)
        except OSError:
            told.unreadable += 1
            continue
        yield folder, media, subtitles


def _is_subtitle(name: str) -> bool:
    ending = name.rpartition(".")[2].lower()
    known = ending in SUBTITLE_ENDINGS or name.lower().endswith(SUMMARY_ENDINGS)
    return known and not name.startswith(TEMPORARY_PREFIX)


def _stems(name: str) -> Iterator[str]:
    """What the name of the medium of a subtitle may be without its ending, the longest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name

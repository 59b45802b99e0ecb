"""Taking files in: what walks and watchers see goes into the ledger, and settles there."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.subtitles.names import SUBTITLE_ENDINGS

from .ledger import BACKFILL, NEW, FileRecord, FileState, Ledger
from .settling import open_for_writing, settling
from .walk import Sieve, walk

_log = logging.getLogger(__name__)

CHECKED_AT_ONCE = 500
"""Settling files that are looked at in one go."""


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a walk found."""

    files: int = 0
    unreadable: int = 0
    away: bool = False

    def __str__(self) -> str:
        if self.away:
            return "its folder is away; nothing is forgotten"
        errors = f", {self.unreadable} folders cannot be read" if self.unreadable else ""
        return f"{self.files} media files{errors}"


def library_of(path: Path, libraries: Mapping[str, LibrarySettings]) -> str | None:
    """The library that a path lies in, the innermost of several."""
    holding = [name for name, lib in libraries.items() if path.is_relative_to(lib.path)]
    return max(holding, key=lambda name: len(libraries[name].path.parts), default=None)


class Intake:
    """Feeds the ledger from walks and events, and says which files have settled."""

    def __init__(self, ledger: Ledger, libraries: Mapping[str, LibrarySettings]) -> None:
        self._ledger = ledger
        self._libraries = libraries
        self._sieves = {name: Sieve(library) for name, library in libraries.items()}
        self._walked: set[str] = set()

    def scan(self, name: str) -> ScanReport:
        """Walk a library. Files that are not seen are not forgotten for that."""
        library = self._libraries[name]
        if not library.path.is_dir():
            _log.warning("library %s: %s is away; it is waited for", name, library.path)
            return ScanReport(away=True)
        unreadable: list[Path] = []

        def cannot(path: Path, error: OSError) -> None:
            unreadable.append(path)
            said = os.fsencode(path).decode("utf-8", "replace")
            _log.warning(
                "library %s: %s cannot be read (%s): let the daemon's user read it",
                name,
                said,
                error.strerror,
            )

        seen = 0
        for path, stat in walk(library.path, library, cannot):
            if library_of(path, self._libraries) == name:
                seen += 1
                self._ledger.noticed(name, path, stat, BACKFILL)
        return ScanReport(seen, len(unreadable))

    def noticed(self, path: Path) -> None:
        """Something happened to a path: to a medium, to a sidecar of one, or to neither."""
        name = library_of(path, self._libraries)
        if name is None:
            return
        if path.suffix[1:].lower() in SUBTITLE_ENDINGS:
            return
        if path.is_dir():
            for found, stat in walk(path, self._libraries[name]):
                self._ledger.noticed(name, found, stat, NEW)
        elif self._sieves[name].takes_path(path):
            try:
                self._ledger.noticed(name, path, path.stat(), NEW)
            except OSError:
                return  # gone again, or moved: the other path is told as well

    def due(self, now: float) -> list[FileRecord]:
        """The files that have settled, or whose next try has come, most urgent first."""
        ready = []
        for record in self._ledger.due(now, CHECKED_AT_ONCE):
            library = self._libraries.get(record.library)
            if library is None or not library.path.is_dir():
                continue  # taken out of the configuration, or away: it may come back
            try:
                stat = record.path.stat()
            except FileNotFoundError:
                self._ledger.forget(record.id)
                continue
            except OSError:
                ready.append(record)  # whoever plans it says what is wrong
                continue
            verdict = settling(record, stat, now, library.settle)
            if verdict.changed:
                self._ledger.still_unsettled(record.id, stat, now)
            elif verdict.settled or record.state is FileState.RETRYING:
                if open_for_writing(record.path):
                    self._ledger.still_unsettled(record.id, stat, now)
                else:
                    ready.append(record)
        return ready

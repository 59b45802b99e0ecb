"""Taking files in: what walks and watchers see goes into the ledger, and settles there."""

from __future__ import annotations

import logging
import os
import stat as modes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.subtitles.names import DATA_ENDINGS, SUBTITLE_ENDINGS, parse_sidecar

from .ledger import Ledger
from .records import BACKFILL, NEW, FileRecord, FileState
from .settling import open_for_writing, settling
from .walk import Sieve, walk

_log = logging.getLogger(__name__)

CHECKED_AT_ONCE = 100
"""Settling files that are looked at in one go."""

_MOVED_BY_SIDECARS = frozenset({FileState.NOTHING_TO_DO, FileState.UNSATISFIABLE})
"""States that a sidecar which somebody else adds or takes away may change."""


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
        self._away: set[str] = set()

    def scan(self, name: str) -> ScanReport:
        """Walk a library. Files that are not seen are not forgotten for that."""
        library = self._libraries[name]
        if self._is_away(name):
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
            self._sidecar_noticed(path)
            return
        try:
            stat = path.stat()
        except (OSError, ValueError):
            return  # gone again, or moved: the other path is told as well
        sieve = self._sieves[name]
        if modes.S_ISDIR(stat.st_mode):
            if sieve.enters(path) and not path.is_symlink():
                for found, each in walk(path, self._libraries[name]):
                    if library_of(found, self._libraries) == name:
                        self._ledger.noticed(name, found, each, NEW)
        elif modes.S_ISREG(stat.st_mode) and sieve.takes_path(path):
            self._ledger.noticed(name, path, stat, NEW)

    def due(self, now: float) -> list[FileRecord]:
        """The files that have settled, or whose next try has come, most urgent first."""
        ready = []
        # Files of a library that is away, or no longer configured, wait: it may come back.
        there = {
            name: library.settle
            for name, library in self._libraries.items()
            if not self._is_away(name)
        }
        for record in self._ledger.due(now, CHECKED_AT_ONCE, there):
            try:
                stat = record.path.stat()
            except FileNotFoundError:
                if _truly_gone(record):
                    self._ledger.forget(record.id)
                else:
                    self._ledger.settle(record.id)
                continue
            except OSError:
                ready.append(record)  # whoever plans it says what is wrong
                continue
            verdict = settling(record, stat, now, there[record.library])
            if verdict.changed:
                self._ledger.still_unsettled(record.id, stat, now)
            elif verdict.settled or record.state is FileState.RETRYING:
                if open_for_writing(record.path):
                    self._ledger.still_unsettled(record.id, stat, now)
                else:
                    ready.append(record)
        return ready

    def _is_away(self, name: str) -> bool:
        """Whether a library's folder is missing, or empty although files of it are known: then
        its disk is not mounted. Said once, until it is back."""
        folder = self._libraries[name].path
        try:
            with os.scandir(folder) as entries:
                empty = next(entries, None) is None
            why = "is empty" if empty and self._ledger.knows_files_of(name) else ""
        except PermissionError:
            why = ""  # it is there: the walk says what is wrong
        except OSError as error:
            why = error.strerror or "cannot be reached"
        if not why:
            if name in self._away:
                _log.info("library %s is back", name)
            self._away.discard(name)
        elif name not in self._away:
            self._away.add(name)
            _log.warning(
                "library %s: %s is away (%s); nothing is forgotten, it is waited for",
                name,
                folder,
                why,
            )
        return bool(why)

    def _sidecar_noticed(self, path: Path) -> None:
        """Somebody else's subtitle came or went: what was decided without it is looked at anew."""
        if self._ledger.sidecars.is_ours(path):
            return
        if path.suffix[1:].lower() in DATA_ENDINGS and self._ledger.sidecars.get(path) is None:
            return
        for record in self._ledger.beside(path):
            if record.state in _MOVED_BY_SIDECARS and parse_sidecar(record.path.name, path.name):
                self._ledger.settle(record.id)


def _truly_gone(record: FileRecord) -> bool:
    """Whether a missing file was deleted, not unmounted: its folder is on the disk it was on."""
    for folder in record.path.parents:
        try:
            return folder.stat().st_dev == record.device
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return False

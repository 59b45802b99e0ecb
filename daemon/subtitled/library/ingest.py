"""Taking files in: what walks and watchers see goes into the ledger, and settles there."""

from __future__ import annotations

import itertools
import logging
import os
import stat as modes
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.kv import SCANNED_KEY
from subtitled.db.records import (
    AFFECTED_BY_SIDECARS,
    BACKFILL,
    FINAL_STATES,
    NEW,
    FileRecord,
    FileState,
    ScanDiff,
    ScannedFile,
    StabilityVerdict,
)
from subtitled.media.truncation import missing_bytes
from subtitled.subtitles.filenames import DATA_EXTENSIONS

from .availability import AvailabilityMonitor, is_deleted
from .diff import diff_scan
from .moves import recheck_same_stem
from .paths import is_inside_library
from .scanner import (
    MediaFilter,
    is_subtitle,
    links_into,
    possible_stems,
    scan_batches,
    sidecar_hashes,
)
from .stability import (
    check_stability,
    files_open_for_writing,
    not_yet,
    still_worth_waiting,
)

_log = logging.getLogger(__name__)

CHECK_BATCH_SIZE = 100
"""Settling files that are looked at in one go."""
RECHECK_SECONDS = 300.0
"""Seconds until a file is looked at again whose folder does not answer, or whose disk is away."""
MAX_LOGGED_ERRORS = 20
"""Folders that cannot be read, each in a line of its own, in one walk."""


_MISSING_ERRORS = (FileNotFoundError, NotADirectoryError)
"""What a missing file answers, or one whose folder became a file."""


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a walk found."""

    files: int = 0
    new: int = 0
    changed: int = 0
    missing: int = 0
    unreadable_folders: int = 0
    is_unavailable: bool = False

    def __str__(self) -> str:
        if self.is_unavailable:
            return "its folder is away; nothing is forgotten"
        counted = {"new": self.new, "changed": self.changed, "gone": self.missing}
        parts = [f"{number} {label}" for label, number in counted.items() if number]
        if self.unreadable_folders:
            parts.append(f"{self.unreadable_folders} folders cannot be read")
        return ", ".join([f"{self.files} media files", *parts])


def library_containing(path: Path, libraries: Mapping[str, LibrarySettings]) -> str | None:
    """The library that a path lies in, the innermost of several."""
    candidates = [name for name, lib in libraries.items() if path.is_relative_to(lib.path)]
    return max(candidates, key=lambda name: len(libraries[name].path.parts), default=None)


class Ingest:
    """Feeds the ledger from walks and events, and says which files have settled.

    Threads may share it: walks, events and looks at what has settled go on side by side.
    """

    def __init__(self, db: Database, libraries: Mapping[str, LibrarySettings]) -> None:
        self._db = db
        self._libraries = libraries
        self._filters = {name: MediaFilter(library) for name, library in libraries.items()}
        self._roots = {name: os.fsencode(library.path) for name, library in libraries.items()}
        self.availability = AvailabilityMonitor(db, libraries)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Have walks that are under way end at the next batch."""
        self._stopping.set()

    def scan(self, name: str) -> ScanReport:
        """Walk a library. What is new goes behind what arrived by itself only the first time."""
        if self.availability.is_unavailable(name):
            return ScanReport(is_unavailable=True)
        scanned_key = f"{SCANNED_KEY}{name}"
        priority = NEW if self._db.kv.get(scanned_key) else BACKFILL
        report = self._scan_folder(name, self._libraries[name].path, priority)
        if not self._stopping.is_set():
            self._db.kv.set(scanned_key, f"{time.time():.0f}")
            self.availability.forget_missing(name, time.time())
        return report

    def on_paths_changed(self, *paths: Path) -> None:
        """Something happened to these paths: to media, to sidecars of some, or to neither."""
        folders: dict[tuple[str, Path], list[Path]] = {}
        for path in dict.fromkeys(paths):
            name = library_containing(path, self._libraries)
            if name is not None and path != self._libraries[name].path:
                folders.setdefault((name, path.parent), []).append(path)
        for (name, folder), inside in folders.items():
            if self._filters[name].descends(folder):
                self._on_folder_changed(name, folder, inside)

    def inside_library(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Those of some paths, which anybody may have named, that lead nowhere out of a library."""
        for path in paths:
            name = library_containing(path, self._libraries)
            if name is not None:
                if is_inside_library(path, self._libraries[name]):
                    yield path
                else:
                    _log.warning("library %s: a path that leads out of it is not looked at", name)

    def ready_files(self, now: float, names: Iterable[str] | None = None) -> list[FileRecord]:
        """The files that have settled, or whose next try has come, most urgent first.

        Files of a library that is away, or no longer configured, wait: it may come back.
        """
        available = [
            name for name in names or self._libraries if not self.availability.is_unavailable(name)
        ]
        checked: list[tuple[FileRecord, os.stat_result]] = []
        ready: list[FileRecord] = []
        missing, postponed = list[FileRecord](), list[int]()
        for record in self._db.due_files(now, CHECK_BATCH_SIZE, available):
            try:
                stat = record.path.stat()
                if modes.S_ISREG(stat.st_mode):
                    checked.append((record, stat))
                else:
                    missing.append(record)  # a folder has its name now
            except _MISSING_ERRORS:
                if is_deleted(record):
                    missing.append(record)
                else:
                    postponed.append(record.id)
            except OSError:
                if record.state in FINAL_STATES:
                    postponed.append(record.id)
                else:
                    ready.append(record)  # whoever plans it says what is wrong
        for missing_record in missing:
            recheck_same_stem(self._db, missing_record.path)
            self._db.files.mark_missing(missing_record.id, now)
        if postponed:
            self._db.schedule_check(postponed, now + RECHECK_SECONDS)
        written = files_open_for_writing([record.path for record, _ in checked])
        resting: list[int] = []
        for record, stat in checked:
            writing = (stat.st_dev, stat.st_ino) in written
            verdict = self._check_stability(record, stat, now, writing)
            if not verdict.is_stable:
                self._db.mark_unstable(record.id, stat, verdict, now)
            elif record.state in FINAL_STATES:
                resting.append(record.id)
            else:
                ready.append(record)
        if resting:
            self._db.schedule_check(resting, None)
        return sorted(ready, key=lambda record: record.priority)

    def _check_stability(
        self, record: FileRecord, stat: os.stat_result, now: float, open_for_writing: bool
    ) -> StabilityVerdict:
        settle = self._libraries[record.library].stability_delay
        verdict = check_stability(record, stat, now, settle)
        if verdict.has_changed:
            return verdict
        if record.state in FINAL_STATES:
            return StabilityVerdict(
                is_stable=True
            )  # it was only to be seen whether it is still there
        if not verdict.is_stable and record.state is not FileState.RETRYING:
            return verdict
        if open_for_writing:
            return not_yet(record, now, settle, "a program has it open for writing")
        if still_worth_waiting(record, now, settle) and (lacks := _missing_bytes(record.path)):
            return not_yet(record, now, settle, f"it lacks {lacks} bytes or more of its end")
        return StabilityVerdict(is_stable=True)

    def _scan_folder(self, name: str, root: Path, priority: int) -> ScanReport:
        """Compare a folder of a library with the ledger, and take in what is different."""
        unreadable: list[bytes] = []

        def on_error(path: Path, error: OSError) -> None:
            unreadable.append(os.fsencode(path) + b"/")
            if len(unreadable) <= MAX_LOGGED_ERRORS:
                path_text = os.fsencode(path).decode("utf-8", "replace")
                reason = error.strerror
                _log.warning(
                    "library %s: %s cannot be read (%s): let the daemon's user read it",
                    name,
                    path_text,
                    reason,
                )

        mine = self._roots[name] + b"/"
        inner = {root for root in self._roots.values() if root.startswith(mine)}
        batches = scan_batches(root, self._libraries[name], on_error, inner)
        report = ScanReport()
        for diff in diff_scan(batches, self._db.bulk_files.iter_under(name, os.fsencode(root))):
            if self._stopping.is_set():
                break
            diff.missing = [path for path in diff.missing if not path.startswith(tuple(unreadable))]
            self._apply_diff(name, diff, priority, event=False)
            report = ScanReport(
                report.files + diff.files,
                report.new + len(diff.new),
                report.changed + len(diff.changed),
                report.missing + len(diff.missing),
                len(unreadable),
            )
        return report

    def _on_folder_changed(self, name: str, folder: Path, changed_paths: Iterable[Path]) -> None:
        """What happened in one folder. What is there now is what counts, not what was told."""
        sieve, media_filter = self._filters[name], os.fsencode(folder)
        try:
            names = set(os.listdir(media_filter))
        except OSError:
            names = set()  # gone with all that was in it
        media: dict[bytes, list[bytes]] = {}
        for file_name in names:
            if sieve.accepts(os.fsdecode(file_name)):
                media.setdefault(os.path.splitext(file_name)[0], []).append(file_name)
        requested, ours, gone = set[bytes](), set[bytes](), list[bytes]()
        for path in changed_paths:
            base = os.fsencode(path.name)
            gone += self._known_media_at(name, path)
            if os.path.islink(path) and not self._leads_into_library(name, path):
                continue
            if os.path.isdir(path):
                if not sieve.ignores(path.name):
                    self._scan_folder(name, path, NEW)
                continue
            if path.suffix[1:].lower() in DATA_EXTENSIONS:
                self._on_data_file_changed(path, media)
            elif is_subtitle(base):
                its = {
                    file_name for stem in possible_stems(base) for file_name in media.get(stem, ())
                }
                (ours if self._is_ours(path, base in names) else requested).update(its)
            elif base in media.get(os.path.splitext(base)[0], ()):
                requested.add(base)
        marks = sidecar_hashes(itertools.chain(*media.values()), filter(is_subtitle, names))
        self._diff_folder(name, media_filter, requested, marks, ScanDiff(missing=gone), reopen=True)
        self._diff_folder(name, media_filter, ours - requested, marks, ScanDiff(), reopen=False)

    def _on_data_file_changed(self, path: Path, media: Mapping[bytes, list[bytes]]) -> None:
        """A file of data matters only if it is one that we wrote, and somebody changed it."""
        is_recorded = self._db.sidecars.get(path) is not None
        if not is_recorded or self._is_ours(path, os.path.lexists(path)):
            return
        for stem in possible_stems(os.fsencode(path.name)):
            for media_name in media.get(stem, ()):
                record = self._db.get(path.with_name(os.fsdecode(media_name)))
                if record is not None and record.state in AFFECTED_BY_SIDECARS:
                    self._db.requeue(record.id)

    def _diff_folder(
        self,
        name: str,
        folder: bytes,
        media: Iterable[bytes],
        marks: Mapping[bytes, int],
        diff: ScanDiff,
        *,
        reopen: bool,
    ) -> None:
        """Compare some media of a folder with the ledger, and take in what is different."""
        scanned: list[ScannedFile] = []
        for media_path in sorted(media):
            path = os.path.join(folder, media_path)
            try:
                stat = os.stat(path)
            except OSError:
                continue  # gone again: that is told as well
            if modes.S_ISREG(stat.st_mode):
                scanned.append((path, stat, marks.get(media_path, 0)))
        requested = [path for path, _, _ in scanned]
        if requested or diff:
            diff.add(scanned, self._db.bulk_files.lookup(name, requested))
            self._apply_diff(name, diff, NEW, event=True, reopen=reopen, requested=requested)

    def _is_ours(self, path: Path, exists: bool) -> bool:
        """Whether a subtitle is ours, so that nothing is decided anew for it. One of ours that is
        gone was deleted by somebody who meant it."""
        sidecars = self._db.sidecars
        return sidecars.is_ours(path) if exists else sidecars.get(path) is not None

    def _known_media_at(self, name: str, path: Path) -> Iterator[bytes]:
        """The media known under a path that is no longer what it was: a file, or a folder with all
        that lay in it. One may have taken the name of the other."""
        inventory, key = self._db.bulk_files, os.fsencode(path)
        if not os.path.isfile(path):
            yield from inventory.lookup(name, [key])
        if not os.path.isdir(path):
            for page in inventory.iter_under(name, key):
                yield from (row[0] for row in page)

    def _leads_into_library(self, name: str, link: Path) -> bool:
        root = os.path.realpath(self._roots[name])
        return self._libraries[name].follow_symlinks and links_into(os.fsencode(link), root)

    def _apply_diff(
        self,
        name: str,
        diff: ScanDiff,
        priority: int,
        *,
        event: bool,
        reopen: bool = True,
        requested: Sequence[bytes] = (),
    ) -> None:
        media_filter = self._filters[name]
        diff.new = [scanned for scanned in diff.new if media_filter.accepts(_basename(scanned[0]))]
        diff.changed = [
            scanned for scanned in diff.changed if media_filter.accepts(_basename(scanned[0]))
        ]
        if not diff and not requested:
            return
        now = time.time()
        until = now + self._libraries[name].stability_delay
        self._db.bulk_files.apply_diff(
            name, diff, priority, now, until, is_event=event, reevaluate=reopen, requested=requested
        )


def _missing_bytes(path: Path) -> int:
    try:
        return missing_bytes(path)
    except OSError:
        return 0  # whoever looks into it says what is wrong


def _basename(path: bytes) -> str:
    return os.fsdecode(path[path.rfind(b"/") + 1 :])

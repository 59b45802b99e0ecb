"""Ingest: what scans and watchers find is stored, and checked until it is stable."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import stat as modes
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.files_bulk import DiffOptions
from subtitled.db.kv import SCANNED_KEY
from subtitled.db.records import (
    BACKFILL,
    NEW,
    FileRecord,
    ScanDiff,
    ScannedFile,
)
from subtitled.media.card_clips import find_clip
from subtitled.plugin.limits import is_out_of_resources
from subtitled.plugin.paths import display_path
from subtitled.subtitles.filenames import DATA_EXTENSIONS

from .availability import AvailabilityMonitor
from .diff import diff_scan
from .media_filter import MediaFilter
from .paths import is_inside_library, library_containing
from .read_ahead import read_ahead
from .ready_file import is_ready_file
from .ready_files import find_ready_files
from .rechecks import Rechecks
from .scanner import links_into, scan_batches
from .subtitle_names import (
    SubtitleOwners,
    film_folder,
    is_subtitle,
    is_subtitle_folder,
    iter_subtitles,
    possible_stems,
    sidecar_hashes,
    stem_key,
)

_log = logging.getLogger(__name__)

MAX_LOGGED_ERRORS = 20
"""The largest number of unreadable folders that one scan logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What a scan found."""

    files: int = 0
    new: int = 0
    changed: int = 0
    missing: int = 0
    unreadable_folders: int = 0
    is_unavailable: bool = False

    def __str__(self) -> str:
        if self.is_unavailable:
            return "its folder is unavailable; no file is marked as deleted"
        counted = {"new": self.new, "changed": self.changed, "missing": self.missing}
        parts = [f"{number} {label}" for label, number in counted.items() if number]
        if self.unreadable_folders:
            parts.append(f"{self.unreadable_folders} folders cannot be read")
        return ", ".join([f"{self.files} media files", *parts])


class Ingest:
    """Stores the results of scans and events, and returns the files that are ready for planning.

    Threads may share it.
    """

    def __init__(self, db: Database, libraries: Mapping[str, LibrarySettings]) -> None:
        self._db = db
        self._rechecks = Rechecks(db)
        self._libraries = libraries
        self._filters = {name: MediaFilter(library) for name, library in libraries.items()}
        self._roots = {name: os.fsencode(library.path) for name, library in libraries.items()}
        self.availability = AvailabilityMonitor(db, libraries)
        self._stopping = threading.Event()
        self._faulty_folders: set[Path] = set()

    def stop(self) -> None:
        """Make running scans end at their next batch."""
        self._stopping.set()

    def scan(self, name: str) -> ScanReport:
        """Scan a library. New files are less urgent in its first scan than later."""
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
        """Handle changed paths of media files, sidecars or anything else."""
        folders: dict[tuple[str, Path], list[Path]] = {}
        for path in dict.fromkeys(find_clip(path) or path for path in paths):
            name = library_containing(path, self._libraries)
            if name is not None and path != self._libraries[name].path:
                folder = path.parent
                if is_subtitle(os.fsencode(path.name)) or is_subtitle_folder(folder.name):
                    folder = film_folder(path)
                if not folder.is_relative_to(self._libraries[name].path):
                    folder = path.parent
                folders.setdefault((name, folder), []).append(path)
        for (name, folder), inside in folders.items():
            if not self._filters[name].descends(folder):
                continue
            try:
                self._on_folder_changed(name, folder, inside)
            except (SQLAlchemyError, OSError):
                raise  # the database or the machine is at fault, and the paths are tried again
            except Exception:  # noqa: BLE001 - a fault of ours must not hold up the others
                if folder not in self._faulty_folders:
                    _log.exception("library %s: %s was passed over", name, display_path(folder))
                self._faulty_folders.add(folder)

    def inside_library(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Yield those of some paths from outside that are inside a library."""
        for path in paths:
            name = library_containing(path, self._libraries)
            if name is not None:
                if is_inside_library(path, self._libraries[name]):
                    yield path
                else:
                    _log.warning("library %s: ignored a path that leads out of it", name)

    def ready_files(self, now: float, names: Iterable[str] | None = None) -> list[FileRecord]:
        """Return the files that are stable, or whose retry is due, the most urgent first.

        Files of unavailable libraries, and of libraries that are not configured any more, stay as
        they are.
        """
        available = {
            name: self._libraries[name]
            for name in names or self._libraries
            if not self.availability.is_unavailable(name)
        }
        return find_ready_files(self._db, available, now)

    def _scan_folder(self, name: str, root: Path, priority: int) -> ScanReport:
        """Compare a folder of a library with the database, and store the differences."""
        unreadable: list[bytes] = []

        def on_error(path: Path, error: OSError) -> None:
            unreadable.append(os.fsencode(path) + b"/")
            if len(unreadable) <= MAX_LOGGED_ERRORS:
                path_text = display_path(path)
                reason = error.strerror
                _log.warning(
                    "library %s: %s cannot be read (%s)%s",
                    name,
                    path_text,
                    reason,
                    "" if is_out_of_resources(error) else ": let the daemon's user read it",
                )

        mine = self._roots[name] + b"/"
        inner = {root for root in self._roots.values() if root.startswith(mine)}
        batches = scan_batches(root, self._libraries[name], on_error, inner)
        report = ScanReport()
        known = self._db.bulk_files.iter_under(name, os.fsencode(root))
        with contextlib.closing(read_ahead(diff_scan(batches, known))) as diffs:
            for diff in diffs:
                if self._stopping.is_set():
                    break
                lost = tuple(unreadable)
                diff.missing = [path for path in diff.missing if not path.startswith(lost)]
                self._apply_diff(name, diff, priority, is_event=False)
                report = ScanReport(
                    files=report.files + diff.files,
                    new=report.new + len(diff.new),
                    changed=report.changed + len(diff.changed),
                    missing=report.missing + len(diff.missing),
                    unreadable_folders=len(unreadable),
                )
        return report

    def _on_folder_changed(self, name: str, folder: Path, changed_paths: Iterable[Path]) -> None:
        """Handle changed paths in one folder. What exists now counts, not what the events say."""
        media_filter, folder_bytes = self._filters[name], os.fsencode(folder)
        try:
            names = set(os.listdir(folder_bytes))
        except OSError as error:
            if is_out_of_resources(error):
                raise
            names = set()  # the folder was deleted
        media: dict[bytes, list[bytes]] = {}
        for file_name in names:
            if media_filter.accepts(os.fsdecode(file_name)):
                media.setdefault(stem_key(os.path.splitext(file_name)[0]), []).append(file_name)
        in_folders = list(
            iter_subtitles(
                folder_bytes,
                (name for name in names if not media_filter.ignores_folder(os.fsdecode(name))),
            )
        )
        owners = SubtitleOwners(names)
        requested, ours, missing = set[bytes](), set[bytes](), list[bytes]()
        rewritten = set[bytes]()
        for path in changed_paths:
            base = os.fsencode(path.name)
            missing += self._known_media_at(name, path)
            if os.path.islink(path) and not self._leads_into_library(name, path):
                continue
            if os.path.isdir(path):
                if media_filter.descends(path):
                    self._scan_folder(name, path, NEW)
                if is_subtitle_folder(path.name) or path.parent != folder:
                    requested.update(itertools.chain(*media.values()))
                continue
            if is_ready_file(path.name):
                if self._libraries[name].ingest.ready_files != "off":
                    self._rechecks.after_ready_file(path, media_filter, names)
            elif path.suffix[1:].lower() in DATA_EXTENSIONS:
                self._rechecks.after_data_file(path, media)
            elif is_subtitle(base):
                affected = {
                    file_name for stem in possible_stems(base) for file_name in media.get(stem, ())
                }
                if path.parent != folder:
                    affected = set(owners.find(os.fsencode(path.relative_to(folder))))
                exists = os.path.lexists(path)
                is_ours = self._rechecks.is_ours(path, exists)
                (ours if is_ours else requested).update(affected)
                if exists and not is_ours:
                    rewritten.update(affected)
            elif base in media.get(stem_key(os.path.splitext(base)[0]), ()):
                requested.add(base)
            elif is_subtitle_folder(path.name):  # It is gone.
                requested.update(itertools.chain(*media.values()))
        hashes = sidecar_hashes(
            filter(media_filter.has_media_ending, names), filter(is_subtitle, names), in_folders
        )
        self._diff_folder(
            name, folder_bytes, requested, hashes, ScanDiff(missing=missing), reevaluate=True
        )
        self._diff_folder(
            name, folder_bytes, ours - requested, hashes, ScanDiff(), reevaluate=False
        )
        # A subtitle that was there before may have another text now. The names do not say so.
        for base in rewritten:
            self._rechecks.requeue_decided(folder / os.fsdecode(base))

    def _diff_folder(
        self,
        name: str,
        folder: bytes,
        media: Iterable[bytes],
        hashes: Mapping[bytes, int],
        diff: ScanDiff,
        *,
        reevaluate: bool,
    ) -> None:
        """Compare some media files of a folder with the database, and store the differences."""
        scanned: list[ScannedFile] = []
        for media_path in sorted(media):
            path = os.path.join(folder, media_path)
            try:
                stat = os.stat(path)
            except OSError:
                continue  # deleted since: another event says so
            if modes.S_ISREG(stat.st_mode):
                scanned.append((path, stat, hashes.get(media_path, 0)))
        requested = [path for path, _, _ in scanned]
        if requested or diff:
            diff.add(scanned, self._db.bulk_files.lookup(name, requested))
            self._apply_diff(
                name, diff, NEW, is_event=True, reevaluate=reevaluate, requested=requested
            )

    def _known_media_at(self, name: str, path: Path) -> Iterator[bytes]:
        """Yield the known media files at or below a path that is not what it was.

        A file may have been replaced by a folder, or a folder by a file.
        """
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
        is_event: bool,
        reevaluate: bool = True,
        requested: Sequence[bytes] = (),
    ) -> None:
        media_filter = self._filters[name]
        diff.new = _films(diff.new, media_filter)
        diff.changed = _films(diff.changed, media_filter)
        if not diff and not requested:
            return
        now = time.time()
        options = DiffOptions(
            priority=priority,
            now=now,
            check_at=now + self._libraries[name].stability_delay,
            is_event=is_event,
            reevaluate=reevaluate,
            requested=requested,
        )
        self._db.bulk_files.apply_diff(name, diff, options)


def _films(scanned: list[ScannedFile], media_filter: MediaFilter) -> list[ScannedFile]:
    """Return those of some media files that are films, by their names."""
    return [one for one in scanned if media_filter.file_exclusion(_basename(one[0])) is None]


def _basename(path: bytes) -> str:
    return os.fsdecode(path[path.rfind(b"/") + 1 :])

"""What is not there: a library whose disk is away, and a file that is gone.

A library is away, never deleted, when its folder is missing, empty, or lies on another disk on
which none of its files are. A single file that is gone is missing for a long while before it is
forgotten, and comes back as it was. Nothing is ever deleted for the absence of anything.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.files import to_signed
from subtitled.db.kv import DEVICE_KEY
from subtitled.db.records import FileRecord

_log = logging.getLogger(__name__)

SAMPLE_SIZE = 100
"""Known files that are looked for when the disk of a library has another number than before."""


class AvailabilityMonitor:
    """Says which libraries are away, and forgets what has been gone for too long. Threads may
    share it."""

    def __init__(self, db: Database, libraries: Mapping[str, LibrarySettings]) -> None:
        self._db = db
        self._libraries = libraries
        self._lock = threading.Lock()
        self._unavailable: set[str] = set()
        self._device_by_library: dict[str, int] = {}

    def is_unavailable(self, name: str) -> bool:
        """Whether a library is away: then its disk is not mounted. Said once, until it is back."""
        reason = self._unavailable_reason(name)
        with self._lock:
            was = name in self._unavailable
            (self._unavailable.add if reason else self._unavailable.discard)(name)
        if was and not reason:
            _log.info("library %s is back", name)
        elif reason and not was:
            _log.warning(
                "library %s: %s is away (%s); nothing is forgotten, it is waited for",
                name,
                self._libraries[name].path,
                reason,
            )
        return bool(reason)

    @property
    def unavailable(self) -> frozenset[str]:
        """The libraries that were away when they were last looked for."""
        with self._lock:
            return frozenset(self._unavailable)

    def forget_missing(self, name: str, now: float) -> int:
        """Forget the files of a library that have been missing for too long; how many."""
        before = now - self._libraries[name].forget_missing_after
        return self._db.files.forget_missing(name, before)

    def _unavailable_reason(self, name: str) -> str:
        root = self._libraries[name].path
        try:
            with os.scandir(root) as entries:
                empty = next(entries, None) is None
            device = root.stat().st_dev
        except PermissionError:
            return ""  # it is there: the walk says what is wrong
        except OSError as error:
            return error.strerror or "cannot be reached"
        if empty and self._db.has_files(name):
            return "is empty"
        if self._device_by_library.get(name) != device and self._is_another_disk(
            name, root, device
        ):
            return "is another disk, with none of the files that were there"
        self._device_by_library[name] = device
        return ""

    def _is_another_disk(self, name: str, root: Path, device: int) -> bool:
        """Whether a folder lies on a disk with another number than before, and holds none of the
        files it held. Disks are numbered anew at every start, so the number alone says nothing."""
        key = f"{DEVICE_KEY}{os.fsencode(root).hex()}"
        before = self._db.kv.get(key)
        if before == str(device):
            return False
        sample = self._db.files.sample(name, root, SAMPLE_SIZE) if before else []
        if sample and not any(os.path.lexists(record.path) for record in sample):
            return True
        if before:
            self._db.files.remap_device(name, int(before), device)
        self._db.kv.set(key, str(device))
        return False


def is_deleted(record: FileRecord) -> bool:
    """Whether a file was deleted or moved, not unmounted: it is not there, and the nearest folder
    above it that is lies on the disk that it was on."""
    if os.path.lexists(record.path):
        return False
    for folder in record.path.parents:
        try:
            return to_signed(folder.stat().st_dev) == record.device
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return False
    return False

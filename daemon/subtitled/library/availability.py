"""The availability of libraries, and files that are missing.

A library is unavailable, never deleted, when its folder is missing, empty, or on another disk
without any of its files. A file that is gone is missing for a long time before its record is
deleted, and gets its state back when it returns. No sidecar is deleted because something is absent.
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
from subtitled.plugin.limits import is_out_of_resources

_log = logging.getLogger(__name__)

SAMPLE_SIZE = 100
"""How many known files are searched for when the device number of a library has changed."""


class AvailabilityMonitor:
    """Detects unavailable libraries, and deletes the records of files missing for too long.

    Threads may share it.
    """

    def __init__(self, db: Database, libraries: Mapping[str, LibrarySettings]) -> None:
        self._db = db
        self._libraries = libraries
        self._lock = threading.Lock()
        self._unavailable: set[str] = set()
        self._device_by_library: dict[str, int] = {}

    def is_unavailable(self, name: str) -> bool:
        """Return whether a library is unavailable. Each change is logged once."""
        try:
            reason = self._unavailable_reason(name)
        except OSError:  # this process can open nothing now: what was known stays
            with self._lock:
                return name in self._unavailable
        with self._lock:
            was = name in self._unavailable
            (self._unavailable.add if reason else self._unavailable.discard)(name)
        if was and not reason:
            _log.info("library %s is available again", name)
        elif reason and not was:
            _log.warning(
                "library %s: %s is unavailable (%s); no file is marked as deleted",
                name,
                self._libraries[name].path,
                reason,
            )
        return bool(reason)

    @property
    def unavailable(self) -> frozenset[str]:
        """The libraries that were unavailable at their last check."""
        with self._lock:
            return frozenset(self._unavailable)

    def forget_missing(self, name: str, now: float) -> int:
        """Delete the records of files that were missing for too long; return how many."""
        before = now - self._libraries[name].forget_missing_after
        return self._db.files.forget_missing(name, before)

    def _unavailable_reason(self, name: str) -> str:
        root = self._libraries[name].path
        try:
            with os.scandir(root) as entries:
                empty = next(entries, None) is None
            device = root.stat().st_dev
        except PermissionError:
            return ""  # it exists: the scan reports the error
        except OSError as error:
            if is_out_of_resources(error):
                raise
            return error.strerror or "cannot be reached"
        if empty and self._db.states.has_files(name):
            return "is empty"
        if self._device_by_library.get(name) != device and self._is_another_disk(
            name, root, device
        ):
            return "is another disk, without any of the known files"
        self._device_by_library[name] = device
        return ""

    def _is_another_disk(self, name: str, root: Path, device: int) -> bool:
        """Return whether a folder is on another device than before, without any of its files.

        Devices get new numbers when the machine starts, so the number alone proves nothing.
        """
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
    """Return whether a file was deleted or moved, rather than unmounted.

    That is so if it does not exist, and its nearest existing folder is on the device that it was
    on.
    """
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

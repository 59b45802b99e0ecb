"""Watching libraries: the kernel's events where it has them, polling where it has not."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from subtitled.config.settings import LibrarySettings

_log = logging.getLogger(__name__)

POLLING_INTERVAL = 60.0
"""Seconds between two looks at a library without events."""

_WITHOUT_EVENTS = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "fuse",
    "sshfs",
    "glusterfs",
    "ceph",
    "afs",
    "lustre",
)
"""Beginnings of the names of file systems on which others write without the kernel noticing."""


class _Handler(FileSystemEventHandler):
    def __init__(self, changed: Callable[[Path], None]) -> None:
        self._changed = changed

    def dispatch(self, event: FileSystemEvent) -> None:
        if event.event_type in ("opened", "closed_no_write"):
            return
        for name in (event.src_path, event.dest_path):
            if name:
                self._changed(Path(os.fsdecode(name)))


@dataclass(slots=True)
class _Watched:
    library: LibrarySettings
    observer: BaseObserver | None = None
    device: int | None = None


class Watch:
    """The observers of all libraries. ``changed`` is called with every path that something
    happened to, from threads of the observers."""

    def __init__(
        self, libraries: Mapping[str, LibrarySettings], changed: Callable[[Path], None]
    ) -> None:
        self._handler = _Handler(changed)
        self._watched = {
            name: _Watched(library) for name, library in libraries.items() if library.watch != "off"
        }

    def start(self) -> None:
        for name, watched in self._watched.items():
            self._arm(name, watched)

    def supervise(self) -> list[str]:
        """Re-arm what died or whose folder came back; the libraries that need a walk."""
        rearmed = []
        for name, watched in self._watched.items():
            alive = watched.observer is not None and watched.observer.is_alive()
            if not alive or _device(watched.library.path) != watched.device:
                self._disarm(watched)
                if self._arm(name, watched):
                    rearmed.append(name)
        return rearmed

    def stop(self) -> None:
        for watched in self._watched.values():
            self._disarm(watched)

    def _arm(self, name: str, watched: _Watched) -> bool:
        root = watched.library.path
        watched.device = _device(root)
        if watched.device is None:
            return False
        poll, why = polls(watched.library)
        if not poll:
            try:
                watched.observer = self._observe(Observer(), root)
            except OSError as error:
                poll, why = True, _inotify_advice(error)
        if poll:
            watched.observer = self._observe(PollingObserver(timeout=POLLING_INTERVAL), root)
            _log.info("library %s is polled every %.0f s: %s", name, POLLING_INTERVAL, why)
        return True

    def _observe(self, observer: BaseObserver, root: Path) -> BaseObserver:
        try:
            observer.schedule(self._handler, os.fspath(root), recursive=True)
            observer.start()
        except OSError:
            observer.unschedule_all()
            raise
        return observer

    @staticmethod
    def _disarm(watched: _Watched) -> None:
        if watched.observer is not None and watched.observer.is_alive():
            watched.observer.stop()
        watched.observer = None


def polls(library: LibrarySettings) -> tuple[bool, str]:
    """Whether a library is polled, and why."""
    if library.watch != "auto":
        return library.watch == "poll", "as the configuration says"
    kind = file_system(library.path)
    if kind.startswith(_WITHOUT_EVENTS):
        return True, f"{kind} does not tell of changes that others make"
    return False, f"{kind} tells of changes"


def file_system(path: Path) -> str:
    """The type of the file system that a path lies on, as in the mount table; empty if unknown."""
    best, kind = -1, ""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return ""
    target = path.resolve()
    for line in lines:
        before, _, after = line.partition(b" - ")
        mount = Path(os.fsdecode(before.split()[4].decode("unicode_escape").encode("latin-1")))
        if len(mount.parts) > best and target.is_relative_to(mount):
            best, kind = len(mount.parts), os.fsdecode(after.split()[0])
    return kind


def _device(root: Path) -> int | None:
    try:
        return root.stat().st_dev if root.is_dir() else None
    except OSError:
        return None


def _inotify_advice(error: OSError) -> str:
    limits = {errno.ENOSPC: "max_user_watches=524288", errno.EMFILE: "max_user_instances=512"}
    limit = limits.get(error.errno or 0)
    if limit is None:
        return f"the kernel's events are not to be had ({error.strerror})"
    return f"the kernel's limit is reached; raise it with: sysctl fs.inotify.{limit}"

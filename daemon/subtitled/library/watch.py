"""Watching libraries: the kernel's events where it has them, polling where it has not."""

from __future__ import annotations

import errno
import logging
import os
import stat
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
    "beegfs",
    "davfs",
    "virtiofs",
    "vboxsf",
    "vmhgfs",
    "prl_fs",
    "drvfs",
)
"""Beginnings of the names of file systems on which others write without the kernel noticing."""


class _Handler(FileSystemEventHandler):
    """Passes on what may matter: of folders only that they came, of files all that lasts.

    The kernel tells of each write to a growing file and then of its closing, which suffices;
    polling knows of no closing.
    """

    def __init__(self, changed: Callable[[Path], None], *, polling: bool) -> None:
        self._changed = changed
        self._of_files = {"created", "moved", "deleted", "closed"}
        if polling:
            self._of_files.add("modified")

    def dispatch(self, event: FileSystemEvent) -> None:
        wanted = ("created", "moved") if event.is_directory else self._of_files
        if event.event_type not in wanted:
            return
        for name in (event.src_path, event.dest_path):
            if name:
                try:
                    self._changed(Path(os.fsdecode(name)))
                except Exception:  # noqa: BLE001 - logged
                    # An error here would end the thread, and with it all watching.
                    _log.exception("an event could not be taken in; the next walk makes up for it")


@dataclass(slots=True)
class _Watched:
    library: LibrarySettings
    observer: BaseObserver | None = None
    identity: tuple[int, int] | None = None
    """Device and inode of the folder that is watched: another one may take its name."""

    @property
    def lives(self) -> bool:
        # When its folder is deleted, only the emitter ends.
        observer = self.observer
        return (
            observer is not None
            and observer.is_alive()
            and all(emitter.is_alive() for emitter in observer.emitters)
        )


class Watch:
    """The observers of all libraries. ``changed`` is called with every path that something
    happened to, from threads of the observers."""

    def __init__(
        self,
        libraries: Mapping[str, LibrarySettings],
        changed: Callable[[Path], None],
        polling: float = POLLING_INTERVAL,
    ) -> None:
        self._changed = changed
        self._polling = polling
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
            if not watched.lives or _identity(watched.library.path) != watched.identity:
                self._disarm(watched)
                if self._arm(name, watched):
                    rearmed.append(name)
        return rearmed

    def stop(self) -> None:
        for watched in self._watched.values():
            self._disarm(watched)

    def _arm(self, name: str, watched: _Watched) -> bool:
        root = watched.library.path
        watched.identity = _identity(root)
        if watched.identity is None:
            return False
        poll, why = polls(watched.library)
        if not poll:
            try:
                watched.observer = self._observe(Observer(), root, polling=False)
            except OSError as error:
                poll, why = True, _inotify_advice(error)
        if poll:
            observer = PollingObserver(timeout=self._polling)
            try:
                watched.observer = self._observe(observer, root, polling=True)
            except OSError as error:
                _log.warning("library %s cannot be watched: %s", name, error.strerror)
                return False
            _log.info("library %s is polled every %.0f s: %s", name, self._polling, why)
        return True

    def _observe(self, observer: BaseObserver, root: Path, *, polling: bool) -> BaseObserver:
        handler = _Handler(self._changed, polling=polling)
        try:
            observer.schedule(handler, os.fspath(root), recursive=True)
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
    best, kind = -1, ""  # of two mounts on one folder the later one is seen
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return ""
    target = path.resolve()
    for line in lines:
        before, _, after = line.partition(b" - ")
        mount = Path(os.fsdecode(before.split()[4].decode("unicode_escape").encode("latin-1")))
        if len(mount.parts) >= best and target.is_relative_to(mount):
            best, kind = len(mount.parts), os.fsdecode(after.split()[0])
    return kind


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        found = root.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _inotify_advice(error: OSError) -> str:
    limits = {errno.ENOSPC: "max_user_watches=524288", errno.EMFILE: "max_user_instances=512"}
    limit = limits.get(error.errno or 0)
    if limit is None:
        return f"the kernel's events are not to be had ({error.strerror})"
    return f"the kernel's limit is reached; raise it with: sysctl fs.inotify.{limit}"

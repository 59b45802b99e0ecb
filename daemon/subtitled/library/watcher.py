"""Watching libraries: by kernel events if they report every change, else by frequent scans."""

from __future__ import annotations

import errno
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver

from subtitled.config.settings import LibrarySettings

from .inotify import InotifyEmitter
from .media_filter import MediaFilter
from .mounts import WatchMode, choose_watch_mode

_log = logging.getLogger(__name__)

POLLING_INTERVAL_SECONDS = 60.0
"""The shortest time between two scans of a polled library."""
MAX_POLLING_SHARE = 0.05
"""The largest share of the time that scans of a polled library take."""
RETRY_EVENTS_SECONDS = 3600.0
"""The time after which events are tried again where a limit of the kernel was reached."""

STOP_TIMEOUT_SECONDS = 2.0
"""The time that observers have to end."""

_NOT_STARTED = WatchMode("off", "not checked yet")

MODE_LABELS = {"events": "watched by events", "poll": "polled", "off": "not watched"}
"""How a library is watched, in words."""

_KERNEL_LIMITS = {
    errno.ENOSPC: ("max_user_watches", 524288),
    errno.EMFILE: ("max_user_instances", 512),
}


class _Handler(FileSystemEventHandler):
    """Passes the path of every event on."""

    def __init__(self, on_change: Callable[[Path], None]) -> None:
        self._on_change = on_change

    def dispatch(self, event: FileSystemEvent) -> None:
        """Call the callback. An error in it must not end the thread that watches."""
        try:
            self._on_change(Path(os.fsdecode(event.src_path)))
        except Exception:  # noqa: BLE001 - logged
            _log.exception("an event could not be handled; the next scan makes up for it")


@dataclass(slots=True, kw_only=True)
class _WatchState:
    """How one library is watched."""

    library: LibrarySettings
    wanted_mode: WatchMode
    """The mode that its file system requires. It changes when disks are mounted."""
    mode: WatchMode
    """The mode in use, with the kernel's limits."""
    observer: BaseObserver | None = None
    identity: tuple[int, int] | None = None
    """Device and inode of the watched folder. Another folder may get its name."""
    limit_reason: str = ""
    """The limit of the kernel that was reached, with a hint."""
    limit_hit_at: float = 0.0
    """When it was reached, by the monotonic clock."""

    @property
    def emitter(self) -> InotifyEmitter | None:
        """The emitter of kernel events, or None."""
        emitters = self.observer.emitters if self.observer is not None else set()
        return cast("InotifyEmitter", next(iter(emitters))) if emitters else None

    @property
    def is_alive(self) -> bool:
        """Whether the library is still watched as its mode requires."""
        if self.mode.mode != "events":
            return True
        # When its folder is deleted, only the emitter ends.
        emitter = self.emitter
        observed = self.observer is not None and self.observer.is_alive()
        return observed and emitter is not None and emitter.is_alive()


class LibraryWatcher:
    """Watches all libraries.

    :meth:`supervise` starts and restarts the watching of a library. Different threads may supervise
    different libraries.
    """

    def __init__(
        self,
        libraries: Mapping[str, LibrarySettings],
        on_change: Callable[[Path], None],
        on_overflow: Callable[[str], None],
    ) -> None:
        """Set the callbacks. Both are called in threads of the observers.

        Args:
            libraries: The libraries by name.
            on_change: Called with every path that changed.
            on_overflow: Called with the name of a library whose events were lost, so that it needs
                a scan.
        """
        self._on_change = on_change
        self._on_overflow = on_overflow
        self._states = {
            name: _WatchState(library=library, wanted_mode=_NOT_STARTED, mode=_NOT_STARTED)
            for name, library in libraries.items()
        }
        self._lock = threading.Lock()
        self._is_stopped = False

    def supervise(self, name: str) -> bool:
        """Start to watch a library.

        Start again if its observer ended or its folder was replaced.

        Returns:
            Whether it needs a scan, because it was not watched until now.
        """
        watched = self._states[name]
        identity = _root_identity(watched.library.path)
        mode = choose_watch_mode(watched.library) if identity is not None else watched.wanted_mode
        again = (
            watched.limit_reason and time.monotonic() - watched.limit_hit_at > RETRY_EVENTS_SECONDS
        )
        if (
            watched.is_alive
            and identity == watched.identity
            and mode == watched.wanted_mode
            and not again
        ):
            return False
        emitter = watched.emitter
        self._stop(watched)
        watched.identity, watched.wanted_mode = identity, mode
        if identity is None:
            return False
        if emitter is not None and emitter.failure is not None:
            self._record_limit(watched, emitter.failure)
        elif again:
            watched.limit_reason = ""
        self._start(name, watched)
        return True

    def describe(self, name: str) -> str:
        """Return how a library is watched, and why, in words."""
        watching = self._states[name].mode
        return f"{MODE_LABELS[watching.mode]}: {watching.reason}"

    def next_scan_in(self, name: str, scan_seconds: float, scan_interval: float) -> float:
        """Return the seconds until the next scan of a library.

        Args:
            name: The name of the library.
            scan_seconds: How long the last scan took.
            scan_interval: The seconds between two scans of a library with events.
        """
        if self._states[name].mode.mode != "poll":
            return scan_interval
        return min(scan_interval, max(POLLING_INTERVAL_SECONDS, scan_seconds / MAX_POLLING_SHARE))

    def stop(self) -> None:
        """End all observers. Those that hang with their file system are abandoned."""
        with self._lock:
            self._is_stopped = True
        ending = [
            threading.Thread(target=self._stop, args=[watched], daemon=True)
            for watched in self._states.values()
        ]
        for thread in ending:
            thread.start()
        until = time.monotonic() + STOP_TIMEOUT_SECONDS
        for thread in ending:
            thread.join(max(0.0, until - time.monotonic()))

    def _start(self, name: str, watched: _WatchState) -> None:
        watching = watched.wanted_mode
        if watching.mode == "events" and not watched.limit_reason:
            try:
                watched.observer = self._create_observer(name, watched.library)
            except OSError as error:
                self._record_limit(watched, error)
        if watching.mode == "events" and watched.limit_reason:
            watching = WatchMode("poll", watched.limit_reason)
        if watching != watched.mode:
            level = logging.WARNING if watched.limit_reason else logging.INFO
            _log.log(
                level, "library %s is %s: %s", name, MODE_LABELS[watching.mode], watching.reason
            )
        watched.mode = watching

    def _create_observer(self, name: str, library: LibrarySettings) -> BaseObserver:
        media_filter = MediaFilter(library)
        emitter = partial(
            InotifyEmitter,
            descends=media_filter.descends_into,
            on_overflow=partial(self._handle_overflow, name),
        )
        observer = BaseObserver(cast("type[InotifyEmitter]", emitter))
        observer.schedule(_Handler(self._on_change), os.fspath(library.path), recursive=True)
        observer.start()
        with self._lock:
            if not self._is_stopped:
                return observer
        observer.stop()
        raise OSError(errno.ECANCELED, "the daemon is stopping")

    def _handle_overflow(self, name: str) -> None:
        _log.warning(
            "library %s: the kernel dropped events (fs.inotify.max_queued_events); "
            "a full scan follows, so nothing is missed",
            name,
        )
        self._on_overflow(name)

    @staticmethod
    def _record_limit(watched: _WatchState, error: OSError) -> None:
        watched.limit_reason, watched.limit_hit_at = describe_inotify_error(error), time.monotonic()

    @staticmethod
    def _stop(watched: _WatchState) -> None:
        if watched.observer is not None and watched.observer.is_alive():
            watched.observer.stop()
        watched.observer = None


def _root_identity(root: Path) -> tuple[int, int] | None:
    try:
        root_stat = root.stat()
    except OSError:
        return None
    return (root_stat.st_dev, root_stat.st_ino) if stat.S_ISDIR(root_stat.st_mode) else None


def read_inotify_limit(name: str, folder: Path = Path("/proc/sys/fs/inotify")) -> int | None:
    """Return a limit of the kernel, or None where it is hidden, as by systemd's ProcSubset=pid."""
    try:
        return int((folder / name).read_text("ascii"))
    except (OSError, ValueError):
        return None


def describe_inotify_error(error: OSError) -> str:
    """Return why kernel events are unavailable, with the command that changes it."""
    if error.errno not in _KERNEL_LIMITS:
        return f"the kernel's events are unavailable ({error.strerror})"
    limit, enough = _KERNEL_LIMITS[error.errno]
    now = read_inotify_limit(limit)
    limit_text = f" of {now}" if now is not None else ""
    more = max(enough, 2 * (now or 0))
    command = f"sysctl fs.inotify.{limit}={more}"
    return f"the kernel's limit{limit_text} is reached; raise it with: {command}"

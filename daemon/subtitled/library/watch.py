"""Watching libraries: the kernel's events where they tell everything, frequent walks where not."""

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
from .mounts import Watching, how_to_watch
from .walk import Sieve

_log = logging.getLogger(__name__)

POLLING_INTERVAL = 60.0
"""Seconds between two walks of a library without events, at least."""
POLLING_SHARE = 0.05
"""Share of the time that walks of such a library may take."""
EVENTS_AGAIN = 3600.0
"""Seconds until events are tried again where the kernel had none left."""

STOP_WITHIN = 2.0
"""Seconds for the observers to end."""

_NOT_YET = Watching("off", "not looked at yet")

SAID = {"events": "watched by events", "poll": "polled", "off": "not watched"}
"""How a library is watched, in words."""

_LIMITS = {
    errno.ENOSPC: ("max_user_watches", 524288),
    errno.EMFILE: ("max_user_instances", 512),
}


class _Handler(FileSystemEventHandler):
    """Passes every path on."""

    def __init__(self, changed: Callable[[Path], None]) -> None:
        self._changed = changed

    def dispatch(self, event: FileSystemEvent) -> None:
        try:
            self._changed(Path(os.fsdecode(event.src_path)))
        except Exception:  # noqa: BLE001 - logged
            # An error here would end the thread, and with it all watching.
            _log.exception("an event could not be taken in; the next walk makes up for it")


@dataclass(slots=True)
class _Watched:
    library: LibrarySettings
    wanted: Watching
    """As what it lies on demands; mounts come and go."""
    watching: Watching
    """As it is, with the kernel's limits."""
    observer: BaseObserver | None = None
    identity: tuple[int, int] | None = None
    """Device and inode of the folder that is watched: another one may take its name."""
    limited: str = ""
    """The limit of the kernel's that was met, with the cure."""
    limited_at: float = 0.0
    """When that was, by the monotonic clock."""

    @property
    def emitter(self) -> InotifyEmitter | None:
        emitters = self.observer.emitters if self.observer is not None else set()
        return cast("InotifyEmitter", next(iter(emitters))) if emitters else None

    @property
    def lives(self) -> bool:
        if self.watching.how != "events":
            return True
        # When its folder is deleted, only the emitter ends.
        emitter = self.emitter
        observed = self.observer is not None and self.observer.is_alive()
        return observed and emitter is not None and emitter.is_alive()


class Watch:
    """The observers of all libraries.

    ``changed`` is called with every path that something happened to, ``lost`` with the name of a
    library whose events were lost, which a walk makes up for; both from threads of the observers.
    A library is watched, and watched again, by :meth:`supervise`; different libraries may be
    supervised by different threads.
    """

    def __init__(
        self,
        libraries: Mapping[str, LibrarySettings],
        changed: Callable[[Path], None],
        lost: Callable[[str], None],
    ) -> None:
        self._changed = changed
        self._lost = lost
        self._watched = {
            name: _Watched(library, _NOT_YET, _NOT_YET) for name, library in libraries.items()
        }
        self._lock = threading.Lock()
        self._stopped = False

    def supervise(self, name: str) -> bool:
        """Begin to watch a library, or begin again if its observer died or its folder came back.

        True if it needs a walk: nothing was watched until now.
        """
        watched = self._watched[name]
        identity = _identity(watched.library.path)
        wanted = how_to_watch(watched.library) if identity is not None else watched.wanted
        again = watched.limited and time.monotonic() - watched.limited_at > EVENTS_AGAIN
        if (
            watched.lives
            and identity == watched.identity
            and wanted == watched.wanted
            and not again
        ):
            return False
        emitter = watched.emitter
        self._disarm(watched)
        watched.identity, watched.wanted = identity, wanted
        if identity is None:
            return False
        if emitter is not None and emitter.failure is not None:
            self._limit(watched, emitter.failure)
        elif again:
            watched.limited = ""
        self._arm(name, watched)
        return True

    def said(self, name: str) -> str:
        """How a library is watched now, and why, in words."""
        watching = self._watched[name].watching
        return f"{SAID[watching.how]}: {watching.why}"

    def next_walk(self, name: str, took: float, rescan: float) -> float:
        """In how many seconds a library is to be walked again after a walk that took so many."""
        if self._watched[name].watching.how != "poll":
            return rescan
        return min(rescan, max(POLLING_INTERVAL, took / POLLING_SHARE))

    def stop(self) -> None:
        """End all observers; those that hang with their file system are left to themselves."""
        with self._lock:
            self._stopped = True
        ending = [
            threading.Thread(target=self._disarm, args=[watched], daemon=True)
            for watched in self._watched.values()
        ]
        for thread in ending:
            thread.start()
        until = time.monotonic() + STOP_WITHIN
        for thread in ending:
            thread.join(max(0.0, until - time.monotonic()))

    def _arm(self, name: str, watched: _Watched) -> None:
        watching = watched.wanted
        if watching.how == "events" and not watched.limited:
            try:
                watched.observer = self._observe(name, watched.library)
            except OSError as error:
                self._limit(watched, error)
        if watching.how == "events" and watched.limited:
            watching = Watching("poll", watched.limited)
        if watching != watched.watching:
            level = logging.WARNING if watched.limited else logging.INFO
            _log.log(level, "library %s is %s: %s", name, SAID[watching.how], watching.why)
        watched.watching = watching

    def _observe(self, name: str, library: LibrarySettings) -> BaseObserver:
        sieve = Sieve(library)
        emitter = partial(
            InotifyEmitter,
            enters=lambda folder: not sieve.ignores(folder),
            lost=partial(self._lost_events, name),
        )
        observer = BaseObserver(cast("type[InotifyEmitter]", emitter))
        observer.schedule(_Handler(self._changed), os.fspath(library.path), recursive=True)
        observer.start()
        with self._lock:
            if not self._stopped:
                return observer
        observer.stop()
        raise OSError(errno.ECANCELED, "the daemon stops")

    def _lost_events(self, name: str) -> None:
        _log.warning(
            "library %s: more happened than the kernel can hold (fs.inotify.max_queued_events); "
            "it is walked, so nothing is missed",
            name,
        )
        self._lost(name)

    @staticmethod
    def _limit(watched: _Watched, error: OSError) -> None:
        watched.limited, watched.limited_at = inotify_advice(error), time.monotonic()

    @staticmethod
    def _disarm(watched: _Watched) -> None:
        if watched.observer is not None and watched.observer.is_alive():
            watched.observer.stop()
        watched.observer = None


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        found = root.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def inotify_limit(name: str, folder: Path = Path("/proc/sys/fs/inotify")) -> int | None:
    """One of the kernel's limits, None where they are hidden, as by systemd's ProcSubset=pid."""
    try:
        return int((folder / name).read_text("ascii"))
    except (OSError, ValueError):
        return None


def inotify_advice(error: OSError) -> str:
    """Why events are not to be had, with the line that cures it."""
    if error.errno not in _LIMITS:
        return f"the kernel's events are not to be had ({error.strerror})"
    limit, enough = _LIMITS[error.errno]
    now = inotify_limit(limit)
    of = f" of {now}" if now is not None else ""
    more = max(enough, 2 * (now or 0))
    return f"the kernel's limit{of} is reached; raise it with: sysctl fs.inotify.{limit}={more}"

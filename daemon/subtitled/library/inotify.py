"""An emitter of kernel events (inotify) for watchdog's observers.

watchdog's own emitter ignores folders for which the kernel has no watch left, does not report lost
events, and watches ignored folders. This emitter raises an error, reports the loss, and leaves
ignored folders out. See inotify(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
)
from watchdog.observers.api import EventEmitter, EventQueue, ObservedWatch
from watchdog.observers.inotify_c import (
    InotifyConstants,
    WatchDescriptor,
    inotify_add_watch,
    inotify_init,
    inotify_rm_watch,
)

_BUFFER_BYTES = 256 * 1024
_EVENT_HEADER = struct.Struct("iIII")
_IN = InotifyConstants
_MASK = (
    _IN.IN_CREATE  # folders, hard links
    | _IN.IN_CLOSE_WRITE
    | _IN.IN_MOVED_FROM
    | _IN.IN_MOVED_TO
    | _IN.IN_DELETE
    | _IN.IN_ONLYDIR
)
_ROOT_MASK = _MASK | _IN.IN_DELETE_SELF | _IN.IN_MOVE_SELF
_IGNORED_ERRNOS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP})
"""Errors of a folder below the root that are no failure: it was removed, it is a link, or
it is unreadable.
"""


class InotifyEmitter(EventEmitter):
    """Reports the changes below a folder.

    Its start raises ``OSError`` where the kernel's limits are too low (``EMFILE``: instances,
    ``ENOSPC``: watches). Its thread ends when the root is removed or moved, or when a later folder
    exceeds a limit. ``failure`` is the error in that case. The supervisor of the emitter starts a
    new one, and a scan.
    """

    def __init__(
        self,
        event_queue: EventQueue,
        watch: ObservedWatch,
        *,
        descends: Callable[[bytes], bool],
        on_overflow: Callable[[], None],
        **kwargs: Any,
    ) -> None:
        """Set what is watched.

        Args:
            event_queue: Where watchdog takes events from.
            watch: The root folder.
            descends: Returns whether a folder is watched, by its path.
            on_overflow: Called when the kernel dropped events, so that a scan is needed.
            kwargs: Further arguments of watchdog's emitter.
        """
        super().__init__(event_queue, watch, **kwargs)
        self._root = os.fsencode(watch.path)
        self._descends = descends
        self._on_overflow = on_overflow
        self._folder_by_watch: dict[WatchDescriptor, bytes] = {}
        self._open_fds = False
        self._closing = threading.Lock()
        self.failure: OSError | None = None

    @property
    def folder_count(self) -> int:
        """The number of folders that are watched."""
        return len(self._folder_by_watch)

    def on_thread_start(self) -> None:
        """Open the inotify instance and watch all folders."""
        self._fd = inotify_init()
        if self._fd < 0:
            raise _last_os_error()
        self._wake = os.eventfd(0)
        self._open_fds = True
        try:
            self._watch_below(self._root)
        except OSError:
            self._close()
            raise

    def on_thread_stop(self) -> None:
        """Wake the thread so that it ends."""
        with self._closing:
            if self._open_fds:
                os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        """Emit events until the emitter is stopped or fails."""
        try:
            super().run()
        except OSError as error:
            self.failure = error
        finally:
            self._close()

    def queue_events(self, timeout: float) -> None:
        """Wait for events of the kernel and queue them."""
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        poller.register(self._wake, select.POLLIN)
        ready = dict(poller.poll())
        if self._wake in ready:
            return
        for number, mask, name in _parse_events(os.read(self._fd, _BUFFER_BYTES)):
            if mask & _IN.IN_Q_OVERFLOW:
                self._watch_below(self._root)  # folders may have been added meanwhile
                self._on_overflow()
            elif mask & _IN.IN_IGNORED:
                if self._folder_by_watch.pop(number, None) == self._root:
                    self.stop()
            elif number in self._folder_by_watch:
                self._emit(self._folder_by_watch[number], mask, name)

    def _emit(self, folder: bytes, mask: int, name: bytes) -> None:
        if not name:
            if mask & (_IN.IN_DELETE_SELF | _IN.IN_MOVE_SELF):
                self.stop()
            return
        path = os.path.join(folder, name)
        path_text = os.fsdecode(path)
        if mask & _IN.IN_ISDIR:
            if not self._descends(path):
                return
            if mask & (_IN.IN_CREATE | _IN.IN_MOVED_TO):
                # It is watched before it is reported and scanned, so that nothing is missed.
                self._watch_below(path)
                self.queue_event(DirCreatedEvent(path_text))
            else:
                self._unwatch_below(path)
                self.queue_event(DirDeletedEvent(path_text))
        elif mask & (_IN.IN_DELETE | _IN.IN_MOVED_FROM):
            self.queue_event(FileDeletedEvent(path_text))
        elif mask & _IN.IN_CLOSE_WRITE:
            self.queue_event(FileClosedEvent(path_text))
        else:
            self.queue_event(FileCreatedEvent(path_text))

    def _watch_below(self, top: bytes) -> None:
        """Watch a folder and all folders below it. Folders that are watched already stay so."""
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            is_root = folder == self._root
            mask = _ROOT_MASK if is_root else _MASK | _IN.IN_DONT_FOLLOW
            number = inotify_add_watch(self._fd, folder, mask)
            if number < 0:
                error = _last_os_error()
                if is_root or error.errno not in _IGNORED_ERRNOS:
                    raise error
                continue
            self._folder_by_watch[number] = folder
            try:
                with os.scandir(folder) as entries:
                    waiting += [
                        entry.path
                        for entry in entries
                        if entry.is_dir(follow_symlinks=False) and self._descends(entry.path)
                    ]
            except OSError:
                continue  # the scan reports the error

    def _unwatch_below(self, top: bytes) -> None:
        """Stop watching a folder that was removed or moved, and all folders below it."""
        below = top + b"/"
        gone = [
            n for n, path in self._folder_by_watch.items() if path == top or path.startswith(below)
        ]
        for number in gone:
            del self._folder_by_watch[number]
            inotify_rm_watch(self._fd, number)

    def _close(self) -> None:
        with self._closing:
            self._open_fds = False
            os.close(self._fd)
            os.close(self._wake)
        self._folder_by_watch.clear()


def _parse_events(data: bytes) -> Iterator[tuple[WatchDescriptor, int, bytes]]:
    """Yield the watch, the mask and the name of each event in the kernel's data."""
    at = 0
    while at < len(data):
        number, mask, _, length = _EVENT_HEADER.unpack_from(data, at)
        at += _EVENT_HEADER.size
        yield WatchDescriptor(number), mask, data[at : at + length].rstrip(b"\0")
        at += length


def _last_os_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))

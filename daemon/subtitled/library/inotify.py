"""The kernel's events for one library, as an emitter for watchdog's observers.

watchdog's own emitter passes over folders for which the kernel has no watch left, says nothing of
events that were lost, and watches folders that are to be left alone. This one raises, tells, and
leaves alone; see inotify(7).
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
"""What a folder below the root may answer: it went, it became a link, it is shut."""


class InotifyEmitter(EventEmitter):
    """Tells of whatever matters below a folder.

    Starting raises ``OSError`` where the kernel's limits do not suffice (``EMFILE``: instances,
    ``ENOSPC``: watches). When the root goes or moves, or a later folder meets the limit, the thread
    ends; ``failure`` then has the error. Whoever supervises it begins anew, with a walk.
    """

    def __init__(
        self,
        event_queue: EventQueue,
        watch: ObservedWatch,
        *,
        descends: Callable[[str], bool],
        on_overflow: Callable[[], None],
        **kwargs: Any,
    ) -> None:
        """``enters`` says of a folder's name whether it is watched; ``lost`` is called when the
        kernel dropped events: a walk is needed."""
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
        """How many folders are watched."""
        return len(self._folder_by_watch)

    def on_thread_start(self) -> None:
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
        with self._closing:
            if self._open_fds:
                os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        try:
            super().run()
        except OSError as error:
            self.failure = error
        finally:
            self._close()

    def queue_events(self, timeout: float) -> None:
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        poller.register(self._wake, select.POLLIN)
        ready = dict(poller.poll())
        if self._wake in ready:
            return
        for number, mask, name in _parse_events(os.read(self._fd, _BUFFER_BYTES)):
            if mask & _IN.IN_Q_OVERFLOW:
                self._watch_below(self._root)  # folders may have come meanwhile
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
            if not self._descends(os.fsdecode(name)):
                return
            if mask & (_IN.IN_CREATE | _IN.IN_MOVED_TO):
                # First watched, then told of and walked: nothing comes in between.
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
        """Watch a folder and all below it. A folder that is watched already stays so."""
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
                        if entry.is_dir(follow_symlinks=False)
                        and self._descends(os.fsdecode(entry.name))
                    ]
            except OSError:
                continue  # the walk says what is wrong

    def _unwatch_below(self, top: bytes) -> None:
        """A folder went away with all below it, maybe to where it is none of our business."""
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
    """Watch, mask and name of each event in what the kernel wrote."""
    at = 0
    while at < len(data):
        number, mask, _, length = _EVENT_HEADER.unpack_from(data, at)
        at += _EVENT_HEADER.size
        yield WatchDescriptor(number), mask, data[at : at + length].rstrip(b"\0")
        at += length


def _last_os_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))

"""Probing the files that are planned next, as many at once as their disk allows."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.library.mounts import is_rotational
from subtitled.media.probe import MediaInfo, probe_media

ON_ROTATING_DISKS = 1
"""A disk that has to move its heads reads one file after the other fastest."""
ON_UNKNOWN_DISKS = 2
"""Shares, pools of several disks, and others that do not tell what they are."""
MAX_AT_ONCE = 4

Identity = tuple[int, int, int, int]


class ProbesAhead:
    """Probes files before they are planned. Threads of several libraries may share it."""

    def __init__(
        self,
        libraries: Mapping[str, LibrarySettings],
        probe: Callable[[Path], MediaInfo] | None = None,
    ) -> None:
        """Create it.

        Args:
            libraries: The libraries by name.
            probe: Probes a file; by default :func:`~subtitled.media.probe.probe_media`.
        """
        self._libraries = libraries
        self._probe = probe or (lambda path: probe_media(path))
        self._lock = threading.Lock()
        self._begun: dict[str, dict[Path, _Probe]] = {}
        self._at_once: dict[str, int] = {}

    def expect(self, library: str, paths: Sequence[Path]) -> None:
        """Begin to probe files that are planned soon. What was expected before is forgotten.

        Args:
            library: The name of their library.
            paths: The files, the next one first.
        """
        next_ones = paths[: self._count_at_once(library)]
        with self._lock:
            before = self._begun.get(library, {})
            self._begun[library] = {
                path: before.get(path) or _Probe(path, self._probe) for path in next_ones
            }

    def probe(self, library: str, path: Path) -> MediaInfo:
        """Return what :func:`~subtitled.media.probe.probe_media` does, at once if it was expected.

        Args:
            library: The name of the library.
            path: The file.

        Raises:
            SubtitledError: As there.
            OSError: As there.
        """
        with self._lock:
            begun = self._begun.get(library, {}).pop(path, None)
        known = begun.wait() if begun is not None else None
        return known if known is not None else self._probe(path)

    def _count_at_once(self, library: str) -> int:
        if library not in self._at_once:
            rotates = is_rotational(self._libraries[library].path)
            if rotates is None:
                self._at_once[library] = ON_UNKNOWN_DISKS
            else:
                cores = min(MAX_AT_ONCE, len(os.sched_getaffinity(0)))
                self._at_once[library] = ON_ROTATING_DISKS if rotates else cores
        return self._at_once[library]


class _Probe:
    """The probe of one file in a thread, which nobody waits for at the end of the process."""

    def __init__(self, path: Path, probe: Callable[[Path], MediaInfo]) -> None:
        self._path = path
        self._before: Identity | None = None
        self._info: MediaInfo | None = None
        self._thread = threading.Thread(target=self._run, args=[probe], name="probe", daemon=True)
        self._thread.start()

    def _run(self, probe: Callable[[Path], MediaInfo]) -> None:
        try:
            self._before = _identify(self._path)
            self._info = probe(self._path)
        except Exception:  # noqa: BLE001 - the file is probed again, which raises the error there
            self._info = None

    def wait(self) -> MediaInfo | None:
        """Return what the probe found; None if it failed, or the file has changed since."""
        self._thread.join()
        try:
            is_same = _identify(self._path) == self._before
        except OSError:
            return None
        return self._info if is_same else None


def _identify(path: Path) -> Identity:
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns

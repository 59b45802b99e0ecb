"""Parts of media files that were cut already, in a folder that keeps the latest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from subtitled.config.paths import ensure_private_folder

MAX_BYTES = 256 * 1024 * 1024
"""What the folder may hold. A quarter of an hour of sound is 10 MB."""
MIN_KEPT_SECONDS = 60.0
"""How long a file stays at least after its last use, because it may be on its way to somebody."""
_numbers = count(1)


class PartCache:
    """A folder of files by key. Threads and processes may share it.

    A key says everything about the content of its file, so that none is ever out of date.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self._max_bytes = max_bytes

    def find(self, key: str) -> Path | None:
        """Return the file of a key, and remember that it was used; None if there is none."""
        path = self.folder / key
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def add(self, key: str, write: Callable[[Path], None]) -> Path:
        """Write the file of a key, which appears only when it is complete, and return it.

        What was used longest ago is deleted if the folder holds too much.

        Args:
            key: The key, which is a name of a file.
            write: Is called with the file to write.

        Raises:
            SetupError: The folder cannot be created.
        """
        targets: list[Path] = []

        def write_and_keep(partial: Path) -> None:
            write(partial)
            targets.append(partial.replace(self.folder / key))

        self.borrow(write_and_keep)
        self._prune()
        return targets[0]

    def borrow(self, use: Callable[[Path], None]) -> None:
        """Call a function with the path of a file that is deleted afterwards.

        Raises:
            SetupError: The folder cannot be created.
        """
        ensure_private_folder(self.folder)
        partial = self.folder / f"{os.getpid()}-{next(_numbers)}.part"
        try:
            use(partial)
        finally:
            partial.unlink(missing_ok=True)

    def _prune(self) -> None:
        """Delete what was used longest ago, until the rest is within the limit."""
        known = []
        for path in self.folder.iterdir():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # another thread deleted it
            known.append((status.st_mtime, status.st_size, path))
        excess = sum(size for _, size, _ in known) - self._max_bytes
        oldest_kept = time.time() - MIN_KEPT_SECONDS
        for used_at, size, path in sorted(known):
            if excess <= 0 or used_at > oldest_kept:
                return
            path.unlink(missing_ok=True)
            excess -= size

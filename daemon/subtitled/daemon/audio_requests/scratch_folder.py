"""The scratch folder of received audio: one folder for each digest, kept for a while.

The folder of a digest holds the audio, the decoded track and what was transcribed, so that the next
question about the same audio costs less. Nothing in it is of use to another run of the daemon.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from subtitled.config.paths import ensure_private_folder
from subtitled.plugin import SAMPLE_RATE, TransientError
from subtitled.plugin.paths import display_path

_log = logging.getLogger(__name__)

MEDIA_NAME = "audio"
"""The name of the received file in its folder."""
DISK_RESERVE = 3.0
"""The share of the size of an upload that has to be free: for itself and its decoded track."""
MIN_FREE_BYTES = 256 * 1024**2
"""Bytes that have to stay free beside an upload."""
_WAV_HEADER_BYTES = 44
_MAX_WAV_BYTES = 0xFFFFFFFF


class DiskFullError(TransientError):
    """Raised if the scratch folder has no room for an upload."""


class AudioScratchFolder:
    """The scratch folder. Threads share it."""

    def __init__(
        self, root: Path, keep_seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Name the folder.

        Args:
            root: Where it is. It belongs to this object alone.
            keep_seconds: How long audio is kept after its last use.
            now: A clock in seconds.
        """
        self.root = root
        self._keep_seconds = keep_seconds
        self._now = now
        self._lock = threading.Lock()
        self._users: Counter[str] = Counter()
        self._last_used: dict[str, float] = {}

    def empty(self) -> None:
        """Create the folder, and delete what an earlier run of the daemon left in it."""
        if self.root.is_dir():
            shutil.rmtree(self.root, ignore_errors=True)
        ensure_private_folder(self.root)

    def receive(self, *, is_pcm: bool, expected_bytes: int = 0) -> Upload:
        """Begin to receive audio.

        Args:
            is_pcm: Whether it is 16-bit mono at 16 kHz without any header.
            expected_bytes: How much is announced.

        Raises:
            DiskFullError: There is no room for it.
            TransientError: The folder cannot be written to.
        """
        needed = DISK_RESERVE * expected_bytes + MIN_FREE_BYTES
        try:
            # A program that cleans up the disk may have deleted it.
            ensure_private_folder(self.root)
            if shutil.disk_usage(self.root).free < needed:
                self.prune(keeps_recent=False)
                if shutil.disk_usage(self.root).free < needed:
                    raise _disk_full(self.root)
            return Upload(self, is_pcm)
        except OSError as error:
            raise _explain(error, self.root) from error

    def folder_of(self, digest: str) -> Path:
        """Return the folder of some audio."""
        return self.root / digest

    def media_of(self, digest: str) -> Path:
        """Return the file of some audio, as it was received."""
        return self.folder_of(digest) / MEDIA_NAME

    def hold(self, digest: str) -> None:
        """Keep some audio until it is released as often as it was held."""
        with self._lock:
            self._users[digest] += 1

    def release(self, digest: str) -> None:
        """End a :meth:`hold`. The audio is kept for the usual time."""
        with self._lock:
            self._users[digest] -= 1
            self._last_used[digest] = self._now()

    def prune(self, *, keeps_recent: bool = True) -> None:
        """Delete what nobody holds and nobody has used for a while; without delay if wished."""
        with self._lock:
            limit = self._now() - (self._keep_seconds if keeps_recent else 0.0)
            expired = [
                digest
                for digest, used_at in self._last_used.items()
                if self._users[digest] <= 0 and used_at <= limit
            ]
            for digest in expired:
                del self._last_used[digest], self._users[digest]
                shutil.rmtree(self.folder_of(digest), ignore_errors=True)

    def adopt(self, received: Path, digest: str) -> None:
        """Move a received file into the folder of its digest, and hold it."""
        with self._lock:
            self._users[digest] += 1
            target = self.media_of(digest)
            if target.exists():
                received.unlink()
                return
            target.parent.mkdir(mode=0o700, exist_ok=True)
            received.replace(target)


class Upload:
    """Audio that is being received into a scratch file. One thread at a time may use it."""

    def __init__(self, folder: AudioScratchFolder, is_pcm: bool) -> None:
        self._folder = folder
        self._is_pcm = is_pcm
        self._digest = hashlib.sha256(b"pcm" if is_pcm else b"file")
        handle, name = tempfile.mkstemp(prefix="receiving-", dir=folder.root)
        self._file = open(handle, "r+b")  # noqa: SIM115, PTH123 - closed by finish and discard
        self._path = Path(name)
        self.size = 0
        """The bytes received so far."""
        if is_pcm:
            self._file.write(bytes(_WAV_HEADER_BYTES))

    def write(self, data: bytes) -> None:
        """Add a part.

        Raises:
            DiskFullError: The disk is full. The upload is then of no use.
        """
        self._digest.update(data)
        self.size += len(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise _explain(error, self._folder.root) from error

    def finish(self) -> str:
        """Complete the file and return its digest, which is held.

        Raises:
            DiskFullError: The disk is full.
        """
        try:
            if self._is_pcm:
                self._file.seek(0)
                self._file.write(wav_header(self.size))
            self._file.close()
            digest = self._digest.hexdigest()
            self._folder.adopt(self._path, digest)
        except OSError as error:
            self.discard()
            raise _explain(error, self._folder.root) from error
        return digest

    def discard(self) -> None:
        """Delete the file, if it was not finished."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


def wav_header(size: int) -> bytes:
    """Return the header that makes a WAV file of mono PCM at 16 kHz.

    Args:
        size: The bytes of PCM. Beyond 4 GiB the header says as much as it can, and ffmpeg reads on.
    """
    size = min(size // 2 * 2, _MAX_WAV_BYTES - _WAV_HEADER_BYTES)

    def number(value: int, length: int) -> bytes:
        return value.to_bytes(length, "little")

    form = number(1, 2) + number(1, 2) + number(SAMPLE_RATE, 4) + number(SAMPLE_RATE * 2, 4)
    form += number(2, 2) + number(16, 2)
    return (
        b"RIFF"
        + number(size + _WAV_HEADER_BYTES - 8, 4)
        + b"WAVEfmt "
        + number(len(form), 4)
        + form
        + b"data"
        + number(size, 4)
    )


def _explain(error: OSError, folder: Path) -> TransientError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full(folder)
    return TransientError(
        f"{display_path(folder)} cannot be written to: {error.strerror}",
        "Set daemon.scratch_dir to a folder that can be",
    )


def _disk_full(folder: Path) -> DiskFullError:
    return DiskFullError(
        f"the disk of {display_path(folder)} has too little space for an upload",
        "Free some, or set daemon.scratch_dir to a larger disk",
        retry_after=300.0,
    )

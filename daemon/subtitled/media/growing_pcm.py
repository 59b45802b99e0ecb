"""Following a PCM file that is still being written: it is read in blocks as they arrive."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.plugin import SAMPLE_RATE, TransientError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

POLL_SECONDS = 0.1
"""Seconds between two checks for more data."""


def partial_path(target: Path) -> Path:
    """Return the path of the file while it is incomplete."""
    return target.with_name(target.name + ".part")


def announce(target: Path) -> None:
    """Create an empty ``.part`` file, so that readers can start to follow it.

    A ``.part`` file that a previous run left is deleted.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial_path(target).unlink(missing_ok=True)
    partial_path(target).touch()


def follow_pcm(target: Path, block_seconds: float) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the audio of a file in blocks while it is being decoded.

    Call :func:`announce` before.

    Args:
        target: The file as it is called when it is complete.
        block_seconds: Seconds of a block. The last one may be shorter.

    Yields:
        Samples from -1 to 1 at 16 kHz.

    Raises:
        TransientError: Decoding failed or was started again.
    """
    import numpy as np

    partial, size, position = partial_path(target), round(block_seconds * SAMPLE_RATE), 0
    try:
        file = partial.open("rb")
    except FileNotFoundError:
        file = target.open("rb")
    with file:
        while True:
            is_complete = not partial.exists()  # Checked before the size: nothing follows then.
            if is_complete and not _is_same_file(file.fileno(), target):
                raise TransientError("the audio was not decoded to its end", "It is decoded again")
            available = os.fstat(file.fileno()).st_size // 2 - position
            if available < size and not is_complete:
                time.sleep(POLL_SECONDS)
                continue
            raw = np.fromfile(file, dtype="<i2", count=min(available, size))
            position += len(raw)
            if len(raw):
                yield raw.astype(np.float32) / 32768.0
            if is_complete and available <= size:
                return


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

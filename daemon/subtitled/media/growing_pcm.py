"""Sound that is still being decoded, read block by block as it comes."""

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
"""Seconds between two looks at whether more has come."""


def partial_path(target: Path) -> Path:
    """Where sound lies as long as it is not whole."""
    return target.with_name(target.name + ".part")


def announce(target: Path) -> None:
    """Say that sound will be decoded into a file. What an earlier life left there is none of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial_path(target).unlink(missing_ok=True)
    partial_path(target).touch()


def follow_pcm(target: Path, block_seconds: float) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks of so many seconds of what is expected in ``into``; the last one is shorter.

    Raises :class:`TransientError` if it does not become whole, or is begun anew.
    """
    import numpy as np

    partial, size, position = partial_path(target), round(block_seconds * SAMPLE_RATE), 0
    try:
        file = partial.open("rb")
    except FileNotFoundError:
        file = target.open("rb")
    with file:
        while True:
            is_complete = not partial.exists()  # asked first: nothing comes after that
            if is_complete and not _is_same_file(file.fileno(), target):
                raise TransientError("the sound was not decoded to its end", "It is decoded again")
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

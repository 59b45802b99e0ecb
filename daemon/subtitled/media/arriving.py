"""Sound that is still being decoded, read block by block as it comes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.plugin import SAMPLE_RATE, Temporary

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LOOK = 0.1
"""Seconds between two looks at whether more has come."""


def part_of(into: Path) -> Path:
    """Where sound lies as long as it is not whole."""
    return into.with_name(into.name + ".part")


def expect(into: Path) -> None:
    """Say that sound will be decoded into a file. What an earlier life left there is none of it."""
    into.parent.mkdir(parents=True, exist_ok=True)
    part_of(into).unlink(missing_ok=True)
    part_of(into).touch()


def arriving(into: Path, seconds: float) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks of so many seconds of what is expected in ``into``; the last one is shorter.

    Raises :class:`Temporary` if it does not become whole, or is begun anew.
    """
    import numpy as np

    part, size, at = part_of(into), round(seconds * SAMPLE_RATE), 0
    try:
        file = part.open("rb")
    except FileNotFoundError:
        file = into.open("rb")
    with file:
        while True:
            whole = not part.exists()  # asked first: nothing comes after that
            if whole and not _is(file.fileno(), into):
                raise Temporary("the sound was not decoded to its end", "It is decoded again")
            here = os.fstat(file.fileno()).st_size // 2 - at
            if here < size and not whole:
                time.sleep(LOOK)
                continue
            raw = np.fromfile(file, dtype="<i2", count=min(here, size))
            at += len(raw)
            if len(raw):
                yield raw.astype(np.float32) / 32768.0
            if whole and here <= size:
                return


def _is(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

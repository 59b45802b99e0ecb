"""The paths of others as paths of ours, as far as they are paths at all; nothing is read."""

from __future__ import annotations

import os
from pathlib import Path

from subtitled.plugin import PathMap

MAX_PATH_BYTES = 4096
"""Bytes of a path on Linux, with the zero that ends it."""


def to_local_path(path: str, pairs: tuple[tuple[str, str], ...]) -> Path | None:
    """A sender's path on this machine, by the first pair of (our folder, its folder) that fits.

    None for what is no path of this machine: relative, of Windows without a pair that fits, with
    ``..`` in it or a zero character.
    """
    if "\0" in path or not _is_valid_path(path):
        return None
    mapped = PathMap(pairs).to_local(path)
    return mapped if mapped.is_absolute() and ".." not in mapped.parts else None


def _is_valid_path(path: str) -> bool:
    """Whether it can be the bytes of a path; what is no UTF-8 is written as ``\\udc80`` to ff."""
    try:
        return len(os.fsencode(path)) < MAX_PATH_BYTES
    except UnicodeEncodeError:
        return False

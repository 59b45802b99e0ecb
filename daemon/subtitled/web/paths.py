"""Conversion of a sender's paths to paths of this machine. No file is accessed."""

from __future__ import annotations

import os
from pathlib import Path

from subtitled.plugin import PathMap

MAX_PATH_BYTES = 4096
"""Longest path on Linux in bytes, including the terminating zero."""


def to_local_path(path: str, pairs: tuple[tuple[str, str], ...]) -> Path | None:
    """Convert a sender's path by the first pair of (our folder, its folder) that fits.

    Returns:
        None if the result is no path of this machine: a relative one, one of Windows without a pair
        that fits, or one with ``..`` or a zero character.
    """
    if "\0" in path or not _is_valid_path(path):
        return None
    mapped = PathMap(pairs).to_local(path)
    return mapped if mapped.is_absolute() and ".." not in mapped.parts else None


def _is_valid_path(path: str) -> bool:
    """Check that a text can be encoded as a path. Bytes that are no UTF-8 are surrogates in it."""
    try:
        return len(os.fsencode(path)) < MAX_PATH_BYTES
    except UnicodeEncodeError:
        return False

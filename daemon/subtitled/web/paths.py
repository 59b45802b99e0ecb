"""Conversion of a sender's paths to paths of this machine. No file is accessed."""

from __future__ import annotations

from pathlib import Path

from subtitled.library.paths import is_local_path
from subtitled.plugin import PathMap


def to_local_path(path: str, pairs: tuple[tuple[str, str], ...]) -> Path | None:
    """Convert a sender's path by the first pair of (our folder, its folder) that fits.

    Returns:
        None if the result is no path of this machine: a relative one, one of Windows without a pair
        that fits, or one with ``..`` or a zero character.
    """
    if "\0" in path:
        return None
    mapped = PathMap(pairs).to_local(path)
    return mapped if is_local_path(mapped) else None

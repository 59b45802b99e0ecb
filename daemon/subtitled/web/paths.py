"""The paths of others as paths of ours: by component, never by mere beginning; nothing is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

LONGEST = 4096
"""Bytes of a path on Linux, with the zero that ends it."""


def ours(path: str, pairs: Sequence[tuple[str, str]]) -> Path | None:
    """A sender's path on this machine, by the first pair of (our folder, its folder) that fits.

    None for what is no path of this machine: relative, of Windows without a pair that fits, with
    ``..`` in it or a zero character.
    """
    if "\0" in path or not _is_name(path):
        return None
    for mine, other in pairs:
        folder = _flavoured(other)
        there = type(folder)(path)
        if there.is_relative_to(folder):
            return _whole(Path(mine).joinpath(*there.relative_to(folder).parts))
    if isinstance(_flavoured(path), PureWindowsPath):
        return None
    return _whole(Path(path))


def _is_name(path: str) -> bool:
    """Whether it can be the bytes of a path; what is no UTF-8 is written as ``\\udc80`` to ff."""
    try:
        return len(os.fsencode(path)) < LONGEST
    except UnicodeEncodeError:
        return False


def _whole(path: Path) -> Path | None:
    return path if path.is_absolute() and ".." not in path.parts else None


def _flavoured(folder: str) -> PurePath:
    """A folder in the manner of its system: backslashes in front or a drive letter mean Windows."""
    windows = folder.startswith("\\\\") or folder[1:3] in (":\\", ":/", ":")
    return PureWindowsPath(folder) if windows else PurePosixPath(folder)

"""Exchanging two files in one step, for which Python has no function."""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def exchange(first: Path, second: Path) -> bool:
    """Give each of two files the name of the other.

    Returns:
        False if the system or the file system cannot do that, or one of the files is not there.
        Then nothing has changed.
    """
    function = _find_function()
    if function is None:
        return False
    paths = os.fsencode(first), os.fsencode(second)
    return bool(function(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


@functools.cache
def _find_function() -> Any:
    return getattr(ctypes.CDLL(None), "renameat2", None)

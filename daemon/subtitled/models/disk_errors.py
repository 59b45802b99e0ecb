"""Errors of the disk that holds the models, as errors with a hint."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from subtitled.plugin import SetupError, TransientError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


@contextlib.contextmanager
def translate_disk_errors(folder: Path) -> Iterator[None]:
    """Convert errors of the file system to errors with the cause and a hint.

    Args:
        folder: The folder of the models.

    Raises:
        TransientError: The disk is full, or fails.
        SetupError: The folder cannot be written to.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise TransientError(
                f"no space for models is left in {folder}", "Free some space, then try again"
            ) from error
        if error.errno in _NOT_WRITABLE:
            raise SetupError(
                f"models cannot be kept in {folder}: {error.strerror}",
                "Set daemon.models_dir to a folder that the daemon may write to",
            ) from error
        raise TransientError(
            f"a file of the model failed: {error.filename or folder}: {error.strerror or error}",
            f"Look at the disk of {folder}, then try again",
        ) from error

"""Reading a sidecar without leaving its library."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import InputRejectedError
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES


def read_inside(path: Path, library: LibrarySettings, limit: int = MAX_SUBTITLE_BYTES) -> bytes:
    """Read a regular file within a library, without leaving it by ``..`` or a link.

    Each folder is opened from the one before, so none can be replaced by a link meanwhile. If the
    library follows links, the resolved path counts, which must be inside.

    Raises:
        OSError: It is not there, or not inside.
        InputRejectedError: It is no regular file, or too large.
    """
    root = library.path
    if library.follow_symlinks:
        root, path = Path(os.path.realpath(root)), Path(os.path.realpath(path))
    if ".." in path.parts or not path.is_relative_to(root) or path == root:
        raise FileNotFoundError
    *folders, name = path.relative_to(root).parts
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(part, flags, dir_fd=folder)
            os.close(folder)
            folder = inner
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=folder)
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputRejectedError("the sidecar is no file", "Take it out of the library")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InputRejectedError(
            f"the sidecar has more than {limit} bytes, which no subtitle has",
            "Take it out of the library",
        )
    return content

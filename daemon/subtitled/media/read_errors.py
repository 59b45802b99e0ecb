"""Errors of the disk while ffmpeg reads a media file, told apart from the end of the file.

After a read error ffmpeg writes what it has decoded so far and exits with status 0. Only its last
lines tell of the error. Some demuxers call a fault inside a file an input/output error too. So
after such an error the file is read here, and ffmpeg is run a second time.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence
from pathlib import Path

from subtitled.plugin import TransientError
from subtitled.plugin.limits import DISK_ERRORS
from subtitled.plugin.paths import display_path

END_BYTES = 16 << 20
"""Bytes at the beginning and at the end of a file in which its header and its index stand."""
_BLOCK_BYTES = 1 << 20
_OF_THE_FILE = (errno.EACCES, errno.ENOENT, errno.ENOSPC)
"""Errors that are those of the media file only in a line that begins with its URL."""
_NUMBERS = {os.strerror(number).encode(): number for number in (*DISK_ERRORS, *_OF_THE_FILE)}
_LINE = re.compile(rb": (" + b"|".join(map(re.escape, _NUMBERS)) + rb")\s*$")
_IN_OUTPUT = re.compile(
    rb"\[out#|\[aost#|_write_frame|muxer|writing|closing file|output file", re.I
)
"""What a line about the written file contains."""


def find_read_error(line: bytes, urls: Sequence[bytes]) -> int:
    """Return the number of the error that a line of ffmpeg reports about what it reads; 0 if none.

    Args:
        line: A line of stderr.
        urls: The URLs of the media files.
    """
    found = _LINE.search(line)
    if found is None:
        return 0
    number = _NUMBERS[found[1]]
    if any(line.startswith(url + b": ") for url in urls):
        return number
    return 0 if number in _OF_THE_FILE or _IN_OUTPUT.search(line) else number


def check_readable(path: Path, *, ends_only: bool = False) -> None:
    """Read a file, and forget what was read.

    Args:
        path: The file.
        ends_only: Whether to read only :data:`END_BYTES` at its beginning and at its end.

    Raises:
        OSError: A part of it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        middle = min(END_BYTES, size) if ends_only else size
        position = 0
        while position < size:
            if middle <= position < size - END_BYTES:
                position = size - END_BYTES
                file.seek(position)
            position += len(file.read(_BLOCK_BYTES)) or size


def passing_error(path: Path) -> TransientError:
    """Return the error for a file of which ffmpeg reads more, or less, when it reads it again."""
    return TransientError(
        f"{display_path(path)} could not be read to its end: {os.strerror(errno.EIO)}",
        "Check the disk or mount",
    )

"""Files that survive a power failure, and their hashes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

_HASH_BLOCK_BYTES = 8 << 20
"""Bytes that are hashed at once. After each, a thread waits while others run Python code."""


def write_atomic(target: Path, content: bytes, temporary: Path | None = None) -> None:
    """Write a file so that a power failure leaves either the old file or all of the new one.

    Args:
        target: The file. Missing folders are created.
        content: The new content.
        temporary: The file to write first, in the same folder. By default its name follows from
            that of the target. Give one of your own if other processes may write the target too.

    Raises:
        OSError: The file cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary or target.with_name(f".{target.name}.tmp")
    write_synced(temporary, content)
    replace_synced(temporary, target)


def write_synced(
    path: Path, content: bytes, before_sync: Callable[[Path], object] | None = None
) -> None:
    """Write a new file and flush it to the disk.

    An existing file is deleted first and never written into: after a crash it may be a second name
    of another file, and in a folder that others write to it may be a link to anywhere.

    Args:
        path: The file.
        content: Its content.
        before_sync: Is called with the path when all is written, for what is flushed along with it.

    Raises:
        OSError: The file cannot be written.
    """
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        if before_sync is not None:
            before_sync(path)
        os.fsync(file.fileno())


def replace_synced(source: Path, target: Path) -> None:
    """Rename a file, over the target if it exists, and flush the folder to the disk.

    The content has to be on the disk already, as after :func:`write_synced` or :func:`sync_path`.

    Args:
        source: The file.
        target: Its new path, in the same file system.

    Raises:
        OSError: The file cannot be renamed.
    """
    source.replace(target)
    sync_path(target.parent)


def sync_path(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk.

    Args:
        path: A file or a folder.

    Raises:
        OSError: It cannot be flushed. Some network file systems cannot flush folders.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_file(path: Path) -> str:
    """Compute the SHA-256 of a file.

    Args:
        path: The file.

    Returns:
        64 hexadecimal digits.

    Raises:
        OSError: The file cannot be read.
    """
    digest, buffer = hashlib.sha256(), memoryview(bytearray(_HASH_BLOCK_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
    return digest.hexdigest()

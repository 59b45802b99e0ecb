"""The fingerprint of a file: identity by content, which survives renames, moves and restores."""

from __future__ import annotations

import hashlib
from pathlib import Path

from subtitled.db.database import Database

BLOCK_BYTES = 64 * 1024
SAMPLE_COUNT = 16
"""The number of blocks that are read. They are spread over the file, from its first to its last."""


def content_fingerprint(path: Path) -> str:
    """Compute the fingerprint of a file.

    It is a hash of the size and of samples, as 32 hexadecimal digits.

    At most 1 MiB is read.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest = hashlib.sha256(size.to_bytes(8, "big"))
        if size <= BLOCK_BYTES * SAMPLE_COUNT:
            file.seek(0)
            digest.update(file.read())
        else:
            for sample in range(SAMPLE_COUNT):
                file.seek((size - BLOCK_BYTES) * sample // (SAMPLE_COUNT - 1))
                digest.update(file.read(BLOCK_BYTES))
    return digest.hexdigest()[:32]


def fingerprint_of(db: Database, path: Path) -> str:
    """Return the fingerprint of a file, from the database if it is stored there.

    Raises:
        OSError: The file cannot be read.
    """
    return db.files.known_fingerprint(path.stat()) or content_fingerprint(path)

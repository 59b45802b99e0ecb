"""Identity by content: what makes a renamed, moved or restored file the same file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from subtitled.db.database import Database

BLOCK_BYTES = 64 * 1024
SAMPLE_COUNT = 16
"""Blocks that are read, spread over the whole file, the first and the last among them."""


def content_fingerprint(path: Path) -> str:
    """Size and a hash of samples, as 32 hexadecimal digits; at most 1 MiB is read.

    Raises ``OSError``.
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

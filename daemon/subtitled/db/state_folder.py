"""The names of databases and folders in the state folder, and the names that they had before."""

from __future__ import annotations

from pathlib import Path

DATABASE_FILE = "subtitled.sqlite"
"""The database of files, sidecars, outboxes and commands."""
QUEUE_FILE = "jobs.sqlite"
"""The database of the job queue and its steps."""
WEB_DATABASE_FILE = "web.sqlite"
"""The database of the users, sessions and keys of the HTTP port, with hashes only."""
SIGNATURES_FOLDER = "signatures"
"""Signatures of sidecars on file systems without extended attributes."""
REMOVED_FOLDER = "removed"
"""Sidecars of ours that were removed, as they were."""
TRANSCRIPTS_FOLDER = "transcripts"
"""The transcript store."""

WAL_SUFFIXES = ("-wal", "-shm")
"""Endings of the files that belong to an SQLite database in use."""

OLD_NAMES = {
    "work.sqlite": QUEUE_FILE,
    "provenance": SIGNATURES_FOLDER,
    "withdrawn": REMOVED_FOLDER,
    "ledger.sqlite": DATABASE_FILE,
}
"""The names of versions before 0.1.0."""


def rename_old_files(folder: Path) -> None:
    """Rename the files and folders of an older version.

    A present name that exists already is not overwritten. A crash in between loses nothing: the
    write-ahead log is renamed before its database, so the next call continues where this one ended.

    Raises:
        OSError: A file cannot be renamed.
    """
    for old, new in OLD_NAMES.items():
        if not (folder / old).exists() or (folder / new).exists():
            continue
        for suffix in (*WAL_SUFFIXES, "") if old.endswith(".sqlite") else ("",):
            if (folder / (old + suffix)).exists():
                (folder / (old + suffix)).rename(folder / (new + suffix))

"""The ledger in bulk: what it knows of a library, in order, and what is different, in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from .comparison import Differences, Known
from .database import many, rows, words, writing
from .identities import MOST, returned, signed
from .records import MOVED_BY_SIDECARS, FileState

PAGE = 2000
"""Rows that are read at once."""

_AS_NEW = "attempts = 0, crashes = 0, job_id = NULL, reason = '', cure = ''"
_OTHER = (
    "previous_content_id = coalesce(content_id, previous_content_id), content_id = NULL, "
    "was = NULL, missing_since = NULL"
)
"""What becomes of a row when other content lies at its path."""
_NOT_TO_BE_LOOKED_AT = ", ".join(
    f"'{state}'" for state in (FileState.QUEUED, FileState.WORKING, FileState.MISSING)
)
_MOVED = ", ".join(f"'{state}'" for state in sorted(MOVED_BY_SIDECARS))


class Inventory:
    """The files in a ledger's database, many at a time. Paths are bytes, times seconds."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._words = words(engine)
        # By the index of the paths, whatever else there is.
        self._of_library = (
            "SELECT path, size, mtime_ns, beside FROM files "
            f"WHERE {self._words.unindexed}library = ?"
        )

    def below(self, library: str, folder: bytes) -> Iterator[list[Known]]:
        """Pages of what a library has below a folder, in the order of the paths' bytes.

        Each is read by itself, so that no reader holds up the tidying of the write-ahead log.
        """
        stem = folder.rstrip(b"/")
        last, end = stem + b"/", stem + b"0"  # the byte after "/"
        query = f"{self._of_library} AND path > ? AND path < ? ORDER BY path LIMIT {PAGE}"
        while page := self._rows(query, (library, last, end)):
            yield page
            last = page[-1][0]

    def at(self, library: str, paths: Sequence[bytes]) -> dict[bytes, Known]:
        """What a library has of these paths."""
        found: dict[bytes, Known] = {}
        for begin in range(0, len(paths), 500):
            some = tuple(paths[begin : begin + 500])
            query = f"{self._of_library} AND path IN ({','.join('?' * len(some))})"
            found.update((row[0], row) for row in self._rows(query, (library, *some)))
        return found

    def take(
        self,
        library: str,
        found: Differences,
        priority: int,
        now: float,
        until: float,
        *,
        event: bool = True,
        reopen: bool = True,
        asked: Sequence[bytes] = (),
    ) -> None:
        """Write a batch of differences down, in one transaction.

        A file that is new may be known to another library, whose folder is now this one's. New and
        changed files settle until they are looked at. Only an ``event`` brings forward one
        that was found to grow, or makes anything of subtitles where none were known of before; a
        walk comes by anyway. A file whose subtitles changed is decided anew if they may matter,
        which ``reopen`` says. Files that are gone are to be looked at ``now``. Of the files in
        ``asked``, changed or not, those that wait take the priority if it is higher. Another
        process may have written the same meanwhile, which does no harm.
        """
        with writing(self._engine) as connection:
            many(
                connection,
                "INSERT INTO files (library, path, device, inode, size, mtime_ns, beside, state, "
                "priority, steady_since, updated_at, next_try_at) "
                f"VALUES (?, ?, ?, ?, ?, ?, ?, '{FileState.SETTLING}', ?, ?, ?, ?) "
                "ON CONFLICT (path) DO UPDATE SET library = excluded.library",
                [
                    (library, path, *_identity(stat), mark, priority, now, now, until)
                    for path, stat, mark in found.new
                ],
            )
            many(
                connection,
                "UPDATE files SET device = ?, inode = ?, size = ?, mtime_ns = ?, "
                f"beside = ?, priority = {self._words.least}(priority, ?), steady_since = ?, "
                "updated_at = ?, "
                f"next_try_at = ?, {_AS_NEW}, {_OTHER}, "
                f"looks = CASE state WHEN '{FileState.GROWING}' THEN looks ELSE 0 END, "
                f"state = CASE state WHEN '{FileState.GROWING}' THEN state "
                f"ELSE '{FileState.SETTLING}' END "
                "WHERE path = ?" + ("" if event else f" AND state <> '{FileState.GROWING}'"),
                [
                    (*_identity(stat), mark, priority, now, now, until, path)
                    for path, stat, mark in found.changed
                ],
            )
            if reopen:
                differs = self._words.differs if event else "<>"
                many(
                    connection,
                    f"UPDATE files SET state = '{FileState.SETTLING}', next_try_at = ?, {_AS_NEW} "
                    f"WHERE path = ? AND beside {differs} ? AND state IN ({_MOVED})",
                    [(now, path, mark) for path, _, mark in found.beside],
                )
            many(
                connection,
                "UPDATE files SET beside = ? WHERE path = ?",
                [(mark, path) for path, _, mark in found.beside],
            )
            # Only now: of what was missing nobody knows which subtitles it had.
            returned(connection, [path for path, _, _ in found.beside], now)
            many(
                connection,
                "UPDATE files SET next_try_at = ? WHERE path = ? "
                f"AND state NOT IN ({_NOT_TO_BE_LOOKED_AT})",
                [(now, path) for path in found.gone],
            )
            many(
                connection,
                "UPDATE files SET priority = ? WHERE path = ? AND priority > ? "
                f"AND state IN ('{FileState.SETTLING}', '{FileState.GROWING}')",
                [(priority, path, priority) for path in asked],
            )

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[Known]:
        with self._engine.connect() as connection:
            return rows(connection, query, values)


def _identity(stat: os.stat_result) -> tuple[int, int, int, int]:
    device, inode = stat.st_dev, stat.st_ino
    if inode > MOST or device > MOST:
        device, inode = signed(device), signed(inode)
    return device, inode, stat.st_size, stat.st_mtime_ns

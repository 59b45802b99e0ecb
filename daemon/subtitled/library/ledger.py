"""The ledger: what lies in the libraries, and what became of it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.dialects.sqlite import insert

from subtitled.plugin import Misconfigured

from .database import open_engine, writing
from .mailbox import Mailbox
from .records import BACKFILL, DECIDED, FileRecord, FileState, file_record
from .schema import files
from .sidecars import Sidecars

_UPGRADING = threading.Lock()


class Ledger:
    """The ledger in one SQLite file. Threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        """Open it, made or upgraded. Raises :class:`Misconfigured` if it is from the future."""
        self.path = path
        self._engine = open_engine(path)
        _upgrade(self._engine, path)
        self.sidecars = Sidecars(self._engine)
        self.mailbox = Mailbox(self._engine, path)

    def close(self) -> None:
        self.mailbox.close()
        self._engine.dispose()

    def noticed(
        self, library: str, path: Path, stat: os.stat_result, priority: int = BACKFILL
    ) -> None:
        """A file was seen. One that is as it was stays what it is; a changed one settles anew."""
        key, now = os.fsencode(path), time.time()
        identity = {
            "device": _signed(stat.st_dev),
            "inode": _signed(stat.st_ino),
            "size": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
        }
        with writing(self._engine) as c:
            known = c.execute(sa.select(files).where(files.c.path == key)).mappings().first()
            if known is None:
                fresh = {"state": FileState.SETTLING, "steady_since": now, "updated_at": now}
                c.execute(
                    insert(files).values(
                        library=library, path=key, priority=priority, **identity, **fresh
                    )
                )
            elif (known["size"], known["mtime_ns"]) != (stat.st_size, stat.st_mtime_ns):
                self._settle(c, known["id"], now, min(priority, known["priority"]), identity)
            elif known["library"] != library:
                c.execute(files.update().where(files.c.id == known["id"]).values(library=library))

    def settle(self, file_id: int, priority: int | None = None) -> None:
        """Have a file looked at anew, whatever is remembered of it."""
        with self._engine.begin() as c:
            self._settle(c, file_id, time.time(), priority, {})

    def get(self, path: Path) -> FileRecord | None:
        return self._one(files.c.path == os.fsencode(path))

    def by_id(self, file_id: int) -> FileRecord | None:
        return self._one(files.c.id == file_id)

    def in_state(self, *states: FileState) -> Iterator[FileRecord]:
        """Files in any of the states, most urgent first, read a page at a time."""
        query = (
            sa.select(files)
            .where(files.c.state.in_(states))
            .order_by(files.c.priority, files.c.steady_since.desc(), files.c.id)
        )
        with self._engine.connect().execution_options(yield_per=500) as c:
            for page in c.execute(query).mappings().partitions():
                yield from map(file_record, page)

    def due(self, now: float, most: int, settle: Mapping[str, float]) -> list[FileRecord]:
        """Files that may have settled or whose next try has come, most urgent and newest first.

        ``settle`` has the seconds of each library that is there: files of others wait, and do
        not stand in the way. A time in the future is one that the clock was set back from.
        """
        seen = files.c.steady_since
        rested = sa.or_(
            sa.false(),
            *(
                sa.and_(files.c.library == name, sa.or_(seen <= now - seconds, seen > now))
                for name, seconds in settle.items()
            ),
        )
        settled = sa.and_(files.c.state == FileState.SETTLING, rested)
        tried_again = sa.and_(files.c.state == FileState.RETRYING, files.c.next_try_at <= now)
        query = (
            sa.select(files)
            .where(files.c.library.in_(list(settle)), sa.or_(settled, tried_again))
            .order_by(files.c.priority, files.c.steady_since.desc(), files.c.id)
            .limit(most)
        )
        with self._engine.connect() as c:
            return [file_record(row) for row in c.execute(query).mappings()]

    def stale(self, library: str, digest: str) -> int:
        """Have every decided file of a library looked at anew that was decided under other
        settings; how many there are."""
        with self._engine.begin() as c:
            changed = c.execute(
                files.update()
                .where(
                    files.c.library == library,
                    files.c.state.in_([*DECIDED, FileState.RETRYING]),
                    files.c.settings_digest != digest,
                )
                .values(state=FileState.SETTLING, attempts=0, next_try_at=None)
            )
            return changed.rowcount

    def set_state(self, file_id: int, state: FileState, **values: Any) -> None:
        """Move a file on. What is not named is emptied or kept: reasons go, identity stays."""
        said = {"reason": "", "cure": "", "progress": "", "next_try_at": None, **values}
        if state in DECIDED and state is not FileState.FAILED:
            said.setdefault("attempts", 0)
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.id == file_id)
                .values(state=state, updated_at=time.time(), **said)
            )

    def set_progress(self, path: Path, progress: str) -> None:
        with self._engine.begin() as c:
            c.execute(
                files.update().where(files.c.path == os.fsencode(path)).values(progress=progress)
            )

    def still_unsettled(self, file_id: int, stat: os.stat_result, now: float) -> None:
        """A file has changed again, or is written to: it begins to settle anew."""
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.id == file_id)
                .values(
                    size=stat.st_size,
                    mtime_ns=stat.st_mtime_ns,
                    steady_since=now,
                    state=FileState.SETTLING,
                    next_try_at=None,
                )
            )

    def forget(self, file_id: int) -> None:
        """A file is gone. Its transcript and what we know of its sidecars stay."""
        with self._engine.begin() as c:
            c.execute(files.delete().where(files.c.id == file_id))

    def counts(self) -> dict[FileState, int]:
        """How many files are in each state."""
        query = sa.select(files.c.state, sa.func.count()).group_by(files.c.state)
        with self._engine.connect() as c:
            return {FileState(state): number for state, number in c.execute(query)}

    def beside(self, sidecar: Path) -> list[FileRecord]:
        """Files in a sidecar's folder; their names may be those of its media."""
        folder = os.fsencode(sidecar.parent).rstrip(b"/") + b"/"
        name = sa.func.substr(files.c.path, len(folder) + 1)
        query = sa.select(files).where(
            files.c.path > folder,
            files.c.path < folder[:-1] + b"0",  # the byte after "/"
            sa.func.instr(name, b"/") == 0,
        )
        with self._engine.connect() as c:
            return [file_record(row) for row in c.execute(query).mappings()]

    def knows_files_of(self, library: str) -> bool:
        """Whether any file of a library was ever noticed."""
        query = sa.select(files.c.id).where(files.c.library == library).limit(1)
        with self._engine.connect() as c:
            return c.execute(query).first() is not None

    def _one(self, condition: sa.ColumnElement[bool]) -> FileRecord | None:
        with self._engine.connect() as c:
            row = c.execute(sa.select(files).where(condition)).mappings().first()
        return file_record(row) if row is not None else None

    @staticmethod
    def _settle(
        c: sa.Connection, file_id: int, now: float, priority: int | None, identity: dict[str, Any]
    ) -> None:
        values = {
            **identity,
            "state": FileState.SETTLING,
            "steady_since": now,
            "updated_at": now,
            "attempts": 0,
            "next_try_at": None,
            "job_id": None,
            "reason": "",
            "cure": "",
        }
        if priority is not None:
            values["priority"] = priority
        c.execute(files.update().where(files.c.id == file_id).values(**values))


def _signed(number: int) -> int:
    """Inodes have 64 bits, and pooled and network file systems use the highest; SQLite has 63."""
    return number - 2**64 if number >= 2**63 else number


def _upgrade(engine: sa.Engine, path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        # Alembic keeps its state in the module, so threads take turns; processes by the lock.
        with _UPGRADING, writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise Misconfigured(
            f"the ledger {path} was made by a newer version of subtitled ({error})",
            "Install that version again, or move the ledger away to begin anew",
        ) from error

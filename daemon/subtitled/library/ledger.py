"""The ledger: what lies in the libraries, and what became of it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from subtitled.plugin import Misconfigured

from .backup import BEFORE_UPGRADE, copy_database
from .comparison import Differences
from .database import is_file, open_engine, writing
from .egress import Egress
from .identities import CHANGED, Identities
from .inventory import Inventory
from .mailbox import Mailbox
from .notices import Notices
from .provenance import ProvenanceStore
from .records import BACKFILL, DECIDED, FAILURES, FileRecord, FileState, file_record
from .schema import files, metadata
from .settling import Verdict
from .sidecars import Sidecars
from .tellings import Tellings

_UPGRADING = threading.Lock()


class Ledger:
    """The ledger in one SQLite file, or in a PostgreSQL database. Threads and processes, and in a
    server machines, may share it."""

    def __init__(self, path: Path, server: str | None = None) -> None:
        """Open it, made or upgraded; with the address of a ``server`` it is there, and only what
        is kept in files lies where ``path`` says. Raises :class:`Misconfigured` if it is from the
        future."""
        self.path = path
        self._engine = open_engine(path, server)
        _upgrade(self._engine, path)
        self.identities = Identities(self._engine)
        self.inventory = Inventory(self._engine)
        self.sidecars = Sidecars(self._engine, ProvenanceStore(path.parent / "provenance"))
        self.tellings = Tellings(self._engine)
        self.mailbox = Mailbox(self._engine, path)
        self.notices = Notices(self._engine)
        self.egress = Egress(self._engine)

    def close(self) -> None:
        self.mailbox.close()
        self._engine.dispose()

    def noticed(
        self, library: str, path: Path, stat: os.stat_result, priority: int = BACKFILL
    ) -> None:
        """A file was seen. One that is as it was stays what it is; a changed one settles anew."""
        key, now = os.fsencode(path), time.time()
        known, found = self.inventory.at(library, [key]), Differences()
        # Of its subtitles nothing is said: what is known of those stays.
        mark = (known[key][3] if key in known else None) or 0
        found.hold([(key, stat, mark)], known)
        self.inventory.take(library, found, priority, now, now, reopen=False, asked=[key])

    def settle(self, file_id: int, priority: int | None = None) -> None:
        """Have a file looked at anew now, whatever is remembered of it."""
        now = time.time()
        values: dict[str, Any] = {
            "state": FileState.SETTLING,
            "updated_at": now,
            "attempts": 0,
            "crashes": 0,
            "looks": 0,
            "next_try_at": now,
            "job_id": None,
            "reason": "",
            "cure": "",
            "missing_since": None,
            "was": None,
        }
        if priority is not None:
            values["priority"] = priority
        with self._engine.begin() as c:
            c.execute(files.update().where(files.c.id == file_id).values(**values))

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

    def due(self, now: float, most: int, libraries: Collection[str]) -> list[FileRecord]:
        """Files whose time to be looked at has come, most urgent and newest first.

        Files of libraries that are not named wait, and do not stand in the way. What was written
        down in the future was written before the clock was set back, and is due.
        """
        found = list[FileRecord]()
        with self._engine.connect() as c:
            for name in libraries:
                query = (
                    sa.select(files)
                    .where(
                        files.c.library == name,
                        files.c.next_try_at.is_not(None),
                        sa.or_(files.c.next_try_at <= now, files.c.updated_at > now),
                    )
                    .order_by(files.c.priority, files.c.steady_since.desc())
                    .limit(most)
                )
                found += [file_record(row) for row in c.execute(query).mappings()]
        found.sort(key=lambda record: (record.priority, -record.steady_since, record.id))
        return found[:most]

    def next_due(self, library: str) -> float | None:
        """When the next file of a library is to be looked at, None if none is."""
        query = sa.select(sa.func.min(files.c.next_try_at)).where(
            files.c.library == library, files.c.next_try_at.is_not(None)
        )
        with self._engine.connect() as c:
            at: float | None = c.execute(query).scalar()
            return at

    def wake(self) -> int:
        """Have every file that waits for its hours or for an engine looked at now; how many."""
        with self._engine.begin() as c:
            waiting = files.c.state == FileState.WAITING
            return c.execute(files.update().where(waiting).values(next_try_at=time.time())).rowcount

    def stale(self, library: str, digest: str) -> int:
        """Have every decided file of a library looked at anew that was decided under other
        settings; how many there are."""
        decided = files.c.state.in_([*DECIDED, FileState.RETRYING])
        return self._look_anew(library, decided, files.c.settings_digest != digest)

    def stale_failures(self, library: str, makers: str) -> int:
        """Have every file of a library looked at anew that other engines than now failed at, or
        could not serve; how many there are."""
        failed = files.c.state.in_([*FAILURES, FileState.UNSATISFIABLE])
        return self._look_anew(library, failed, files.c.makers_digest != makers)

    def set_state(
        self, file_id: int, state: FileState, *, of_job: FileRecord | None = None, **values: Any
    ) -> bool:
        """Move a file on. What is not named is emptied or kept: reasons go, identity stays.

        ``of_job``: the file as the job knows it. A job whose file has got another one since, or
        none, or is worked on by another process, has no say any more; whether it had.
        """
        said = {"reason": "", "cure": "", "progress": "", "next_try_at": None, **values}
        if state in DECIDED - FAILURES:
            said = {"attempts": 0, "crashes": 0, **said}
        the_file = files.c.id == file_id
        if of_job is not None:
            the_file = sa.and_(
                the_file,
                files.c.job_id == of_job.job_id,
                files.c.worker.is_not_distinct_from(of_job.worker),
            )
        with self._engine.begin() as c:
            moved = c.execute(
                files.update().where(the_file).values(state=state, updated_at=time.time(), **said)
            )
            return moved.rowcount > 0

    def set_progress(self, path: Path, progress: str) -> None:
        with self._engine.begin() as c:
            c.execute(
                files.update().where(files.c.path == os.fsencode(path)).values(progress=progress)
            )

    def unsettled(self, file_id: int, stat: os.stat_result, verdict: Verdict, now: float) -> None:
        """A file is not to be taken yet: as it is now, why, and when it is looked at again."""
        values: dict[str, Any] = {
            "size": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
            "state": FileState.GROWING if verdict.growing else FileState.SETTLING,
            "reason": verdict.why,
            "looks": verdict.looks,
            "next_try_at": verdict.wait_until,
            "updated_at": now,
        }
        if verdict.changed:
            values |= {"steady_since": now, "attempts": 0, "crashes": 0, "job_id": None}
            values |= CHANGED | {"cure": ""}
        with self._engine.begin() as c:
            c.execute(files.update().where(files.c.id == file_id).values(**values))

    def look_again(self, file_ids: Sequence[int], at: float | None) -> None:
        """Have a look at files at a time, whatever their state is; None: they are left to rest,
        but for those that somebody had settle anew meanwhile."""
        the_files: sa.ColumnElement[bool] = files.c.id.in_(file_ids)
        if at is None:
            the_files = sa.and_(the_files, files.c.state.in_(DECIDED))
        with self._engine.begin() as c:
            c.execute(files.update().where(the_files).values(next_try_at=at))

    def counts(self) -> dict[FileState, int]:
        """How many files are in each state."""
        query = sa.select(files.c.state, sa.func.count()).group_by(files.c.state)
        with self._engine.connect() as c:
            return {FileState(state): number for state, number in c.execute(query)}

    def knows_files_of(self, library: str) -> bool:
        """Whether any file of a library was ever noticed."""
        query = sa.select(files.c.id).where(files.c.library == library).limit(1)
        with self._engine.connect() as c:
            return c.execute(query).first() is not None

    def _look_anew(self, library: str, *which: sa.ColumnElement[bool]) -> int:
        with self._engine.begin() as c:
            changed = c.execute(
                files.update()
                .where(files.c.library == library, *which)
                .values(
                    state=FileState.SETTLING,
                    attempts=0,
                    crashes=0,
                    looks=0,
                    next_try_at=time.time(),
                )
            )
            return changed.rowcount

    def _one(self, condition: sa.ColumnElement[bool]) -> FileRecord | None:
        with self._engine.connect() as c:
            row = c.execute(sa.select(files).where(condition)).mappings().first()
        return file_record(row) if row is not None else None


def _upgrade(engine: sa.Engine, path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        # Alembic keeps its state in the module, so threads take turns; processes by the lock.
        with _UPGRADING, writing(engine) as connection:
            config.attributes["connection"] = connection
            now = MigrationContext.configure(connection).get_current_revision()
            if now is None and not is_file(engine):
                metadata.create_all(connection)
                command.stamp(config, "head")  # the steps until here were taken by SQLite alone
                return
            if is_file(engine):
                _keep_the_old(now, config, path)
            command.upgrade(config, "head")
    except CommandError as error:
        before = path.with_name(BEFORE_UPGRADE)
        raise Misconfigured(
            f"the ledger {path} was made by a newer version of subtitled ({error})",
            "Install that version again"
            + f"; or stop the daemon and put {before} in its place, which is the ledger from before"
            " the upgrade"
            * before.is_file()
            + "; or begin anew with: subtitled state rebuild --anew",
        ) from error


def _keep_the_old(now: str | None, config: Config, path: Path) -> None:
    """Copy a ledger that is about to be upgraded. Nothing is upgraded that could not be copied."""
    script = ScriptDirectory.from_config(config)
    if now is None or now == script.get_current_head():
        return
    script.get_revision(now)  # raises for one that only a newer version knows
    try:
        # What is read is what was committed last, although the write lock is held.
        copy_database(path, path.with_name(BEFORE_UPGRADE))
    except (OSError, sqlite3.Error) as error:
        raise Misconfigured(
            f"the ledger {path} cannot be copied before it is upgraded: {error}",
            f"Make room for a second one in {path.parent}",
        ) from error

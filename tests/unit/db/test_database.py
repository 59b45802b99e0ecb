"""The database: shared by processes, durable, and right about what changed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from subtitled.db import migrations
from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from subtitled.db.engine import open_engine, write_transaction
from subtitled.db.records import BACKFILL, FINAL_STATES, NEW, URGENT, FileState, StabilityVerdict
from subtitled.db.schema import files, metadata
from subtitled.plugin import Language, SetupError, SubtitleKind
from subtitled.subtitles.ownership import Signature
from support.seen_files import record_seen

WITH_SUPPORT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
"""The environment of processes that import the support of tests."""

NOTICE_MANY = """
import os, sys
from pathlib import Path
from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from support.seen_files import record_seen
database = Database(Path(sys.argv[1]), sys.argv[2] or None)
for number in range(40):
    record_seen(database, "films", Path(f"/films/{number}.mkv"), os.stat("/"))
    database.commands.enqueue(CommandKind.SCAN, Path(f"/films/{number}"))
print(len(database.commands.pending()))
"""


def stat_of(size: int, mtime_ns: int = 1, inode: int = 7, device: int = 1) -> os.stat_result:
    seconds = mtime_ns // 10**9
    return os.stat_result(
        (0o100644, inode, device, 1, 0, 0, size, seconds, seconds, seconds),
        {"st_mtime_ns": mtime_ns},
    )


@pytest.fixture
def db(tmp_path: Path, server: str | None) -> Database:
    return Database(tmp_path / "subtitled.sqlite", server)


def _the(db: Database, path: Path) -> int:
    record = db.files.get(path)
    assert record is not None
    return record.id


def test_an_unchanged_file_keeps_its_state(db: Database) -> None:
    film = Path("/films/a.mkv")
    record_seen(db, "films", film, stat_of(5))
    db.states.set_state(_the(db, film), FileState.FAILED, reason="no sound", hint="none")
    record_seen(db, "films", film, stat_of(5))
    record = db.files.get(film)
    assert record is not None
    assert (record.state, record.reason) == (FileState.FAILED, "no sound")


@pytest.mark.parametrize("changed", [stat_of(6), stat_of(5, mtime_ns=2)])
def test_a_changed_file_becomes_unstable_and_loses_its_failures(
    db: Database, changed: os.stat_result
) -> None:
    film = Path("/films/a.mkv")
    record_seen(db, "films", film, stat_of(5))
    db.states.set_state(_the(db, film), FileState.FAILED, reason="broken", attempts=8)
    record_seen(db, "films", film, changed, NEW)
    record = db.files.get(film)
    assert record is not None
    assert (record.state, record.attempts, record.reason) == (FileState.STABILISING, 0, "")
    assert record.priority == NEW


def test_a_name_that_is_not_text_is_kept_byte_for_byte(db: Database) -> None:
    film = Path(os.fsdecode(b"/films/caf\xe9 %s ?\n[x].mkv"))
    record_seen(db, "films", film, stat_of(5))
    assert [os.fsencode(r.path) for r in db.states.by_state(FileState.STABILISING)] == [
        os.fsencode(film)
    ]


def test_a_reason_may_name_a_file_whose_name_is_not_text(db: Database) -> None:
    """Such a sidecar covers its media file. Planning the library would end at that file."""
    film = Path(os.fsdecode(b"/films/caf\xe9.mkv"))
    record_seen(db, "films", film, stat_of(5))
    reason = os.fsdecode(b"en: covered by caf\xe9.en.srt, \xf0\x9f\x8e\xac (ours)")
    assert db.states.set_state(_the(db, film), FileState.UP_TO_DATE, reason=reason)
    record = db.files.get(film)
    assert record is not None
    assert record.reason == "en: covered by caf\ufffd.en.srt, \U0001f3ac (ours)"


def test_an_inode_of_64_bits_is_stored(db: Database) -> None:
    film = Path("/pool/a.mkv")
    record_seen(db, "films", film, stat_of(5, inode=2**64 - 3))
    assert db.files.get(film) is not None


@pytest.mark.thorough
def test_processes_may_notice_the_same_files_and_ask_for_the_same_at_once(
    tmp_path: Path, server: str | None
) -> None:
    database = tmp_path / "subtitled.sqlite"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", NOTICE_MANY, str(database), server or ""],
            stdout=subprocess.PIPE,
            env=WITH_SUPPORT,
            text=True,
        )
        for _ in range(3)
    ]
    waited = [int(process.communicate(timeout=60)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    db = Database(database, server)
    assert waited == [40, 40, 40]
    assert len(db.commands.pending()) == 40
    assert db.states.count_by_state() == {FileState.STABILISING: 40}


@pytest.mark.thorough
def test_threads_may_open_and_write_one_database_at_once(
    tmp_path: Path, server: str | None
) -> None:
    database, errors = tmp_path / "subtitled.sqlite", list[Exception]()

    def work(number: int) -> None:
        try:
            db = Database(database, server)
            for each in range(10):
                record_seen(db, "films", Path(f"/films/{each}.mkv"), stat_of(number))
        except (sa.exc.SQLAlchemyError, OSError, SetupError) as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Database(database, server).states.count_by_state() == {FileState.STABILISING: 10}


@pytest.mark.thorough
def test_reading_a_page_at_a_time_does_not_hold_up_writing(db: Database) -> None:
    for number in range(520):
        record_seen(db, "films", Path(f"/films/{number}.mkv"), stat_of(5))
    for record in db.states.by_state(FileState.STABILISING):
        db.states.set_state(record.id, FileState.DONE)
    assert db.states.count_by_state() == {FileState.DONE: 520}


def test_another_process_s_writing_is_noticed_cheaply(db: Database, server: str | None) -> None:
    before = db.kv.data_version()
    assert db.kv.data_version() == before
    other = Database(db.path, server)
    other.kv.set("paused", "by hand")
    assert db.kv.data_version() != before
    assert db.kv.get("paused") == "by hand"
    other.kv.set("paused", None)
    assert db.kv.get("paused") is None


def test_a_sidecar_that_was_edited_is_no_longer_ours(db: Database, tmp_path: Path) -> None:
    sidecar = tmp_path / "a.en.srt"
    sidecar.write_bytes(b"hello")
    assert not db.sidecars.is_ours(sidecar)
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    signature = Signature(
        fingerprint="c",
        name=sidecar.name,
        language=Language("en"),
        kind=SubtitleKind.FULL,
        format="srt",
        variant="base",
        created_at=1.0,
        sha256=digest,
        size_bytes=5,
    )
    db.sidecars.record_written(sidecar, tmp_path / "a.mkv", signature)
    assert db.sidecars.is_ours(sidecar)
    sidecar.write_bytes(b"better")
    assert not db.sidecars.is_ours(sidecar)
    sidecar.unlink()
    assert not db.sidecars.is_ours(sidecar)


def test_files_that_wait_for_an_absent_library_do_not_stand_in_the_way(db: Database) -> None:
    for number in range(10):
        record_seen(db, "away", Path(f"/away/{number}.mkv"), stat_of(5), NEW)
    record_seen(db, "films", Path("/films/a.mkv"), stat_of(5))
    now = 10**11
    assert [r.library for r in db.states.due_files(now, 5, ["films"])] == ["films"]
    assert db.states.due_files(now, 5, []) == []


def test_a_retry_comes_at_its_time_and_not_before(db: Database) -> None:
    film = Path("/films/a.mkv")
    record_seen(db, "films", film, stat_of(5))
    at = time.time() + 1000
    db.states.set_state(_the(db, film), FileState.RETRYING, next_check_at=at, attempts=1)
    assert db.states.due_files(at - 1, 5, ["films"]) == []
    assert len(db.states.due_files(at, 5, ["films"])) == 1


def test_only_files_of_the_same_folder_are_beside_a_sidecar(db: Database) -> None:
    for name in ("/f/a.mkv", "/f/sub/b.mkv", "/f0/c.mkv", "/f.mkv"):
        record_seen(db, "films", Path(name), stat_of(5))
    assert [str(r.path) for r in db.files.in_folder(Path("/f"))] == ["/f/a.mkv"]


def test_without_its_driver_a_postgresql_database_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SetupError, match="psycopg") as refused:
        open_engine(tmp_path / "subtitled.sqlite", "postgresql://u:secret@h/db")
    assert refused.value.hint == "Install it: pip install 'subtitled[postgres]'"


def test_a_damaged_file_is_rejected_with_its_name_and_a_hint(tmp_path: Path) -> None:
    database = tmp_path / "subtitled.sqlite"
    database.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(SetupError) as refused:
        Database(database)
    assert str(database) in refused.value.message
    assert "move it away" in refused.value.hint


def test_a_folder_that_is_not_there_is_not_called_damage(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as refused:
        Database(tmp_path / "nowhere" / "subtitled.sqlite")
    assert "damaged" not in refused.value.hint


def test_a_database_of_a_newer_version_is_rejected_and_unchanged(tmp_path: Path) -> None:
    database = tmp_path / "subtitled.sqlite"
    Database(database).close()
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SetupError, match="newer version"):
        Database(database)


def test_the_migrations_make_exactly_the_schema_of_the_code(tmp_path: Path) -> None:
    database = tmp_path / "subtitled.sqlite"
    Database(database).close()
    with open_engine(database).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_unstable_files_of_the_first_schema_are_due_at_once(tmp_path: Path) -> None:
    database = tmp_path / "subtitled.sqlite"
    engine = open_engine(database)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with write_transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for state in ("settling", "done"):
            connection.execute(
                sa.text(
                    "INSERT INTO files (library, path, device, inode, size, mtime_ns, state, "
                    "steady_since, updated_at) VALUES ('films', :path, 1, 1, 1, 1, :state, 5, 5)"
                ),
                {"path": f"/{state}.mkv".encode(), "state": state},
            )
    engine.dispose()
    assert [r.path for r in Database(database).states.due_files(10.0, 9, ["films"])] == [
        Path("/settling.mkv")
    ]


def test_the_path_of_a_database_may_contain_characters_of_urls(tmp_path: Path) -> None:
    Database(tmp_path / "a?b%20#c.sqlite").close()
    assert (tmp_path / "a?b%20#c.sqlite").is_file()


def test_committed_rows_outlive_a_power_cut(tmp_path: Path) -> None:
    with open_engine(Database(tmp_path / "subtitled.sqlite").path).connect() as connection:
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"


def _seen_at(db: Database, path: Path, when: float, priority: int) -> None:
    record_seen(db, "films", path, stat_of(5), priority)
    db.states.set_state(_the(db, path), FileState.STABILISING, added_at=int(when))
    verdict = StabilityVerdict(has_changed=True, check_at=when + 30)
    db.states.mark_unstable(_the(db, path), stat_of(5), verdict, when)


def test_due_files_come_most_urgent_first_and_then_newest_first(db: Database) -> None:
    for name, when, priority in (
        ("old backfill", 1000.0, BACKFILL),
        ("arrived first", 1010.0, NEW),
        ("new backfill", 1030.0, BACKFILL),
        ("arrived last", 1020.0, NEW),
        ("asked for", 1000.0, URGENT),
        ("too fresh", 1995.0, URGENT),
    ):
        _seen_at(db, Path(f"/films/{name}"), when, priority)
    oldest = db.states.due_files(10**11, 10, ["films"], ["films"])
    assert [r.path.name for r in oldest[2:4]] == ["arrived first", "arrived last"]
    assert [r.path.name for r in oldest[4:]] == ["old backfill", "new backfill"]
    assert [r.path.name for r in db.states.due_files(10**11, 3, ["films"], ["films"])] == [
        r.path.name for r in oldest[:3]
    ]
    expected = ["asked for", "arrived last", "arrived first", "new backfill", "old backfill"]
    assert [r.path.name for r in db.states.due_files(2000.0, 10, ["films"])] == expected
    assert [r.path.name for r in db.states.due_files(2000.0, 2, ["films"])] == expected[:2]
    assert [r.path.name for r in db.states.by_state(FileState.STABILISING)][:2] == [
        "too fresh",
        "asked for",
    ]
    assert db.states.next_check_at("films") == 1030.0
    assert db.states.next_check_at("shows") is None


def test_a_file_was_added_when_it_was_written_if_the_first_scan_found_it_else_now(
    db: Database,
) -> None:
    hour, now = 3600, time.time()
    for name, mtime, priority in (
        ("a.mkv", 500 * hour + 7, BACKFILL),
        ("b.mkv", 500 * hour + 7, NEW),
        ("c.mkv", now + 9 * hour, BACKFILL),
        ("d.mkv", -5, BACKFILL),
    ):
        stat = stat_of(5, int(mtime) * 10**9)
        record_seen(db, "films", Path(f"/films/{name}"), stat, priority)
    records = [db.files.get(Path(f"/films/{name}.mkv")) for name in "abcd"]
    assert all(record is not None and record.added_at % hour == 0 for record in records)
    first, arrived, future, negative = (record.added_at for record in records if record)
    assert (first, negative) == (500 * hour, 0)
    assert now - hour <= arrived <= now + 60
    assert now - hour <= future <= now + 60


def test_of_several_libraries_the_most_urgent_file_comes_first(db: Database) -> None:
    for library, priority in (("films", BACKFILL), ("shows", URGENT), ("clips", NEW)):
        record_seen(db, library, Path(f"/{library}/a.mkv"), stat_of(5), priority)
    due = db.states.due_files(10**11, 2, ["films", "shows", "clips"])
    assert [r.library for r in due] == ["shows", "clips"]


def test_due_files_are_found_without_sorting_a_million_files(tmp_path: Path) -> None:
    with open_engine(Database(tmp_path / "subtitled.sqlite").path).connect() as connection:
        plan = connection.execute(
            sa.text(
                "EXPLAIN QUERY PLAN SELECT * FROM files WHERE library = 'f' AND next_check_at "
                "IS NOT NULL AND (next_check_at <= 1 OR updated_at > 1) "
                "ORDER BY priority, added_at DESC, id LIMIT 9"
            )
        )
        text = " ".join(row[3] for row in plan)
    assert "ix_files_turn" in text
    assert "TEMP B-TREE" not in text


def test_a_file_updated_in_the_future_is_due_now(db: Database) -> None:
    _seen_at(db, Path("/films/a.mkv"), 5000.0, NEW)
    assert len(db.states.due_files(1000.0, 9, ["films"])) == 1


@pytest.mark.parametrize("state", list(FileState))
def test_every_state_survives_the_process_with_its_columns(
    db: Database, server: str | None, state: FileState
) -> None:
    film = Path("/films/a.mkv")
    record_seen(db, "films", film, stat_of(5))
    db.states.set_state(
        _the(db, film),
        state,
        reason="why",
        hint="what to do",
        fingerprint="c",
        spoken_language="es",
        settings_digest="d",
        job_id="j",
    )
    other = Database(db.path, server)
    record = other.files.get(film)
    assert record is not None
    fields = (record.state, record.reason, record.hint, record.fingerprint, record.spoken_language)
    assert fields == (state, "why", "what to do", "c", "es")
    assert (record.settings_digest, record.job_id) == ("d", "j")
    assert [r.id for r in other.states.by_state(state)] == [record.id]
    assert other.states.count_by_state() == {state: 1}


def test_a_new_state_clears_the_reason_and_keeps_the_fingerprint(db: Database) -> None:
    film = Path("/films/a.mkv")
    record_seen(db, "films", film, stat_of(5))
    file_id = _the(db, film)
    db.states.set_state(
        file_id, FileState.RETRYING, reason="disk full", hint="make room", attempts=3
    )
    db.states.set_state(file_id, FileState.WORKING, fingerprint="c", spoken_language="en")
    db.states.set_progress(film, "2 of 9", 0.2)
    db.states.set_state(file_id, FileState.DONE)
    record = db.files.get_by_id(file_id)
    assert record is not None
    assert (record.reason, record.hint, record.progress, record.attempts) == ("", "", "", 0)
    assert (record.progress_share, record.progress_since) == (None, None)
    assert (record.fingerprint, record.spoken_language, record.size) == ("c", "en", 5)


@pytest.mark.parametrize("state", list(FileState))
def test_changed_settings_cause_new_decisions_of_decided_files_only(
    db: Database, state: FileState
) -> None:
    for name, digest in (("then", "old"), ("now", "new")):
        path = Path(f"/films/{name}.mkv")
        record_seen(db, "films", path, stat_of(5))
        db.states.set_state(_the(db, path), state, settings_digest=digest, attempts=2)
    record_seen(db, "shows", Path("/shows/a.mkv"), stat_of(5))
    show = _the(db, Path("/shows/a.mkv"))
    db.states.set_state(show, state, settings_digest="old")
    opened = state in FINAL_STATES or state is FileState.RETRYING
    assert db.states.invalidate_decisions("films", "new") == int(opened)
    then, now = db.files.get(Path("/films/then.mkv")), db.files.get(Path("/films/now.mkv"))
    other = db.files.get_by_id(show)
    assert then is not None
    assert now is not None
    assert other is not None
    assert then.state is (FileState.STABILISING if opened else state)
    assert (now.state, other.state) == (state, state)


def test_a_requested_file_never_becomes_less_urgent(db: Database) -> None:
    film = Path("/films/a.mkv")
    record_seen(db, "films", film, stat_of(5), BACKFILL)
    db.states.set_state(_the(db, film), FileState.FAILED, reason="broken", attempts=5)
    db.states.requeue(_the(db, film), URGENT)
    record_seen(db, "films", film, stat_of(6), BACKFILL)
    record = db.files.get(film)
    assert record is not None
    assert (record.state, record.priority, record.attempts) == (FileState.STABILISING, URGENT, 0)


def test_a_deleted_file_record_keeps_its_sidecar_records(db: Database, server: str | None) -> None:
    film, sidecar = Path("/films/a.mkv"), Path("/films/a.pt-BR.forced.vtt")
    record_seen(db, "films", film, stat_of(5))
    for sha256 in ("first", "second"):
        signature = Signature(
            fingerprint="c",
            name=sidecar.name,
            language=Language("pt-BR"),
            kind=SubtitleKind.FORCED,
            format="vtt",
            variant="base",
            created_at=1.0,
            sha256=sha256,
            size_bytes=5,
        )
        db.sidecars.record_written(sidecar, film, signature)
    with write_transaction(open_engine(db.path, server)) as connection:
        connection.execute(files.delete().where(files.c.id == _the(db, film)))
    assert db.files.get(film) is None
    known = Database(db.path, server).sidecars.get(sidecar)
    assert known is not None
    assert (known.media, known.language, known.kind) == (
        film,
        Language("pt-BR"),
        SubtitleKind.FORCED,
    )
    assert (known.format, known.sha256) == ("vtt", "second")


def test_commands_are_pending_in_order_in_any_process_until_done(
    db: Database, server: str | None
) -> None:
    strange = Path(os.fsdecode(b"/films/caf\xe9.mkv"))
    for kind, path in (
        (CommandKind.SCAN, None),
        (CommandKind.RETRY, strange),
        (CommandKind.SCAN, None),
        (CommandKind.SCAN, strange),
    ):
        db.commands.enqueue(kind, path)
    other = Database(db.path, server)
    waiting = other.commands.pending()
    assert [(one.kind, one.path) for one in waiting] == [
        (CommandKind.RETRY, strange),
        (CommandKind.SCAN, None),
        (CommandKind.SCAN, strange),
    ]
    assert other.commands.pending(after=waiting[1].id) == waiting[2:]
    other.commands.mark_done(one.id for one in waiting[:2])
    assert db.commands.pending() == waiting[2:]
    other.close()


def test_a_command_enqueued_again_while_it_runs_is_executed_again(db: Database) -> None:
    db.commands.enqueue(CommandKind.PATH_CHANGED, Path("/films/a.mkv"))
    (first,) = db.commands.pending()
    db.commands.enqueue(CommandKind.PATH_CHANGED, Path("/films/a.mkv"))
    db.commands.mark_done([first.id])
    (second,) = db.commands.pending()
    db.commands.mark_done([second.id])
    assert second.id > first.id
    assert db.commands.pending() == []
    db.commands.enqueue(CommandKind.PATH_CHANGED, Path("/films/a.mkv"))
    assert db.commands.pending()[0].id > second.id


def test_keys_are_replaced_listed_by_prefix_and_deleted(db: Database, server: str | None) -> None:
    other = Database(db.path, server)
    for key, value in (
        ("server-error:a", "down"),
        ("server-error:b", "wrong key"),
        ("paused", "by hand"),
    ):
        db.kv.set(key, value)
    db.kv.set("server-error:a", "slow")
    assert other.kv.get_prefix("server-error:") == {
        "server-error:a": "slow",
        "server-error:b": "wrong key",
    }
    other.kv.set("server-error:a", None)
    assert db.kv.get_prefix("server-error:") == {"server-error:b": "wrong key"}
    db.kv.set("never set", None)


def test_a_truncated_database_is_rejected_and_unchanged(tmp_path: Path) -> None:
    database = tmp_path / "subtitled.sqlite"
    Database(database).close()
    half = database.read_bytes()[: database.stat().st_size // 2]
    database.write_bytes(half)
    with pytest.raises(SetupError, match="cannot be used"):
        Database(database)
    assert database.read_bytes() == half


KILLED = """
import sys, os, signal
from pathlib import Path
from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from support.seen_files import record_seen
database = Database(Path(sys.argv[1]))
for number in range(20):
    record_seen(database, "films", Path(f"/films/{number}.mkv"), os.stat("/"))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.thorough
def test_commits_of_a_killed_process_are_kept(tmp_path: Path) -> None:
    database = tmp_path / "subtitled.sqlite"
    script = [sys.executable, "-c", KILLED, str(database)]
    subprocess.run(script, check=False, timeout=60, env=WITH_SUPPORT)
    assert Database(database).states.count_by_state() == {FileState.STABILISING: 20}


def test_every_connection_of_the_database_is_durable(tmp_path: Path) -> None:
    """The setting belongs to each connection. One without it would lose committed rows."""
    db = Database(tmp_path / "subtitled.sqlite")
    with ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(db._engine.connect())
            assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2
            assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(sa.text("PRAGMA busy_timeout")).scalar() == 30000


def test_each_repository_is_created_once_however_many_threads_ask(tmp_path: Path) -> None:
    database = Database(tmp_path / "subtitled.sqlite")
    methods = {"close", "close_idle_connections"}
    names = [name for name in vars(Database) if not name.startswith("_") and name not in methods]
    assert {"history", "reviews", "sidecars", "judgements"} <= set(names)
    for name in names:
        barrier, seen = threading.Barrier(4), list[object]()

        def ask(name: str, barrier: threading.Barrier, seen: list[object]) -> None:
            barrier.wait(60)
            seen.append(getattr(database, name))

        threads = [threading.Thread(target=ask, args=(name, barrier, seen)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 4
        assert len({id(repository) for repository in seen}) == 1, name


def test_a_database_that_judged_no_text_is_closed_without_judgements(tmp_path: Path) -> None:
    database = Database(tmp_path / "subtitled.sqlite")
    database.close()
    assert "judgements" not in vars(database)


def test_partial_indexes_keep_their_condition_in_postgresql() -> None:
    statements: list[str] = []

    def keep(statement: sa.schema.ExecutableDDLElement, *_: object, **__: object) -> None:
        statements.append(str(statement.compile(dialect=server.dialect)))

    server = sa.create_mock_engine("postgresql+psycopg://", keep)
    metadata.create_all(server, checkfirst=False)
    partial = {s.partition(" ON ")[0].split()[-1]: s for s in statements if " WHERE " in s}
    own = {i.name for t in metadata.tables.values() for i in t.indexes if "where" in i.info}
    assert {"ix_files_turn", "ix_egress_log_open"} <= own
    assert own == set(partial)
    assert partial["ix_files_unexamined"].endswith("WHERE examined_at IS NULL")


def test_connections_that_nobody_uses_are_closed_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database = Database(path)

    def count_open() -> int:
        found = (
            os.readlink(link.path) for link in os.scandir("/proc/self/fd") if link.is_symlink()
        )
        return sum(target == str(path) for target in found)

    with ExitStack() as connections:
        for _ in range(4):
            connections.enter_context(database._engine.connect())
    assert count_open() == 4
    database.close_idle_connections()
    assert count_open() == 0
    database.kv.set("key", "value")
    assert database.kv.get("key") == "value"
    database.close()


def test_what_is_asked_each_second_needs_no_query_unless_something_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database, other = Database(path), Database(path)
    queries: list[str] = []
    sa.event.listen(
        database._engine, "before_cursor_execute", lambda *given: queries.append(given[2])
    )
    assert database.kv.watch_prefix("paused") == {}
    other.kv.set("paused", "by hand")
    other.kv.set("another", "value")
    assert database.kv.watch_prefix("paused") == {"paused": "by hand"}
    asked = len(queries)
    for _ in range(5):
        database.kv.watch_prefix("paused")["mine"] = "changed"
    assert database.kv.watch_prefix("paused") == {"paused": "by hand"}
    assert len(queries) == asked
    database.kv.set("paused", None)
    assert database.kv.watch_prefix("paused") == {}, "its own changes count too"
    for one in (database, other):
        one.close()

"""A database of revision 0007 keeps all its rows under the names of revision 0008."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from subtitled.db import migrations
from subtitled.db.actors import Actor
from subtitled.db.approvals import StoredApproval
from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from subtitled.db.egress_log import EgressState
from subtitled.db.engine import is_sqlite, open_engine, write_transaction
from subtitled.db.kv import (
    DEVICE_KEY,
    ENGINE_SPEED_KEY,
    PAUSED_KEY,
    PAUSED_LIBRARY_KEY,
    SCANNED_KEY,
)
from subtitled.db.outbox import DeliveryState
from subtitled.db.records import FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.plugin import (
    JobFailed,
    JobFinished,
    Language,
    Sidecar,
    SidecarChange,
    SubtitleKind,
    SubtitlePublished,
)
from support.postgres import PostgresServer

POSTGRES_SCHEMA = Path(__file__).with_name("schema_0007_postgres.sql")
"""The schema as the code of revision 0007 created it. It ran no revisions on PostgreSQL."""

STATES = {
    "settling": FileState.STABILISING,
    "growing": FileState.GROWING,
    "queued": FileState.QUEUED,
    "working": FileState.WORKING,
    "done": FileState.DONE,
    "nothing to do": FileState.UP_TO_DATE,
    "no speech": FileState.NO_SPEECH,
    "unsatisfiable": FileState.IMPOSSIBLE,
    "waiting": FileState.WAITING,
    "retrying": FileState.RETRYING,
    "failed": FileState.FAILED,
    "quarantined": FileState.QUARANTINED,
}
FATES = {
    "there": SidecarStatus.PRESENT,
    "yielded": SidecarStatus.YIELDED,
    "taken back": SidecarStatus.REMOVED_BY_USER,
}
DELIVERIES = {
    "waiting": DeliveryState.WAITING,
    "told": DeliveryState.SENT,
    "confirmed": DeliveryState.CONFIRMED,
    "cannot say": DeliveryState.UNVERIFIABLE,
    "not listed": DeliveryState.NOT_INDEXED,
}
REQUESTS = {
    "scan": CommandKind.SCAN,
    "look": CommandKind.PATH_CHANGED,
    "playing": CommandKind.PLAYBACK_STARTED,
    "lost": CommandKind.JOB_LOST,
    "first": CommandKind.PRIORITISE,
    "watched": CommandKind.PRIORITISE_WATCHING,
    "wake": CommandKind.WAKE_WAITING,
    "retry": CommandKind.RETRY,
    "cancel": CommandKind.CANCEL,
}
EGRESS = {
    "open": EgressState.OPEN,
    "sent": EgressState.SENT,
    "refused": EgressState.REFUSED,
    "not sent": EgressState.NOT_SENT,
}
KEYS = {
    "paused": ("by hand", PAUSED_KEY),
    "paused library films": ("until 99", f"{PAUSED_LIBRARY_KEY}films"),
    "walked films": ("7", f"{SCANNED_KEY}films"),
    "device of 2f66": ("64", f"{DEVICE_KEY}2f66"),
    "speed whisper": ("3.5", f"{ENGINE_SPEED_KEY}whisper"),
    "watching films": ("polled", None),
    "next walk films": ("8", None),
    "breaker whisper": ("{}", None),
    "sign big": ("{}", None),
    "halt daemon: load": ("the load is high", None),
    "server den": ("does not answer", None),
}
"""Old keys, their values, and the keys that have them now.

None stands for keys that are written again.
"""

MEDIA = Path("/films/settling.mkv")
SIDECARS = (Sidecar(Path("/films/settling.en.srt"), Language("en"), SubtitleKind.FULL),)
SIDECARS_JSON = json.dumps([[b"/films/settling.en.srt".hex(), "en", "full"]])
MEDIA_JSON = {"media": str(MEDIA), "media_hex": bytes(MEDIA).hex()}
SIDECAR_HEX = b"/films/settling.en.srt".hex()
EVENTS = {
    json.dumps(
        {"event": "failed", "reason": "no", "cure": "do", "again_at": 5.0, **MEDIA_JSON}
    ): JobFailed(MEDIA, "no", "do", 5.0),
    json.dumps(
        {"event": "finished", "outcome": "no speech", "made": ["x"], "made_hex": [SIDECAR_HEX]}
        | MEDIA_JSON
    ): JobFinished(MEDIA, (SIDECARS[0].path,), FileState.NO_SPEECH),
    json.dumps(
        {"event": "published", "language": "en", "kind": "full", "sidecar_hex": SIDECAR_HEX}
        | MEDIA_JSON
    ): SubtitlePublished(MEDIA, SIDECARS[0].path, Language("en"), SubtitleKind.FULL),
}


def _insert(connection: sa.Connection, table: str, **values: Any) -> None:
    columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), values)


def _make_0007(path: Path, server: str | None) -> None:
    """Create a database as the version before did, with rows in every table."""
    engine = open_engine(path, server)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with write_transaction(engine) as connection:
        config.attributes["connection"] = connection
        if is_sqlite(engine):
            command.upgrade(config, "0007")
        else:
            for statement in POSTGRES_SCHEMA.read_text("utf-8").split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
            command.stamp(config, "0007")
        _fill(connection)
    engine.dispose()


def _fill(connection: sa.Connection) -> None:
    file = {
        "library": "films",
        "device": 1,
        "inode": 2,
        "size": 3,
        "mtime_ns": 4,
        "content_id": "c1",
        "previous_content_id": "c0",
        "reason": "a reason",
        "cure": "a hint",
        "spoken": "es",
        "next_try_at": 11.5,
        "settings_digest": "s",
        "steady_since": 12.5,
        "updated_at": 13.5,
        "looks": 2,
        "beside": 99,
        "makers_digest": "m",
    }
    for state in STATES:
        path = f"/films/{state}.mkv".encode()
        _insert(connection, "files", path=path, state=state, **file)
        missing = f"/films/missing {state}.mkv".encode()
        _insert(connection, "files", path=missing, state="missing", was=state, **file)
    for fate in FATES:
        _insert(
            connection,
            "sidecars",
            path=f"/films/{fate}.srt".encode(),
            medium=bytes(MEDIA),
            content_id="c1",
            language="en",
            kind="full",
            format="srt",
            sha256="aa",
            size=5,
            recipe="whisper",
            made_at=7.5,
            fate=fate,
            by_hand=True,
        )
    for key, (value, _) in KEYS.items():
        _insert(connection, "controls", key=key, value=value)
    for kind in REQUESTS:
        _insert(connection, "requests", kind=kind, path=b"/films/a.mkv")
    _insert(connection, "requests", kind="scan", path=None)
    for event in EVENTS:
        _insert(connection, "notices", notifier="bell", at=1.5, event=event)
    _insert(
        connection,
        "changes",
        medium=bytes(MEDIA),
        path=b"/films/settling.en.srt",
        language="en",
        kind="full",
        there=False,
    )
    for state in DELIVERIES:
        _insert(
            connection,
            "tellings",
            server=state,
            medium=bytes(MEDIA),
            written=SIDECARS_JSON,
            removed="[]",
            state=state,
            method=1,
            looks=3,
            due_at=None,
            told_at=2.5,
            ended_at=3.5,
            detail="a detail",
        )
    for state in EGRESS:
        _insert(
            connection,
            "egress",
            key=f"of {state}",
            state=state,
            at=1.5,
            path=bytes(MEDIA),
            library="films",
            component="qwen",
            destination="there",
            kind="audio",
            amount=60.0,
        )
    _insert(connection, "spending", budget="all", period="2026-11", money=1.5, seconds=2.5)


@pytest.fixture
def upgraded(tmp_path: Path, server: str | None) -> Database:
    path = tmp_path / "subtitled.sqlite"
    _make_0007(path, server)
    return Database(path, server)


def test_migration_keeps_the_columns_of_files(upgraded: Database) -> None:
    for old, new in STATES.items():
        record = upgraded.files.get(Path(f"/films/{old}.mkv"))
        assert record is not None
        assert record.state is new
        assert (record.fingerprint, record.previous_fingerprint) == ("c1", "c0")
        assert (record.reason, record.hint, record.spoken_language) == ("a reason", "a hint", "es")
        assert (record.next_check_at, record.stable_since) == (11.5, 12.5)
        assert (record.unstable_checks, record.engines_digest) == (2, "m")
        missing = upgraded.files.get(Path(f"/films/missing {old}.mkv"))
        assert missing is not None
        assert (missing.state, missing.previous_state) == (FileState.MISSING, new)
        assert record.added_at == 0
    key = b"/films/done.mkv"
    assert upgraded.bulk_files.lookup("films", [key]) == {key: (key, 3, 4, 99)}


def test_migration_keeps_the_columns_of_sidecars(upgraded: Database) -> None:
    for old, new in FATES.items():
        record = upgraded.sidecars.get(Path(f"/films/{old}.srt"))
        assert record is not None
        assert (record.status, record.media, record.fingerprint) == (new, MEDIA, "c1")
        assert (record.variant, record.created_at) == ("whisper", 7.5)
        assert record.is_user_requested
    assert len(upgraded.sidecars.with_fingerprint("c1")) == len(FATES)


def test_keys_that_only_the_database_knows_are_kept(upgraded: Database) -> None:
    kept = {new: value for value, new in KEYS.values() if new is not None}
    assert upgraded.kv.get_prefix("") == kept


def test_commands_that_wait_are_kept_in_order_and_their_numbers_grow(upgraded: Database) -> None:
    film = Path("/films/a.mkv")
    waiting = upgraded.commands.pending()
    expected = [(kind, film) for kind in REQUESTS.values()]
    assert [(one.kind, one.path) for one in waiting] == [*expected, (CommandKind.SCAN, None)]
    upgraded.commands.mark_done(one.id for one in waiting)
    upgraded.commands.enqueue(CommandKind.SCAN, None)
    upgraded.commands.enqueue(CommandKind.SCAN, None)
    (last,) = upgraded.commands.pending()
    assert last.id > waiting[-1].id


def test_notifications_that_wait_are_delivered(upgraded: Database) -> None:
    waiting = upgraded.notifications.pending("bell")
    assert [one.event for one in waiting] == list(EVENTS.values())
    assert {one.occurred_at for one in waiting} == {1.5}


def test_deliveries_to_servers_go_on(upgraded: Database) -> None:
    by_server = {one.server: one for one in upgraded.deliveries.of_media(MEDIA)}
    assert {name: one.state for name, one in by_server.items()} == DELIVERIES
    received = by_server["told"]
    assert received.change == SidecarChange(MEDIA, added=SIDECARS)
    assert (received.strategy, received.checks, received.sent_at, received.ended_at) == (
        1,
        3,
        2.5,
        3.5,
    )
    assert upgraded.deliveries.enqueue_changes(lambda media: ["new"], 0.0) == 1
    (due,) = upgraded.deliveries.due_deliveries("new", 1.0, 9)
    assert due.change == SidecarChange(MEDIA, removed=SIDECARS)


def test_the_egress_log_and_the_usage_of_budgets_are_kept(upgraded: Database) -> None:
    entries = list(upgraded.egress_log.entries())
    assert [one.state for one in entries] == list(EGRESS.values())
    assert upgraded.egress_log.used("all", "2026-11") == (1.5, 2.5)


def test_the_last_approval_of_an_older_version_is_kept(tmp_path: Path, server: str | None) -> None:
    path = tmp_path / "subtitled.sqlite"
    _make_0007(path, server)
    engine, config = open_engine(path, server), Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    approved = {
        "approved_by": "ana",
        "approved_person": "user:ana",
        "approved_at": 2.5,
        "approved_version": 3,
    }
    of_all = {
        "fingerprint": "f",
        "language": "en",
        "kind": "full",
        "status": "open",
        "updated_at": 1.5,
    }
    with write_transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0012")
        _insert(connection, "reviews", id=1, **of_all, **approved)
        _insert(connection, "reviews", id=2, **of_all)
        # Before persons were stored, it was not known who that was.
        _insert(connection, "reviews", id=3, **of_all, **approved | {"approved_person": None})
    engine.dispose()
    db = Database(path, server)
    assert db.approvals.of_review(1) == [StoredApproval(3, Actor.user("ana"), 2.5)]
    assert db.approvals.of_review(2) == db.approvals.of_review(3) == []
    db.close()


def _schema(address: str) -> list[tuple[Any, ...]]:
    """Return the columns and indexes of a PostgreSQL database."""
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable, "
        "CASE WHEN column_default LIKE 'nextval%' THEN 'a sequence' ELSE column_default END "
        "FROM information_schema.columns WHERE table_schema = 'public'"
    )
    indexes = (
        "SELECT tablename, indexdef FROM pg_indexes "
        "WHERE schemaname = 'public' AND indexname LIKE 'ix_%'"
    )
    engine = open_engine(Path(), address)
    with engine.connect() as connection:
        rows = [
            tuple(row)
            for query in (columns, indexes)
            for row in connection.exec_driver_sql(query.replace("%", "%%"))
        ]
    engine.dispose()
    return sorted(rows, key=repr)


@pytest.mark.postgres
def test_on_postgres_an_upgraded_database_is_as_a_new_one(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    old, new = postgres_server.new(), postgres_server.new()
    _make_0007(tmp_path / "old.sqlite", old)
    Database(tmp_path / "old.sqlite", old).close()
    Database(tmp_path / "new.sqlite", new).close()
    assert _schema(old) == _schema(new)


def test_names_of_makers_are_taken_from_the_descriptions_of_an_older_version(
    tmp_path: Path, server: str | None
) -> None:
    path = tmp_path / "subtitled.sqlite"
    _make_0007(path, server)
    engine, config = open_engine(path, server), Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    described = {
        "transcribed by whisper": "whisper/unknown",
        "transcribed by whisper, translated by deep l": "whisper/unknown and deep l/unknown",
        "translated from the audio by whisper": "whisper/unknown",
        "translated by nmt from Film, cut.en.srt (en)": "nmt/unknown",
        "transcribed by whisper, from the approved text 3f": "whisper/unknown",
        "taken from Film.es.srt (es)": "",
        "": "",
    }
    with write_transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0015")
        for number, variant in enumerate(described):
            _insert(
                connection,
                "sidecars",
                path=f"/films/{number}.srt".encode(),
                media=bytes(MEDIA),
                fingerprint="f",
                language="en",
                kind="full",
                format="srt",
                sha256="s",
                size=1,
                variant=variant,
                created_at=1.5,
            )
    engine.dispose()
    db = Database(path, server)
    for number, makers in enumerate(described.values()):
        record = db.sidecars.get(Path(f"/films/{number}.srt"))
        assert record is not None
        assert str(record.makers) == makers
        assert not record.is_upgrade_requested
        assert record.replaced is None
    db.close()

"""The tables of the database. Those of reviews are in :mod:`.review_schema`.

Paths are bytes, because not every file name is valid text. The definitions hold for SQLite and for
PostgreSQL.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()

Integer64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A signed integer of 64 bits in both databases. PostgreSQL's plain integers have 32 bits."""


class ShownText(sa.TypeDecorator[str]):
    """Text that people read, with U+FFFD for bytes of file names that are not valid text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Replace what cannot be encoded."""
        if value is None or value.isascii():
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _partial_index(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """Return the options of an index that contains only the rows with a condition."""
    return {"sqlite_where": condition, "info": {"where": condition}}


@sa.event.listens_for(metadata, "before_create")
def _add_conditions(target: sa.MetaData, connection: sa.Connection, **options: Any) -> None:
    """Give PostgreSQL the conditions of indexes. Its dialect takes long to import."""
    if connection.dialect.name == "postgresql":
        for table in target.tables.values():
            for index in table.indexes:
                if "where" in index.info:
                    index.dialect_options["postgresql"]["where"] = index.info["where"]


files = sa.Table(
    "files",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("library", sa.Text, nullable=False),
    sa.Column("path", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("device", Integer64, nullable=False),
    sa.Column("inode", Integer64, nullable=False),
    sa.Column("size", Integer64, nullable=False),
    sa.Column("mtime_ns", Integer64, nullable=False),
    sa.Column("fingerprint", sa.Text),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("reason", ShownText, nullable=False, server_default=""),
    sa.Column("hint", ShownText, nullable=False, server_default=""),
    sa.Column("progress", ShownText, nullable=False, server_default=""),
    sa.Column("spoken_language", sa.Text),
    sa.Column("attempts", Integer64, nullable=False, server_default="0"),
    sa.Column("next_check_at", sa.Float),
    sa.Column("settings_digest", sa.Text),
    sa.Column("priority", Integer64, nullable=False, server_default="100"),
    sa.Column("job_id", sa.Text),
    sa.Column("stable_since", sa.Float, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False),
    sa.Column("unstable_checks", Integer64, nullable=False, server_default="0"),
    sa.Column("sidecar_hash", Integer64),
    sa.Column("previous_fingerprint", sa.Text),
    sa.Column("crashes", Integer64, nullable=False, server_default="0"),
    sa.Column("engines_digest", sa.Text),
    sa.Column("missing_since", sa.Float),
    sa.Column("previous_state", sa.Text),
    sa.Column("worker", sa.Text),
    sa.Column("duration", sa.Float),
    sa.Column("title", sa.Text, nullable=False, server_default=""),
    sa.Column("progress_share", sa.Float),
    sa.Column("progress_since", sa.Float),
    sa.Column("examined_at", sa.Float),
    sa.Column("year", Integer64),
    sa.Column("added_at", Integer64, nullable=False, server_default="0"),
    sa.Index("ix_files_fingerprint", "fingerprint"),
    sa.Index("ix_files_device_inode", "device", "inode"),
    sa.Index("ix_files_library_state", "library", "state", "duration"),
    sa.Index("ix_files_updated_at", "updated_at", "id"),
)

_HAS_NEXT_CHECK = files.c.next_check_at.is_not(None)
sa.Index(
    "ix_files_turn",
    files.c.library,
    files.c.priority,
    files.c.added_at.desc(),
    files.c.id,
    **_partial_index(_HAS_NEXT_CHECK),
)
"""The order in which due files are processed. Sorting a million files would take too long."""
sa.Index(
    "ix_files_queued",
    files.c.library,
    files.c.priority,
    files.c.added_at.desc(),
    files.c.id,
    **_partial_index(files.c.state == "queued"),
)
"""For the queued files that have their turn after another."""
sa.Index("ix_files_next", files.c.library, files.c.next_check_at, **_partial_index(_HAS_NEXT_CHECK))
"""For the time of a library's next check."""
sa.Index("ix_files_unexamined", files.c.id, **_partial_index(files.c.examined_at.is_(None)))
"""For the files whose coverage is not known yet."""


def _file_id() -> sa.Column[int]:
    """Return a column of a table whose rows are deleted with their file."""
    owner = sa.ForeignKey("files.id", ondelete="CASCADE")
    return sa.Column("file_id", Integer64, owner, nullable=False, index=True)


coverage = sa.Table(
    "coverage",
    metadata,
    _file_id(),
    sa.Column("language", sa.Text),
    sa.Column("secondary", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("location", sa.LargeBinary, nullable=False),
    sa.Column("ownership", sa.Text, nullable=False),
    sa.Column("is_text", sa.Boolean, nullable=False),
    sa.Column("problem", ShownText, nullable=False, server_default=""),
)
"""The subtitles and summaries that each file has, as they were when it was last examined."""

requirements = sa.Table(
    "requirements",
    metadata,
    _file_id(),
    sa.Column("library", sa.Text, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("secondary", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", ShownText, nullable=False),
    sa.Index("ix_requirements_status", "library", "language", "kind", "status", "file_id"),
)
"""What is wanted of each file, and whether it is met. The library is repeated for counting."""

history = sa.Table(
    "history",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("file_id", Integer64),
    sa.Column("path", sa.LargeBinary),
    sa.Column("library", sa.Text),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False, server_default=""),
    sa.Column("worker", sa.Text, nullable=False, server_default=""),
    sa.Column("job_id", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", ShownText, nullable=False, server_default=""),
    sa.Column("details", sa.Text, nullable=False, server_default="{}"),
    sa.Index("ix_history_file", "file_id", "id"),
    sqlite_autoincrement=True,
)
"""What happened. A file that is gone keeps its history under its path."""

sidecars = sa.Table(
    "sidecars",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("path", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("media", sa.LargeBinary, nullable=False, index=True),
    sa.Column("fingerprint", sa.Text, nullable=False, index=True),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size", Integer64, nullable=False),
    sa.Column("variant", ShownText, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="present"),
    sa.Column("is_user_requested", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("engine", sa.Text, nullable=False, server_default=""),
    sa.Column("model", sa.Text, nullable=False, server_default=""),
    sa.Column("engine_version", sa.Text, nullable=False, server_default=""),
    sa.Column("translator", sa.Text, nullable=False, server_default=""),
    sa.Column("translator_model", sa.Text, nullable=False, server_default=""),
    sa.Column("translator_version", sa.Text, nullable=False, server_default=""),
    sa.Column("upgrade_job", sa.Text),
    sa.Column("upgrade_refused", ShownText, nullable=False, server_default=""),
    sa.Column("upgrade_note", ShownText, nullable=False, server_default=""),
    sa.Column("replaced", ShownText, nullable=False, server_default=""),
)
"""What we wrote. ``upgrade_job`` is null unless a sidecar is to be made again: then it is the job
that its media file had when that was asked for, or empty. ``upgrade_refused`` is what was tried and
made nothing better, ``upgrade_note`` says why, and ``replaced`` is the signature of the version
before."""

sa.Index(
    "ix_sidecars_upgrade",
    sidecars.c.media,
    **_partial_index(sidecars.c.upgrade_job.is_not(None)),
)
"""For the sidecars that are to be made again."""

kv = sa.Table(
    "kv",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

commands = sa.Table(
    "commands",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("path", sa.LargeBinary),
    sa.Column("actor", sa.Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
"""Commands until they are done. SQLite's AUTOINCREMENT keeps it from using a number twice."""

sa.Index("ix_commands_unique", commands.c.kind, sa.text("coalesce(path, '')"), unique=True)
"""A command about a path is pending at most once."""

notification_outbox = sa.Table(
    "notification_outbox",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("notifier", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Index("ix_notification_outbox_notifier", "notifier", "id"),
    sqlite_autoincrement=True,
)
"""Events that a notifier has not received yet."""

sidecar_changes = sa.Table(
    "sidecar_changes",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("media", sa.LargeBinary, nullable=False),
    sa.Column("path", sa.LargeBinary, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("is_present", sa.Boolean, nullable=False),
)

server_deliveries = sa.Table(
    "server_deliveries",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("server", sa.Text, nullable=False),
    sa.Column("media", sa.LargeBinary, nullable=False, index=True),
    sa.Column("added", sa.Text, nullable=False),
    sa.Column("removed", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("strategy", Integer64, nullable=False),
    sa.Column("checks", Integer64, nullable=False),
    sa.Column("due_at", sa.Float),
    sa.Column("sent_at", sa.Float),
    sa.Column("ended_at", sa.Float),
    sa.Column("detail", sa.Text, nullable=False),
    sa.UniqueConstraint("server", "media"),
)
sa.Index(
    "ix_server_deliveries_due",
    server_deliveries.c.server,
    server_deliveries.c.due_at,
    **_partial_index(server_deliveries.c.due_at.is_not(None)),
)
"""For the deliveries that are due."""

egress_log = sa.Table(
    "egress_log",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("path", sa.LargeBinary, nullable=False),
    sa.Column("library", sa.Text),
    sa.Column("component", sa.Text, nullable=False),
    sa.Column("destination", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount", sa.Float, nullable=False),
    sa.Column("host", sa.Text, nullable=False, server_default=""),
    sa.Column("region", sa.Text, nullable=False, server_default=""),
    sa.Column("request_id", sa.Text, nullable=False, server_default=""),
    sa.Column("price", sa.Float),
    sa.Column("currency", sa.Text, nullable=False, server_default=""),
    sa.Column("budgets", sa.Text, nullable=False, server_default="[]"),
)
sa.Index(
    "ix_egress_log_open",
    egress_log.c.key,
    unique=True,
    **_partial_index(egress_log.c.state == "open"),
)
"""A piece of work has at most one open entry, however often it is started."""

budget_usage = sa.Table(
    "budget_usage",
    metadata,
    sa.Column("budget", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("money", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
)

text_judgements = sa.Table(
    "text_judgements",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("judgement", sa.Text, nullable=False),
)
"""What texts are, by the hash of their content or by the media file and track that they are in."""

content_hashes = sa.Table(
    "content_hashes",
    metadata,
    sa.Column("path", sa.LargeBinary, primary_key=True),
    sa.Column("inode", Integer64, nullable=False),
    sa.Column("size", Integer64, nullable=False),
    sa.Column("mtime_ns", Integer64, nullable=False),
    sa.Column("ctime_ns", Integer64, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
)
"""The SHA-256 of files that have not changed since it was computed."""

job_runs = sa.Table(
    "job_runs",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("library", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("sound_seconds", sa.Float, nullable=False),
    sa.Column("speech_seconds", sa.Float, nullable=False),
    sa.Column("engine_seconds", sa.Float, nullable=False),
    sa.Column("work_seconds", sa.Float, nullable=False),
    sa.Column("worker", sa.Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
"""What finished jobs took, by which later ones are predicted."""

"""Tables, columns, states and keys take the names of the glossary.

Unlike the revisions before it, this one also runs on PostgreSQL.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = {
    "controls": "kv",
    "requests": "commands",
    "notices": "notification_outbox",
    "tellings": "server_deliveries",
    "changes": "sidecar_changes",
    "spending": "budget_usage",
    "egress": "egress_log",
}

_COLUMNS = {
    "files": {
        "content_id": "fingerprint",
        "previous_content_id": "previous_fingerprint",
        "cure": "hint",
        "spoken": "spoken_language",
        "next_try_at": "next_check_at",
        "steady_since": "stable_since",
        "looks": "unstable_checks",
        "beside": "sidecar_hash",
        "makers_digest": "engines_digest",
        "was": "previous_state",
    },
    "sidecars": {
        "medium": "media",
        "content_id": "fingerprint",
        "recipe": "variant",
        "made_at": "created_at",
        "by_hand": "is_user_requested",
    },
    "sidecar_changes": {"medium": "media", "there": "is_present"},
    "server_deliveries": {
        "medium": "media",
        "written": "added",
        "method": "strategy",
        "looks": "checks",
        "told_at": "sent_at",
    },
}

_DROPPED_INDEXES = {
    "files": ("ix_files_content_id",),
    "sidecars": ("ix_sidecars_medium", "ix_sidecars_content_id"),
    "commands": ("ix_requests_once",),
    "notification_outbox": ("ix_notices_notifier",),
    "server_deliveries": ("ix_tellings_medium", "ix_tellings_due"),
    "egress_log": ("ix_egress_at", "ix_egress_open"),
}

_FILE_STATES = {
    "settling": "stabilising",
    "nothing to do": "up-to-date",
    "no speech": "no-speech",
    "unsatisfiable": "impossible",
}

_VALUES = {
    ("files", "state"): _FILE_STATES,
    ("files", "previous_state"): _FILE_STATES,
    ("sidecars", "status"): {"there": "present", "taken back": "removed-by-user"},
    ("server_deliveries", "state"): {
        "told": "sent",
        "cannot say": "unverifiable",
        "not listed": "not-indexed",
    },
    ("egress_log", "state"): {"not sent": "not-sent"},
    ("commands", "kind"): {
        "look": "path-changed",
        "playing": "playback-started",
        "lost": "job-lost",
        "first": "prioritise",
        "watched": "prioritise-watching",
        "wake": "wake-waiting",
    },
}

_EVENT_FIELDS = {
    "made": "sidecars",
    "made_hex": "sidecars_hex",
    "cure": "hint",
    "again_at": "retry_at",
}

_KEPT_KEYS = {
    "walked ": "scanned:",
    "device of ": "device:",
    "speed ": "engine-speed:",
    "paused library ": "paused:",
}
"""Old and new prefixes of the keys whose values only the database knows."""

_REBUILT_KEYS = ("watching ", "next walk ", "breaker ", "sign ", "halt ", "server ")
"""Prefixes of keys that the running processes write again within seconds."""


def upgrade() -> None:
    """Rename tables, columns and indexes, and rewrite the values that are names."""
    for old, new in _TABLES.items():
        op.rename_table(old, new)
    for table, names in _DROPPED_INDEXES.items():
        for name in names:
            op.drop_index(name, table)
    for table, columns in _COLUMNS.items():
        for old, new in columns.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    # SQLite cannot change the default of a column, so this one is replaced.
    op.add_column(
        "sidecars", sa.Column("status", sa.Text, nullable=False, server_default="present")
    )
    op.execute("UPDATE sidecars SET status = fate WHERE fate <> 'there'")
    op.drop_column("sidecars", "fate")
    _create_indexes()
    for (table, column), values in _VALUES.items():
        _rewrite_values(table, column, values)
    _rewrite_keys()
    _rewrite_events()


def _create_indexes() -> None:
    op.create_index("ix_files_fingerprint", "files", ["fingerprint"])
    op.create_index("ix_sidecars_media", "sidecars", ["media"])
    op.create_index("ix_sidecars_fingerprint", "sidecars", ["fingerprint"])
    op.create_index(
        "ix_commands_unique", "commands", ["kind", sa.text("coalesce(path, '')")], unique=True
    )
    op.create_index("ix_notification_outbox_notifier", "notification_outbox", ["notifier", "id"])
    op.create_index("ix_server_deliveries_media", "server_deliveries", ["media"])
    is_due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_server_deliveries_due",
        "server_deliveries",
        ["server", "due_at"],
        sqlite_where=is_due,
        postgresql_where=is_due,
    )
    op.create_index("ix_egress_log_at", "egress_log", ["at"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_egress_log_open",
        "egress_log",
        ["key"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _rewrite_values(table: str, column: str, values: dict[str, str]) -> None:
    name: sa.ColumnClause[str] = sa.column(column, sa.Text)
    rows = sa.table(table, name)
    op.execute(
        rows.update()
        .where(name.in_(values))
        .values({column: sa.case(values, value=name, else_=name)})
    )


def _rewrite_keys() -> None:
    key: sa.ColumnClause[str] = sa.column("key", sa.Text)
    kv = sa.table("kv", key)
    for prefix in _REBUILT_KEYS:
        op.execute(kv.delete().where(key.startswith(prefix, autoescape=True)))
    for old, new in _KEPT_KEYS.items():
        op.execute(
            kv.update()
            .where(key.startswith(old, autoescape=True))
            .values(key=sa.literal(new) + sa.func.substr(key, len(old) + 1))
        )


def _rewrite_events() -> None:
    """Rename the fields of the events that no notifier has received yet."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, event FROM notification_outbox")).all()
    for row in rows:
        event: dict[str, Any] = json.loads(row.event)
        event = {_EVENT_FIELDS.get(field, field): value for field, value in event.items()}
        if "outcome" in event:
            event["outcome"] = _FILE_STATES.get(event["outcome"], event["outcome"])
        connection.execute(
            sa.text("UPDATE notification_outbox SET event = :event WHERE id = :id"),
            {"event": json.dumps(event), "id": row.id},
        )


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError

"""The key-value table of the database: settings and status that processes share.

The keys of all packages are listed here, so that no two of them collide.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from .engine import ChangeDetector, upsert_insert
from .schema import kv

PAUSED_KEY = "paused"
"""The pause of all work: ``by hand``, or ``until`` and a time."""
PAUSED_LIBRARY_KEY = "paused:"
"""The pause of one library, before its name."""
SCANNED_KEY = "scanned:"
"""When a library was last scanned as a whole (seconds since 1970), before its name."""
NEXT_SCAN_KEY = "next-scan:"
"""When a library is scanned next (seconds since 1970), before its name."""
WATCH_MODE_KEY = "watch-mode:"
"""How the daemon watches a library, and why, before its name."""
DEVICE_KEY = "device:"
"""The device number that a library lies on, before its folder in hexadecimal digits."""
BREAKER_KEY = "breaker:"
"""The circuit breaker of an engine as JSON, before its name."""
ENGINE_SPEED_KEY = "engine-speed:"
"""Seconds of audio that an engine transcribes in one second, before its name."""
BENCHMARK_KEY = "benchmark:"
"""What the benchmark measured of an engine and model as JSON, before the machine, a colon, the
engine, a colon and the plugin, model and device."""
HEARTBEAT_KEY = "heartbeat:"
"""The last heartbeat of a process as JSON, before its name."""
THROTTLE_KEY = "throttle:"
"""Why a throttle pauses a process, before the name of the process, a colon and the rule."""
SERVER_ERROR_KEY = "server-error:"
"""The last error of a media server, before its name."""
NOTIFIER_ERROR_KEY = "notifier-error:"
"""The last error of a notifier, before its name."""
TRANSLATE_AGAIN_KEY = "translate-again:"
"""When a person asked for the changed lines of a file to be translated again (seconds since 1970),
and the job that it had then, before its fingerprint."""
REVIEW_NOTICE_KEY = "review-notice:"
"""How many reviews of a library notifiers were last told of, as JSON, before its name."""
PARTIAL_KEY = "partial:"
"""The media file of a sidecar that is not whole yet, in hexadecimal digits, before the sidecar in
the same."""
QUEUE_ORDER_KEY = "queue-order"
"""How far each library is in taking turns, as JSON."""
QUEUE_CLOCK_KEY = "queue-clock"
"""Where the job that began last stood among those that take turns."""
TERM_KEY = "term:"
"""A glossary term that a person keeps, as JSON, before its id."""


class KeyValueStore:
    """The key-value table. Threads and processes may share it."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self._engine = engine
        self._change_detector = ChangeDetector(engine, path)
        self._watched: dict[str, tuple[str, dict[str, str]]] = {}
        """Prefix -> the version of the database, and what was stored then."""

    def close(self) -> None:
        """Close the connection that detects changes."""
        self._change_detector.close()

    def set(self, key: str, value: str | None) -> None:
        """Store a value, or delete the key with None."""
        with self._engine.begin() as c:
            if value is None:
                c.execute(kv.delete().where(kv.c.key == key))
                return
            statement = upsert_insert(c, kv).values(key=key, value=value)
            c.execute(
                statement.on_conflict_do_update(index_elements=["key"], set_={"value": value})
            )

    def replace(self, key: str, known: str, value: str | None) -> bool:
        """Store a value instead of a known one, or delete the key with None.

        Returns:
            False if the key has another value meanwhile. Nothing is changed then.
        """
        with self._engine.begin() as c:
            return replace_value(c, key, known, value)

    def get(self, key: str) -> str | None:
        """Return a value, or None if the key is not stored."""
        with self._engine.connect() as c:
            return read_value(c, key)

    def get_prefix(self, prefix: str) -> dict[str, str]:
        """Return every key that begins with a prefix, with its value."""
        with self._engine.connect() as c:
            rows = c.execute(sa.select(kv).where(kv.c.key.startswith(prefix)))
            return {row.key: row.value for row in rows}

    def watch_prefix(self, prefix: str) -> dict[str, str]:
        """Return what :meth:`get_prefix` returns, without a query unless the database has changed.

        Use it for what is asked each second.
        """
        version = self.data_version()
        known = self._watched.get(prefix)
        if known is None or known[0] != version:
            known = self._watched[prefix] = (version, self.get_prefix(prefix))
        return dict(known[1])

    def data_version(self) -> str:
        """Return a text that changes whenever any process writes to the database.

        This is cheap enough to be called many times a second.
        """
        return self._change_detector.current_version()


def read_value(connection: sa.Connection, key: str) -> str | None:
    """Return a value, or None if the key is not stored, in a transaction."""
    return connection.execute(sa.select(kv.c.value).where(kv.c.key == key)).scalar()


def replace_value(connection: sa.Connection, key: str, known: str, value: str | None) -> bool:
    """Do what :meth:`KeyValueStore.replace` does, in a transaction."""
    is_known = sa.and_(kv.c.key == key, kv.c.value == known)
    change = kv.delete() if value is None else kv.update().values(value=value)
    return bool(connection.execute(change.where(is_known)).rowcount)

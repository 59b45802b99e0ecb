"""The outbox of events for notifiers."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from subtitled.plugin import Event, Notification, event_from_json, event_to_json

from .engine import execute_many, write_transaction
from .schema import notification_outbox

MAX_EVENTS_PER_NOTIFIER = 1000
"""The largest number of events that are kept for one notifier. Above it the oldest are dropped."""


class NotificationOutbox:
    """The events that notifiers have not received yet."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def enqueue(self, notifiers: Iterable[str], event: Event, now: float) -> None:
        """Store an event for each of some notifiers."""
        names = tuple(notifiers)
        if names:
            with write_transaction(self._engine) as c:
                record_event(c, names, event, now)

    def pending(self, notifier: str) -> list[Notification]:
        """Return the events for a notifier, the oldest first."""
        query = (
            sa.select(notification_outbox)
            .where(notification_outbox.c.notifier == notifier)
            .order_by(notification_outbox.c.id)
        )
        with self._engine.connect() as c:
            rows = c.execute(query).all()
        return [
            Notification(row.id, row.at, event_from_json(json.loads(row.event))) for row in rows
        ]

    def mark_delivered(self, ids: Iterable[int]) -> None:
        """Delete events that were delivered or given up."""
        with write_transaction(self._engine) as c:
            execute_many(
                c,
                "DELETE FROM notification_outbox WHERE id = ?",
                [(notification_id,) for notification_id in ids],
            )

    def delete_unconfigured(self, notifiers: Iterable[str]) -> None:
        """Delete the events for notifiers that are not configured any more."""
        with self._engine.begin() as c:
            c.execute(
                notification_outbox.delete().where(
                    notification_outbox.c.notifier.not_in(list(notifiers))
                )
            )


def record_event(
    connection: sa.Connection, notifiers: Iterable[str], event: Event, now: float
) -> None:
    """Store an event for each of some notifiers, within the caller's transaction."""
    event_json = json.dumps(event_to_json(event))
    for name in notifiers:
        connection.execute(
            notification_outbox.insert().values(notifier=name, at=now, event=event_json)
        )
        own_ids = sa.select(notification_outbox.c.id).where(notification_outbox.c.notifier == name)
        oldest_kept = (
            own_ids.order_by(notification_outbox.c.id.desc())
            .limit(1)
            .offset(MAX_EVENTS_PER_NOTIFIER - 1)
        )
        oldest = connection.execute(oldest_kept).scalar()
        if oldest is not None:
            connection.execute(
                notification_outbox.delete().where(
                    notification_outbox.c.notifier == name, notification_outbox.c.id < oldest
                )
            )

"""What happened and a notifier was not told of yet: kept until it was, through restarts."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from subtitled.plugin import Event, Notice, event_from_json, event_to_json

from .database import many, writing
from .schema import notices

MOST = 1000
"""Events kept for one notifier that is away; of more the oldest are dropped."""


class Notices:
    """Events by notifier, in a ledger's database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(self, notifiers: Iterable[str], event: Event, now: float) -> None:
        """Keep an event for each of some notifiers."""
        said = json.dumps(event_to_json(event))
        rows = [{"notifier": name, "at": now, "event": said} for name in notifiers]
        if not rows:
            return
        with writing(self._engine) as c:
            c.execute(notices.insert(), rows)
            for row in rows:
                mine = sa.select(notices.c.id).where(notices.c.notifier == row["notifier"])
                kept = mine.order_by(notices.c.id.desc()).limit(1).offset(MOST - 1)
                oldest = c.execute(kept).scalar()
                if oldest is not None:
                    c.execute(
                        notices.delete().where(
                            notices.c.notifier == row["notifier"], notices.c.id < oldest
                        )
                    )

    def waiting(self, notifier: str) -> list[Notice]:
        """What a notifier is to be told of, oldest first."""
        query = sa.select(notices).where(notices.c.notifier == notifier).order_by(notices.c.id)
        with self._engine.connect() as c:
            rows = c.execute(query).all()
        return [Notice(row.id, row.at, event_from_json(json.loads(row.event))) for row in rows]

    def told(self, ids: Iterable[int]) -> None:
        """These were told, or given up."""
        with writing(self._engine) as c:
            many(c, "DELETE FROM notices WHERE id = ?", [(each,) for each in ids])

    def forget_others(self, notifiers: Iterable[str]) -> None:
        """Drop what is kept for notifiers that are not configured any more."""
        with self._engine.begin() as c:
            c.execute(notices.delete().where(notices.c.notifier.not_in(list(notifiers))))

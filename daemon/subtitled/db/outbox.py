"""The outbox of changes for media servers.

The change of a sidecar is recorded in the transaction that records the sidecar itself
(:func:`record_change`), by whichever process wrote it. The daemon turns the changes into one
delivery for each media server, and advances each delivery until the server shows the change or
cannot be brought to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import (
    Language,
    Sidecar,
    SidecarChange,
    SubtitleKind,
)

from .engine import execute_many, write_transaction
from .schema import server_deliveries, sidecar_changes


class DeliveryState(StrEnum):
    """How far the delivery of a change to a media server is."""

    WAITING = "waiting"
    """It is sent when it is due."""
    SENT = "sent"
    """It was sent, and the server is checked for the change."""
    CONFIRMED = "confirmed"
    UNVERIFIABLE = "unverifiable"
    """It was sent, and the server cannot report what it shows."""
    NOT_INDEXED = "not-indexed"
    """It was sent by every strategy, and the server does not show the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One change for one media server. Times are seconds since 1970."""

    id: int
    server: str
    change: SidecarChange
    state: DeliveryState
    strategy: int = 0
    """The index of the strategy in use, among those of the server."""
    checks: int = 0
    """How many times the server was checked since the change was sent."""
    due_at: float | None = None
    sent_at: float | None = None
    ended_at: float | None = None
    detail: str = ""


def record_change(c: sa.Connection, media: Path, sidecar: Sidecar, *, is_present: bool) -> None:
    """Record in a transaction that a sidecar is present, or no longer is.

    Files that no player reads, and sidecars in another folder than their media file, are left out.
    """
    from subtitled.subtitles.filenames import DATA_EXTENSIONS, SUMMARY_SUFFIXES  # takes long

    name = sidecar.path.name.lower()
    is_unread_by_players = name.endswith(
        (*(f".{end}" for end in DATA_EXTENSIONS), *SUMMARY_SUFFIXES)
    )
    if is_unread_by_players or sidecar.path.parent != media.parent:
        return
    c.execute(
        sidecar_changes.insert().values(
            media=os.fsencode(media),
            path=os.fsencode(sidecar.path),
            language=str(sidecar.language),
            kind=str(sidecar.kind),
            is_present=is_present,
        )
    )


def merge_changes(earlier: SidecarChange, later: SidecarChange) -> SidecarChange:
    """Combine two changes beside one media file. The later one decides about each sidecar."""
    later_paths = {sidecar.path for sidecar in (*later.added, *later.removed)}
    return SidecarChange(
        earlier.media,
        (*(sidecar for sidecar in earlier.added if sidecar.path not in later_paths), *later.added),
        (
            *(sidecar for sidecar in earlier.removed if sidecar.path not in later_paths),
            *later.removed,
        ),
    )


class ServerOutbox:
    """The changes and the deliveries to media servers."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def enqueue_changes(self, servers_for: Callable[[Path], Iterable[str]], due_at: float) -> int:
        """Turn the recorded changes into deliveries.

        A delivery that is under way takes the change along and starts again.

        Args:
            servers_for: Returns the names of the media servers for a media file.
            due_at: When the deliveries are due, in seconds since 1970.

        Returns:
            How many deliveries were created or started again.
        """
        with self._engine.connect() as c:
            if c.execute(sa.select(sidecar_changes.c.id).limit(1)).first() is None:
                return 0  # the usual case, without the write lock
        with write_transaction(self._engine) as c:
            rows = (
                c.execute(sa.select(sidecar_changes).order_by(sidecar_changes.c.id))
                .mappings()
                .all()
            )
            change_by_media = dict[Path, SidecarChange]()
            for row in rows:
                change = _change_from_row(row)
                earlier = change_by_media.get(change.media)
                change_by_media[change.media] = (
                    merge_changes(earlier, change) if earlier else change
                )
            delivery_count = 0
            for merged_change in change_by_media.values():
                for server in servers_for(merged_change.media):
                    _upsert_delivery(c, server, merged_change, due_at)
                    delivery_count += 1
            # By number, because a change with a lower number may be committed meanwhile.
            execute_many(
                c, "DELETE FROM sidecar_changes WHERE id = ?", [(row["id"],) for row in rows]
            )
        return delivery_count

    def announce_again(self, changes: Iterable[SidecarChange]) -> None:
        """Record once more that the added sidecars of some changes are present."""
        with write_transaction(self._engine) as c:
            for change in changes:
                for sidecar in change.added:
                    record_change(c, change.media, sidecar, is_present=True)

    def send_again(self, server: str, due_at: float) -> int:
        """Start the deliveries of a server from the beginning that it has not confirmed.

        Args:
            server: The name of the server.
            due_at: When they are due, in seconds since 1970.

        Returns:
            How many there are.
        """
        is_open = server_deliveries.c.state.in_(
            (DeliveryState.WAITING, DeliveryState.SENT, DeliveryState.NOT_INDEXED)
        )
        values = {
            "state": DeliveryState.WAITING,
            "strategy": 0,
            "checks": 0,
            "due_at": due_at,
            "sent_at": None,
            "ended_at": None,
            "detail": "",
        }
        with write_transaction(self._engine) as c:
            found = c.execute(
                server_deliveries.update()
                .where(server_deliveries.c.server == server, is_open)
                .values(**values)
            )
            return int(found.rowcount)

    def due_deliveries(self, server: str, now: float, limit: int) -> list[Delivery]:
        """Return the deliveries of a server that are due, the earliest first."""
        query = (
            sa.select(server_deliveries)
            .where(server_deliveries.c.server == server, server_deliveries.c.due_at <= now)
            .order_by(server_deliveries.c.due_at, server_deliveries.c.id)
            .limit(limit)
        )
        with self._engine.connect() as c:
            return [_delivery_from_row(row) for row in c.execute(query).mappings()]

    def update(self, delivery: Delivery, **values: Any) -> None:
        """Set columns of a delivery, unless a later change has started it again."""
        with self._engine.begin() as c:
            c.execute(
                server_deliveries.update()
                .where(
                    server_deliveries.c.id == delivery.id,
                    server_deliveries.c.added == _sidecars_to_json(delivery.change.added),
                    server_deliveries.c.removed == _sidecars_to_json(delivery.change.removed),
                )
                .values(**values)
            )

    def of_media(self, media: Path) -> list[Delivery]:
        """Return the last delivery of a media file to each server."""
        query = (
            sa.select(server_deliveries)
            .where(server_deliveries.c.media == os.fsencode(media))
            .order_by(server_deliveries.c.server)
        )
        with self._engine.connect() as c:
            return [_delivery_from_row(row) for row in c.execute(query).mappings()]

    def count_by_server(self) -> dict[str, dict[DeliveryState, int]]:
        """Count the deliveries in each state, by server."""
        query = (
            sa.select(server_deliveries.c.server, server_deliveries.c.state, sa.func.count())
            .group_by(server_deliveries.c.server, server_deliveries.c.state)
            .order_by(server_deliveries.c.server, server_deliveries.c.state)
        )
        counts = dict[str, dict[DeliveryState, int]]()
        with self._engine.connect() as c:
            for server, state, number in c.execute(query):
                counts.setdefault(server, {})[DeliveryState(state)] = number
        return counts

    def delete_unconfigured(self, servers: Iterable[str]) -> None:
        """Delete the deliveries to servers that are not configured any more."""
        with self._engine.begin() as c:
            c.execute(
                server_deliveries.delete().where(server_deliveries.c.server.not_in(list(servers)))
            )


def _upsert_delivery(c: sa.Connection, server: str, change: SidecarChange, due_at: float) -> None:
    media = os.fsencode(change.media)
    is_this_delivery = sa.and_(
        server_deliveries.c.server == server, server_deliveries.c.media == media
    )
    row = c.execute(sa.select(server_deliveries).where(is_this_delivery)).mappings().first()
    delivery = _delivery_from_row(row) if row is not None else None
    is_pending = delivery is not None and delivery.state in (
        DeliveryState.WAITING,
        DeliveryState.SENT,
    )
    if delivery is not None and is_pending:
        change = merge_changes(delivery.change, change)
    values = {
        "added": _sidecars_to_json(change.added),
        "removed": _sidecars_to_json(change.removed),
        "state": DeliveryState.WAITING,
        "strategy": 0,
        "checks": 0,
        "due_at": due_at,
        "sent_at": None,
        "ended_at": None,
        "detail": "",
    }
    if delivery is None:
        c.execute(server_deliveries.insert().values(server=server, media=media, **values))
    else:
        c.execute(server_deliveries.update().where(is_this_delivery).values(**values))


def _change_from_row(row: Any) -> SidecarChange:
    """Convert a row of the ``sidecar_changes`` table."""
    sidecar_tuple = (_sidecar(row["path"], row["language"], row["kind"]),)
    media = Path(os.fsdecode(row["media"]))
    return (
        SidecarChange(media, added=sidecar_tuple)
        if row["is_present"]
        else SidecarChange(media, removed=sidecar_tuple)
    )


def _sidecars_to_json(items: Sequence[Sidecar]) -> str:
    """Convert sidecars to JSON.

    Paths are written as hexadecimal bytes, because some are not valid text.
    """
    return json.dumps(
        [[os.fsencode(sidecar.path).hex(), sidecar.language, sidecar.kind] for sidecar in items]
    )


def _sidecars_from_json(text: str) -> tuple[Sidecar, ...]:
    return tuple(
        _sidecar(bytes.fromhex(entry[0]), entry[1], entry[2]) for entry in json.loads(text)
    )


def _sidecar(path: bytes, language: str, kind: str) -> Sidecar:
    return Sidecar(Path(os.fsdecode(path)), Language(language), SubtitleKind(kind))


def _delivery_from_row(row: Any) -> Delivery:
    media = Path(os.fsdecode(row["media"]))
    return Delivery(
        id=row["id"],
        server=row["server"],
        change=SidecarChange(
            media, _sidecars_from_json(row["added"]), _sidecars_from_json(row["removed"])
        ),
        state=DeliveryState(row["state"]),
        strategy=row["strategy"],
        checks=row["checks"],
        due_at=row["due_at"],
        sent_at=row["sent_at"],
        ended_at=row["ended_at"],
        detail=row["detail"],
    )

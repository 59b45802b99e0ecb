"""What media servers are told: the changes beside the media, and how far each server knows them.

A change is written down in the transaction that writes down what became of the sidecar
(:func:`note`), by whichever process did it. The daemon takes changes in, once for each server that
is to hear of them, and moves each telling on until the server shows it or cannot be brought to.
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

from subtitled.plugin import Change, Kind, Language, Sidecar
from subtitled.subtitles.names import DATA_ENDINGS, SUMMARY_ENDINGS

from .database import many, writing
from .schema import changes, tellings


class Stage(StrEnum):
    """How far a server knows of a change."""

    WAITING = "waiting"
    """To be told, when its time comes."""
    TOLD = "told"
    """To be asked whether it shows it."""
    CONFIRMED = "confirmed"
    UNSAID = "cannot say"
    """Told; the server cannot say what it shows."""
    MISSED = "not listed"
    """Told by every method, and it is not shown."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One change and one server. Times are seconds since 1970."""

    id: int
    server: str
    change: Change
    stage: Stage
    method: int = 0
    """The place, in the server's methods, of the one in use."""
    looks: int = 0
    """How often it was asked since it was told."""
    due_at: float | None = None
    told_at: float | None = None
    ended_at: float | None = None
    detail: str = ""


def note(c: sa.Connection, medium: Path, one: Sidecar, *, there: bool) -> None:
    """Write down that a sidecar is there now, or no longer is, in somebody's transaction.

    What no player reads, or what lies elsewhere than beside its medium, concerns no server.
    """
    name = one.path.name.lower()
    unread = name.endswith((*(f".{end}" for end in DATA_ENDINGS), *SUMMARY_ENDINGS))
    if unread or one.path.parent != medium.parent:
        return
    c.execute(
        changes.insert().values(
            medium=os.fsencode(medium),
            path=os.fsencode(one.path),
            language=str(one.language),
            kind=str(one.kind),
            there=there,
        )
    )


def merged(known: Change, then: Change) -> Change:
    """Two changes beside one medium as one: of each sidecar what was said of it last counts."""
    later = {one.path for one in (*then.written, *then.removed)}
    return Change(
        known.media,
        (*(one for one in known.written if one.path not in later), *then.written),
        (*(one for one in known.removed if one.path not in later), *then.removed),
    )


class Tellings:
    """The changes and tellings in a ledger's database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def take_in(self, servers_for: Callable[[Path], Iterable[str]], due_at: float) -> int:
        """Make tellings of what changed, for each server that ``servers_for`` a medium names, and
        forget the changes; how many tellings.

        A telling that is under way takes the change along and begins anew.
        """
        with self._engine.connect() as c:
            if c.execute(sa.select(changes.c.id).limit(1)).first() is None:
                return 0  # as mostly: nobody is kept from writing
        with writing(self._engine) as c:
            rows = c.execute(sa.select(changes).order_by(changes.c.id)).mappings().all()
            together = dict[Path, Change]()
            for row in rows:
                one = _change(row)
                known = together.get(one.media)
                together[one.media] = merged(known, one) if known else one
            told = 0
            for change in together.values():
                for server in servers_for(change.media):
                    _put(c, server, change, due_at)
                    told += 1
            # Not all up to the last: one of a lower number may be written down meanwhile.
            many(c, "DELETE FROM changes WHERE id = ?", [(row["id"],) for row in rows])
        return told

    def due(self, server: str, now: float, most: int) -> list[Telling]:
        """Tellings of a server whose time has come, the longest waiting first."""
        query = (
            sa.select(tellings)
            .where(tellings.c.server == server, tellings.c.due_at <= now)
            .order_by(tellings.c.due_at, tellings.c.id)
            .limit(most)
        )
        with self._engine.connect() as c:
            return [_telling(row) for row in c.execute(query).mappings()]

    def move(self, known: Telling, **values: Any) -> None:
        """Move a telling on, unless a later change has begun it anew meanwhile."""
        with self._engine.begin() as c:
            c.execute(
                tellings.update()
                .where(
                    tellings.c.id == known.id,
                    tellings.c.written == _text(known.change.written),
                    tellings.c.removed == _text(known.change.removed),
                )
                .values(**values)
            )

    def of_medium(self, medium: Path) -> list[Telling]:
        """What each server was told of a medium last."""
        query = (
            sa.select(tellings)
            .where(tellings.c.medium == os.fsencode(medium))
            .order_by(tellings.c.server)
        )
        with self._engine.connect() as c:
            return [_telling(row) for row in c.execute(query).mappings()]

    def counts(self) -> dict[str, dict[Stage, int]]:
        """For each server, how many media it knows how far."""
        query = (
            sa.select(tellings.c.server, tellings.c.state, sa.func.count())
            .group_by(tellings.c.server, tellings.c.state)
            .order_by(tellings.c.server, tellings.c.state)
        )
        counted = dict[str, dict[Stage, int]]()
        with self._engine.connect() as c:
            for server, state, number in c.execute(query):
                counted.setdefault(server, {})[Stage(state)] = number
        return counted

    def forget_others(self, servers: Iterable[str]) -> None:
        """Forget what servers were told that are no longer configured."""
        with self._engine.begin() as c:
            c.execute(tellings.delete().where(tellings.c.server.not_in(list(servers))))


def _put(c: sa.Connection, server: str, change: Change, due_at: float) -> None:
    medium = os.fsencode(change.media)
    the_one = sa.and_(tellings.c.server == server, tellings.c.medium == medium)
    row = c.execute(sa.select(tellings).where(the_one)).mappings().first()
    known = _telling(row) if row is not None else None
    under_way = known is not None and known.stage in (Stage.WAITING, Stage.TOLD)
    if known is not None and under_way:
        change = merged(known.change, change)
    values = {
        "written": _text(change.written),
        "removed": _text(change.removed),
        "state": Stage.WAITING,
        "method": 0,
        "looks": 0,
        "due_at": due_at,
        "told_at": None,
        "ended_at": None,
        "detail": "",
    }
    if known is None:
        c.execute(tellings.insert().values(server=server, medium=medium, **values))
    else:
        c.execute(tellings.update().where(the_one).values(**values))


def _change(row: Any) -> Change:
    """The change in a row of the table of changes."""
    one = (_sidecar(row["path"], row["language"], row["kind"]),)
    medium = Path(os.fsdecode(row["medium"]))
    return Change(medium, written=one) if row["there"] else Change(medium, removed=one)


def _text(some: Sequence[Sidecar]) -> str:
    """Sidecars as JSON; paths are hexadecimal bytes, being perhaps no text."""
    return json.dumps([[os.fsencode(s.path).hex(), s.language, s.kind] for s in some])


def _sidecars(text: str) -> tuple[Sidecar, ...]:
    return tuple(_sidecar(bytes.fromhex(one[0]), one[1], one[2]) for one in json.loads(text))


def _sidecar(path: bytes, language: str, kind: str) -> Sidecar:
    return Sidecar(Path(os.fsdecode(path)), Language(language), Kind(kind))


def _telling(row: Any) -> Telling:
    medium = Path(os.fsdecode(row["medium"]))
    return Telling(
        id=row["id"],
        server=row["server"],
        change=Change(medium, _sidecars(row["written"]), _sidecars(row["removed"])),
        stage=Stage(row["state"]),
        method=row["method"],
        looks=row["looks"],
        due_at=row["due_at"],
        told_at=row["told_at"],
        ended_at=row["ended_at"],
        detail=row["detail"],
    )

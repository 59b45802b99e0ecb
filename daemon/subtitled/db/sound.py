"""How much sound the libraries have and get, and the languages spoken in it. No file is read."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from .records import NEW, FileState
from .schema import files

_DAY = 86400.0
MIN_DAYS = 7.0
"""Days that a library has to be known for, to tell how much arrives in one."""
MAX_DAYS = 30.0
"""Days that are looked at."""
MIN_LANGUAGE_SHARE = 0.02
"""A language of a smaller share of the files does not decide what an engine has to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibrarySound:
    """What is known of the sound of all libraries."""

    files: int
    seconds: float
    """The length of all files, as far as it is known."""
    new_seconds_per_day: float | None
    """The length of the files that arrive in a day; None while that is not known."""
    languages: tuple[str, ...]
    """The languages that are spoken, as BCP 47, the most frequent first."""


class SoundRepository:
    """Sums over the ``files`` table."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def describe(self, now: float) -> LibrarySound:
        """Return what is known of the sound of all libraries.

        Args:
            now: Seconds since 1970.
        """
        known = files.c.state != FileState.MISSING
        seconds = sa.func.coalesce(sa.func.sum(files.c.duration), 0.0)
        whole = sa.select(sa.func.count(), seconds, sa.func.min(files.c.stable_since)).where(known)
        arrived = sa.select(seconds).where(
            known, files.c.priority == NEW, files.c.stable_since >= now - MAX_DAYS * _DAY
        )
        languages = (
            sa.select(files.c.spoken_language, sa.func.count())
            .where(known, files.c.spoken_language.is_not(None))
            .group_by(files.c.spoken_language)
            .order_by(sa.func.count().desc(), files.c.spoken_language)
        )
        with self._engine.connect() as c:
            number, total, first = c.execute(whole).one()
            new = float(c.execute(arrived).scalar_one())
            counts = [(str(row[0]), int(row[1])) for row in c.execute(languages)]
        days = 0.0 if first is None else min(MAX_DAYS, (now - first) / _DAY)
        named = sum(count for _, count in counts)
        return LibrarySound(
            files=number,
            seconds=float(total),
            new_seconds_per_day=new / days if days >= MIN_DAYS else None,
            languages=tuple(name for name, count in counts if count >= MIN_LANGUAGE_SHARE * named),
        )

"""The files that wait for something, by the folder or the series that they are in."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa

from .records import FileState
from .schema import files
from .wanted import is_inside

WAITING_STATES = frozenset(
    {
        FileState.STABILISING,
        FileState.GROWING,
        FileState.QUEUED,
        FileState.WAITING,
        FileState.RETRYING,
    }
)
"""States of files that have their turn later."""


class WaitingRepository:
    """The ``files`` table, as far as files wait for their turn."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def in_folder(self, folder: Path, states: Collection[FileState] = WAITING_STATES) -> list[Path]:
        """Return the files that wait in a folder and those below it, sorted by path.

        Args:
            folder: The folder.
            states: The states in which a file counts as waiting.
        """
        query = sa.select(files.c.path).where(is_inside(folder), files.c.state.in_(states))
        with self._engine.connect() as c:
            return sorted(Path(os.fsdecode(path)) for path in c.execute(query).scalars())

    def by_series(self) -> dict[str, list[Path]]:
        """Return the files that wait and belong to a series, by its name, sorted by path.

        The title of an episode begins with the name of its series and a colon.
        """
        query = sa.select(files.c.title, files.c.path).where(
            files.c.state.in_(WAITING_STATES), files.c.title.like("%: %")
        )
        series: dict[str, list[Path]] = {}
        with self._engine.connect() as c:
            for title, path in c.execute(query):
                series.setdefault(title.partition(": ")[0], []).append(Path(os.fsdecode(path)))
        return {name: sorted(paths) for name, paths in series.items()}

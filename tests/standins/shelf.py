"""The memory that the stand-ins have in common: films, what lies beside them, what is listed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Subtitle:
    """One subtitle file beside a film, as the server would list it."""

    path: str
    language: str
    forced: bool = False
    sdh: bool = False


@dataclass
class Film:
    """One film of the server; ``beside`` is on its disk, ``listed`` in its database."""

    id: str
    path: str
    beside: list[Subtitle] = field(default_factory=list)
    listed: list[Subtitle] = field(default_factory=list)
    looks_at: float | None = None


class Shelf:
    """Films by path. A film is looked at only when the right call came, and only after a while."""

    def __init__(self) -> None:
        self.films: dict[str, Film] = {}
        self.deaf_to: set[str] = set()
        """Operations that are answered and do nothing."""
        self.slowness = 0.0
        """Seconds from the call to the look at the disk."""

    def put(self, id: str, path: str, *beside: Subtitle) -> Film:
        self.films[path] = Film(id, path, list(beside))
        return self.films[path]

    def look(self, operation: str, path: str) -> None:
        """A call came that has a film looked at."""
        film = self.films.get(path)
        if film is not None and operation not in self.deaf_to:
            film.looks_at = time.monotonic() + self.slowness

    def by_id(self, id: str) -> Film | None:
        return next((film for film in self.films.values() if film.id == id), None)

    def listed(self, film: Film) -> list[Subtitle]:
        if film.looks_at is not None and time.monotonic() >= film.looks_at:
            film.listed, film.looks_at = list(film.beside), None
        return film.listed

"""The library of the fake media servers: media files, their sidecars, and what is listed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Subtitle:
    """A sidecar, as the server would list it."""

    path: str
    language: str
    forced: bool = False
    sdh: bool = False


@dataclass(kw_only=True)
class Film:
    """A media file. ``beside`` are its sidecars on disk, ``listed`` those in the database."""

    id: str
    path: str
    beside: list[Subtitle] = field(default_factory=list)
    listed: list[Subtitle] = field(default_factory=list)
    looks_at: float | None = None


class FakeMediaLibrary:
    """Media files by path. A file is indexed only after a call, and with a delay."""

    def __init__(self) -> None:
        self.films: dict[str, Film] = {}
        self.deaf_to: set[str] = set()
        """Operations that are answered without an effect."""
        self.slowness = 0.0
        """Seconds from the call to the indexing."""

    def put(self, id: str, path: str, *beside: Subtitle) -> Film:
        self.films[path] = Film(id=id, path=path, beside=list(beside))
        return self.films[path]

    def look(self, operation: str, path: str) -> None:
        """Index a media file later, as a call requested."""
        film = self.films.get(path)
        if film is not None and operation not in self.deaf_to:
            film.looks_at = time.monotonic() + self.slowness

    def by_id(self, id: str) -> Film | None:
        return next((film for film in self.films.values() if film.id == id), None)

    def listed(self, film: Film) -> list[Subtitle]:
        if film.looks_at is not None and time.monotonic() >= film.looks_at:
            film.listed, film.looks_at = list(film.beside), None
        return film.listed

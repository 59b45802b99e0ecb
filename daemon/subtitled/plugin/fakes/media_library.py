"""The library of the fake media servers: media files, their sidecars, and what is listed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Subtitle:
    """A sidecar, as the server would list it."""

    path: str
    """Its path, as the server names it."""
    language: str
    """Its language, as its name says it."""
    forced: bool = False
    """Whether it is forced."""
    sdh: bool = False
    """Whether it is for the deaf and hard of hearing."""


@dataclass(kw_only=True)
class Film:
    """A media file of a fake media server."""

    id: str
    """Its id."""
    path: str
    """Its path, as the server names it."""
    beside: list[Subtitle] = field(default_factory=list)
    """The sidecars on disk."""
    listed: list[Subtitle] = field(default_factory=list)
    """The sidecars in the database of the server."""
    looks_at: float | None = None
    """When it is indexed, by the monotonic clock."""


class FakeMediaLibrary:
    """Media files by path. A file is indexed only after a call, and perhaps with a delay."""

    def __init__(self) -> None:
        self.films: dict[str, Film] = {}
        """Path, as the server names it -> media file."""
        self.deaf_to: set[str] = set()
        """Operations that are answered without an effect."""
        self.slowness = 0.0
        """Seconds from the call to the indexing."""

    def put(self, id: str, path: str, *beside: Subtitle) -> Film:
        """Add a media file with its sidecars on disk.

        Args:
            id: Its id.
            path: Its path, as the server names it.
            *beside: Its sidecars.

        Returns:
            The media file.
        """
        self.films[path] = Film(id=id, path=path, beside=list(beside))
        return self.films[path]

    def look(self, operation: str, path: str) -> None:
        """Index a media file later, as a call requested.

        Args:
            operation: The call, such as ``RefreshItem``.
            path: The path of the media file. One that is not there is ignored.
        """
        film = self.films.get(path)
        if film is not None and operation not in self.deaf_to:
            film.looks_at = time.monotonic() + self.slowness

    def by_id(self, id: str) -> Film | None:
        """Return the media file with an id."""
        return next((film for film in self.films.values() if film.id == id), None)

    def listed(self, film: Film) -> list[Subtitle]:
        """Return the sidecars of a media file that the server shows by now."""
        if film.looks_at is not None and time.monotonic() >= film.looks_at:
            film.listed, film.looks_at = list(film.beside), None
        return film.listed

"""A fake of Plex: sections, folder scans, items with their streams."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from .described_server import DescribedServer, RecordedRequest
from .media_library import FakeMediaLibrary, Film, Subtitle


class FakePlex(DescribedServer):
    """A server that lists a sidecar once its folder was scanned or its item refreshed."""

    description = "plex"
    key = "abcdefghij_-ABCDEFGH"
    server_id = "54664a3d8acc39983675640ec9ce00b70af9cc36"
    """The id of the server."""

    def __init__(self) -> None:
        super().__init__()
        self.library = FakeMediaLibrary()
        """Its media files."""
        self.shows: set[str] = set()
        """Ids of items that are series: they have folders and no parts."""
        self.sessions: list[dict[str, Any]] = []
        """What ``/status/sessions`` gives."""
        self.sections: list[dict[str, Any]] = [
            {"key": "1", "type": "movie", "Location": [{"id": 1, "path": "/data/films"}]},
            {"key": "2", "type": "show", "Location": [{"id": 2, "path": "/data/series"}]},
            {"key": "3", "type": "artist", "Location": [{"id": 3, "path": "/data"}]},
        ]
        """What ``/library/sections`` gives."""

    def film(self, path: str, *beside: Subtitle) -> Film:
        """Add a media file.

        Args:
            path: Its path, as the server names it, in one of the folders of ``sections``.
            *beside: Its sidecars on disk.

        Returns:
            The media file.
        """
        return self.library.put(str(500 + len(self.library.films)), path, *beside)

    def answer(self, asked: RecordedRequest) -> Any:
        """Answer a valid request with JSON, None, or a status."""
        if asked.operation == "GetServerInfo":
            names = {"friendlyName": "den", "machineIdentifier": self.server_id}
            return {"MediaContainer": {"version": "1.41.0", **names}}
        if asked.operation == "GetSections":
            return {"MediaContainer": {"size": 3, "Directory": self.sections}}
        if asked.operation == "GetSessions":
            return {"MediaContainer": {"size": len(self.sessions), "Metadata": self.sessions}}
        if asked.operation == "RefreshSection":
            return self._scan(asked)
        if asked.operation == "ListContent":
            return self._list(asked)
        film = self.library.by_id(asked.path["ids"])
        if film is None:
            return 404
        if asked.operation == "RefreshItem":
            self.library.look("RefreshItem", film.path)
            return None
        return {"MediaContainer": {"size": 1, "Metadata": [self._item(film, streams=True)]}}

    def _scan(self, asked: RecordedRequest) -> None:
        assert "path" in asked.query, "the whole section would be scanned"
        folder = asked.query["path"]
        held = self._in_section(asked.path["sectionId"])
        for film in held:
            if PurePosixPath(film.path).is_relative_to(folder):
                self.library.look("RefreshSection", film.path)

    def _list(self, asked: RecordedRequest) -> dict[str, Any]:
        films = list(reversed(self._in_section(asked.path["sectionId"])))
        start = int(asked.query["X-Plex-Container-Start"])
        page = films[start : start + int(asked.query["X-Plex-Container-Size"])]
        found = [self._item(film, streams=False) for film in page]
        return {"MediaContainer": {"size": len(page), "totalSize": len(films), "Metadata": found}}

    def _in_section(self, key: str) -> list[Film]:
        section = next(section for section in self.sections if section["key"] == key)
        place = section["Location"][0]["path"]
        return [
            f for f in self.library.films.values() if PurePosixPath(f.path).is_relative_to(place)
        ]

    def _item(self, film: Film, *, streams: bool) -> dict[str, Any]:
        if film.id in self.shows:
            return {"ratingKey": film.id, "type": "show", "Location": [{"path": film.path}]}
        part: dict[str, Any] = {"id": 7, "file": film.path}
        item: dict[str, Any] = {
            "ratingKey": film.id,
            "title": "A Film",
            "year": 2020,
            "Media": [{"Part": [part]}],
        }
        if streams:
            inside = {"streamType": 3, "id": 1, "languageTag": "en", "languageCode": "eng"}
            outside = [self._stream(one, n) for n, one in enumerate(self.library.listed(film), 2)]
            part["Stream"] = [{"streamType": 1, "id": 0}, inside, *outside]
            item["Role"] = [{"tag": "Ana Torrent", "role": "Ana"}, {"tag": "Isabel Tellería"}]
            item["originalTitle"] = "El espíritu de la colmena"
            item["summary"] = "A girl sees a film."
        return item

    def _stream(self, one: Subtitle, number: int) -> dict[str, Any]:
        output: dict[str, Any] = {
            "streamType": 3,
            "id": number,
            "key": f"/library/streams/{number}",
            "format": one.path.rsplit(".", 1)[1],
            "languageTag": one.language,
        }
        # Flags that are not set are left out.
        return (
            output
            | ({"forced": True} if one.forced else {})
            | ({"hearingImpaired": True} if one.sdh else {})
        )

"""Fakes of Jellyfin and Emby."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from .described_server import DescribedServer, RecordedRequest
from .media_library import FakeMediaLibrary, Film, Subtitle

_LANGUAGES = {"es": "spa", "en": "eng", "pt-BR": "por", "zh-Hans": "chi"}
"""Language of a file name -> code in a stream: ISO 639-2/B."""


class FakeMediaBrowser(DescribedServer):
    """A server that lists a sidecar once the media file was refreshed."""

    version: str
    """The version that it states."""
    server_id = "f1a4a3a7c5f94a9f8b5a0d4be6cf3a11"
    """The id of the server."""

    def __init__(self) -> None:
        super().__init__()
        self.library = FakeMediaLibrary()
        """Its media files."""
        self.sessions: Any = []
        """What ``/Sessions`` gives."""

    def answer(self, asked: RecordedRequest) -> Any:
        """Answer a valid request with JSON, None, or a status."""
        if asked.operation == "GetSystemInfo":
            return {"Version": self.version, "ServerName": "den", "Id": self.server_id}
        if asked.operation == "GetSessions":
            return self.sessions
        if asked.operation == "PostUpdatedMedia":
            for update in asked.body["Updates"]:  # unknown paths are ignored
                self.library.look("PostUpdatedMedia", update["Path"])
            return None
        if asked.operation == "RefreshItem":
            return self._refresh(asked)
        if asked.operation in ("SendFullGeneralCommand", "SendMessageCommand"):
            return self._command(asked)
        query = {name[0].lower() + name[1:]: value for name, value in asked.query.items()}
        films = self.find(query)
        start, limit = int(query.get("startIndex", 0)), int(query.get("limit", 1000))
        fields = query.get("fields", "").split(",")
        items = [self._item(film, fields) for film in films[start : start + limit]]
        return {"Items": items, "TotalRecordCount": len(films)}

    def _command(self, asked: RecordedRequest) -> int | None:
        """Pass a command on to the player of a session, which must be there."""
        ids = [session.get("Id") for session in self.sessions]
        return None if next(iter(asked.path.values())) in ids else 404

    def _refresh(self, asked: RecordedRequest) -> int | None:
        query = {name.lower(): value for name, value in asked.query.items()}
        assert query["metadatarefreshmode"] == "Default", "would look at nothing, or at too much"
        assert query["replaceallmetadata"] == query["replaceallimages"] == "false"
        film = self.library.by_id(next(iter(asked.path.values())))
        if film is None:
            return 404
        self.library.look("RefreshItem", film.path)
        return None

    def find(self, query: dict[str, str]) -> list[Film]:
        """Find the media files of a query, by id or path."""
        films = list(self.library.films.values())
        if "ids" in query:
            ids = query["ids"].split(",")
            return [film for film in films if film.id in ids]
        assert query.get("recursive") == "true", "it would look into the root folder only"
        if "path" in query:
            return [film for film in films if film.path == query["path"]]
        return films

    def _item(self, film: Film, fields: list[str]) -> dict[str, Any]:
        item: dict[str, Any] = {"Id": film.id, "Name": "A Film", "ProductionYear": 2020}
        if "Path" in fields:
            item["Path"] = film.path
        if "MediaStreams" in fields:
            streams = [{"Type": "Video"}, {"Type": "Audio", "Language": "eng"}]
            streams += [self._stream(one) for one in self.library.listed(film)]
            item["MediaStreams"] = [
                {"Index": number} | stream for number, stream in enumerate(streams)
            ]
        if "People" in fields:
            item["People"] = [
                {"Name": "Ana Torrent", "Role": "Ana", "Type": "Actor"},
                {"Name": "Víctor Erice", "Role": "", "Type": "Director"},
            ]
        if "OriginalTitle" in fields:
            item["OriginalTitle"] = "El espíritu de la colmena"
        if "Overview" in fields:
            item["Overview"] = "A girl sees a film."
        return item

    def _stream(self, one: Subtitle) -> dict[str, Any]:
        return {
            "Type": "Subtitle",
            "IsExternal": True,
            "Path": one.path,
            "Language": _LANGUAGES.get(one.language, one.language),
            "IsForced": one.forced,
            "IsHearingImpaired": one.sdh,
            "IsDefault": False,
        }


class FakeJellyfin(FakeMediaBrowser):
    """A fake Jellyfin. Ids are computed from paths, unless ``own_id`` is given."""

    description, version = "jellyfin", "10.11.2"
    key = "0123456789abcdef0123456789abcdef"

    def film(self, path: str, *beside: Subtitle, own_id: str = "") -> Film:
        """Add a media file.

        Args:
            path: Its path, as the server names it.
            *beside: Its sidecars on disk.
            own_id: Its id, instead of the one that Jellyfin computes from the path.

        Returns:
            The media file.
        """
        return self.library.put(own_id or _compute_item_id(path), path, *beside)


class FakeEmby(FakeMediaBrowser):
    """A fake Emby. Ids are numbers."""

    description, version = "emby", "4.9.0.33"
    key = "fedcba9876543210fedcba9876543210"

    def film(self, path: str, *beside: Subtitle) -> Film:
        """Add a media file with its sidecars on disk.

        Args:
            path: Its path, as the server names it.
            *beside: Its sidecars on disk.

        Returns:
            The media file.
        """
        return self.library.put(str(100 + len(self.library.films)), path, *beside)


def _compute_item_id(path: str) -> str:
    """Compute the id of a film as Jellyfin's ``LibraryManager.GetNewItemId`` does."""
    key = f"MediaBrowser.Controller.Entities.Movies.Movie{path}".encode("utf-16-le", "replace")
    return uuid.UUID(bytes_le=hashlib.md5(key, usedforsecurity=False).digest()).hex

"""Fakes of Jellyfin and Emby."""

from __future__ import annotations

from typing import Any

from subtitled_plugins.jellyfin import compute_item_id
from support.fakes.described_server import DescribedServer, RecordedRequest
from support.fakes.media_library import FakeMediaLibrary, Film, Subtitle

LANGUAGES = {"es": "spa", "en": "eng", "pt-BR": "por", "zh-Hans": "chi"}
"""Language of a file name -> code in a stream: ISO 639-2/B."""


class FakeMediaBrowser(DescribedServer):
    """A server that lists a sidecar once the media file was refreshed."""

    version: str
    server_id = "f1a4a3a7c5f94a9f8b5a0d4be6cf3a11"

    def __init__(self) -> None:
        super().__init__()
        self.library = FakeMediaLibrary()
        self.sessions: Any = []

    def answer(self, asked: RecordedRequest) -> Any:
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
        query = {name[0].lower() + name[1:]: value for name, value in asked.query.items()}
        films = self.find(query)
        start, limit = int(query.get("startIndex", 0)), int(query.get("limit", 1000))
        fields = query.get("fields", "").split(",")
        items = [self._item(film, fields) for film in films[start : start + limit]]
        return {"Items": items, "TotalRecordCount": len(films)}

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
            external = [self._stream(one) for one in self.library.listed(film)]
            item["MediaStreams"] = [{"Type": "Video"}, {"Type": "Audio", "Language": "eng"}]
            item["MediaStreams"] += external
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
            "Language": LANGUAGES.get(one.language, one.language),
            "IsForced": one.forced,
            "IsHearingImpaired": one.sdh,
            "IsDefault": False,
        }


class FakeJellyfin(FakeMediaBrowser):
    """A fake Jellyfin. Ids are computed from paths, unless ``own_id`` is given."""

    description, version = "jellyfin", "10.11.2"
    key = "0123456789abcdef0123456789abcdef"

    def film(self, path: str, *beside: Subtitle, own_id: str = "") -> Film:
        return self.library.put(own_id or compute_item_id(path, "Movies.Movie"), path, *beside)


class FakeEmby(FakeMediaBrowser):
    """A fake Emby. Ids are numbers."""

    description, version = "emby", "4.9.0.33"
    key = "fedcba9876543210fedcba9876543210"

    def film(self, path: str, *beside: Subtitle) -> Film:
        return self.library.put(str(100 + len(self.library.films)), path, *beside)

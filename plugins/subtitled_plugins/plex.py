"""Plex, by its published OpenAPI description and the source of python-plexapi 4.18."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from subtitled.plugin import (
    CheckResult,
    IndexStatus,
    MediaMetadata,
    MediaServer,
    PlaybackSession,
    Register,
    Secret,
    SetupError,
    SidecarChange,
    SubtitledError,
    hookimpl,
    is_same_path,
)
from subtitled.plugin.http_server import HttpMediaServer, HttpServerSettings, NotFoundError
from subtitled.plugin.limits import (
    MAX_PEOPLE,
    YEARS,
    clean_text,
    read_identifier,
    read_integer,
    read_object,
    read_objects,
    read_path,
)
from subtitled.plugin.paths import is_inside

from ._compare import ListedStream, compare_streams

SUBTITLED_API = "1"

SUBTITLE_EXTENSIONS = ("srt", "vtt", "ass", "ssa", "smi")
"""Extensions of the subtitle files that Plex lists."""
_FILE_TYPES = {"movie": "1", "show": "4"}
"""Type of a section -> type of its items that are files: films, episodes."""
_SUBTITLE_STREAM = 3
_PAGE_SIZE, _MAX_PAGES = 500, 40
"""How many items one request lists, newest first, and how many requests a search makes."""
_SAMPLE_COUNT = 20
_MAX_OFFSET = 1000 * 3600 * 1000
"""Longest film, in milliseconds."""
_MAX_SESSIONS = 20
"""Most sessions without a file that are asked about."""


class PlexSettings(HttpServerSettings):
    """The settings in ``[servers.plex]``."""

    url: str = Field(
        pattern=r"^https?://", description="The address of the server, such as http://nas:32400."
    )
    token: Secret = Field(description="An X-Plex-Token of the server's owner, by reference.")


class Plex(HttpMediaServer[PlexSettings]):
    """A Plex Media Server."""

    kind = "Plex"
    example = "http://nas:32400"
    refresh_strategies = ("asked to scan the folder", "asked to refresh each media file")

    def __init__(self, settings: PlexSettings, context: Any) -> None:
        super().__init__(settings, context)
        self._keys_by_path = dict[str, str]()
        """Path on the server -> key of the item, for items found before."""

    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        if strategy == 0:
            self._scan_folders([self.to_server(change.media.parent) for change in changes])
            return
        for change in changes:
            item = self._find_item(self.to_server(change.media))
            key = read_identifier(item.get("ratingKey")) if item is not None else None
            if key is None:
                continue  # check_indexed reports it
            with contextlib.suppress(NotFoundError):  # it was removed meanwhile
                self._request("PUT", f"/library/metadata/{key}/refresh")

    def _scan_folders(self, folders: Sequence[str]) -> None:
        """Scan each folder once, in its section."""
        sections = self._fetch_sections()
        for folder in dict.fromkeys(folders):
            for section in sections:
                if _is_in_section(section, folder):
                    key = section["key"]
                    self._request("GET", f"/library/sections/{key}/refresh", {"path": folder})

    def check_indexed(self, change: SidecarChange) -> IndexStatus:
        path = self.to_server(change.media)
        item = self._find_item(path)
        if item is None:
            return IndexStatus(False, f"it has no {path}; if it should, see subtitled doctor")
        streams = [
            ListedStream(
                clean_text(stream.get("languageTag")) or clean_text(stream.get("languageCode")),
                bool(stream.get("forced")),
                bool(stream.get("hearingImpaired")),
            )
            for part in _list_parts(item)
            if is_same_path(read_path(part.get("file")) or "", path)
            for stream in read_objects(part.get("Stream"))
            if stream.get("streamType") == _SUBTITLE_STREAM
            and stream.get("key")  # only external subtitles have a key
        ]
        return compare_streams(
            change, streams, lambda sidecar: self.to_server(sidecar.path), SUBTITLE_EXTENSIONS
        )

    def now_playing(self) -> Sequence[Path]:
        return list(dict.fromkeys(session.media for session in self.playback_sessions()))

    def playback_sessions(self) -> Sequence[PlaybackSession]:
        sessions = list[PlaybackSession]()
        looked_up = 0
        for number, item in enumerate(self._fetch_metadata("/status/sessions")):
            files = [part.get("file") for part in _list_parts(item)]
            if not any(files) and looked_up < _MAX_SESSIONS:
                looked_up += 1  # a transcoding session lists no file
                key = read_identifier(item.get("ratingKey"))
                item_details = self._fetch_item(key) if key is not None else None
                files = [part.get("file") for part in _list_parts(item_details or {})]
            offset = read_integer(item.get("viewOffset"), 0, _MAX_OFFSET)
            player = read_object(item.get("Player"))
            sessions += [
                PlaybackSession(
                    id=clean_text(item.get("sessionKey"), 100) or f"{number}",
                    media=media,
                    position=None if offset is None else offset / 1000,
                    is_paused=player.get("state") == "paused",
                    client=clean_text(player.get("product"), 100),
                )
                for media in self.to_local_paths(files)
            ]
        return sessions

    def server_id(self) -> str:
        return clean_text(self._fetch_container("/").get("machineIdentifier"))

    def item_paths(self, item_id: str) -> Sequence[Path]:
        if not re.fullmatch("[0-9]{1,18}", item_id):
            return ()
        item = self._fetch_item(item_id) or {}
        # A series lists its folders. A season lists nothing: its episodes are told of as well.
        places = [part.get("file") for part in _list_parts(item)] or [
            folder.get("path") for folder in read_objects(item.get("Location"))
        ]
        return self.to_local_paths(places)

    def metadata(self, media: Path) -> MediaMetadata | None:
        item = self._find_item(self.to_server(media))
        if item is None:
            return None
        roles = read_objects(item.get("Role"), MAX_PEOPLE)
        return MediaMetadata(
            title=clean_text(item.get("title")) or media.stem,
            original_title=clean_text(item.get("originalTitle")),
            series=clean_text(item.get("grandparentTitle")),
            year=read_integer(item.get("year"), *YEARS),
            cast=tuple(name for role in roles if (name := clean_text(role.get("tag")))),
            characters=tuple(name for role in roles if (name := clean_text(role.get("role")))),
        )

    def sample_paths(self) -> Sequence[str]:
        paths = list[str]()
        for section in self._fetch_sections():
            items = next(self._iter_pages(section, _SAMPLE_COUNT), ())
            paths += [
                path
                for item in items
                for part in _list_parts(item)
                if (path := read_path(part.get("file")))
            ]
        return paths

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"Plex at {self.settings.url}"
        try:
            container = self._fetch_container("/")
            sections = len(self._fetch_sections())
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        version = clean_text(container.get("version"), 50, "?")
        return [
            CheckResult(
                subject, True, f"version {version}, {sections} libraries of films or series"
            )
        ]

    def _find_item(self, path: str) -> dict[str, Any] | None:
        """Find the item of a file, with its streams, and remember its key.

        Plex cannot query by path, so the newest items are searched.
        """
        key = self._keys_by_path.get(path)
        if key is not None:
            item_details = self._fetch_item(key)
            if item_details is not None and _is_at_path(item_details, path):
                return item_details
            del self._keys_by_path[path]
        for section in self._fetch_sections():
            if not _is_in_section(section, path):
                continue
            for items in self._iter_pages(section, _PAGE_SIZE):
                for item in items:
                    found = read_identifier(item.get("ratingKey"))
                    if found is not None and _is_at_path(item, path):
                        self._keys_by_path[path] = found
                        return self._fetch_item(found)
        return None

    def _fetch_item(self, key: str) -> dict[str, Any] | None:
        """Fetch an item by its key, with its streams. Return None if it does not exist."""
        try:
            return next(iter(self._fetch_metadata(f"/library/metadata/{key}")), None)
        except NotFoundError:
            return None

    def _iter_pages(self, section: Mapping[str, Any], size: int) -> Iterator[list[dict[str, Any]]]:
        """Iterate over pages of the files of a section, newest first."""
        path = f"/library/sections/{section['key']}/all"
        for page in range(_MAX_PAGES):
            query = {
                "type": _FILE_TYPES[section["type"]],
                "sort": "addedAt:desc",
                "X-Plex-Container-Start": str(page * size),
                "X-Plex-Container-Size": str(size),
            }
            items = self._fetch_metadata(path, query)
            yield items
            if len(items) < size:
                return

    def _fetch_sections(self) -> list[dict[str, Any]]:
        directories = self._fetch_container("/library/sections").get("Directory")
        return [
            section
            for section in read_objects(directories)
            if clean_text(section.get("type")) in _FILE_TYPES
            and read_identifier(section.get("key")) is not None
        ]

    def _fetch_metadata(
        self, path: str, query: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        return read_objects(self._fetch_container(path, query).get("Metadata"))

    def _fetch_container(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        payload = self._request("GET", path, query)
        container = payload.get("MediaContainer") if isinstance(payload, dict) else None
        if not isinstance(container, dict):
            raise self.unexpected_answer(path)
        return container

    def _request(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        token = self.settings.token.reveal()
        if not (token.isascii() and token.replace("-", "").replace("_", "").isalnum()):
            raise SetupError("the token given for Plex is no X-Plex-Token", self.key_hint())
        return self.request_json(method, path, headers={"X-Plex-Token": token}, query=query)

    def key_hint(self) -> str:
        return (
            "Look one up (Plex's help: finding an authentication token) and set "
            f"servers.{self.context.name}.token to it, by reference"
        )


def _is_in_section(section: Mapping[str, Any], path: str) -> bool:
    """Check whether a path is inside one of the folders of a section."""
    folders = [read_path(folder.get("path")) for folder in read_objects(section.get("Location"))]
    return any(is_inside(path, folder) for folder in folders if folder)


def _is_at_path(item: Mapping[str, Any], path: str) -> bool:
    return any(is_same_path(read_path(part.get("file")) or "", path) for part in _list_parts(item))


def _list_parts(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        part
        for media in read_objects(item.get("Media"))
        for part in read_objects(media.get("Part"))
    ]


@hookimpl
def register_media_servers(register: Register[MediaServer]) -> None:
    register(Plex)

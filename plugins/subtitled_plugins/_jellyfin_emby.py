"""What Jellyfin and Emby, which come from one house, have in common.

Both answer ``POST /Library/Media/Updated`` with 204 whatever the path, and act about a minute
later: that alone confirms nothing. A refresh of one item with the mode ``Default`` looks for
subtitles beside it; ``FullRefresh`` would fetch everything anew from the internet and is never
asked for.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from subtitled.plugin import (
    CheckResult,
    IndexStatus,
    MediaMetadata,
    Secret,
    SetupError,
    SidecarChange,
    SubtitledError,
    is_same_path,
)
from subtitled.plugin.http import HttpMediaServer, HttpServerSettings, NotFoundError

from ._compare import ListedStream, compare_streams

SUBTITLE_EXTENSIONS = ("srt", "vtt", "ass", "ssa", "sub", "smi")
"""Endings of what both list as a subtitle beside a film."""
VIDEO_TYPES = "Movie,Episode,Video,MusicVideo"
SAMPLE_COUNT = 20


class ApiKeyServerSettings(HttpServerSettings):
    """``[servers.jellyfin]``, ``[servers.emby]``"""

    url: str = Field(
        pattern=r"^https?://", description="Where it answers, such as http://nas:8096."
    )
    api_key: Secret = Field(description="A key of its own for us, by reference; see its dashboard.")


class JellyfinEmbyServer(HttpMediaServer[ApiKeyServerSettings]):
    """One such server. What is written differently by the two is left to them."""

    example = "http://nas:8096"
    refresh_strategies = ("told about the changed files", "asked to look at each film anew")

    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        if strategy == 0:
            paths = [self.to_server(change.media) for change in changes]
            updates = [{"Path": path, "UpdateType": "Modified"} for path in paths]
            self._request("POST", "/Library/Media/Updated", body={"Updates": updates})
            return
        for change in changes:
            item = self.find_item(self.to_server(change.media), "Path")
            if item is None:
                continue  # that it does not know it is said when it is asked
            with contextlib.suppress(NotFoundError):  # it went meanwhile
                self._request("POST", f"/Items/{item['Id']}/Refresh", self.build_refresh_query())

    def check_indexed(self, change: SidecarChange) -> IndexStatus:
        path = self.to_server(change.media)
        item = self.find_item(path, "Path,MediaStreams")
        if item is None:
            return IndexStatus(False, f"it has no {path}; if it should, see subtitled doctor")
        streams = [
            ListedStream(
                stream.get("Language") or "",
                bool(stream.get("IsForced")),
                self.is_sdh(stream),
                stream.get("Path") or "",
            )
            for stream in item.get("MediaStreams") or ()
            if stream.get("Type") == "Subtitle" and stream.get("IsExternal")
        ]
        return compare_streams(
            change, streams, lambda sidecar: self.to_server(sidecar.path), SUBTITLE_EXTENSIONS
        )

    def now_playing(self) -> Sequence[Path]:
        sessions = self._request("GET", "/Sessions")
        if not isinstance(sessions, list):
            raise self.unexpected_answer("/Sessions")
        playing_items = [session.get("NowPlayingItem") or {} for session in sessions]
        paths = [item.get("Path") for item in playing_items]
        return [self.to_local(path) for path in paths if path]

    def metadata(self, media: Path) -> MediaMetadata | None:
        item = self.find_item(self.to_server(media), "Path,OriginalTitle,Overview,People")
        if item is None:
            return None
        people = [person for person in item.get("People") or () if person.get("Name")]
        cast = [person for person in people if person.get("Type") in ("Actor", "GuestStar")]
        return MediaMetadata(
            title=item.get("Name") or media.stem,
            original_title=item.get("OriginalTitle") or "",
            series=item.get("SeriesName") or "",
            year=item.get("ProductionYear"),
            cast=tuple(person["Name"] for person in people),
            characters=tuple(person["Role"] for person in cast if person.get("Role")),
        )

    def sample_paths(self) -> Sequence[str]:
        items = self.query_items(
            recursive="true",
            includeItemTypes=VIDEO_TYPES,
            fields="Path",
            sortBy="DateCreated",
            sortOrder="Descending",
            limit=str(SAMPLE_COUNT),
        )
        return [item["Path"] for item in items if item.get("Path")]

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"{self.kind} at {self.settings.url}"
        try:
            info = self._request("GET", "/System/Info")
            if not isinstance(info, dict):
                raise self.unexpected_answer("/System/Info")
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        return [CheckResult(subject, True, f"version {info.get('Version', '?')}, the key is right")]

    def query_items(self, **query: str) -> list[dict[str, Any]]:
        """Items that a query finds; its names begin small here, whatever the server has."""
        payload = self._request(
            "GET", "/Items", {self.format_parameter(name): v for name, v in query.items()}
        )
        items = payload.get("Items") if isinstance(payload, dict) else None
        if not isinstance(items, list):
            raise self.unexpected_answer("/Items")
        return items

    @abstractmethod
    def find_item(self, path: str, fields: str) -> dict[str, Any] | None:
        """The one item at a path of the server, with these fields."""

    @abstractmethod
    def build_auth_headers(self, key: str) -> Mapping[str, str]:
        """The header that carries the key: one in the address would end up in its logs."""

    @abstractmethod
    def build_refresh_query(self) -> Mapping[str, str]:
        """How to have one item looked at, and nothing of it replaced."""

    def format_parameter(self, name: str) -> str:
        """The name of a parameter as this server writes it."""
        return name

    def is_sdh(self, stream: Mapping[str, Any]) -> bool:
        """Whether a stream is for the deaf and hard of hearing."""
        return bool(stream.get("IsHearingImpaired"))

    def _request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Any:
        key = self.settings.api_key.reveal()
        if not (key.isascii() and key.isalnum()):
            raise SetupError(f"what is given as {self.kind}'s key is no such key", self.key_hint())
        return self.request_json(
            method, path, headers=self.build_auth_headers(key), query=query, body=body
        )

    def key_hint(self) -> str:
        return (
            f"Make a new one in its dashboard under API Keys and set servers.{self.context.name}"
            ".api_key to where it lies"
        )


def find_at_path(path: str, items: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The item among some that really lies at a path."""
    return next((item for item in items if is_same_path(item.get("Path") or "", path)), None)


__all__ = ["VIDEO_TYPES", "ApiKeyServerSettings", "JellyfinEmbyServer", "find_at_path"]

"""What Jellyfin and Emby, which share their origin, have in common.

Both answer ``POST /Library/Media/Updated`` with 204 for any path, and act about a minute later: the
answer confirms nothing. A refresh of one item with the mode ``Default`` looks for subtitles beside
it. ``FullRefresh`` would download all metadata again, and is never used.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from subtitled.plugin import (
    CheckResult,
    IndexStatus,
    MediaMetadata,
    PlaybackSession,
    Secret,
    SetupError,
    Sidecar,
    SidecarChange,
    SubtitledError,
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

from ._compare import ListedStream, compare_streams
from ._session_commands import describe_arrival, read_session

SUBTITLE_EXTENSIONS = ("srt", "vtt", "ass", "ssa", "sub", "smi")
"""Extensions of the subtitle files that both list."""
VIDEO_TYPES = "Movie,Episode,Video,MusicVideo"
SAMPLE_COUNT = 20
MAX_STREAM = 10_000
"""Highest number of a stream."""


class ApiKeyServerSettings(HttpServerSettings):
    """The settings in ``[servers.jellyfin]`` and ``[servers.emby]``."""

    url: str = Field(
        pattern=r"^https?://", description="The address of the server, such as http://nas:8096."
    )
    api_key: Secret = Field(
        description="An API key of the server, by reference. Its dashboard makes one."
    )


class JellyfinEmbyServer(HttpMediaServer[ApiKeyServerSettings]):
    """Base class of both servers. Subclasses implement what the two do differently."""

    example = "http://nas:8096"
    refresh_strategies = ("told about the changed files", "asked to refresh each media file")
    extra_arguments: ClassVar[Mapping[str, str]] = {}
    """What a server wants beside the number of a subtitle that is to be shown."""

    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        if strategy == 0:
            paths = [self.to_server(change.media) for change in changes]
            updates = [{"Path": path, "UpdateType": "Modified"} for path in paths]
            self._request("POST", "/Library/Media/Updated", body={"Updates": updates})
            return
        for change in changes:
            item = self.find_item(self.to_server(change.media), "Path")
            item_id = read_identifier(item.get("Id")) if item is not None else None
            if item_id is None:
                continue  # check_indexed reports it
            with contextlib.suppress(NotFoundError):  # it was removed meanwhile
                self._request("POST", f"/Items/{item_id}/Refresh", self.build_refresh_query())

    def check_indexed(self, change: SidecarChange) -> IndexStatus:
        path = self.to_server(change.media)
        item = self.find_item(path, "Path,MediaStreams")
        if item is None:
            return IndexStatus(False, f"it has no {path}; if it should, see subtitled doctor")
        streams = [
            ListedStream(
                clean_text(stream.get("Language")),
                bool(stream.get("IsForced")),
                self.is_sdh(stream),
                read_path(stream.get("Path")) or "",
            )
            for stream in read_objects(item.get("MediaStreams"))
            if stream.get("Type") == "Subtitle" and stream.get("IsExternal")
        ]
        return compare_streams(
            change, streams, lambda sidecar: self.to_server(sidecar.path), SUBTITLE_EXTENSIONS
        )

    def now_playing(self) -> Sequence[Path]:
        items = [read_object(session.get("NowPlayingItem")) for session in self._fetch_sessions()]
        return self.to_local_paths(item.get("Path") for item in items)

    def playback_sessions(self) -> Sequence[PlaybackSession]:
        return [
            read_session(session, media)
            for session in self._fetch_sessions()
            for media in self.to_local_paths(
                [read_object(session.get("NowPlayingItem")).get("Path")]
            )
        ]

    def show_sidecar(self, session: PlaybackSession, sidecar: Sidecar, is_new: bool) -> bool | None:
        current = next(
            (one for one in self._fetch_sessions() if read_identifier(one.get("Id")) == session.id),
            None,
        )
        commands = current.get("SupportedCommands") if current is not None else None
        if (
            current is None
            or not isinstance(commands, list)
            or "SetSubtitleStreamIndex" not in (commands)
        ):
            return None
        stream = self._find_stream(session.media, sidecar)
        if stream is None:
            return False
        shown = read_integer(
            read_object(current.get("PlayState")).get("SubtitleStreamIndex"), -1, MAX_STREAM
        )
        # A viewer who shows another one, or switched ours off, keeps it so.
        if shown not in (None, -1, stream) or (not is_new and shown != stream):
            return None
        place = f"/Sessions/{session.id}"
        if is_new and "DisplayMessage" in commands:
            self.send_message(f"{place}/Message", describe_arrival(sidecar))
        arguments = {"Index": str(stream), **self.extra_arguments}
        command = {"Name": "SetSubtitleStreamIndex", "Arguments": arguments}
        self._request("POST", f"{place}/Command", body=command)
        return True

    def _find_stream(self, media: Path, sidecar: Sidecar) -> int | None:
        """Return the number of a sidecar among the streams of its item; None if it is not there."""
        item = self.find_item(self.to_server(media), "Path,MediaStreams")
        path = self.to_server(sidecar.path)
        return next(
            (
                read_integer(stream.get("Index"), 0, MAX_STREAM)
                for stream in read_objects((item or {}).get("MediaStreams"))
                if stream.get("Type") == "Subtitle"
                and is_same_path(read_path(stream.get("Path")) or "", path)
            ),
            None,
        )

    def _fetch_sessions(self) -> list[dict[str, Any]]:
        sessions = self._request("GET", "/Sessions")
        if not isinstance(sessions, list):
            raise self.unexpected_answer("/Sessions")
        return read_objects(sessions)

    def server_id(self) -> str:
        return clean_text(self._fetch_info().get("Id"))

    def item_paths(self, item_id: str) -> Sequence[Path]:
        own_id = self.parse_item_id(item_id)
        if own_id is None:
            return ()
        items = self.query_items(ids=own_id, fields="Path")
        # A server that ignores the parameter would list other items.
        own_items = [item for item in items if str(item.get("Id")) == own_id]
        return self.to_local_paths(item.get("Path") for item in own_items)

    def metadata(self, media: Path) -> MediaMetadata | None:
        item = self.find_item(self.to_server(media), "Path,OriginalTitle,Overview,People")
        if item is None:
            return None
        people = read_objects(item.get("People"), MAX_PEOPLE)
        names = [clean_text(person.get("Name")) for person in people]
        roles = [
            clean_text(person.get("Role"))
            for person, name in zip(people, names, strict=True)
            if name and person.get("Type") in ("Actor", "GuestStar")
        ]
        return MediaMetadata(
            title=clean_text(item.get("Name")) or media.stem,
            original_title=clean_text(item.get("OriginalTitle")),
            series=clean_text(item.get("SeriesName")),
            year=read_integer(item.get("ProductionYear"), *YEARS),
            cast=tuple(filter(None, names)),
            characters=tuple(filter(None, roles)),
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
        return [path for item in items if (path := read_path(item.get("Path")))]

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"{self.kind} at {self.settings.url}"
        try:
            info = self._fetch_info()
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        return [
            CheckResult(
                subject,
                True,
                f"version {clean_text(info.get('Version'), 50, '?')}, the key is accepted",
            )
        ]

    def query_items(self, **query: str) -> list[dict[str, Any]]:
        """Query items.

        Args:
            **query: Query parameters, in camel case. :meth:`format_parameter` adapts them.

        Returns:
            The found items.

        Raises:
            SetupError: The response has no items.
            TransientError: The server does not answer now.
        """
        payload = self._request(
            "GET", "/Items", {self.format_parameter(name): v for name, v in query.items()}
        )
        items = payload.get("Items") if isinstance(payload, dict) else None
        if not isinstance(items, list):
            raise self.unexpected_answer("/Items")
        return read_objects(items)

    def _fetch_info(self) -> Mapping[str, Any]:
        info = self._request("GET", "/System/Info")
        if not isinstance(info, dict):
            raise self.unexpected_answer("/System/Info")
        return info

    @abstractmethod
    def parse_item_id(self, text: str) -> str | None:
        """Return the id of an item as this server writes it; None if the text is no id."""

    @abstractmethod
    def find_item(self, path: str, fields: str) -> dict[str, Any] | None:
        """Find the item of a media file, by its path on the server, with the given fields."""

    @abstractmethod
    def build_auth_headers(self, key: str) -> Mapping[str, str]:
        """Build the header with the key. A key in the url would be written to the server's log."""

    @abstractmethod
    def build_refresh_query(self) -> Mapping[str, str]:
        """Build the query of a refresh that replaces nothing."""

    def send_message(self, path: str, message: Mapping[str, str | int]) -> None:
        """Have the player of a session show a message."""
        self._request("POST", path, body=message)

    def format_parameter(self, name: str) -> str:
        """Write the name of a query parameter as this server does."""
        return name

    def is_sdh(self, stream: Mapping[str, Any]) -> bool:
        """Check whether a stream is for the deaf and hard of hearing."""
        return bool(stream.get("IsHearingImpaired"))

    def _request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Any:
        key = self.settings.api_key.reveal()
        if not (key.isascii() and key.isalnum()):
            raise SetupError(f"the key given for {self.kind} is no API key", self.key_hint())
        return self.request_json(
            method, path, headers=self.build_auth_headers(key), query=query, body=body
        )

    def key_hint(self) -> str:
        return (
            "Make a new key in the dashboard of the server under API Keys and set "
            f"servers.{self.context.name}.api_key to it, by reference"
        )


def find_at_path(path: str, items: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Find the item with exactly this path on the server. Return None if there is none."""
    return next(
        (item for item in items if is_same_path(read_path(item.get("Path")) or "", path)), None
    )


__all__ = ["VIDEO_TYPES", "ApiKeyServerSettings", "JellyfinEmbyServer", "find_at_path"]

"""Kodi, over JSON-RPC.

Kodi looks for subtitles each time a media file is opened and stores no list of them. It therefore
lists the subtitles of the open file only. For other files, it can tell whether it sees the sidecar.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
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
    Sidecar,
    SidecarChange,
    SubtitledError,
    hookimpl,
    is_same_path,
)
from subtitled.plugin.http_server import HttpMediaServer, HttpServerSettings
from subtitled.plugin.limits import (
    MAX_PEOPLE,
    YEARS,
    clean_text,
    read_integer,
    read_object,
    read_objects,
    read_path,
)

from ._compare import ListedStream, compare_streams, parse_primary_language

SUBTITLED_API = "1"

SUBTITLE_EXTENSIONS = ("srt", "vtt", "ass", "ssa", "sub", "smi")
"""Extensions of the subtitle files that Kodi opens."""
_EXTERNAL = "(External)"
"""Part of the name of a subtitle stream that is a sidecar."""
_SAMPLE_COUNT = 10
_MAX_PLAYERS = 10
_MAX_HOURS = 1000
_METADATA_FIELDS = ["title", "originaltitle", "cast", "file"]


class KodiSettings(HttpServerSettings):
    """The settings in ``[servers.kodi]``."""

    url: str = Field(
        pattern=r"^https?://", description="The address of Kodi, such as http://tv:8080."
    )
    user: str = Field("kodi", description="The user name in Kodi's settings: Services > Control.")
    password: Secret | None = Field(
        None, description="The password in the same place, by reference."
    )


class _RefusedError(SetupError):
    """Kodi refuses a call."""


class Kodi(HttpMediaServer[KodiSettings]):
    """A Kodi with its web server switched on."""

    kind = "Kodi"
    example = "http://tv:8080"
    refresh_strategies = ("asked to scan the folder",)

    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        folders = [_get_folder(self.to_server(change.media)) for change in changes]
        for folder in dict.fromkeys(folders):
            self._call("VideoLibrary.Scan", directory=folder, showdialogs=False)

    def check_indexed(self, change: SidecarChange) -> IndexStatus:
        path = self.to_server(change.media)
        for player, file in self._list_open_files():
            if is_same_path(file, path):
                status = self._check_open_film(player, change)
                if status.is_complete:
                    return status
                reminder = "it looks again when the film is opened again"
                return IndexStatus(None, f"the film is open: {status.detail}; {reminder}")
        visible_files = self._list_visible_files(_get_folder(path))
        for sidecar in change.added:
            if not any(is_same_path(file, self.to_server(sidecar.path)) for file in visible_files):
                return IndexStatus(
                    False, f"it does not see {sidecar.path.name}; see subtitled doctor"
                )
        return IndexStatus(None, "it sees the files, and lists them when the film is opened")

    def _check_open_film(self, player: int, change: SidecarChange) -> IndexStatus:
        """Compare a change with the subtitles of the open media file."""
        payload = self._call("Player.GetProperties", playerid=player, properties=["subtitles"])
        streams = [
            ListedStream(
                clean_text(entry.get("language")),
                bool(entry.get("isforced")),
                # Kodi 20 has the flag in the name of the stream only.
                bool(entry.get("isimpaired"))
                or "sdh" in clean_text(entry.get("name")).lower().split(),
            )
            for entry in read_objects(payload.get("subtitles"))
            if _EXTERNAL in clean_text(entry.get("name"))
        ]
        return compare_streams(
            change, streams, lambda sidecar: self.to_server(sidecar.path), SUBTITLE_EXTENSIONS
        )

    def _list_visible_files(self, folder: str) -> list[str]:
        """List the files of a folder that Kodi sees. Empty if it does not have the folder."""
        try:
            payload = self._call("Files.GetDirectory", directory=folder, media="files")
        except _RefusedError:
            return []
        return [
            path
            for entry in read_objects(payload.get("files"))
            if (path := read_path(entry.get("file")))
        ]

    def now_playing(self) -> Sequence[Path]:
        return self.to_local_paths(file for _, file in self._list_open_files())

    def playback_sessions(self) -> Sequence[PlaybackSession]:
        sessions = []
        for player, file in self._list_open_files():
            payload = self._call(
                "Player.GetProperties", playerid=player, properties=["time", "speed"]
            )
            sessions += [
                PlaybackSession(
                    id=f"{player}",
                    media=media,
                    position=_read_time(payload.get("time")),
                    is_paused=payload.get("speed") == 0,
                    client="Kodi",
                )
                for media in self.to_local_paths([file])
            ]
        return sessions

    def show_sidecar(self, session: PlaybackSession, sidecar: Sidecar, is_new: bool) -> bool | None:
        media, path = self.to_server(session.media), self.to_server(sidecar.path)
        player = next(
            (player for player, file in self._list_open_files() if is_same_path(file, media)), None
        )
        if player is None or sidecar.path.suffix.lstrip(".").lower() not in SUBTITLE_EXTENSIONS:
            return None
        payload = self._call(
            "Player.GetProperties",
            playerid=player,
            properties=["currentsubtitle", "subtitleenabled"],
        )
        # While subtitles are off, it still names the one that was on.
        shown = read_object(payload.get("currentsubtitle"))
        is_shown = bool(shown) and payload.get("subtitleenabled") is True
        language = parse_primary_language(clean_text(shown.get("language")))
        is_other = is_shown and language != sidecar.language.primary
        # A viewer who switched them off after they were shown does not want them back.
        is_off = not is_new and not is_shown
        if is_other or is_off:
            return None
        # Kodi accepts any path, and shows nothing for one that it cannot open.
        visible_files = self._list_visible_files(_get_folder(path))
        if not any(is_same_path(file, path) for file in visible_files):
            return False
        # A path that it lists already is selected and read again.
        self._call("Player.AddSubtitle", playerid=player, subtitle=path)
        return True

    def metadata(self, media: Path) -> MediaMetadata | None:
        path = self.to_server(media)
        folder = _get_folder(path)
        name = path[len(folder) :]
        query = {
            "and": [
                {"field": "filename", "operator": "is", "value": name},
                {"field": "path", "operator": "startswith", "value": folder},
            ]
        }
        films = self._call(
            "VideoLibrary.GetMovies", filter=query, properties=[*_METADATA_FIELDS, "year"]
        )
        candidates = read_objects(films.get("movies"))
        if not candidates:
            properties = [*_METADATA_FIELDS, "showtitle"]
            episodes = self._call("VideoLibrary.GetEpisodes", filter=query, properties=properties)
            candidates = read_objects(episodes.get("episodes"))
        item = next(
            (
                entry
                for entry in candidates
                if is_same_path(read_path(entry.get("file")) or "", path)
            ),
            None,
        )
        if item is None:
            return None
        cast = read_objects(item.get("cast"), MAX_PEOPLE)
        return MediaMetadata(
            title=clean_text(item.get("title")) or media.stem,
            original_title=clean_text(item.get("originaltitle")),
            series=clean_text(item.get("showtitle")),
            year=read_integer(item.get("year"), *YEARS),
            cast=tuple(name for entry in cast if (name := clean_text(entry.get("name")))),
            characters=tuple(name for entry in cast if (name := clean_text(entry.get("role")))),
        )

    def sample_paths(self) -> Sequence[str]:
        newest = {
            "properties": ["file"],
            "limits": {"start": 0, "end": _SAMPLE_COUNT},
            "sort": {"method": "dateadded", "order": "descending"},
        }
        films = read_objects(self._call("VideoLibrary.GetMovies", **newest).get("movies"))
        episodes = read_objects(self._call("VideoLibrary.GetEpisodes", **newest).get("episodes"))
        return [path for item in (*films, *episodes) if (path := read_path(item.get("file")))]

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"Kodi at {self.settings.url}"
        try:
            properties = self._call("Application.GetProperties", properties=["version"])
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        version = read_object(properties.get("version"))
        number = ".".join(
            str(read_integer(version.get(part), 0, 10_000) or 0) for part in ("major", "minor")
        )
        return [CheckResult(subject, True, f"version {number}, the password is accepted")]

    def _list_open_files(self) -> list[tuple[int, str]]:
        """List the open video files as (id of the player, path as Kodi names it)."""
        players = self._call_raw("Player.GetActivePlayers")
        if not isinstance(players, list):
            raise self.unexpected_answer("/jsonrpc")
        open_files = []
        for player in read_objects(players, _MAX_PLAYERS):
            number = read_integer(player.get("playerid"), 0, 1000)
            if player.get("type") != "video" or number is None:
                continue
            payload = self._call("Player.GetItem", playerid=number, properties=["file"])
            file = read_object(payload.get("item")).get("file")
            if isinstance(file, str) and file:
                open_files.append((number, file))
        return open_files

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method that returns an object, or a word such as ``OK``."""
        result = self._call_raw(method, **params)
        if isinstance(result, dict):
            return result
        if isinstance(result, str):
            return {}
        raise self.unexpected_answer("/jsonrpc")

    def _call_raw(self, method: str, **params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        payload = self.request_json(
            "POST", "/jsonrpc", headers=self._build_auth_headers(), body=body
        )
        if not isinstance(payload, dict) or not ("result" in payload or "error" in payload):
            raise self.unexpected_answer("/jsonrpc")
        if "error" in payload:
            message = clean_text(read_object(payload["error"]).get("message"), 200)
            message = message or "no reason given"
            raise _RefusedError(
                f"Kodi at {self.url} refuses {method}: {message}", "Look for a newer Kodi"
            )
        return payload["result"]

    def _build_auth_headers(self) -> Mapping[str, str]:
        if self.settings.password is None:
            return {}
        pair = f"{self.settings.user}:{self.settings.password.reveal()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def key_hint(self) -> str:
        name = self.context.name
        return (
            f"Set servers.{name}.user and servers.{name}.password to what Kodi has under Settings >"
            " Services > Control"
        )


def _get_folder(path: str) -> str:
    """Return the folder of a file with the slash at its end, as Kodi writes folders."""
    cut = max(path.rfind("/"), path.rfind("\\")) + 1
    return path[:cut]


def _read_time(value: object) -> float | None:
    """Return a time of Kodi in seconds. It may be a little before the beginning."""
    fields = read_object(value)
    hours = read_integer(fields.get("hours"), 0, _MAX_HOURS)
    minutes, seconds = (read_integer(fields.get(name), 0, 59) for name in ("minutes", "seconds"))
    if hours is None or minutes is None or seconds is None:
        return None
    return float(hours * 3600 + minutes * 60 + seconds)


@hookimpl
def register_media_servers(register: Register[MediaServer]) -> None:
    register(Kodi)

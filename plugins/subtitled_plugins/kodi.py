"""Kodi: the one folder is scanned, over JSON-RPC.

Kodi looks for subtitles beside a film each time the film is opened and keeps no list of them, so
it can say what it lists only of the film that is open; of others it says whether it sees the file.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from subtitled.plugin import (
    Change,
    Component,
    Finding,
    Listing,
    Misconfigured,
    Problem,
    Secret,
    Title,
    hookimpl,
    same_path,
)

from ._server import Server, ServerSettings
from ._streams import Stream, compared

SUBTITLED_CONTRACT = "2.0"

READS = ("srt", "vtt", "ass", "ssa", "sub", "smi")
"""Endings of what Kodi opens as a subtitle beside a film."""
_EXTERNAL = "(External)"
"""What the name of a stream holds that comes from a file beside the film."""
_SAMPLES = 10
_TEXTS = ["title", "originaltitle", "plot", "cast", "file"]


class KodiSettings(ServerSettings):
    """``[servers.kodi]``"""

    url: str = Field(pattern=r"^https?://", description="Where it answers, such as http://tv:8080.")
    user: str = Field("kodi", description="As in its settings: Services > Control.")
    password: Secret | None = Field(None, description="The password there, by reference.")


class _Refused(Misconfigured):
    """Kodi answers, and will not do what it is asked."""


class Kodi(Server):
    """One Kodi with its web server switched on."""

    Settings = KodiSettings
    settings: KodiSettings
    kind = "Kodi"
    example = "http://tv:8080"
    methods = ("asked to scan the one folder",)

    def changed(self, changes: Sequence[Change], method: int) -> None:
        folders = [_folder(self.theirs(change.media)) for change in changes]
        for folder in dict.fromkeys(folders):
            self._call("VideoLibrary.Scan", directory=folder, showdialogs=False)

    def listed(self, change: Change) -> Listing:
        path = self.theirs(change.media)
        for player, file in self._open():
            if same_path(file, path):
                shown = self._shown(player, change)
                if shown.complete:
                    return shown
                again = "it looks again when the film is opened again"
                return Listing(None, f"the film is open: {shown.detail}; {again}")
        seen = self._seen(_folder(path))
        for one in change.written:
            if not any(same_path(file, self.theirs(one.path)) for file in seen):
                return Listing(False, f"it does not see {one.path.name}; see subtitled doctor")
        return Listing(None, "it sees the files, and lists them when the film is opened")

    def _shown(self, player: int, change: Change) -> Listing:
        """Whether the film that is open has what changed."""
        said = self._call("Player.GetProperties", playerid=player, properties=["subtitles"])
        streams = [
            Stream(
                one.get("language") or "",
                bool(one.get("isforced")),
                # Kodi 20 makes the flag in a file's name part of the stream's.
                bool(one.get("isimpaired")) or "sdh" in one.get("name", "").lower().split(),
            )
            for one in said.get("subtitles") or ()
            if _EXTERNAL in one.get("name", "")
        ]
        return compared(change, streams, lambda one: self.theirs(one.path), READS)

    def _seen(self, folder: str) -> list[str]:
        """The files of a folder that Kodi sees; none where it has no such folder."""
        try:
            said = self._call("Files.GetDirectory", directory=folder, media="files")
        except _Refused:
            return []
        return [one["file"] for one in said.get("files") or ()]

    def playing(self) -> Sequence[Path]:
        return [self.ours(file) for _, file in self._open()]

    def title(self, media: Path) -> Title | None:
        path = self.theirs(media)
        folder = _folder(path)
        name = path[len(folder) :]
        where = {
            "and": [
                {"field": "filename", "operator": "is", "value": name},
                {"field": "path", "operator": "startswith", "value": folder},
            ]
        }
        films = self._call("VideoLibrary.GetMovies", filter=where, properties=[*_TEXTS, "year"])
        found = list(films.get("movies") or ())
        if not found:
            wanted = [*_TEXTS, "showtitle"]
            episodes = self._call("VideoLibrary.GetEpisodes", filter=where, properties=wanted)
            found = list(episodes.get("episodes") or ())
        item = next((one for one in found if same_path(one.get("file") or "", path)), None)
        if item is None:
            return None
        cast = [one for one in item.get("cast") or () if one.get("name")]
        return Title(
            name=item.get("title") or media.stem,
            original_name=item.get("originaltitle") or "",
            series=item.get("showtitle") or "",
            year=item.get("year") or None,
            people=tuple(one["name"] for one in cast),
            characters=tuple(one["role"] for one in cast if one.get("role")),
            plot=item.get("plot") or "",
        )

    def samples(self) -> Sequence[str]:
        newest = {
            "properties": ["file"],
            "limits": {"start": 0, "end": _SAMPLES},
            "sort": {"method": "dateadded", "order": "descending"},
        }
        films = self._call("VideoLibrary.GetMovies", **newest).get("movies") or ()
        episodes = self._call("VideoLibrary.GetEpisodes", **newest).get("episodes") or ()
        return [item["file"] for item in (*films, *episodes) if item.get("file")]

    def check(self) -> Sequence[Finding]:
        what = f"Kodi at {self.settings.url}"
        try:
            said = self._call("Application.GetProperties", properties=["version"])
        except Problem as problem:
            return [Finding(what, False, problem.what, problem.cure)]
        version = said.get("version") or {}
        number = f"{version.get('major', '?')}.{version.get('minor', '?')}"
        return [Finding(what, True, f"version {number}, the password is right")]

    def _open(self) -> list[tuple[int, str]]:
        """What is open: the number of the player, and the file as Kodi names it."""
        players = self._answer("Player.GetActivePlayers")
        if not isinstance(players, list):
            raise self.stranger("/jsonrpc")
        found = []
        for player in players:
            if player.get("type") != "video":
                continue
            said = self._call("Player.GetItem", playerid=player["playerid"], properties=["file"])
            file = (said.get("item") or {}).get("file")
            if file:
                found.append((player["playerid"], file))
        return found

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        """What a method gives that gives an object, or a plain word such as ``OK``."""
        result = self._answer(method, **params)
        if isinstance(result, dict):
            return result
        if isinstance(result, str):
            return {}
        raise self.stranger("/jsonrpc")

    def _answer(self, method: str, **params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        said = self.ask("POST", "/jsonrpc", headers=self._authorisation(), body=body)
        if not isinstance(said, dict) or not ("result" in said or "error" in said):
            raise self.stranger("/jsonrpc")
        if "error" in said:
            message = (said["error"] or {}).get("message", "no reason given")
            raise _Refused(
                f"Kodi at {self.url} refuses {method}: {message}", "Look for a newer Kodi"
            )
        return said["result"]

    def _authorisation(self) -> Mapping[str, str]:
        if self.settings.password is None:
            return {}
        pair = f"{self.settings.user}:{self.settings.password.reveal()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def new_key(self) -> str:
        name = self.context.name
        return (
            f"Set servers.{name}.user and servers.{name}.password to what Kodi has under Settings >"
            " Services > Control"
        )


def _folder(path: str) -> str:
    """The folder of a file, with the slash at its end by which Kodi knows folders."""
    cut = max(path.rfind("/"), path.rfind("\\")) + 1
    return path[:cut]


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Kodi]

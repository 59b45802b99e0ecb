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
    Change,
    Finding,
    Listing,
    Misconfigured,
    Problem,
    Secret,
    Title,
    same_path,
)

from ._server import NotThere, Server, ServerSettings
from ._streams import Stream, compared

READS = ("srt", "vtt", "ass", "ssa", "sub", "smi")
"""Endings of what both list as a subtitle beside a film."""
VIDEOS = "Movie,Episode,Video,MusicVideo"
SAMPLES = 20


class KeySettings(ServerSettings):
    """``[servers.jellyfin]``, ``[servers.emby]``"""

    url: str = Field(
        pattern=r"^https?://", description="Where it answers, such as http://nas:8096."
    )
    api_key: Secret = Field(description="A key of its own for us, by reference; see its dashboard.")


class MediaBrowser(Server):
    """One such server. What is written differently by the two is left to them."""

    Settings = KeySettings
    settings: KeySettings
    example = "http://nas:8096"
    methods = ("told about the changed files", "asked to look at each film anew")

    def changed(self, changes: Sequence[Change], method: int) -> None:
        if method == 0:
            paths = [self.theirs(change.media) for change in changes]
            updates = [{"Path": path, "UpdateType": "Modified"} for path in paths]
            self._ask("POST", "/Library/Media/Updated", body={"Updates": updates})
            return
        for change in changes:
            item = self.item(self.theirs(change.media), "Path")
            if item is None:
                continue  # that it does not know it is said when it is asked
            with contextlib.suppress(NotThere):  # it went meanwhile
                self._ask("POST", f"/Items/{item['Id']}/Refresh", self.refresh())

    def listed(self, change: Change) -> Listing:
        path = self.theirs(change.media)
        item = self.item(path, "Path,MediaStreams")
        if item is None:
            return Listing(False, f"it has no {path}; if it should, see subtitled doctor")
        streams = [
            Stream(
                said.get("Language") or "",
                bool(said.get("IsForced")),
                self.is_sdh(said),
                said.get("Path") or "",
            )
            for said in item.get("MediaStreams") or ()
            if said.get("Type") == "Subtitle" and said.get("IsExternal")
        ]
        return compared(change, streams, lambda one: self.theirs(one.path), READS)

    def playing(self) -> Sequence[Path]:
        sessions = self._ask("GET", "/Sessions")
        if not isinstance(sessions, list):
            raise self.stranger("/Sessions")
        playing = [session.get("NowPlayingItem") or {} for session in sessions]
        found = [item.get("Path") for item in playing]
        return [self.ours(path) for path in found if path]

    def title(self, media: Path) -> Title | None:
        item = self.item(self.theirs(media), "Path,OriginalTitle,Overview,People")
        if item is None:
            return None
        people = [one for one in item.get("People") or () if one.get("Name")]
        cast = [one for one in people if one.get("Type") in ("Actor", "GuestStar")]
        return Title(
            name=item.get("Name") or media.stem,
            original_name=item.get("OriginalTitle") or "",
            series=item.get("SeriesName") or "",
            year=item.get("ProductionYear"),
            people=tuple(one["Name"] for one in people),
            characters=tuple(one["Role"] for one in cast if one.get("Role")),
            plot=item.get("Overview") or "",
        )

    def samples(self) -> Sequence[str]:
        items = self.items(
            recursive="true",
            includeItemTypes=VIDEOS,
            fields="Path",
            sortBy="DateCreated",
            sortOrder="Descending",
            limit=str(SAMPLES),
        )
        return [item["Path"] for item in items if item.get("Path")]

    def check(self) -> Sequence[Finding]:
        what = f"{self.kind} at {self.settings.url}"
        try:
            said = self._ask("GET", "/System/Info")
            if not isinstance(said, dict):
                raise self.stranger("/System/Info")
        except Problem as problem:
            return [Finding(what, False, problem.what, problem.cure)]
        return [Finding(what, True, f"version {said.get('Version', '?')}, the key is right")]

    def items(self, **query: str) -> list[dict[str, Any]]:
        """Items that a query finds; its names begin small here, whatever the server has."""
        said = self._ask("GET", "/Items", {self.spelt(name): v for name, v in query.items()})
        items = said.get("Items") if isinstance(said, dict) else None
        if not isinstance(items, list):
            raise self.stranger("/Items")
        return items

    @abstractmethod
    def item(self, path: str, fields: str) -> dict[str, Any] | None:
        """The one item at a path of the server, with these fields."""

    @abstractmethod
    def authorisation(self, key: str) -> Mapping[str, str]:
        """The header that carries the key: one in the address would end up in its logs."""

    @abstractmethod
    def refresh(self) -> Mapping[str, str]:
        """How to have one item looked at, and nothing of it replaced."""

    def spelt(self, name: str) -> str:
        """The name of a parameter as this server writes it."""
        return name

    def is_sdh(self, stream: Mapping[str, Any]) -> bool:
        """Whether a stream is for the deaf and hard of hearing."""
        return bool(stream.get("IsHearingImpaired"))

    def _ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Any:
        key = self.settings.api_key.reveal()
        if not (key.isascii() and key.isalnum()):
            raise Misconfigured(
                f"what is given as {self.kind}'s key is no such key", self.new_key()
            )
        return self.ask(method, path, headers=self.authorisation(key), query=query, body=body)

    def new_key(self) -> str:
        return (
            f"Make a new one in its dashboard under API Keys and set servers.{self.context.name}"
            ".api_key to where it lies"
        )


def at(path: str, items: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The item among some that really lies at a path."""
    return next((item for item in items if same_path(item.get("Path") or "", path)), None)


__all__ = ["VIDEOS", "KeySettings", "MediaBrowser", "at"]

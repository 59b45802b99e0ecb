"""Plex: the one folder is scanned, and the film asked for its streams.

Written after Plex's published OpenAPI description and the source of python-plexapi 4.18.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
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
    lies_in,
    same_path,
)

from ._server import NotThere, Server, ServerSettings
from ._streams import Stream, compared

SUBTITLED_CONTRACT = "2.0"

READS = ("srt", "vtt", "ass", "ssa", "smi")
"""Endings of what Plex lists as a subtitle beside a film."""
_LEAVES = {"movie": "1", "show": "4"}
"""Of each type of section, the type of what lies in it as a file: films, episodes."""
_SUBTITLE = 3
_PAGE, _PAGES = 500, 40
"""Items asked for at once, newest first, where one must be looked for; and how often."""
_SAMPLES = 20


class PlexSettings(ServerSettings):
    """``[servers.plex]``"""

    url: str = Field(
        pattern=r"^https?://", description="Where it answers, such as http://nas:32400."
    )
    token: Secret = Field(description="An X-Plex-Token of the server's owner, by reference.")


class Plex(Server):
    """One Plex Media Server."""

    Settings = PlexSettings
    settings: PlexSettings
    kind = "Plex"
    example = "http://nas:32400"
    methods = ("asked to scan the one folder", "asked to look at each film anew")

    def __init__(self, settings: PlexSettings, context: Any) -> None:
        super().__init__(settings, context)
        self._keys = dict[str, str]()
        """The key of each item that was found, by its path there."""

    def changed(self, changes: Sequence[Change], method: int) -> None:
        if method == 0:
            self._scan([self.theirs(change.media.parent) for change in changes])
            return
        for change in changes:
            item = self._item(self.theirs(change.media))
            if item is None:
                continue  # that it does not know it is said when it is asked
            with contextlib.suppress(NotThere):  # it went meanwhile
                self._ask("PUT", f"/library/metadata/{item['ratingKey']}/refresh")

    def _scan(self, folders: Sequence[str]) -> None:
        """Have each folder scanned once, in the section that it lies in."""
        sections = self._sections()
        for folder in dict.fromkeys(folders):
            for section in sections:
                if _holds(section, folder):
                    key = section["key"]
                    self._ask("GET", f"/library/sections/{key}/refresh", {"path": folder})

    def listed(self, change: Change) -> Listing:
        path = self.theirs(change.media)
        item = self._item(path)
        if item is None:
            return Listing(False, f"it has no {path}; if it should, see subtitled doctor")
        streams = [
            Stream(
                said.get("languageTag") or said.get("languageCode") or "",
                bool(said.get("forced")),
                bool(said.get("hearingImpaired")),
            )
            for part in _parts(item)
            if same_path(part.get("file") or "", path)
            for said in part.get("Stream") or ()
            if said.get("streamType") == _SUBTITLE and said.get("key")  # only external ones have it
        ]
        return compared(change, streams, lambda one: self.theirs(one.path), READS)

    def playing(self) -> Sequence[Path]:
        items = self._metadata("/status/sessions")
        files = [part.get("file") for item in items for part in _parts(item)]
        missing = [item for item in items if not any(part.get("file") for part in _parts(item))]
        for item in missing:  # a session that is transcoded names no file
            found = self._at(item["ratingKey"]) if item.get("ratingKey") else None
            files += [part.get("file") for part in _parts(found or {})]
        return [self.ours(file) for file in dict.fromkeys(files) if file]

    def title(self, media: Path) -> Title | None:
        item = self._item(self.theirs(media))
        if item is None:
            return None
        roles = [one for one in item.get("Role") or () if one.get("tag")]
        return Title(
            name=item.get("title") or media.stem,
            original_name=item.get("originalTitle") or "",
            series=item.get("grandparentTitle") or "",
            year=item.get("year"),
            people=tuple(one["tag"] for one in roles),
            characters=tuple(one["role"] for one in roles if one.get("role")),
            plot=item.get("summary") or "",
        )

    def samples(self) -> Sequence[str]:
        found = list[str]()
        for section in self._sections():
            items = next(self._pages(section, _SAMPLES), ())
            found += [part["file"] for item in items for part in _parts(item) if part.get("file")]
        return found

    def check(self) -> Sequence[Finding]:
        what = f"Plex at {self.settings.url}"
        try:
            said = self._container("/")
            sections = len(self._sections())
        except Problem as problem:
            return [Finding(what, False, problem.what, problem.cure)]
        version = said.get("version", "?")
        return [Finding(what, True, f"version {version}, {sections} libraries of films or series")]

    def _item(self, path: str) -> dict[str, Any] | None:
        """The item of a file, with its streams. Plex has no question for the item at a path: the
        newest are looked through once, and what was found is remembered."""
        key = self._keys.get(path)
        if key is not None:
            found = self._at(key)
            if found is not None and _is_at(found, path):
                return found
            del self._keys[path]
        for section in self._sections():
            if not _holds(section, path):
                continue
            for items in self._pages(section, _PAGE):
                for item in items:
                    if _is_at(item, path):
                        self._keys[path] = item["ratingKey"]
                        return self._at(item["ratingKey"])
        return None

    def _at(self, key: str) -> dict[str, Any] | None:
        """The item of a key, with its streams."""
        try:
            return next(iter(self._metadata(f"/library/metadata/{key}")), None)
        except NotThere:
            return None

    def _pages(self, section: Mapping[str, Any], size: int) -> Iterator[list[dict[str, Any]]]:
        """What lies in a section as files, newest first."""
        where = f"/library/sections/{section['key']}/all"
        for page in range(_PAGES):
            query = {
                "type": _LEAVES[section["type"]],
                "sort": "addedAt:desc",
                "X-Plex-Container-Start": str(page * size),
                "X-Plex-Container-Size": str(size),
            }
            items = self._metadata(where, query)
            yield items
            if len(items) < size:
                return

    def _sections(self) -> list[dict[str, Any]]:
        found = self._container("/library/sections").get("Directory") or []
        return [section for section in found if section.get("type") in _LEAVES]

    def _metadata(self, path: str, query: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        return self._container(path, query).get("Metadata") or []

    def _container(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        said = self._ask("GET", path, query)
        container = said.get("MediaContainer") if isinstance(said, dict) else None
        if not isinstance(container, dict):
            raise self.stranger(path)
        return container

    def _ask(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        token = self.settings.token.reveal()
        if not (token.isascii() and token.replace("-", "").replace("_", "").isalnum()):
            raise Misconfigured("what is given as Plex's token is no such token", self.new_key())
        return self.ask(method, path, headers={"X-Plex-Token": token}, query=query)

    def new_key(self) -> str:
        return (
            "Look one up (Plex's help: finding an authentication token) and set "
            f"servers.{self.context.name}.token to where it lies"
        )


def _holds(section: Mapping[str, Any], path: str) -> bool:
    """Whether a path lies in one of a section's folders, by whole names."""
    places = [place.get("path") for place in section.get("Location") or ()]
    return any(lies_in(path, place) for place in places if place)


def _is_at(item: Mapping[str, Any], path: str) -> bool:
    return any(same_path(part.get("file") or "", path) for part in _parts(item))


def _parts(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [part for media in item.get("Media") or () for part in media.get("Part") or ()]


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Plex]

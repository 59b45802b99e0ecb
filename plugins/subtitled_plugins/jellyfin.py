"""Jellyfin: told about exactly the changed files, and asked by each film's list of streams.

Written after its source and its OpenAPI description of version 10.11.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from subtitled.plugin import Component, hookimpl

from ._mediabrowser import VIDEOS, KeySettings, MediaBrowser, at

SUBTITLED_CONTRACT = "2.0"

_TYPES = ("Movies.Movie", "TV.Episode", "Video", "MusicVideo", "Audio.Audio")
_PAGE, _PAGES = 1000, 20
"""Items asked for at once, newest first, where an item must be looked for; and how often."""


class JellyfinSettings(KeySettings):
    """``[servers.jellyfin]``"""


class Jellyfin(MediaBrowser):
    """One Jellyfin server."""

    Settings = JellyfinSettings
    kind = "Jellyfin"

    _by_id = False
    """Whether an item was ever found by what its id should be."""

    def authorisation(self, key: str) -> Mapping[str, str]:
        return {"Authorization": f'MediaBrowser Token="{key}"'}

    def refresh(self) -> Mapping[str, str]:
        return {
            "metadataRefreshMode": "Default",
            "imageRefreshMode": "None",
            "replaceAllMetadata": "false",
            "replaceAllImages": "false",
        }

    def item(self, path: str, fields: str) -> dict[str, Any] | None:
        """Jellyfin has no question for the item at a path, but its ids are made of paths.

        Where that ever found one, what it does not find is not there. Else, as with a server that
        makes its ids otherwise, the newest items are looked through.
        """
        ids = ",".join(item_id(path, kind) for kind in _TYPES)
        found = at(path, self.items(ids=ids, fields=fields))
        if found is not None:
            self._by_id = True
        if found is not None or self._by_id:
            return found
        for page in range(_PAGES):
            items = self.items(
                recursive="true",
                includeItemTypes=VIDEOS,
                fields="Path",
                sortBy="DateCreated",
                sortOrder="Descending",
                startIndex=str(page * _PAGE),
                limit=str(_PAGE),
            )
            if (listed := at(path, items)) is not None:
                return at(path, self.items(ids=listed["Id"], fields=fields))
            if len(items) < _PAGE:
                break
        return None


def item_id(path: str, kind: str) -> str:
    """The id that Jellyfin gives an item: the MD5 of its type and path, in UTF-16, as a GUID
    (``LibraryManager.GetNewItemId``)."""
    key = f"MediaBrowser.Controller.Entities.{kind}{path}".encode("utf-16-le", "replace")
    return uuid.UUID(bytes_le=hashlib.md5(key, usedforsecurity=False).digest()).hex


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Jellyfin]

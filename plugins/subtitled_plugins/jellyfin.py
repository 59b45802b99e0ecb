"""Jellyfin: told about exactly the changed files, and asked by each film's list of streams.

Written after its source and its OpenAPI description of version 10.11.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from subtitled.plugin import MediaServer, Register, hookimpl

from ._jellyfin_emby import VIDEO_TYPES, ApiKeyServerSettings, JellyfinEmbyServer, find_at_path

SUBTITLED_API = "1"

_ITEM_TYPES = ("Movies.Movie", "TV.Episode", "Video", "MusicVideo", "Audio.Audio")
_PAGE_SIZE, _MAX_PAGES = 1000, 20
"""Items asked for at once, newest first, where an item must be looked for; and how often."""


class JellyfinSettings(ApiKeyServerSettings):
    """``[servers.jellyfin]``"""


class Jellyfin(JellyfinEmbyServer):
    """One Jellyfin server."""

    Settings = JellyfinSettings
    kind = "Jellyfin"

    _has_path_ids = False
    """Whether an item was ever found by what its id should be."""

    def build_auth_headers(self, key: str) -> Mapping[str, str]:
        return {"Authorization": f'MediaBrowser Token="{key}"'}

    def build_refresh_query(self) -> Mapping[str, str]:
        return {
            "metadataRefreshMode": "Default",
            "imageRefreshMode": "None",
            "replaceAllMetadata": "false",
            "replaceAllImages": "false",
        }

    def find_item(self, path: str, fields: str) -> dict[str, Any] | None:
        """Jellyfin has no question for the item at a path, but its ids are made of paths.

        Where that ever found one, what it does not find is not there. Else, as with a server that
        makes its ids otherwise, the newest items are looked through.
        """
        ids = ",".join(compute_item_id(path, kind) for kind in _ITEM_TYPES)
        match = find_at_path(path, self.query_items(ids=ids, fields=fields))
        if match is not None:
            self._has_path_ids = True
        if match is not None or self._has_path_ids:
            return match
        for page in range(_MAX_PAGES):
            items = self.query_items(
                recursive="true",
                includeItemTypes=VIDEO_TYPES,
                fields="Path",
                sortBy="DateCreated",
                sortOrder="Descending",
                startIndex=str(page * _PAGE_SIZE),
                limit=str(_PAGE_SIZE),
            )
            if (listed_item := find_at_path(path, items)) is not None:
                return find_at_path(path, self.query_items(ids=listed_item["Id"], fields=fields))
            if len(items) < _PAGE_SIZE:
                break
        return None


def compute_item_id(path: str, kind: str) -> str:
    """The id that Jellyfin gives an item: the MD5 of its type and path, in UTF-16, as a GUID
    (``LibraryManager.GetNewItemId``)."""
    key = f"MediaBrowser.Controller.Entities.{kind}{path}".encode("utf-16-le", "replace")
    return uuid.UUID(bytes_le=hashlib.md5(key, usedforsecurity=False).digest()).hex


@hookimpl
def register_media_servers(register: Register[MediaServer]) -> None:
    register(Jellyfin)

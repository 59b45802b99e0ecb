"""Jellyfin, by the source and the OpenAPI description of version 10.11."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

from subtitled.plugin import MediaServer, Register, hookimpl
from subtitled.plugin.limits import read_identifier

from ._jellyfin_emby import VIDEO_TYPES, ApiKeyServerSettings, JellyfinEmbyServer, find_at_path

SUBTITLED_API = "1"

_ITEM_TYPES = ("Movies.Movie", "TV.Episode", "Video", "MusicVideo", "Audio.Audio")
_PAGE_SIZE, _MAX_PAGES = 1000, 20
"""How many items one request lists, newest first, and how many requests a search makes."""


class JellyfinSettings(ApiKeyServerSettings):
    """The settings in ``[servers.jellyfin]``."""


class Jellyfin(JellyfinEmbyServer):
    """A Jellyfin server."""

    Settings = JellyfinSettings
    kind = "Jellyfin"

    _has_path_ids = False
    """Whether an item was found by its computed id, so that this server computes ids alike."""

    def build_auth_headers(self, key: str) -> Mapping[str, str]:
        return {"Authorization": f'MediaBrowser Token="{key}"'}

    def build_refresh_query(self) -> Mapping[str, str]:
        return {
            "metadataRefreshMode": "Default",
            "imageRefreshMode": "None",
            "replaceAllMetadata": "false",
            "replaceAllImages": "false",
        }

    def parse_item_id(self, text: str) -> str | None:
        # The webhook plugin writes a GUID without dashes. A template of a user has it with dashes.
        plain = text.replace("-", "").lower()
        return plain if re.fullmatch("[0-9a-f]{32}", plain) else None

    def find_item(self, path: str, fields: str) -> dict[str, Any] | None:
        """Find an item by its id, which Jellyfin computes from the path.

        Jellyfin cannot query by path. If no computed id was ever found on this server, search the
        newest items as well.
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
                item_id = read_identifier(listed_item.get("Id")) or ""
                return find_at_path(path, self.query_items(ids=item_id, fields=fields))
            if len(items) < _PAGE_SIZE:
                break
        return None


def compute_item_id(path: str, kind: str) -> str:
    """Compute the id of an item: the MD5 of its type and path in UTF-16, as a GUID.

    See ``LibraryManager.GetNewItemId`` of Jellyfin.
    """
    key = f"MediaBrowser.Controller.Entities.{kind}{path}".encode("utf-16-le", "replace")
    return uuid.UUID(bytes_le=hashlib.md5(key, usedforsecurity=False).digest()).hex


@hookimpl
def register_media_servers(register: Register[MediaServer]) -> None:
    register(Jellyfin)

"""Emby, by the OpenAPI description of version 4.9."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from subtitled.plugin import MediaServer, Register, hookimpl

from ._jellyfin_emby import ApiKeyServerSettings, JellyfinEmbyServer, find_at_path

SUBTITLED_API = "1"


class EmbySettings(ApiKeyServerSettings):
    """The settings in ``[servers.emby]``."""


class Emby(JellyfinEmbyServer):
    """An Emby server."""

    Settings = EmbySettings
    kind = "Emby"
    # Its web player looks up the streams of the film again with it.
    extra_arguments: ClassVar[Mapping[str, str]] = {"RefreshMediaSource": "true"}

    def build_auth_headers(self, key: str) -> Mapping[str, str]:
        return {"X-Emby-Token": key}

    def build_refresh_query(self) -> Mapping[str, str]:
        return {
            "Recursive": "false",
            "MetadataRefreshMode": "Default",
            "ImageRefreshMode": "ValidationOnly",
            "ReplaceAllMetadata": "false",
            "ReplaceAllImages": "false",
        }

    def send_message(self, path: str, message: Mapping[str, str | int]) -> None:
        self._request("POST", path, {name: str(value) for name, value in message.items()})

    def format_parameter(self, name: str) -> str:
        return name[0].upper() + name[1:]

    def parse_item_id(self, text: str) -> str | None:
        return text if re.fullmatch("[0-9]{1,18}", text) else None

    def find_item(self, path: str, fields: str) -> dict[str, Any] | None:
        return find_at_path(path, self.query_items(path=path, recursive="true", fields=fields))


@hookimpl
def register_media_servers(register: Register[MediaServer]) -> None:
    register(Emby)

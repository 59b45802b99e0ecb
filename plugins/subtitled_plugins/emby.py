"""Emby: told about exactly the changed files, and asked by each film's list of streams.

Written after its OpenAPI description of version 4.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subtitled.plugin import Component, hookimpl

from ._mediabrowser import KeySettings, MediaBrowser, at

SUBTITLED_CONTRACT = "2.0"


class EmbySettings(KeySettings):
    """``[servers.emby]``"""


class Emby(MediaBrowser):
    """One Emby server."""

    Settings = EmbySettings
    kind = "Emby"

    def authorisation(self, key: str) -> Mapping[str, str]:
        return {"X-Emby-Token": key}

    def refresh(self) -> Mapping[str, str]:
        return {
            "Recursive": "false",
            "MetadataRefreshMode": "Default",
            "ImageRefreshMode": "ValidationOnly",
            "ReplaceAllMetadata": "false",
            "ReplaceAllImages": "false",
        }

    def spelt(self, name: str) -> str:
        return name[0].upper() + name[1:]

    def item(self, path: str, fields: str) -> dict[str, Any] | None:
        return at(path, self.items(path=path, recursive="true", fields=fields))


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Emby]

"""Webhooks of Jellyfin and Emby.

Jellyfin sends them by its webhook plugin with "Send All Properties"
(``Helpers/DataObjectHelpers.cs`` of release v21): all values are at the top level. None of them is
the path of the item, so the server is asked for it by ``ItemId`` and ``ServerId``. A template of
the user's own may have ``Path``. Emby sends ``Event`` and an ``Item`` with its ``Path``, as JSON
or, before 4.9, in the field ``data`` of a form.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import (
    PathRequest,
    WebhookEvent,
    get_event_name,
    get_text,
    item_changed,
    item_played,
    paths_changed,
)


def parse_jellyfin(payload: Any) -> WebhookEvent:
    """Parse an event of Jellyfin: items added or deleted, and playback started."""
    return _parse(
        get_event_name(payload, "NotificationType"),
        get_text(payload, "Path"),
        ("jellyfin", get_text(payload, "ServerId"), get_text(payload, "ItemId")),
    )


def parse_emby(payload: Any) -> WebhookEvent:
    """Parse an event of Emby: items added or deleted, and playback started."""
    return _parse(
        get_event_name(payload, "Event"),
        get_text(payload, "Item", "Path"),
        ("emby", get_text(payload, "Server", "Id"), get_text(payload, "Item", "Id")),
    )


def _parse(name: str, path: str | None, item: tuple[str, str | None, str | None]) -> WebhookEvent:
    match name:
        case "ItemAdded" | "ItemDeleted" | "library.new" | "library.deleted":
            return paths_changed(name, path) if path else item_changed(name, *item)
        case "PlaybackStart" | "playback.start" | "playback.unpause":
            if path is None:
                return item_played(name, *item)
            return WebhookEvent(name, (PathRequest(path, CommandKind.PLAYBACK_STARTED),))
        case _:
            return WebhookEvent(name)

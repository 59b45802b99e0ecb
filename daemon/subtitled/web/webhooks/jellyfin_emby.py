"""Webhooks of Jellyfin and Emby.

Jellyfin sends them by its webhook plugin with "Send All Properties"
(``Helpers/DataObjectHelpers.cs`` as of 071ef138db5a): all values are at the top level, among them
``Path``. Emby sends ``Event`` and an ``Item`` with its ``Path``, as JSON or, before 4.9, in the
field ``data`` of a form.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import PathRequest, WebhookEvent, get_event_name, get_text, paths_changed


def parse_jellyfin(payload: Any) -> WebhookEvent:
    """Parse an event of Jellyfin: items added or deleted, and playback started."""
    name, path = get_event_name(payload, "NotificationType"), get_text(payload, "Path")
    match name:
        case "ItemAdded" | "ItemDeleted":
            return paths_changed(name, path)
        case "PlaybackStart":
            return WebhookEvent(name, (PathRequest(path, CommandKind.PLAYBACK_STARTED),))
        case _:
            return WebhookEvent(name)


def parse_emby(payload: Any) -> WebhookEvent:
    """Parse an event of Emby: items added or deleted, and playback started."""
    name, path = get_event_name(payload, "Event"), get_text(payload, "Item", "Path")
    match name:
        case "library.new" | "library.deleted":
            return paths_changed(name, path)
        case "playback.start" | "playback.unpause":
            return WebhookEvent(name, (PathRequest(path, CommandKind.PLAYBACK_STARTED),))
        case _:
            return WebhookEvent(name)

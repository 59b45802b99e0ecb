"""Jellyfin and Emby, which are of one stock as well, but not any more in what they send.

Jellyfin: the webhook plugin with "Send All Properties" (``Helpers/DataObjectHelpers.cs`` as of
071ef138db5a): everything lies at the top, ``Path`` among it. Emby: ``Event`` and an ``Item`` with
its ``Path``, as JSON or, before 4.9, in the field ``data`` of a form.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import PathRequest, WebhookEvent, get_event_name, get_text, paths_changed


def parse_jellyfin(payload: Any) -> WebhookEvent:
    """Items that came or went, and playback that began."""
    name, path = get_event_name(payload, "NotificationType"), get_text(payload, "Path")
    match name:
        case "ItemAdded" | "ItemDeleted":
            return paths_changed(name, path)
        case "PlaybackStart":
            return WebhookEvent(name, (PathRequest(path, CommandKind.PLAYBACK_STARTED),))
        case _:
            return WebhookEvent(name)


def parse_emby(payload: Any) -> WebhookEvent:
    """The same of Emby."""
    name, path = get_event_name(payload, "Event"), get_text(payload, "Item", "Path")
    match name:
        case "library.new" | "library.deleted":
            return paths_changed(name, path)
        case "playback.start" | "playback.unpause":
            return WebhookEvent(name, (PathRequest(path, CommandKind.PLAYBACK_STARTED),))
        case _:
            return WebhookEvent(name)

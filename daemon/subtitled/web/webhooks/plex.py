"""Webhooks of Plex: playback started, and new items.

Plex documents (support.plex.tv, "Webhooks") a form whose field ``payload`` is JSON with ``event``,
``Server`` and ``Metadata``. It does not document that the file is in it, so the server is asked for
it by ``Metadata.ratingKey``. If there is ``Media``, as in Plex's other answers, its parts name the
files.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import (
    PathRequest,
    WebhookEvent,
    get_event_name,
    get_list,
    get_text,
    get_value,
    item_changed,
    item_played,
    paths_changed,
)


def parse(payload: Any) -> WebhookEvent:
    """Parse an event: playback started, or a new item, by its files or by its id."""
    name = get_event_name(payload, "event")
    files = [
        file
        for media in get_list(payload, "Metadata", "Media")
        for part in get_list(media, "Part")
        if (file := get_text(part, "file"))
    ]
    item = ("plex", get_text(payload, "Server", "uuid"), _rating_key(payload))
    match name:
        case "media.play" | "media.resume" | "playback.started":
            if not files:
                return item_played(name, *item)
            return WebhookEvent(
                name, tuple(PathRequest(file, CommandKind.PLAYBACK_STARTED) for file in files)
            )
        case "library.new":
            return paths_changed(name, *files) if files else item_changed(name, *item)
        case _:
            return WebhookEvent(name)


def _rating_key(payload: Any) -> str | None:
    """Return the id of the item, which Plex writes as a text."""
    key = get_value(payload, "Metadata", "ratingKey")
    return str(key) if isinstance(key, (str, int)) and str(key).strip() else None

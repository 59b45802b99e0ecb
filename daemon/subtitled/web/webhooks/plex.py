"""Webhooks of Plex: playback started, and new items.

Plex documents (support.plex.tv, "Webhooks") a form whose field ``payload`` is JSON with ``event``
and ``Metadata``. It does not document that the file is in it, so the server usually has to be asked
what is played. If there is ``Media``, as in Plex's other answers, its parts name the files.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import PathRequest, WebhookEvent, get_event_name, get_list, get_text, paths_changed


def parse(payload: Any) -> WebhookEvent:
    """Parse an event: playback started, perhaps without a path, or a new item with its path."""
    name = get_event_name(payload, "event")
    files = [
        file
        for media in get_list(payload, "Metadata", "Media")
        for part in get_list(media, "Part")
        if (file := get_text(part, "file"))
    ]
    match name:
        case "media.play" | "media.resume" | "playback.started":
            paths: list[str | None] = [*files] or [None]
            return WebhookEvent(
                name, tuple(PathRequest(path, CommandKind.PLAYBACK_STARTED) for path in paths)
            )
        case "library.new":
            return paths_changed(name, *files)
        case _:
            return WebhookEvent(name)

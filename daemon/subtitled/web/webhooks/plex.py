"""Plex: playback that began, and new items.

As documented (support.plex.tv, "Webhooks"): a form whose field ``payload`` is JSON with
``get_event_name`` and ``Metadata``. The file is not documented to be in it, so mostly the server
has to be asked what is watched; where ``Media`` is there, as in Plex's other answers, its parts
name the files.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import PathRequest, WebhookEvent, get_event_name, get_list, get_text, paths_changed


def parse(payload: Any) -> WebhookEvent:
    """What is watched, perhaps without its name; what is new, where the file is said."""
    name = get_event_name(payload, "event")
    files = [
        file
        for media in get_list(payload, "Metadata", "Media")
        for part in get_list(media, "Part")
        if (file := get_text(part, "file"))
    ]
    match name:
        case "media.play" | "media.resume" | "playback.started":
            asks = tuple(PathRequest(file, CommandKind.PLAYBACK_STARTED) for file in files)
            return WebhookEvent(name, asks or (PathRequest(None, CommandKind.PLAYBACK_STARTED),))
        case "library.new":
            return paths_changed(name, *files)
        case _:
            return WebhookEvent(name)

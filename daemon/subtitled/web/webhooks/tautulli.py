"""Webhooks of Tautulli.

The user writes the payload as docs/admins/webhooks.md says: ``{"action": "{action}", "file":
"{file}"}``.

The actions are those of Tautulli's notification parameters.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import PathRequest, WebhookEvent, get_event_name, get_text, paths_changed


def parse(payload: Any) -> WebhookEvent:
    """Parse an event: playback started, or an item added."""
    name, file = get_event_name(payload, "action", "event"), get_text(payload, "file")
    match name.lower():
        case "play" | "resume":
            return WebhookEvent(name, (PathRequest(file, CommandKind.PLAYBACK_STARTED),))
        case "created":
            return paths_changed(name, file)
        case _:
            return WebhookEvent(name)

"""Tautulli, which sends what its owner writes: docs/admins/webhooks.md says what to write.

``{"action": "{action}", "file": "{file}"}``; the actions are those of its notification parameters.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import PathRequest, WebhookEvent, get_event_name, get_text, paths_changed


def parse(payload: Any) -> WebhookEvent:
    """Playback that began, and what was recently added."""
    name, file = get_event_name(payload, "action", "event"), get_text(payload, "file")
    match name.lower():
        case "play" | "resume":
            return WebhookEvent(name, (PathRequest(file, CommandKind.PLAYBACK_STARTED),))
        case "created":
            return paths_changed(name, file)
        case _:
            return WebhookEvent(name)

"""Tautulli, which sends what its owner writes: docs/webhooks.md says what to write.

``{"action": "{action}", "file": "{file}"}``; the actions are those of its notification parameters.
"""

from __future__ import annotations

from typing import Any

from subtitled.library.mailbox import PLAYING
from subtitled.web.heard import Ask, Heard, event, looks, text


def parse(payload: Any) -> Heard:
    """Playback that began, and what was recently added."""
    name, file = event(payload, "action", "event"), text(payload, "file")
    match name.lower():
        case "play" | "resume":
            return Heard(name, (Ask(file, PLAYING),))
        case "created":
            return looks(name, file)
        case _:
            return Heard(name)

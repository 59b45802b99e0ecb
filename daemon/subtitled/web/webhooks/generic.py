"""Webhooks of any other sender: ``{"path": "/films/a.mkv"}`` or ``{"paths": [...]}``.

``priority`` may be ``urgent`` (before all others), ``playing`` (it is being played) or ``watching``
(it is likely to be played next). Without it, the path is checked as if it had just changed.
"""

from __future__ import annotations

from typing import Any

from subtitled.db.commands import CommandKind

from .payload import InvalidPayloadError, PathRequest, WebhookEvent, get_list, get_text, get_value

_KINDS = {
    None: CommandKind.PATH_CHANGED,
    "urgent": CommandKind.PRIORITISE,
    "playing": CommandKind.PLAYBACK_STARTED,
    "watching": CommandKind.PRIORITISE_WATCHING,
}


def parse(payload: Any) -> WebhookEvent:
    """Parse a payload: its paths, all with the same priority."""
    paths = [get_text(payload, "path"), *get_list(payload, "paths")]
    given = [path for path in paths if path is not None]
    if not given or not all(isinstance(path, str) and path.strip() for path in given):
        raise InvalidPayloadError('it needs "path", a text, or "paths", a list of texts')
    priority = get_value(payload, "priority")
    if not (priority is None or isinstance(priority, str)) or priority not in _KINDS:
        raise InvalidPayloadError('"priority" is urgent, playing or watching, or left out')
    return WebhookEvent(
        "paths", tuple(PathRequest(path, _KINDS[priority]) for path in dict.fromkeys(given))
    )

"""Events of webhooks, and functions that read a payload of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.db.commands import CommandKind, ServerItem
from subtitled.plugin.limits import clean_text


class InvalidPayloadError(ValueError):
    """Raised for a payload that its sender does not document. The message says what is missing."""


@dataclass(frozen=True, slots=True)
class PathRequest:
    """A request about one path of the sender, or about an item whose path it does not say."""

    path: str | None
    """None if there is an item, or if the sender names neither: what is played is asked for, and
    after a change the libraries are scanned.
    """
    kind: CommandKind = CommandKind.PATH_CHANGED
    """A kind of request (:class:`subtitled.db.commands.Command`)."""
    item: ServerItem | None = None
    """The item, if the sender names no file."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """An event of a sender: its name for the log, and the requests it leads to."""

    name: str
    requests: tuple[PathRequest, ...] = ()


def paths_changed(name: str, *paths: str | None) -> WebhookEvent:
    """Create an event about changed paths. None and duplicates are left out."""
    return WebhookEvent(name, tuple(PathRequest(path) for path in dict.fromkeys(paths) if path))


MAX_NAME_LENGTH = 100
"""Characters of the name of an event that are kept."""
MAX_ID_LENGTH = 64
"""Characters. The ids of servers and items are GUIDs, hashes or numbers."""


def item_changed(
    name: str, sender: str, server_id: str | None, item_id: str | None
) -> WebhookEvent:
    """Create an event about a changed item of the sender, whose path has to be asked for.

    If the sender names no item, as with a template of the user's own, the libraries are scanned.
    """
    if item_id is None:
        return WebhookEvent(name, (PathRequest(None, CommandKind.SCAN),))
    item = _server_item(sender, server_id, item_id)
    requests = (PathRequest(None, CommandKind.ITEM_CHANGED, item),) if item else ()
    return WebhookEvent(name, requests)


def item_played(name: str, sender: str, server_id: str | None, item_id: str | None) -> WebhookEvent:
    """Create an event about an item that is played, or about whatever is played without an id."""
    item = _server_item(sender, server_id, item_id)
    kind = CommandKind.ITEM_PLAYED if item else CommandKind.PLAYBACK_STARTED
    return WebhookEvent(name, (PathRequest(None, kind, item),))


def _server_item(sender: str, server_id: str | None, item_id: str | None) -> ServerItem | None:
    if item_id is None or max(len(item_id), len(server_id or "")) > MAX_ID_LENGTH:
        return None
    if not (item_id + (server_id or "")).isprintable():
        return None
    return ServerItem(sender, server_id or "", item_id)


def get_value(payload: Any, *keys: str) -> Any:
    """Return the value below some keys; None if there is none or the payload has another shape."""
    for key in keys:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def get_text(payload: Any, *keys: str) -> str | None:
    """Return the value below some keys if it is a text that is not blank, else None."""
    value = get_value(payload, *keys)
    return value if isinstance(value, str) and value.strip() else None


def get_list(payload: Any, *keys: str) -> list[Any]:
    """Return the value below some keys if it is a list, else an empty list."""
    value = get_value(payload, *keys)
    return value if isinstance(value, list) else []


def get_event_name(payload: Any, *keys: str) -> str:
    """Return the name of the event, which is the first text under some keys.

    Raises:
        InvalidPayloadError: There is none.
    """
    for key in keys:
        if name := clean_text(get_text(payload, key), MAX_NAME_LENGTH).strip():
            return name
    raise InvalidPayloadError(f"it has no {' or '.join(keys)}")

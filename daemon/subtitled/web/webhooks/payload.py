"""What a webhook says, in our words; and how to look into a payload that may be anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.db.commands import CommandKind


class InvalidPayloadError(ValueError):
    """A payload is not what its sender documents; says what is missing."""


@dataclass(frozen=True, slots=True)
class PathRequest:
    """One thing to be done about one path, as the sender sees it."""

    path: str | None
    """None only for somebody watching something that is not named."""
    kind: CommandKind = CommandKind.PATH_CHANGED
    """A kind of request (:class:`subtitled.db.commands.Command`)."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What happened, in a word or two for the log, and what is to be done about it."""

    name: str
    requests: tuple[PathRequest, ...] = ()


def paths_changed(name: str, *paths: str | None) -> WebhookEvent:
    """Something happened to these paths; None and doubles are left out."""
    return WebhookEvent(name, tuple(PathRequest(path) for path in dict.fromkeys(paths) if path))


def get_value(payload: Any, *keys: str) -> Any:
    """The value below some keys, whatever lies on the way; None if there is none."""
    for key in keys:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def get_text(payload: Any, *keys: str) -> str | None:
    """The same, if it is text that says something."""
    value = get_value(payload, *keys)
    return value if isinstance(value, str) and value.strip() else None


def get_list(payload: Any, *keys: str) -> list[Any]:
    """The same, if it is a list; else nothing."""
    value = get_value(payload, *keys)
    return value if isinstance(value, list) else []


def get_event_name(payload: Any, *keys: str) -> str:
    """The name of the event under the first of some keys. Raises :class:`InvalidPayloadError`."""
    for key in keys:
        if name := get_text(payload, key):
            return name
    raise InvalidPayloadError(f"no {' or '.join(keys)} in it")

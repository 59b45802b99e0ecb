"""What a webhook says, in our words; and how to look into a payload that may be anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.library.mailbox import LOOK


class NotUnderstood(ValueError):
    """A payload is not what its sender documents; says what is missing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to be done about one path, as the sender sees it."""

    path: str | None
    """None only for somebody watching something that is not named."""
    kind: str = LOOK
    """A kind of request (:class:`subtitled.library.mailbox.AskedFor`)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What happened, in a word or two for the log, and what is to be done about it."""

    what: str
    asks: tuple[Ask, ...] = ()


def looks(what: str, *paths: str | None) -> Heard:
    """Something happened to these paths; None and doubles are left out."""
    return Heard(what, tuple(Ask(path) for path in dict.fromkeys(paths) if path))


def get(payload: Any, *keys: str) -> Any:
    """The value below some keys, whatever lies on the way; None if there is none."""
    for key in keys:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def text(payload: Any, *keys: str) -> str | None:
    """The same, if it is text that says something."""
    value = get(payload, *keys)
    return value if isinstance(value, str) and value.strip() else None


def several(payload: Any, *keys: str) -> list[Any]:
    """The same, if it is a list; else nothing."""
    value = get(payload, *keys)
    return value if isinstance(value, list) else []


def event(payload: Any, *keys: str) -> str:
    """The name of the event under the first of some keys. Raises :class:`NotUnderstood`."""
    for key in keys:
        if name := text(payload, key):
            return name
    raise NotUnderstood(f"no {' or '.join(keys)} in it")

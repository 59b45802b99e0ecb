"""The secrets that a configuration refers to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from subtitled.plugin import Secret, SubtitledError

from .load import Configuration
from .plugin_registration import COMPONENT_KINDS


def hide_configured_secrets(configuration: Configuration) -> None:
    """Keep every secret of a configuration out of the log of this process.

    Engines reveal theirs in processes of their own, whose messages this process logs. A secret that
    cannot be read now is hidden once it is.
    """
    components = (getattr(configuration, kind).values() for kind in COMPONENT_KINDS)
    settings = [component.settings for group in components for component in group]
    hooks = configuration.hook_settings.values()
    for secret in _find_secrets([configuration.settings, *settings, *hooks]):
        with contextlib.suppress(SubtitledError):
            secret.reveal()


def _find_secrets(value: Any) -> Iterator[Secret]:
    match value:
        case Secret():
            yield value
        case BaseModel():
            for name in type(value).model_fields:
                yield from _find_secrets(getattr(value, name))
        case Mapping():
            for inner in value.values():
                yield from _find_secrets(inner)
        case list() | tuple() | set() | frozenset():
            for inner in value:
                yield from _find_secrets(inner)

"""Whose webhooks are understood: a pure function each, from a payload to what was heard.

Each raises :class:`~subtitled.web.webhooks.payload.InvalidPayloadError` for what its sender would
not send, and nothing else for any JSON at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from subtitled.config.daemon_settings import WebhookKind

from . import arr, generic, jellyfin_emby, plex, tautulli
from .payload import WebhookEvent

PARSERS: dict[WebhookKind, Callable[[Any], WebhookEvent]] = {
    "sonarr": arr.parse,
    "radarr": arr.parse,
    "jellyfin": jellyfin_emby.parse_jellyfin,
    "emby": jellyfin_emby.parse_emby,
    "plex": plex.parse,
    "tautulli": tautulli.parse,
    "generic": generic.parse,
}

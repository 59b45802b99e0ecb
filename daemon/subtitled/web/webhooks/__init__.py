"""Parsers of webhooks: for each sender, a pure function from a payload to an event.

A parser raises :class:`~subtitled.web.webhooks.payload.InvalidPayloadError` for a payload that its
sender would not send, and no other exception for any JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from subtitled.config.web_settings import WebhookKind

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

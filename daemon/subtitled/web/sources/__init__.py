"""Whose webhooks are understood: a pure function each, from a payload to what was heard.

Each raises :class:`~subtitled.web.heard.NotUnderstood` for what its sender would not send, and
nothing else for any JSON at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from subtitled.config.web import Source
from subtitled.web.heard import Heard

from . import arr, generic, plex, servers, tautulli

PARSERS: dict[Source, Callable[[Any], Heard]] = {
    "sonarr": arr.parse,
    "radarr": arr.parse,
    "jellyfin": servers.parse_jellyfin,
    "emby": servers.parse_emby,
    "plex": plex.parse,
    "tautulli": tautulli.parse,
    "generic": generic.parse,
}

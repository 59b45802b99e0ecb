"""Passing on what happened: media servers about changed files, plugins about everything."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from subtitled.config.isolation import guarded, tell_observers
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Event, Failed, Finished, Published

_log = logging.getLogger(__name__)

LIMIT = 30.0
"""Seconds that a media server or a hook may take."""
WAITS = (30.0, 120.0, 600.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""Seconds before each further try to reach a server that is away."""

_HOOKS = {
    Published: "subtitled_published",
    Finished: "subtitled_finished",
    Failed: "subtitled_failed",
}


def message(server: str, medium: Path, sidecars: Sequence[Path]) -> dict[str, Any]:
    """What a server is to be told, as JSON; paths are hexadecimal bytes, being perhaps no text."""
    return {
        "server": server,
        "medium": os.fsencode(medium).hex(),
        "sidecars": [os.fsencode(path).hex() for path in sidecars],
        "attempt": 0,
    }


def servers_of(configuration: Configuration, library: LibrarySettings) -> tuple[str, ...]:
    """The servers that a library tells: those it names, else all that could be loaded."""
    if library.servers is None:
        return tuple(configuration.servers)
    return tuple(name for name in library.servers if name in configuration.servers)


def tell_server(configuration: Configuration, said: dict[str, Any]) -> None:
    """Pass one message on. Raises a :class:`~subtitled.plugin.Problem` naming the server."""
    name = said["server"]
    configured = configuration.servers.get(name)
    if configured is None:
        return  # taken out of the configuration since
    medium = _path(said["medium"])
    sidecars = [_path(path) for path in said["sidecars"]]
    server = configured.make()
    guarded(name, lambda: server.changed(medium, sidecars), LIMIT)
    _log.info("told %s about %s", name, os.fsencode(medium).decode("utf-8", "replace"))


def announce(configuration: Configuration, event: Event) -> None:
    """Tell every plugin's hooks about an event; what they raise is logged with their name."""
    tell_observers(configuration.hooks, _HOOKS[type(event)], event, LIMIT)


def _path(encoded: str) -> Path:
    return Path(os.fsdecode(bytes.fromhex(encoded)))

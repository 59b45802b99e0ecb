"""Passing on what happened to the hooks of plugins, and which media servers a library tells."""

from __future__ import annotations

from subtitled.config.isolation import tell_observers
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Event, Failed, Finished, Published

LIMIT = 30.0
"""Seconds that a media server or a hook may take."""

_HOOKS = {
    Published: "subtitled_published",
    Finished: "subtitled_finished",
    Failed: "subtitled_failed",
}


def servers_of(configuration: Configuration, library: LibrarySettings) -> tuple[str, ...]:
    """The servers that a library tells: those it names, else all that could be loaded."""
    if library.servers is None:
        return tuple(configuration.servers)
    return tuple(name for name in library.servers if name in configuration.servers)


def announce(configuration: Configuration, event: Event) -> None:
    """Tell every plugin's hooks about an event; what they raise is logged with their name."""
    tell_observers(configuration.hooks, _HOOKS[type(event)], event, LIMIT)

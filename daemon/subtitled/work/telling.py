"""Passing on what happened to plugins and notifiers, and which media servers a library tells."""

from __future__ import annotations

import logging

from subtitled.config.isolation import guarded, tell_observers
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Event, Failed, Finished, Published

_log = logging.getLogger(__name__)

LIMIT = 30.0
"""Seconds that a media server, a notifier or a hook may take."""

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
    """Tell every plugin and notifier about an event; what they raise is logged with their name."""
    tell_observers(configuration.hooks, _HOOKS[type(event)], event, LIMIT)
    for name, configured in configuration.notifiers.items():
        try:
            notifier = configured.make()
            guarded(name, lambda: notifier.notify(event), LIMIT)  # noqa: B023 - called at once
        except Exception as problem:  # noqa: BLE001 - somebody else's code must not stop the work
            _log.warning("%s: %s", name, problem)

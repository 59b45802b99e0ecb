"""Passing on what happened to the hooks of plugins."""

from __future__ import annotations

from subtitled.config.isolation import LIMIT, tell_observers
from subtitled.config.load import Configuration
from subtitled.plugin import Event, Failed, Finished, Published

_HOOKS = {
    Published: "subtitled_published",
    Finished: "subtitled_finished",
    Failed: "subtitled_failed",
}


def announce(configuration: Configuration, event: Event) -> None:
    """Tell every plugin's hooks about an event; what they raise is logged with their name."""
    tell_observers(configuration.hooks, _HOOKS[type(event)], event, LIMIT)

"""Dispatch of events to the hooks of plugins."""

from __future__ import annotations

from subtitled.config.load import Configuration
from subtitled.config.plugins import LIMIT, call_event_hooks
from subtitled.plugin import Event, JobFailed, JobFinished, SubtitlePublished

_HOOKS = {
    SubtitlePublished: "subtitle_published",
    JobFinished: "job_finished",
    JobFailed: "job_failed",
}


def dispatch_event(configuration: Configuration, event: Event) -> None:
    """Call the hooks of every plugin for an event. What they raise is logged with their name."""
    call_event_hooks(configuration.hooks, _HOOKS[type(event)], event, LIMIT)

"""What the hooks of a plugin are asked: each event that there is."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass

from subtitled.config.plugin_calls import LIMIT, call_with_timeout, iter_hook_callers
from subtitled.config.plugin_registration import HookManager
from subtitled.plugin import hookspecs

from .component_questions import EVENTS
from .subject import NotApplicableError


@dataclass(frozen=True, slots=True)
class HookSubject:
    """The hooks of one plugin."""

    plugin: str
    manager: HookManager

    def close(self) -> None:
        """Do nothing: no process was started."""


def list_event_hooks() -> tuple[str, ...]:
    """List the hooks for events, such as ``job_finished``."""
    return tuple(
        name
        for name, function in vars(hookspecs).items()
        if hasattr(function, "subtitled_spec") and "event" in inspect.signature(function).parameters
    )


def call_hook(hook: str, subject: HookSubject) -> None:
    """Call a hook with each event of its type.

    Raises:
        NotApplicableError: The plugin does not implement it.
        SubtitledError: The hook raised an error, or did not return.
    """
    event_name = inspect.signature(getattr(hookspecs, hook)).parameters["event"].annotation
    wanted = getattr(hookspecs, event_name)
    callers = dict(iter_hook_callers(subject.manager, hook))
    if subject.plugin not in callers:
        raise NotApplicableError(f"it has no hook {hook}")
    for event in EVENTS:
        if isinstance(event, wanted):
            call = functools.partial(callers[subject.plugin], event=event)
            call_with_timeout(subject.plugin, call, LIMIT)

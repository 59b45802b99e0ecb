"""An engine in this process, where ``breakpoint()`` and ``print()`` of its author work."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

from subtitled.plugin import SubtitledError
from subtitled.plugin.call_control import CallControl

from .call_watch import CallWatch
from .protocol import CallCancelledError, EngineCrashedError
from .worker_main import handlers_of


class LocalEngine:
    """Stands for an :class:`~.process.EngineProcess`. Its calls have no time limit."""

    is_alive = True

    def __init__(self, spec: dict[str, Any]) -> None:
        """Create and load the engine that a spec describes.

        Raises:
            SubtitledError: The engine could not be loaded. Its traceback is printed.
        """
        try:
            self._handlers = handlers_of(spec)
        except SubtitledError as error:
            _print_cause(error)
            raise

    @property
    def pid(self) -> int:
        """The id of this process."""
        return os.getpid()

    def call(
        self, name: str, timeout: float, watch: CallWatch | None = None, **arguments: Any
    ) -> Any:
        """Call a method. The time limit is not kept: its author may be at a breakpoint.

        Raises:
            SubtitledError: The engine raised it, or anything else. Its traceback is printed.
        """
        try:
            answer = self._handlers[name](arguments | {"control": _control_of(watch)})
        except SubtitledError as error:
            _print_cause(error)
            raise
        if watch is not None and watch.is_cancelled():
            raise CallCancelledError(f"the call of {name} was cancelled")
        return answer

    def suspend(self) -> None:
        """Do nothing: this process is not suspended."""

    def resume(self) -> None:
        """Do nothing: this process is not suspended."""

    def terminate(self) -> None:
        """Do nothing: the engine ends with this process."""

    def release(self) -> None:
        """Do nothing: nothing is open."""

    def kill_with(self, error: EngineCrashedError) -> None:
        """Do nothing: the limit of memory is not kept here."""


def _control_of(watch: CallWatch | None) -> CallControl:
    """Return the link of a call in this process to its caller."""
    if watch is None:
        return CallControl()

    def report(seconds: float) -> None:
        watch.reported = seconds
        watch.tell_progress()

    return CallControl(report, watch.is_cancelled)


def _print_cause(error: SubtitledError) -> None:
    """Print the traceback of what the engine raised, with everything: its author asked for it."""
    traceback.print_exception(error.__cause__ or error, file=sys.stderr)

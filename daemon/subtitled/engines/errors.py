"""Errors of engine processes and of what a job needs."""

from __future__ import annotations

from subtitled.plugin import TransientError


class EngineCrashedError(TransientError):
    """An engine process that ended, or had to be killed, during a call."""


class EngineLoadError(EngineCrashedError):
    """An engine that did not load in time. No media file is at fault."""


class ResourceUnavailableError(TransientError):
    """Something that a file needs and that is not available yet, such as a spent budget.

    The file is not at fault, so this does not count as a failed attempt.
    """


class CallCancelledError(TransientError):
    """A call whose result nobody waits for any more. The engine is not at fault."""

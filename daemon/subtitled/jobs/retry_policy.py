"""What a failure means for the file: remembered, or tried again later, and when."""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.db.records import FileState
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.plugin import Backoff, InputRejectedError, SubtitledError, TransientError

MAX_ATTEMPTS = 8
"""A file that failed so often is left alone until it changes or somebody asks."""
MAX_CRASHES = 3
"""A file over which an engine crashed in so many jobs in a row is kept away from it."""
JITTER = 0.1
"""Share by which a wait is longer or shorter by chance."""
MAX_WAIT_SECONDS = 24 * 3600.0
"""Seconds between two tries, at most."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """The state that a file goes into, and when it is tried again (seconds since 1970)."""

    state: FileState
    retry_at: float | None = None


def next_state(
    error: SubtitledError,
    attempts: int,
    now: float,
    first_wait_seconds: float,
    crashes: int = 0,
    jitter: float = 0.5,
) -> RetryDecision:
    """What follows a failure; ``attempts`` and ``crashes`` count this one, waits double from
    ``first_wait``. ``chance`` (0 to 1) makes a wait a little shorter or longer: files that failed
    together do not come back together."""
    if crashes >= MAX_CRASHES:
        return RetryDecision(FileState.QUARANTINED)
    if isinstance(error, ResourceUnavailableError):
        wait = first_wait_seconds if error.retry_after is None else error.retry_after
        return RetryDecision(FileState.WAITING, now + min(MAX_WAIT_SECONDS, wait))
    if isinstance(error, InputRejectedError) or attempts >= MAX_ATTEMPTS:
        return RetryDecision(FileState.FAILED)
    asked = error.retry_after if isinstance(error, TransientError) else None
    wait = Backoff(first_wait_seconds, jitter=JITTER).delay(attempts, asked, jitter)
    return RetryDecision(FileState.RETRYING, now + min(MAX_WAIT_SECONDS, wait))

"""The retry policy: whether and when a file is tried again after a failure."""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.db.records import FileState
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.plugin import Backoff, InputRejectedError, SubtitledError, TransientError

MAX_ATTEMPTS = 8
"""Failed attempts after which a file is only retried when it changes or a person asks."""
MAX_CRASHES = 3
"""Consecutive jobs in which an engine crashed on a file, after which the file is quarantined."""
JITTER = 0.1
"""Share by which a wait is varied at random."""
MAX_WAIT_SECONDS = 24 * 3600.0
"""Seconds between two tries, at most."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """The next state of a file, and when it is retried (seconds since 1970)."""

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
    """Return what follows a failure.

    Args:
        error: What went wrong. Its ``retry_after`` is the least wait.
        attempts: Failed attempts in a row, including this one. The wait doubles with each.
        now: Seconds since 1970.
        first_wait_seconds: The wait after the first failure.
        crashes: Crashes in a row, including this one.
        jitter: A random number from 0 to 1 that varies the wait, so that files that failed together
            are not retried together.
    """
    if crashes >= MAX_CRASHES:
        return RetryDecision(FileState.QUARANTINED)
    if isinstance(error, ResourceUnavailableError):
        wait = first_wait_seconds if error.retry_after is None else error.retry_after
        return RetryDecision(FileState.WAITING, now + min(MAX_WAIT_SECONDS, wait))
    if isinstance(error, InputRejectedError) or attempts >= MAX_ATTEMPTS:
        return RetryDecision(FileState.FAILED)
    retry_after = error.retry_after if isinstance(error, TransientError) else None
    wait = Backoff(first_wait_seconds, jitter=JITTER).delay(attempts, retry_after, jitter)
    return RetryDecision(FileState.RETRYING, now + min(MAX_WAIT_SECONDS, wait))

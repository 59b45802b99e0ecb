"""What a failure means for the file: remembered, or tried again later, and when."""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.engines.wire import Waiting
from subtitled.library.records import FileState
from subtitled.plugin import Backoff, Problem, Rejected, Temporary

MOST_ATTEMPTS = 8
"""A file that failed so often is left alone until it changes or somebody asks."""
MOST_CRASHES = 3
"""A file over which an engine crashed in so many jobs in a row is kept away from it."""
JITTER = 0.1
"""Share by which a wait is longer or shorter by chance."""
LONGEST_WAIT = 24 * 3600.0
"""Seconds between two tries, at most."""


@dataclass(frozen=True, slots=True)
class Next:
    """The state that a file goes into, and when it is tried again (seconds since 1970)."""

    state: FileState
    at: float | None = None


def after(
    problem: Problem,
    attempts: int,
    now: float,
    first_wait: float,
    crashes: int = 0,
    chance: float = 0.5,
) -> Next:
    """What follows a failure; ``attempts`` and ``crashes`` count this one, waits double from
    ``first_wait``. ``chance`` (0 to 1) makes a wait a little shorter or longer: files that failed
    together do not come back together."""
    if crashes >= MOST_CRASHES:
        return Next(FileState.QUARANTINED)
    if isinstance(problem, Waiting):
        wait = first_wait if problem.retry_after is None else problem.retry_after
        return Next(FileState.WAITING, now + min(LONGEST_WAIT, wait))
    if isinstance(problem, Rejected) or attempts >= MOST_ATTEMPTS:
        return Next(FileState.FAILED)
    asked = problem.retry_after if isinstance(problem, Temporary) else None
    wait = Backoff(first_wait, jitter=JITTER).delay(attempts, asked, chance)
    return Next(FileState.RETRYING, now + min(LONGEST_WAIT, wait))

"""Which engines were tried for a chunk that did not go the usual way, and whose words count."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An engine that was called for a chunk whose words do not count there, and why."""

    engine: str
    why: str
    for_good: bool = True
    """Whether it would be the same the next time."""


@dataclass(frozen=True, slots=True)
class FallbackRecord:
    """How a chunk came to its words, where that was not simply by the engine that was to do it.

    ``recipe`` is the one whose words count.
    """

    engine: str
    recipe: str
    attempts: tuple[FailedAttempt, ...] = ()
    times: str = ""
    """Where the times of its words come from, if not from the engine."""

    def __str__(self) -> str:
        said = [f"{one.engine}: {one.why}" for one in self.attempts]
        return "; ".join(
            (*said, f"words by {self.engine}" + (f", {self.times}" * bool(self.times)))
        )

"""What a person tells the daemon as a whole: to pause, to go on, to try an engine again.

It is stored in the database with who asked for it, whether the daemon runs or not.
"""

from __future__ import annotations

from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs import gate

PAUSE, RESUME, RESET_ENGINE = "pause", "resume", "reset-engine"
"""The reasons of entries in the history."""


def pause_work(db: Database, library: str, until: float | None, actor: str) -> None:
    """Pause a library, or everything (``""``).

    Args:
        db: The database.
        library: The name of a library, or "".
        until: Seconds since 1970 at which the pause ends by itself; None: it does not.
        actor: Who asks.
    """
    gate.pause(db.kv, library, until)
    details = {"until": until} if until is not None else {}
    db.history.add(
        HistoryEntry(
            event=HistoryEvent.REQUESTED,
            library=library or None,
            actor=actor,
            reason=PAUSE,
            details=details,
        )
    )


def resume_work(db: Database, library: str, actor: str) -> None:
    """End the pause of a library, or that of everything (``""``), and have waiting files checked.

    Args:
        db: The database.
        library: The name of a library, or "".
        actor: Who asks.
    """
    gate.resume(db.kv, library)
    db.commands.enqueue(CommandKind.WAKE_WAITING, None)
    db.history.add(
        HistoryEntry(
            event=HistoryEvent.REQUESTED, library=library or None, actor=actor, reason=RESUME
        )
    )


def reset_engine(db: Database, engine: str, actor: str) -> bool:
    """Close the circuit breaker of an engine, and have waiting files checked.

    Args:
        db: The database.
        engine: The configured name of the engine.
        actor: Who asks.

    Returns:
        Whether the engine had failures.
    """
    had_failures = CircuitBreakers(db.kv).reset(engine)
    db.commands.enqueue(CommandKind.WAKE_WAITING, None)
    db.history.add(
        HistoryEntry(
            event=HistoryEvent.REQUESTED,
            actor=actor,
            reason=RESET_ENGINE,
            details={"engine": engine},
        )
    )
    return had_failures

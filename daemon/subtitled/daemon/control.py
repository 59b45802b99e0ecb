"""What a person tells the daemon: to pause, to go on, to try an engine or a server again.

It is stored in the database with who asked for it, whether the daemon runs or not.
"""

from __future__ import annotations

import time

from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.records import FileRecord
from subtitled.db.sidecars import SidecarStatus
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs import pauses
from subtitled.plugin import Sidecar, SidecarChange

PAUSE, RESUME, RESET_ENGINE = "pause", "resume", "reset-engine"
TELL_SERVERS = "tell-servers"
"""The reasons of entries in the history."""


def pause_work(db: Database, library: str, until: float | None, actor: str) -> None:
    """Pause a library, or everything (``""``).

    Args:
        db: The database.
        library: The name of a library, or "".
        until: Seconds since 1970 at which the pause ends by itself; None: it does not.
        actor: Who asks.
    """
    pauses.pause(db.kv, library, until)
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
    pauses.resume(db.kv, library)
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


def tell_servers_of_file(db: Database, record: FileRecord, actor: str) -> int:
    """Have the media servers told again of what we wrote for a file.

    Args:
        db: The database.
        record: The file.
        actor: Who asks.

    Returns:
        How many sidecars they are told of.
    """
    sidecars = tuple(
        Sidecar(written.path, written.language, written.kind)
        for written in db.sidecars.of_media(record.path)
        if written.status is SidecarStatus.PRESENT
    )
    if sidecars:
        db.deliveries.announce_again([SidecarChange(record.path, added=sidecars)])
        db.history.add(
            HistoryEntry(
                event=HistoryEvent.REQUESTED,
                path=record.path,
                file_id=record.id,
                library=record.library,
                actor=actor,
                reason=TELL_SERVERS,
            )
        )
    return len(sidecars)


def tell_server_again(db: Database, server: str, actor: str) -> int:
    """Have a media server told again of every change that it has not confirmed.

    Args:
        db: The database.
        server: The configured name of the server.
        actor: Who asks.

    Returns:
        Of how many files it is told.
    """
    number = db.deliveries.send_again(server, time.time())
    db.history.add(
        HistoryEntry(
            event=HistoryEvent.REQUESTED,
            actor=actor,
            reason=TELL_SERVERS,
            details={"server": server, "files": number},
        )
    )
    return number

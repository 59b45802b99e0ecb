"""What users and programs ask the daemon to do with files: one command for each, with who asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from subtitled.db.commands import Command, CommandKind
from subtitled.db.database import Database
from subtitled.db.records import FINAL_STATES, FileRecord


class FileAction(StrEnum):
    """What somebody asks for."""

    RETRY = "retry"
    """Process it again, whatever its state."""
    FIRST = "first"
    """Process it before all others."""
    SOON = "soon"
    """Process it after the urgent ones, before all others."""
    CANCEL = "cancel"
    """Take it off the queue."""
    TRANSLATE_AGAIN = "translate-again"
    """Translate the lines again that a person corrected in the language spoken."""
    CHECK = "check"
    """Look at it again now, as if it had changed."""


KINDS: Mapping[FileAction, CommandKind] = {
    FileAction.RETRY: CommandKind.RETRY,
    FileAction.FIRST: CommandKind.PRIORITISE,
    FileAction.SOON: CommandKind.PRIORITISE_WATCHING,
    FileAction.CANCEL: CommandKind.CANCEL,
    FileAction.TRANSLATE_AGAIN: CommandKind.TRANSLATE_AGAIN,
    FileAction.CHECK: CommandKind.PATH_CHANGED,
}
"""The command of each action."""


def request_action(
    db: Database, action: FileAction, records: Iterable[FileRecord], actor: str
) -> int:
    """Store a command for each file in one transaction, and return how many there are.

    Files that have nothing to cancel are left out.
    """
    commands = [
        Command(kind=KINDS[action], path=record.path, actor=actor)
        for record in records
        if not (action is FileAction.CANCEL and record.state in FINAL_STATES)
    ]
    if commands:
        db.commands.enqueue_all(commands)
    return len(commands)

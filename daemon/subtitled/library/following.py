"""Sidecars follow their medium: when it was renamed or moved, what we made for it goes along.

Only what we wrote, as we wrote it, and only when the medium is no longer at its old name: beside a
hard link or a copy the sidecars stay. One that somebody edited is theirs and stays where it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from subtitled.subtitles.names import LONGEST_NAME, SidecarName, belongs, parse_sidecar
from subtitled.subtitles.publish import file_sha256, relocate, retract

from .absence import truly_gone
from .ledger import Ledger
from .records import MOVED_BY_SIDECARS, FileRecord, FileState
from .sidecars import Fate, SidecarRecord


def follow(
    ledger: Ledger, record: FileRecord, content: str, called_off: Callable[[str], object]
) -> FileRecord | None:
    """A file of this content lies here now: bring along what belongs to it from where it lay.

    Its sidecars are renamed, and its old record is taken over; ``called_off`` is told the job that
    waited for the old one. The record under which it is quarantined, here or under another name,
    if it is. Raises :class:`~subtitled.plugin.Problem` where a folder cannot be written to.
    """
    for sidecar in ledger.sidecars.of_content(content):
        if sidecar.medium != record.path and not os.path.lexists(sidecar.medium):
            _bring(ledger, sidecar, record.path)
    recognise(ledger, record.path, content)
    poison: FileRecord | None = None
    for other in ledger.identities.with_content(content):
        if other.path == record.path:
            continue
        if (other.was or other.state) is FileState.QUARANTINED:
            poison = other
        if truly_gone(other):
            # A job that works on it already goes on: every stretch that it hears is kept.
            if other.state is FileState.QUEUED and other.job_id:
                called_off(other.job_id)
            look_anew_at_namesakes(ledger, other.path)
            ledger.identities.inherit(record, other)
    return poison


def look_anew_at_namesakes(ledger: Ledger, gone: Path) -> None:
    """A medium is gone from where it lay. Of two that share the names of their sidecars, the one
    that was worked on last has its own there: if it is the one that went, the other has none.

    To be called before the ledger lets go of the one that went, so that a crash loses neither.
    """
    _look_anew(ledger, ledger.identities.namesakes(gone))


def tidy_up(ledger: Ledger, content: str) -> None:
    """A better copy took the place of this content under another name and has subtitles of its own:
    take away what we wrote beside the old name, if nothing has that name any more."""
    for sidecar in ledger.sidecars.of_content(content):
        orphan = sidecar.fate is Fate.THERE and not os.path.lexists(sidecar.medium)
        if orphan and retract(sidecar.path, sidecar.sha256):
            ledger.sidecars.forget(sidecar.path)


def replace_namesakes(ledger: Ledger, medium: Path, path: Path) -> None:
    """One that was made anew may be called otherwise than before, if its library now names them
    otherwise: take away what we wrote of the same kind beside it, unless somebody edited it."""
    for old in ledger.sidecars.of_medium(medium):
        if (
            old.path != path
            and old.fate is Fate.THERE
            and old.path.parent == path.parent
            and _what(medium.name, old.path.name) == _what(medium.name, path.name)
            and retract(old.path, old.sha256)
        ):
            ledger.sidecars.forget(old.path)


def _what(medium_name: str, name: str) -> SidecarName | None:
    """What a sidecar is by its name, whatever its title."""
    said = parse_sidecar(medium_name, name)
    return replace(said, title="") if said is not None else None


def recognise(ledger: Ledger, medium: Path, content: str) -> None:
    """Remember the sidecars of ours beside a medium that the ledger does not know: it was lost,
    or somebody moved them together with the medium. Raises ``OSError``."""
    for path in medium.parent.iterdir():
        if belongs(medium.name, path.name):
            ledger.sidecars.recognise(path, medium, content)


def _bring(ledger: Ledger, sidecar: SidecarRecord, medium: Path) -> None:
    """Move one sidecar, and what is remembered of it, to beside the medium's new name."""
    target = _new_path(sidecar, medium)
    if target is None:
        return
    came_along = not os.path.lexists(sidecar.path) and file_sha256(target) == sidecar.sha256
    if (
        came_along  # with the folder, or moved by the same hand
        or sidecar.fate is not Fate.THERE
        or (
            sidecar.path.parent == sidecar.medium.parent
            and relocate(sidecar.path, target, sidecar.sha256)
        )
    ):
        ledger.sidecars.moved(sidecar.path, target, medium)
        # A medium of the same stem had this one too, and goes without it now.
        had_it = [
            other
            for other in ledger.identities.in_folder(sidecar.path.parent)
            if belongs(other.path.name, sidecar.path.name)
        ]
        _look_anew(ledger, had_it)


def _look_anew(ledger: Ledger, media: Iterable[FileRecord]) -> None:
    """Have media looked at anew for which a sidecar may matter."""
    for one in media:
        if one.state in MOVED_BY_SIDECARS and os.path.lexists(one.path):
            ledger.settle(one.id)


def _new_path(sidecar: SidecarRecord, medium: Path) -> Path | None:
    """Where a sidecar belongs now: the same name after the new stem; None where none fits."""
    ending = sidecar.path.name.removeprefix(sidecar.medium.stem)
    name = medium.stem + ending
    if ending == sidecar.path.name or len(os.fsencode(name)) > LONGEST_NAME:
        return None
    return medium.with_name(name)

"""Moving the files of a set together, so that a power cut leaves them all in one place.

The moves are written to a journal and flushed before the first file is moved. Whatever ends the
process then, the moves of the journal are finished at the next start. No file is ever replaced.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from subtitled.plugin import SetupError
from subtitled.plugin.files import sync_path, write_atomic
from subtitled.plugin.paths import display_path

_log = logging.getLogger(__name__)

Move = tuple[Path, Path]
"""The place of a file, and where it goes."""
Moved = Callable[[Sequence[Move], Mapping[str, str]], None]
"""A function that is told of a set that was moved, and the note about it. It may be told twice."""
MAX_NUMBER = 10_000
"""Sets of one name in one folder."""
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""Errors of file systems without hard links."""


def choose_targets(files: Sequence[Path], folder: Path, stem: str) -> list[Move]:
    """Return where the files of a set go: into a folder, or into one of their own inside it.

    Args:
        files: The files, which have different names.
        folder: The folder. It need not exist.
        stem: The name of a folder inside it, if it has files of these names already. A number is
            added.
    """
    for number in range(1, MAX_NUMBER):
        target = folder if number == 1 else folder / f"{stem} ({number})"
        moves = [(file, target / file.name) for file in files]
        if not any(os.path.lexists(place) for _, place in moves):
            return moves
    raise SetupError(
        f"{display_path(folder)} has {MAX_NUMBER} sets of the name {display_path(stem)}",
        "Empty that folder",
    )


class SetMover:
    """Moves sets of files, with a journal in the state folder."""

    def __init__(
        self,
        journals: Path,
        on_moved: Moved = lambda moves, note: None,
        move_one: Callable[[Path, Path], None] | None = None,
    ) -> None:
        """Create the mover.

        Args:
            journals: The folder of the journals. It is made when the first set is moved.
            on_moved: Is called when all files of a set are moved, before its journal is removed.
            move_one: Moves one file; by default :func:`move_file`.
        """
        self._journals = journals
        self._on_moved = on_moved
        self._move_one = move_one or move_file

    def move(self, moves: Sequence[Move], note: Mapping[str, str] | None = None) -> None:
        """Move the files of a set.

        Args:
            moves: The files and where they go, as :func:`choose_targets` returns them.
            note: What ``on_moved`` is told about the set.

        Raises:
            SetupError: The target is on another file system, where no move is at once.
            OSError: A folder cannot be written. If a part was moved, the rest is moved by
                :meth:`finish`.
        """
        for folder in {target.parent for _, target in moves}:
            folder.mkdir(parents=True, exist_ok=True)
        for source, target in moves:
            if source.stat().st_dev != target.parent.stat().st_dev:
                raise SetupError(
                    f"{display_path(target.parent)} is on another file system than "
                    f"{display_path(source.parent)}, so that nothing is moved",
                    "Name a folder on the file system of the library",
                )
        self._journals.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal = self._journals / f"{uuid.uuid4().hex}.json"
        write_atomic(journal, _to_json(moves, note or {}))
        try:
            self._finish(journal, moves, note or {})
        except OSError:
            if not any(os.path.lexists(target) for _, target in moves):
                journal.unlink()  # Nothing was moved, so there is nothing to finish.
            raise

    def finish(self) -> int:
        """Finish what a power cut or an error has interrupted.

        A set whose folders are not there now, as on a share that is not mounted, is left for
        another time.

        Returns:
            How many sets are still to be finished.
        """
        left = 0
        for journal in sorted(self._journals.glob("*.json")):
            try:
                self._finish(journal, *_from_json(journal.read_bytes()))
            except OSError as error:
                left += 1
                _log.warning("the move of %s is not finished: %s", journal.stem, error)
            except (ValueError, TypeError, KeyError):
                _log.error("%s is no journal, and is skipped", display_path(journal))
        return left

    def _finish(self, journal: Path, moves: Sequence[Move], note: Mapping[str, str]) -> None:
        # What is only at its new place was moved before: its old folder may be gone since.
        open_moves = [
            (source, target)
            for source, target in moves
            if os.path.lexists(source) or not os.path.lexists(target)
        ]
        for folder in (path.parent for move in open_moves for path in move):
            if not folder.is_dir():
                raise FileNotFoundError(errno.ENOENT, "is not there", str(folder))
        for source, target in open_moves:
            if os.path.lexists(source):
                self._move_one(source, target)
            else:
                _log.warning("%s is gone, and was not moved", display_path(source))
        for folder in sorted({path.parent for move in moves for path in move}):
            if folder.is_dir():
                sync_path(folder)
        self._on_moved(moves, note)
        journal.unlink()
        sync_path(self._journals)


def move_file(source: Path, target: Path) -> None:
    """Move a file within a file system. If another file has the new name, a number is added.

    Raises:
        OSError: It cannot be moved.
    """
    number = 1
    place = target
    while True:
        try:
            os.link(source, place, follow_symlinks=False)
        except FileExistsError:
            if os.path.samestat(source.lstat(), place.lstat()):
                break  # It was linked before the process ended.
            number += 1
            place = target.with_name(f"{target.stem} ({number}){target.suffix}")
            continue
        except OSError as error:
            if error.errno not in _NO_LINKS or os.path.lexists(place):
                raise
            source.rename(place)
            return
        break
    try:
        source.unlink()
    except OSError:
        place.unlink()  # A file that must stay, as in a folder of somebody else, is in one place.
        raise


def _to_json(moves: Sequence[Move], note: Mapping[str, str]) -> bytes:
    """Serialise moves as ASCII, whatever bytes the names have."""
    pairs = [[os.fsencode(path).hex() for path in move] for move in moves]
    return json.dumps({"moves": pairs, "note": dict(note)}).encode()


def _from_json(data: bytes) -> tuple[list[Move], dict[str, str]]:
    document = json.loads(data)
    moves = [(_from_hex(source), _from_hex(target)) for source, target in document["moves"]]
    return moves, dict(document["note"])


def _from_hex(text: str) -> Path:
    return Path(os.fsdecode(bytes.fromhex(text)))

"""Writing sidecars so that they are whole or absent, and nobody else's is ever touched."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from pathlib import Path

from subtitled.plugin import Misconfigured, Problem, Rejected, Temporary

from .names import TEMPORARY_PREFIX


class Foreign(Rejected):
    """The file in the way is not the one that we wrote."""


def publish(target: Path, content: bytes, *, ours: str | None) -> str:
    """Put a sidecar in place; its SHA-256.

    Whole or absent, even after a power cut: temporary file, fsync, rename, fsync of the folder.
    A file that is there already is replaced only if its SHA-256 is ``ours``, the one that we
    remember; it may also be the new one already, after a crash. Raises :class:`Foreign` else.
    """
    digest = hashlib.sha256(content).hexdigest()
    # The same name each time, so that what a crash left is replaced and nothing piles up.
    key = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    temporary = target.with_name(f"{TEMPORARY_PREFIX}{key}.tmp")
    try:
        there = file_sha256(target)
        if there not in (None, ours, digest):
            raise Foreign(
                f"{_shown(target)} was written or changed by somebody else; it is left alone",
                "Move it away if you want ours instead",
            )
        if there == digest:
            temporary.unlink(missing_ok=True)
            return digest
        _write(temporary, content)
        try:
            _place(temporary, target, replacing=there is not None)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise explained(error, target.parent) from error
    return digest


def retract(target: Path, ours: str) -> bool:
    """Take back what we wrote, if it is still that; whether it was."""
    if file_sha256(target) != ours:
        return False
    target.unlink()
    _sync_folder(target.parent)
    return True


def can_write(folder: Path) -> None:
    """Try a real, hidden file in a folder. Raises the problem with its cure."""
    test = folder / f"{TEMPORARY_PREFIX}{os.getpid()}.tmp"
    try:
        test.write_bytes(b"subtitled may write here")
    except OSError as error:
        raise explained(error, folder) from error
    finally:
        with contextlib.suppress(OSError):
            test.unlink()


def file_sha256(path: Path) -> str | None:
    """The digest of a file, None if it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def explained(error: OSError, folder: Path) -> Problem:
    """Why a folder takes no file, with the cure."""
    where = _shown(folder)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Temporary(
            f"the disk is full: nothing can be written into {where}", "Make room there"
        )
    if error.errno == errno.EROFS:
        return Misconfigured(f"{where} is mounted read-only", "Mount it so that we may write there")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Misconfigured(
            f"{where} may not be written to",
            "Let the daemon's user write there: add that user to the group of the media",
        )
    if error.errno == errno.ENOENT:
        return Temporary(f"the folder {where} is not there", "Mount it or make it")
    return Temporary(f"nothing can be written into {where}: {error.strerror}", "Check the disk")


def _write(temporary: Path, content: bytes) -> None:
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _place(temporary: Path, target: Path, *, replacing: bool) -> None:
    """Rename over ours; where there was nothing, link, which fails if something came meanwhile."""
    if not replacing:
        try:
            os.link(temporary, target)
            return
        except FileExistsError:
            raise Foreign(
                f"{_shown(target)} appeared while ours was made; it is left alone"
            ) from None
        except OSError as error:
            # FAT, SMB and some FUSE file systems know no hard links.
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
                raise
    temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems cannot; they are as durable as they are.
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def _shown(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")

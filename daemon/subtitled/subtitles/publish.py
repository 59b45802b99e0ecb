"""Writing sidecars so that they are whole or absent, and nobody else's is ever touched."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from pathlib import Path

from subtitled.plugin import Misconfigured, Problem, Rejected, Temporary

from .names import TEMPORARY_PREFIX
from .ownership import Provenance, is_plain, sign, signature

TEMPORARY_ENDING = ".tmp"
_NO_LINKS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
)
"""What FAT, SMB and some FUSE file systems answer when asked for a hard link."""


class Foreign(Rejected):
    """The file in the way is not the one that we wrote."""


def publish(
    target: Path, content: bytes, *, ours: str | None, provenance: Provenance | None = None
) -> str:
    """Put a sidecar in place, signed with its provenance if there is one; its SHA-256.

    Whole or absent, even after a power cut: temporary file, fsync, rename, fsync of the folder.
    A file that is there already is replaced only if its SHA-256 is ``ours``, the one that we
    remember; it may also be the new one already, after a crash. Raises :class:`Foreign` else.
    """
    digest = hashlib.sha256(content).hexdigest()
    temporary = _temporary(target)
    try:
        there = _standing(target, ours, digest)
        if there == digest:
            temporary.unlink(missing_ok=True)
            # What bears no signature may be somebody's copy of ours: it stays as it is.
            if provenance is not None and signature(target) not in (None, provenance):
                sign(target, provenance)
        else:
            _write(temporary, content, provenance)
            # Writing takes a while on slow disks: whoever came meanwhile is respected too.
            there = _standing(target, ours, digest)
            _place(temporary, target, replacing=there is not None)
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise explained(error, target.parent) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return digest


def retract(target: Path, ours: str) -> bool:
    """Take back what we wrote, if it is still that; whether it was."""
    try:
        if not is_plain(target) or file_sha256(target) != ours:
            return False
        target.unlink()
        _sync_folder(target.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise explained(error, target.parent) from error
    return True


def relocate(old: Path, target: Path, ours: str) -> bool:
    """Give what we wrote another place; whether it is there now and nowhere else.

    It is left where it is if it is no longer what we wrote, or if something else stands at the
    target. A crash in between leaves it in both places, whole, and the next call ends it.
    """
    try:
        if not is_plain(old) or file_sha256(old) != ours:
            return False
        if os.path.lexists(target):
            if not is_plain(target) or file_sha256(target) != ours:
                return False
        else:
            try:
                _place(old, target, replacing=False)
            except Foreign:
                return False
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                publish(target, old.read_bytes(), ours=None, provenance=signature(old))
            _sync_folder(target.parent)
        old.unlink(missing_ok=True)
        _sync_folder(old.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise explained(error, target.parent) from error
    return True


def can_write(folder: Path) -> None:
    """Try a real, hidden file in a folder. Raises the problem with its cure."""
    mine = f"{TEMPORARY_PREFIX}{os.getpid()}-{threading.get_ident()}{TEMPORARY_ENDING}"
    test = folder / mine
    try:
        _write(test, b"subtitled may write here")
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
            "Let the daemon's user write there: add that user to the group of the media, "
            "chmod -R g+rwX the folders, and start the daemon anew",
        )
    if error.errno == errno.ENOENT:
        return Temporary(f"the folder {where} is not there", "Mount it or make it")
    if error.errno == errno.ENOTDIR:
        return Misconfigured(f"{where} is not a folder", "Name the folder that holds the media")
    return Temporary(f"nothing can be written in {where}: {error.strerror}", "Check the disk")


def _temporary(target: Path) -> Path:
    # The same name each time, so that what a crash left is replaced and nothing piles up.
    key = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    return target.with_name(f"{TEMPORARY_PREFIX}{key}{TEMPORARY_ENDING}")


def _standing(target: Path, ours: str | None, digest: str) -> str | None:
    """The digest of what stands at the target, None for nothing. Raises :class:`Foreign`."""
    try:
        there = file_sha256(target) if is_plain(target) else "no file of ours"
    except FileNotFoundError:
        return None
    if there not in (None, ours, digest):
        raise Foreign(
            f"{_shown(target)} was written or changed by somebody else; it is left alone",
            "Move it away if you want ours instead",
        )
    return there


def _write(temporary: Path, content: bytes, provenance: Provenance | None = None) -> None:
    # Never into what is there: after a crash it may be a second name of the published file,
    # and in a folder that others write to it may be a link to anywhere.
    temporary.unlink(missing_ok=True)
    with temporary.open("xb") as file:
        file.write(content)
        file.flush()
        if provenance is not None:
            sign(temporary, provenance)
        os.fsync(file.fileno())


def _place(temporary: Path, target: Path, *, replacing: bool) -> None:
    """Rename over ours; where there was nothing, link, which fails if something came meanwhile."""
    if not replacing:
        try:
            os.link(temporary, target)
            return
        except FileExistsError:
            raise _appeared(target) from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        if os.path.lexists(target):
            raise _appeared(target)
    temporary.replace(target)


def _appeared(target: Path) -> Foreign:
    return Foreign(
        f"{_shown(target)} appeared while ours was made; it is left alone",
        "Move it away if you want ours instead",
    )


def _sync_folder(folder: Path) -> None:
    # Some network file systems cannot; they are as durable as they are.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _shown(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")

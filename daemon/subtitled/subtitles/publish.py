"""Publishing sidecars: complete or absent, and never over a file that is not ours."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from pathlib import Path

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError
from subtitled.plugin.files import hash_file, sync_path, write_synced
from subtitled.plugin.paths import display_path

from .exchange import exchange
from .filenames import TEMPORARY_PREFIX
from .ownership import Signature, is_regular_file, read_signature, sign

TEMPORARY_SUFFIX = ".tmp"
_PROBE_CONTENT = b"subtitled may write here"
_NO_HARD_LINK_ERRNOS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
)
"""Errors of FAT, SMB and some FUSE file systems for a hard link."""
_NO_UNNAMED_FILE_ERRNOS = frozenset(
    {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS, errno.ENOENT}
)
"""Errors of file systems without files that have no name (``O_TMPFILE``)."""


class ForeignFileError(InputRejectedError):
    """The file at the target is not the one that we wrote."""


def publish_sidecar(
    target: Path, content: bytes, *, own_digest: str | None, signature: Signature | None = None
) -> str:
    """Write a sidecar and sign it.

    The file is complete or absent, even after a power cut: temporary file, fsync, rename, fsync of
    the folder. An existing file is replaced only if it is ours. After a crash it may already be the
    new one.

    Args:
        target: Path of the sidecar.
        content: Its bytes.
        own_digest: SHA-256 that the database holds for our file at this path, if any.
        signature: The signature to write onto it, if any.

    Returns:
        The SHA-256 of the content.

    Raises:
        ForeignFileError: The existing file is not ours.
        TransientError: The disk is full or has an error, or the folder does not exist.
        SetupError: The folder is not writable.
    """
    digest = hashlib.sha256(content).hexdigest()
    temporary = _temporary_path(target)
    try:
        existing_digest = _existing_digest(target, own_digest, digest)
        if existing_digest == digest:
            temporary.unlink(missing_ok=True)
            # A file without a signature may be a person's copy of ours. It stays as it is.
            if signature is not None and read_signature(target) not in (None, signature):
                sign(target, signature)
        else:
            _write_temporary(temporary, content, signature)
            # Writing takes a while on slow disks. A file that appeared meanwhile is kept too.
            existing_digest = _existing_digest(target, own_digest, digest)
            if existing_digest is None:
                _link(temporary, target)
            else:
                _replace(temporary, target, existing_digest)
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise explain_os_error(error, target.parent) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return digest


def delete_own(target: Path, own_digest: str) -> bool:
    """Delete a sidecar if it is still the one that we wrote, and return whether it was."""
    try:
        if not is_regular_file(target) or compute_sha256(target) != own_digest:
            return False
        target.unlink()
        _sync_folder(target.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise explain_os_error(error, target.parent) from error
    return True


def move_own(old: Path, target: Path, own_digest: str) -> bool:
    """Move a sidecar of ours, and return whether it is at the target now and nowhere else.

    It is not moved if it was changed since we wrote it, or if another file exists at the target. A
    crash may leave it complete in both places. The next call then finishes the move.
    """
    try:
        if not is_regular_file(old) or compute_sha256(old) != own_digest:
            return False
        if os.path.lexists(target):
            if not is_regular_file(target) or compute_sha256(target) != own_digest:
                return False
            if _is_one_entry(old, target):
                old.rename(target)
                return True
        else:
            try:
                _link(old, target)
            except ForeignFileError:
                return False
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                publish_sidecar(
                    target, old.read_bytes(), own_digest=None, signature=read_signature(old)
                )
            _sync_folder(target.parent)
        old.unlink(missing_ok=True)
        _sync_folder(old.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise explain_os_error(error, target.parent) from error
    return True


def _is_one_entry(path: Path, other: Path) -> bool:
    """Return whether two paths name one entry of a folder, and not two links to a file.

    Where case does not count, ``Film.srt`` and ``film.srt`` do.
    """
    if path == other:
        return True
    status = path.lstat()
    return os.path.samestat(status, other.lstat()) and status.st_nlink == 1


def check_writable(folder: Path) -> None:
    """Check that a folder is writable by writing a file without a name, or else a hidden one.

    A file without a name cannot be left behind by a crash, but not every file system has them.
    The hidden file has the same name each time, so that the next check removes what a crash left.

    Raises:
        SubtitledError: It is not; the error has a hint.
    """
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except OSError as error:
        if error.errno not in _NO_UNNAMED_FILE_ERRNOS:
            raise explain_os_error(error, folder) from error
        _check_by_hidden_file(folder)
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_PROBE_CONTENT)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise explain_os_error(error, folder) from error


def _check_by_hidden_file(folder: Path) -> None:
    probe = folder / f"{TEMPORARY_PREFIX}write-check{TEMPORARY_SUFFIX}"
    try:
        _write_temporary(probe, _PROBE_CONTENT)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def compute_sha256(path: Path) -> str | None:
    """Return the SHA-256 of a file; None if it does not exist."""
    try:
        return hash_file(path)
    except FileNotFoundError:
        return None


def explain_os_error(error: OSError, folder: Path) -> SubtitledError:
    """Convert an ``OSError`` about writing to a folder to an error with a hint."""
    folder_text = display_path(folder)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TransientError(
            f"the disk is full: nothing can be written to {folder_text}", "Free space there"
        )
    if error.errno == errno.EROFS:
        return SetupError(f"{folder_text} is mounted read-only", "Mount it writable")
    if error.errno in (errno.EACCES, errno.EPERM):
        return SetupError(
            f"{folder_text} may not be written to",
            "Let the daemon's user write there: add that user to the group of the media, "
            "chmod -R g+rwX the folders, and restart the daemon",
        )
    if error.errno == errno.ENOENT:
        return TransientError(f"the folder {folder_text} does not exist", "Mount or create it")
    if error.errno == errno.ENOTDIR:
        return SetupError(f"{folder_text} is not a folder", "Name the folder that holds the media")
    return TransientError(
        f"nothing can be written to {folder_text}: {error.strerror}", "Check the disk"
    )


def _temporary_path(target: Path) -> Path:
    # The name is the same each time, so that leftovers of a crash are replaced.
    key = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    return target.with_name(f"{TEMPORARY_PREFIX}{key}{TEMPORARY_SUFFIX}")


def _existing_digest(target: Path, own_digest: str | None, digest: str) -> str | None:
    """Return the digest of the file at the target; None if there is none.

    Raises:
        ForeignFileError: The file is neither the recorded one nor the new one.
    """
    try:
        existing = compute_sha256(target) if is_regular_file(target) else "no file of ours"
    except FileNotFoundError:
        return None
    if existing not in (None, own_digest, digest):
        raise ForeignFileError(
            f"{display_path(target)} was written or changed by somebody else; it is kept",
            "Move it away if you want ours instead",
        )
    return existing


def _write_temporary(temporary: Path, content: bytes, signature: Signature | None = None) -> None:
    if signature is None:
        write_synced(temporary, content)
    else:
        write_synced(temporary, content, lambda path: sign(path, signature))


def _link(temporary: Path, target: Path) -> None:
    """Make a hard link, which fails if a file appeared since; else rename."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise _appeared_error(target) from None
    except OSError as error:
        if error.errno not in _NO_HARD_LINK_ERRNOS:
            raise
        if os.path.lexists(target):
            raise _appeared_error(target) from None
        temporary.replace(target)


def _replace(temporary: Path, target: Path, existing_digest: str) -> None:
    """Rename over our file.

    The two files are exchanged first, where the file system can do that. So one that somebody else
    put there at the last moment is not lost: it is put back.
    """
    if not exchange(temporary, target):
        temporary.replace(target)
        return
    if not is_regular_file(temporary) or compute_sha256(temporary) != existing_digest:
        exchange(temporary, target)
        raise _appeared_error(target)


def _appeared_error(target: Path) -> ForeignFileError:
    return ForeignFileError(
        f"{display_path(target)} appeared while ours was written; it is kept",
        "Move it away if you want ours instead",
    )


def _sync_folder(folder: Path) -> None:
    # Some network file systems do not support this.
    with contextlib.suppress(OSError):
        sync_path(folder)

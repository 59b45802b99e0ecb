"""Writing sidecars so that they are whole or absent, and nobody else's is ever touched."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from pathlib import Path

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError

from .filenames import TEMPORARY_PREFIX
from .ownership import Signature, is_regular_file, read_signature, sign

TEMPORARY_SUFFIX = ".tmp"
_NO_HARD_LINK_ERRNOS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
)
"""What FAT, SMB and some FUSE file systems answer when asked for a hard link."""


class ForeignFileError(InputRejectedError):
    """The file in the way is not the one that we wrote."""


def publish_sidecar(
    target: Path, content: bytes, *, own_digest: str | None, signature: Signature | None = None
) -> str:
    """Put a sidecar in place, signed with its provenance if there is one; its SHA-256.

    Whole or absent, even after a power cut: temporary file, fsync, rename, fsync of the folder. A
    file that is there already is replaced only if its SHA-256 is ``ours``, the one that we
    remember; it may also be the new one already, after a crash. Raises :class:`ForeignFileError`
    else.
    """
    digest = hashlib.sha256(content).hexdigest()
    temporary = _temporary_path(target)
    try:
        existing_digest = _existing_digest(target, own_digest, digest)
        if existing_digest == digest:
            temporary.unlink(missing_ok=True)
            # What bears no signature may be somebody's copy of ours: it stays as it is.
            if signature is not None and read_signature(target) not in (None, signature):
                sign(target, signature)
        else:
            _write_temporary(temporary, content, signature)
            # Writing takes a while on slow disks: whoever came meanwhile is respected too.
            existing_digest = _existing_digest(target, own_digest, digest)
            _rename_or_link(temporary, target, is_replacement=existing_digest is not None)
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise explain_os_error(error, target.parent) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return digest


def delete_own(target: Path, own_digest: str) -> bool:
    """Take back what we wrote, if it is still that; whether it was."""
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
    """Give what we wrote another place; whether it is there now and nowhere else.

    It is left where it is if it is no longer what we wrote, or if something else stands at the
    target. A crash in between leaves it in both places, whole, and the next call ends it.
    """
    try:
        if not is_regular_file(old) or compute_sha256(old) != own_digest:
            return False
        if os.path.lexists(target):
            if not is_regular_file(target) or compute_sha256(target) != own_digest:
                return False
        else:
            try:
                _rename_or_link(old, target, is_replacement=False)
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


def check_writable(folder: Path) -> None:
    """Try a real, hidden file in a folder. Raises the problem with its cure."""
    name = f"{TEMPORARY_PREFIX}{os.getpid()}-{threading.get_ident()}{TEMPORARY_SUFFIX}"
    probe = folder / name
    try:
        _write_temporary(probe, b"subtitled may write here")
    except OSError as error:
        raise explain_os_error(error, folder) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def compute_sha256(path: Path) -> str | None:
    """The digest of a file, None if it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def explain_os_error(error: OSError, folder: Path) -> SubtitledError:
    """Why a folder takes no file, with the cure."""
    folder_text = _display_path(folder)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TransientError(
            f"the disk is full: nothing can be written into {folder_text}", "Make room there"
        )
    if error.errno == errno.EROFS:
        return SetupError(
            f"{folder_text} is mounted read-only", "Mount it so that we may write there"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return SetupError(
            f"{folder_text} may not be written to",
            "Let the daemon's user write there: add that user to the group of the media, "
            "chmod -R g+rwX the folders, and start the daemon anew",
        )
    if error.errno == errno.ENOENT:
        return TransientError(f"the folder {folder_text} is not there", "Mount it or make it")
    if error.errno == errno.ENOTDIR:
        return SetupError(f"{folder_text} is not a folder", "Name the folder that holds the media")
    return TransientError(
        f"nothing can be written in {folder_text}: {error.strerror}", "Check the disk"
    )


def _temporary_path(target: Path) -> Path:
    # The same name each time, so that what a crash left is replaced and nothing piles up.
    key = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    return target.with_name(f"{TEMPORARY_PREFIX}{key}{TEMPORARY_SUFFIX}")


def _existing_digest(target: Path, own_digest: str | None, digest: str) -> str | None:
    """The digest of what stands at the target, None for nothing. Raises
    :class:`ForeignFileError`."""
    try:
        existing = compute_sha256(target) if is_regular_file(target) else "no file of ours"
    except FileNotFoundError:
        return None
    if existing not in (None, own_digest, digest):
        raise ForeignFileError(
            f"{_display_path(target)} was written or changed by somebody else; it is left alone",
            "Move it away if you want ours instead",
        )
    return existing


def _write_temporary(temporary: Path, content: bytes, signature: Signature | None = None) -> None:
    # Never into what is there: after a crash it may be a second name of the published file,
    # and in a folder that others write to it may be a link to anywhere.
    temporary.unlink(missing_ok=True)
    with temporary.open("xb") as file:
        file.write(content)
        file.flush()
        if signature is not None:
            sign(temporary, signature)
        os.fsync(file.fileno())


def _rename_or_link(temporary: Path, target: Path, *, is_replacement: bool) -> None:
    """Rename over ours; where there was nothing, link, which fails if something came meanwhile."""
    if not is_replacement:
        try:
            os.link(temporary, target)
            return
        except FileExistsError:
            raise _appeared_error(target) from None
        except OSError as error:
            if error.errno not in _NO_HARD_LINK_ERRNOS:
                raise
        if os.path.lexists(target):
            raise _appeared_error(target)
    temporary.replace(target)


def _appeared_error(target: Path) -> ForeignFileError:
    return ForeignFileError(
        f"{_display_path(target)} appeared while ours was made; it is left alone",
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


def _display_path(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")

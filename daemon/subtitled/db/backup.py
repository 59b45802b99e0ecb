"""Backup and restore of the state folder.

The archive is a gzipped tar file. It contains ``manifest.json`` (the version that wrote it and the
SHA-256 of each database), the databases and the folders of :data:`FOLDERS`. Models are left out,
because they can be downloaded again. The state folder contains no secrets, only hashes of the
passwords and keys of users.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from subtitled import __version__
from subtitled.plugin import SetupError, SubtitledError, TransientError
from subtitled.plugin.files import hash_file, replace_synced, sync_path
from subtitled.plugin.paths import display_path

from .state_folder import (
    DATABASE_FILE,
    OLD_NAMES,
    QUEUE_FILE,
    REMOVED_FOLDER,
    SIGNATURES_FOLDER,
    TRANSCRIPTS_FOLDER,
    WAL_SUFFIXES,
    WEB_DATABASE_FILE,
    rename_old_files,
)

DATABASES = (DATABASE_FILE, QUEUE_FILE)
FOLDERS = (TRANSCRIPTS_FOLDER, SIGNATURES_FOLDER, REMOVED_FOLDER)
PRE_UPGRADE_BACKUP = "subtitled-before-upgrade.sqlite"
"""The copy of the database from before its last upgrade."""
REPLACED_SUFFIX = "replaced"
"""The folder that a restore moves the old state to. Only the last one is kept."""
_MANIFEST = "manifest.json"


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, even while others write to it.

    The copy gets its name when it is complete on disk.

    Raises:
        OSError: The copy cannot be written. sqlite3.Error: The database cannot be read.
    """
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(source, timeout=30)) as old:
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with closing(sqlite3.connect(partial)) as new:
                old.backup(new)
                new.execute("PRAGMA journal_mode=DELETE")  # one file without a log
        sync_path(partial)
        replace_synced(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def check_database(path: Path) -> str:
    """Return the damage that SQLite finds in a database, or an empty text. All of it is read."""
    try:
        with closing(
            sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)
        ) as connection:
            messages = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        return str(error)
    return "" if messages == ["ok"] else "; ".join(messages)


def find_damaged_files(state: Path) -> Iterator[Path]:
    """Yield the files of the state folder that are not valid JSON and should be."""
    for folder in (TRANSCRIPTS_FOLDER, SIGNATURES_FOLDER):
        for path in sorted((state / folder).rglob("*.json")):
            try:
                json.loads(path.read_bytes())
            except (OSError, ValueError):
                yield path


def create_backup(state: Path, target: Path, databases: Sequence[str] = DATABASES) -> int:
    """Write a backup that only its owner can read. The daemon may be running.

    An older archive at ``target`` is replaced only by a complete one.

    Args:
        state: The state folder.
        target: The archive to write.
        databases: The databases in the state folder. None are if they are on a server.

    Returns:
        The size of the archive in bytes.

    Raises:
        SubtitledError: There is no database, or the archive cannot be written.
    """
    rename_old_files(state)
    if databases and not (state / databases[0]).is_file():
        raise SetupError(f"there is no database in {display_path(state)}", "Check daemon.state_dir")
    partial = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="backup-", dir=state) as name:
            staging = Path(name)
            manifest: dict[str, Any] = {"version": __version__, "databases": {}}
            for database in (*databases, WEB_DATABASE_FILE):
                if (state / database).is_file():
                    copy_database(state / database, staging / database)
                    manifest["databases"][database] = hash_file(staging / database)
            (staging / _MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
            partial.unlink(missing_ok=True)
            handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
                    for part in (_MANIFEST, *manifest["databases"]):
                        archive.add(staging / part, part)
                    for folder in FOLDERS:
                        _add_folder(archive, state, Path(folder))
                file.flush()
                os.fsync(file.fileno())
        replace_synced(partial, target)
        return target.stat().st_size
    except (OSError, sqlite3.Error) as error:
        raise TransientError(
            f"the backup {display_path(target)} cannot be written: {error}",
            "Write to another folder, or free disk space there and in the state folder",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _add_folder(archive: tarfile.TarFile, state: Path, part: Path) -> None:
    """Add one folder. Files that disappear meanwhile, and temporary ones, are left out."""
    folder = state / part
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            _add_folder(archive, state, part / entry.name)
        elif entry.is_file(follow_symlinks=False) and not entry.name.endswith((".tmp", ".part")):
            member_name = str(part / entry.name)
            with contextlib.suppress(FileNotFoundError), Path(entry.path).open("rb") as file:
                archive.addfile(archive.gettarinfo(arcname=member_name, fileobj=file), file)


def restore_backup(archive: Path, state: Path, databases: Sequence[str] = DATABASES) -> str:
    """Replace the state folder's content by a backup. The daemon must not be running.

    The archive is unpacked and checked first, so that a bad one changes nothing. The old content is
    moved to :data:`REPLACED_SUFFIX` until the next restore. A crash while files are renamed loses
    none of them: restore again.

    Args:
        archive: The archive to read.
        state: The state folder.
        databases: The databases in the state folder. None are if they are on a server.

    Returns:
        The version that wrote the archive.

    Raises:
        SubtitledError: The archive is incomplete, or the state folder cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="restore-", dir=state) as name:
            staging = Path(name)
            with tarfile.open(archive, "r:*") as packed:
                _unpack(packed, staging)
            rename_old_files(staging)
            version = _validate_archive(staging, databases)
            rename_old_files(state)
            _swap(staging, state)
        return version
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise _invalid_backup_error(archive, str(error)) from error
    except FileNotFoundError as error:
        raise SetupError(f"{display_path(archive)} does not exist", "Check its name") from error
    except OSError as error:
        raise TransientError(
            f"{display_path(archive)} cannot be restored: {error}",
            "Free space in the state folder and make it writable for this user",
        ) from error


def _unpack(archive: tarfile.TarFile, target: Path) -> None:
    """Write the files of an archive into an empty folder, with their times.

    Only what :func:`create_backup` writes is accepted: regular files, below the folder, each name
    once. ``TarFile.extractall(filter="data")`` accepts more, and Python has it only since 3.11.4.

    Raises:
        ValueError: The archive contains something else.
        OSError: A file cannot be written.
    """
    for member in archive:
        name = Path(member.name)
        if member.isdir():
            continue
        content = archive.extractfile(member) if member.isreg() else None
        if content is None or name.is_absolute() or ".." in name.parts:
            raise ValueError(f"it contains {display_path(name)}, which is not part of a backup")
        path = target / name
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except (FileExistsError, NotADirectoryError):
            raise ValueError(f"it contains {display_path(name)} twice") from None
        with content, os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(content, file)
        os.utime(path, (member.mtime, member.mtime))


def _validate_archive(staging: Path, expected_databases: Sequence[str]) -> str:
    """Return the version that wrote an unpacked archive.

    Raises:
        ValueError: The archive is incomplete.
    """
    try:
        manifest = json.loads((staging / _MANIFEST).read_bytes())
        version = str(manifest["version"])
        databases = {
            OLD_NAMES.get(name, name): digest for name, digest in manifest["databases"].items()
        }
    except (FileNotFoundError, KeyError, TypeError, AttributeError):
        raise ValueError("it contains no manifest") from None
    work_databases = databases.keys() - {WEB_DATABASE_FILE}
    if work_databases and not expected_databases:
        raise ValueError("its database is a file, but daemon.database is the address of a server")
    if expected_databases and (
        DATABASES[0] not in work_databases or not work_databases <= set(DATABASES)
    ):
        raise ValueError("it contains no database")
    for database, digest in databases.items():
        path = staging / database
        if not path.is_file() or hash_file(path) != digest:
            raise ValueError(f"the checksum of {database} in it is wrong")
        if damage := check_database(path):
            raise ValueError(f"{database} in it is damaged: {damage}")
    return version


def _swap(staging: Path, state: Path) -> None:
    replaced = state / REPLACED_SUFFIX
    shutil.rmtree(replaced, ignore_errors=True)
    replaced.mkdir(mode=0o700)
    # The log moves with its database. It would damage another database of the same name.
    # A backup from before there were users takes none away.
    restored = [name for name in (WEB_DATABASE_FILE,) if (staging / name).exists()]
    databases = (*DATABASES, *restored)
    existing = [f"{name}{log}" for name in databases for log in ("", *WAL_SUFFIXES)]
    for name in (*existing, *FOLDERS):
        if (state / name).exists():
            (state / name).rename(replaced / name)
    # The database comes last, so that everything else is there when it is.
    for name in (*FOLDERS, *reversed(databases)):
        if (staging / name).exists():
            (staging / name).rename(state / name)
    sync_path(state)


def _invalid_backup_error(archive: Path, reason: str) -> SubtitledError:
    return SetupError(
        f"{display_path(archive)} is not a complete backup: {reason}",
        "Choose a file that `subtitled state backup` wrote; nothing was changed",
    )

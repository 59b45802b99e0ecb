"""The state folder as one file, and back: for another disk, another machine, a bad day.

The archive is a gzipped tar file with ``manifest.json`` (the version that wrote it and the SHA-256
of each database), both databases and the folders of :data:`FOLDERS`. Models are not in it: they are
fetched again. Nor are keys: the state folder has none.
"""

from __future__ import annotations

import contextlib
import hashlib
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

from .state_folder import (
    DATABASE_FILE,
    OLD_NAMES,
    QUEUE_FILE,
    REMOVED_FOLDER,
    SIGNATURES_FOLDER,
    TRANSCRIPTS_FOLDER,
    WAL_SUFFIXES,
    rename_old_files,
)

DATABASES = (DATABASE_FILE, QUEUE_FILE)
FOLDERS = (TRANSCRIPTS_FOLDER, SIGNATURES_FOLDER, REMOVED_FOLDER)
PRE_UPGRADE_BACKUP = "subtitled-before-upgrade.sqlite"
"""The copy of the database from before its last upgrade."""
REPLACED_SUFFIX = "replaced"
"""Where a restore puts what it replaces; one is kept."""
_MANIFEST = "manifest.json"


def copy_database(source: Path, target: Path) -> None:
    """A database as it is at one moment, whole on disk before it has its name; others may write
    to it meanwhile. Raises OSError or sqlite3.Error."""
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(source, timeout=30)) as old:
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with closing(sqlite3.connect(partial)) as new:
                old.backup(new)
                new.execute("PRAGMA journal_mode=DELETE")  # one file, with no log beside it
        _fsync(partial)
        partial.replace(target)
        _fsync(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def check_database(path: Path) -> str:
    """What SQLite finds wrong with a database, empty if it is whole. Reads all of it."""
    try:
        with closing(
            sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)
        ) as connection:
            messages = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        return str(error)
    return "" if messages == ["ok"] else "; ".join(messages)


def find_damaged_files(state: Path) -> Iterator[Path]:
    """Files of the state folder that are no JSON and should be: a disk lost part of them."""
    for folder in (TRANSCRIPTS_FOLDER, SIGNATURES_FOLDER):
        for path in sorted((state / folder).rglob("*.json")):
            try:
                json.loads(path.read_bytes())
            except (OSError, ValueError):
                yield path


def create_backup(state: Path, target: Path, databases: Sequence[str] = DATABASES) -> int:
    """Write the archive, for its owner alone, and its size in bytes. A daemon may be running.
    ``databases`` are those that are files there; none if they are on a server.

    Raises a :class:`~subtitled.plugin.SubtitledError`; an archive of that name is replaced only by
    a whole one.
    """
    rename_old_files(state)
    if databases and not (state / databases[0]).is_file():
        raise SetupError(f"there is no ledger in {_display_path(state)}", "Check daemon.state_dir")
    partial = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="backup-", dir=state) as name:
            desk = Path(name)
            manifest: dict[str, Any] = {"version": __version__, "databases": {}}
            for database in databases:
                if (state / database).is_file():
                    copy_database(state / database, desk / database)
                    manifest["databases"][database] = _sha256(desk / database)
            (desk / _MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
            partial.unlink(missing_ok=True)
            handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
                    for part in (_MANIFEST, *manifest["databases"]):
                        archive.add(desk / part, part)
                    for folder in FOLDERS:
                        _add_folder(archive, state, Path(folder))
                file.flush()
                os.fsync(file.fileno())
        partial.replace(target)
        _fsync(target.parent)
        return target.stat().st_size
    except (OSError, sqlite3.Error) as error:
        raise TransientError(
            f"the backup {_display_path(target)} cannot be written: {error}",
            "Name a file in a folder of yours with room for it, and make room in the state folder",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _add_folder(archive: tarfile.TarFile, state: Path, part: Path) -> None:
    """One folder. What the daemon took away meanwhile, or has not finished, is left out."""
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
    """Put an archive's state in the place of the present one; the version that wrote it.
    ``databases`` are those that are files there.

    No daemon may run. The archive is unpacked and checked first, so that a bad one changes
    nothing; what is replaced lies in ``replaced`` until the next restore. A crash while the names
    change leaves every file there or in its place: do it again. Raises a
    :class:`~subtitled.plugin.SubtitledError`.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="restore-", dir=state) as name:
            desk = Path(name)
            with tarfile.open(archive, "r:*") as packed:
                packed.extractall(desk, filter="data")
            rename_old_files(desk)
            version = _validate_archive(desk, databases)
            rename_old_files(state)
            _swap(desk, state)
        return version
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise _invalid_backup_error(archive, str(error)) from error
    except FileNotFoundError as error:
        raise SetupError(f"{_display_path(archive)} is not there", "Check its name") from error
    except OSError as error:
        raise TransientError(
            f"{_display_path(archive)} cannot be restored: {error}",
            "Make room in the state folder and let this user write there",
        ) from error


def _validate_archive(staging: Path, expected_databases: Sequence[str]) -> str:
    """The version that wrote what was unpacked. Raises ValueError if it is not whole."""
    try:
        manifest = json.loads((staging / _MANIFEST).read_bytes())
        version = str(manifest["version"])
        databases = {
            OLD_NAMES.get(name, name): digest for name, digest in manifest["databases"].items()
        }
    except (FileNotFoundError, KeyError, TypeError, AttributeError):
        raise ValueError("it has no manifest of subtitled's") from None
    if databases and not expected_databases:
        raise ValueError("its ledger is a file, and daemon.database names a server")
    if expected_databases and (
        DATABASES[0] not in databases or not databases.keys() <= set(DATABASES)
    ):
        raise ValueError("it holds no ledger")
    for database, digest in databases.items():
        path = staging / database
        if not path.is_file() or _sha256(path) != digest:
            raise ValueError(f"{database} in it is not as it was written")
        if trouble := check_database(path):
            raise ValueError(f"{database} in it is damaged: {trouble}")
    return version


def _swap(staging: Path, state: Path) -> None:
    replaced = state / REPLACED_SUFFIX
    shutil.rmtree(replaced, ignore_errors=True)
    replaced.mkdir(mode=0o700)
    # A database's log goes with it: beside another database it would be damage.
    existing = [f"{name}{log}" for name in DATABASES for log in ("", *WAL_SUFFIXES)]
    for name in (*existing, *FOLDERS):
        if (state / name).exists():
            (state / name).rename(replaced / name)
    # The ledger last: where it is, all is.
    for name in (*FOLDERS, *reversed(DATABASES)):
        if (staging / name).exists():
            (staging / name).rename(state / name)
    _fsync(state)


def _invalid_backup_error(archive: Path, reason: str) -> SubtitledError:
    return SetupError(
        f"{_display_path(archive)} is no whole backup: {reason}",
        "Name a file that `subtitled state backup` wrote; nothing was changed",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _display_path(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")

"""The copy before an upgrade, backup and restore, and file systems that cannot hold a database."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from subtitled.db import backup, migrations
from subtitled.db import engine as database
from subtitled.db.backup import (
    DATABASES,
    PRE_UPGRADE_BACKUP,
    REPLACED_SUFFIX,
    check_database,
    copy_database,
    create_backup,
    find_damaged_files,
    restore_backup,
)
from subtitled.db.database import Database
from subtitled.db.engine import open_engine, write_transaction
from subtitled.db.filesystems import Mount, unsafe_for_sqlite
from subtitled.db.state_folder import OLD_NAMES, rename_old_files
from subtitled.plugin import SetupError, SubtitledError


def _of_the_first_schema(path: Path) -> None:
    engine = open_engine(path)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with write_transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text("INSERT INTO controls VALUES ('who', 'I')"))
    engine.dispose()


def _read(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as there:
        return there.execute(query).fetchall()


def _state(folder: Path) -> Path:
    """Return a state folder with something of every kind."""
    folder.mkdir()
    db = Database(folder / "subtitled.sqlite")
    db.kv.set("who", "I")
    db.close()
    with closing(sqlite3.connect(folder / "jobs.sqlite")) as work:
        work.execute("CREATE TABLE jobs (id TEXT)")
        work.commit()
    transcript = folder / "transcripts/ab/ab12/1/w-1/0-8.json"
    transcript.parent.mkdir(parents=True)
    transcript.write_text('{"words": []}')
    (folder / "removed").mkdir()
    (folder / "removed" / "a.srt").write_bytes(b"ours")
    return folder


def test_an_upgrade_keeps_a_copy_of_the_old_database(tmp_path: Path) -> None:
    path, before = tmp_path / "subtitled.sqlite", tmp_path / PRE_UPGRADE_BACKUP
    _of_the_first_schema(path)
    Database(path).close()
    assert _read(before, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert _read(before, "SELECT * FROM controls") == [("who", "I")]
    assert _read(path, "SELECT version_num FROM alembic_version") != [("0001",)]
    assert before.stat().st_mode & 0o077 == 0


def test_a_new_or_current_database_is_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        Database(tmp_path / "subtitled.sqlite").close()
    assert not (tmp_path / PRE_UPGRADE_BACKUP).exists()


def test_a_database_that_cannot_be_copied_is_not_upgraded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "subtitled.sqlite"
    _of_the_first_schema(path)

    def full(file: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "sync_path", full)
    with pytest.raises(SetupError, match="before it is upgraded") as refused:
        Database(path)
    assert "Free disk space" in refused.value.hint
    assert _read(path, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert sorted(tmp_path.glob("*.part")) == []


def test_after_a_downgrade_the_error_names_the_copy_before_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "subtitled.sqlite"
    _of_the_first_schema(path)
    Database(path).close()
    with closing(sqlite3.connect(path)) as there:
        there.execute("UPDATE alembic_version SET version_num = '9999'")
        there.commit()
    with pytest.raises(SetupError, match="newer version") as refused:
        Database(path)
    assert PRE_UPGRADE_BACKUP in refused.value.hint
    assert _read(tmp_path / PRE_UPGRADE_BACKUP, "SELECT version_num FROM alembic_version") == [
        ("0001",)
    ]


def test_a_copy_contains_the_last_commit_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "subtitled.sqlite"
    db = Database(path)
    db.kv.set("a", "1")
    with write_transaction(open_engine(path)) as connection:
        connection.execute(sa.text("INSERT INTO kv VALUES ('b', '2')"))
        copy_database(path, tmp_path / "copy.sqlite")
    assert _read(tmp_path / "copy.sqlite", "SELECT key FROM kv") == [("a",)]
    db.close()


def test_a_restore_brings_back_what_was_backed_up(tmp_path: Path) -> None:
    state = _state(tmp_path / "état")
    archive = tmp_path / "b.tar.gz"
    assert create_backup(state, archive) == archive.stat().st_size
    assert archive.stat().st_mode & 0o077 == 0
    db = Database(state / "subtitled.sqlite")
    db.kv.set("who", "somebody else")
    (state / "removed" / "a.srt").unlink()
    restore_backup(archive, state)
    db.close()
    back = Database(state / "subtitled.sqlite")
    assert back.kv.get("who") == "I"
    back.close()
    assert (state / "removed" / "a.srt").read_bytes() == b"ours"
    assert list(state.rglob("0-8.json"))
    replaced = state / REPLACED_SUFFIX / "subtitled.sqlite"
    assert _read(replaced, "SELECT value FROM kv") == [("somebody else",)]
    assert not [p for p in state.iterdir() if p.name.startswith(("backup-", "restore-"))]


def test_a_state_comes_back_into_an_empty_folder(tmp_path: Path) -> None:
    archive, other = tmp_path / "b.tar.gz", tmp_path / "other"
    create_backup(_state(tmp_path / "st"), archive)
    other.mkdir()
    restore_backup(archive, other)
    assert {path.name for path in other.iterdir()} >= {"subtitled.sqlite", "jobs.sqlite", "removed"}


def _archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _archive_of_one(path: Path, kind: bytes, target: Path) -> Path:
    """Write an archive with one member that is not a regular file."""
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("removed/a.srt")
        member.type, member.linkname = kind, str(target)
        archive.addfile(member)
    return path


def test_restore_keeps_times_and_names_that_are_not_utf8(tmp_path: Path) -> None:
    state, archive = _state(tmp_path / "st"), tmp_path / "b.tar.gz"
    name = state / "removed" / os.fsdecode(b"caf\xe9.srt")
    name.write_bytes(b"ours")
    os.utime(name, (1_000_000_000, 1_000_000_000))
    create_backup(state, archive)
    name.unlink()
    restore_backup(archive, state)
    assert name.read_bytes() == b"ours"
    assert name.stat().st_mtime == 1_000_000_000
    assert name.stat().st_mode & 0o077 == 0


def test_a_bad_archive_changes_nothing(tmp_path: Path) -> None:
    state = _state(tmp_path / "st")
    good = tmp_path / "b.tar.gz"
    create_backup(state, good)
    half = tmp_path / "half"
    half.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    noise = tmp_path / "noise"
    noise.write_bytes(b"this is no archive" * 50)
    manifest = json.dumps({"version": "1", "databases": {"subtitled.sqlite": "0"}}).encode()
    bad = [
        half,
        noise,
        tmp_path / "missing",
        _archive(tmp_path / "other", {"a.txt": b"a"}),
        _archive(tmp_path / "wrong", {"manifest.json": manifest, "subtitled.sqlite": b"x"}),
        _archive(tmp_path / "outside", {"../evil": b"x"}),
        _archive(tmp_path / "below", {"transcripts/../../evil": b"x"}),
        _archive(tmp_path / "absolute", {f"{tmp_path}/evil": b"x"}),
        _archive(tmp_path / "file-as-folder", {"removed": b"x", "removed/a.srt": b"x"}),
        *(
            _archive_of_one(tmp_path / f"type-{kind.decode()}", kind, tmp_path / "evil")
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
        ),
        _archive(tmp_path / "list", {"manifest.json": b"[1]"}),
    ]
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    for archive in bad:
        with pytest.raises(SubtitledError):
            restore_backup(archive, state)
        assert {p: p.read_bytes() for p in state.rglob("*") if p.is_file()} == before, archive
    assert not (tmp_path / "evil").exists()


def test_a_backup_that_fails_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, archive = _state(tmp_path / "st"), tmp_path / "b.tar.gz"
    archive.write_bytes(b"old")

    def torn(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(backup, "_add_folder", torn)
    with pytest.raises(SubtitledError, match="cannot be written"):
        create_backup(state, archive)
    assert archive.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_damage_is_found(tmp_path: Path) -> None:
    state = _state(tmp_path / "st")
    path = state / "subtitled.sqlite"
    assert check_database(path) == ""
    assert list(find_damaged_files(state)) == []
    content = bytearray(path.read_bytes())
    content[4096:12288] = bytes(8192)
    path.write_bytes(content)
    assert check_database(path)
    torn = next(state.rglob("0-8.json"))
    torn.write_text('{"wor')
    assert list(find_damaged_files(state)) == [torn]


@pytest.mark.parametrize(
    ("kind", "unfit"),
    [
        *((kind, True) for kind in ("nfs", "nfs4", "cifs", "9p", "fuse.sshfs", "fuse.shfs")),
        *((kind, False) for kind in ("ext4", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk")),
    ],
)
def test_no_database_is_kept_where_memory_is_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, unfit: bool
) -> None:
    mounts = [Mount(Path("/"), "9p", "root", ()), Mount(tmp_path, kind, "nas:/state", ())]
    assert bool(unsafe_for_sqlite(tmp_path, mounts)) is unfit
    assert unsafe_for_sqlite(Path("/usr"), mounts) == ""
    monkeypatch.setattr(database, "unsafe_for_sqlite", lambda path: unsafe_for_sqlite(path, mounts))
    if unfit:
        with pytest.raises(SetupError, match=kind) as refused:
            Database(tmp_path / "subtitled.sqlite")
        assert "daemon.state_dir" in refused.value.hint
        assert list(tmp_path.iterdir()) == []
    else:
        Database(tmp_path / "subtitled.sqlite").close()


def _give_old_names(state: Path) -> None:
    for old, new in OLD_NAMES.items():
        if (state / new).exists():
            (state / new).rename(state / old)


def test_a_state_folder_of_an_older_version_gets_the_present_names(tmp_path: Path) -> None:
    state = _state(tmp_path / "st")
    expected = sorted(path.name for path in state.iterdir())
    _give_old_names(state)
    (state / "ledger.sqlite-wal").write_bytes(b"")
    rename_old_files(state)
    rename_old_files(state)
    assert sorted(path.name for path in state.iterdir()) == sorted(
        [*expected, f"{DATABASES[0]}-wal"]
    )
    assert Database(state / DATABASES[0]).kv.get("who") == "I"


def test_an_existing_file_is_not_overwritten_by_a_rename(tmp_path: Path) -> None:
    state = _state(tmp_path / "st")
    (state / "ledger.sqlite").write_bytes(b"older")
    rename_old_files(state)
    assert (state / "ledger.sqlite").read_bytes() == b"older"
    assert Database(state / DATABASES[0]).kv.get("who") == "I"


def test_a_backup_of_an_older_version_is_restored(tmp_path: Path) -> None:
    state, archive, old = _state(tmp_path / "st"), tmp_path / "b.tar.gz", tmp_path / "old.tar.gz"
    create_backup(state, archive)
    present = {new: former for former, new in OLD_NAMES.items()}
    with tarfile.open(archive) as packed, tarfile.open(old, "w:gz") as repacked:
        for member in packed.getmembers():
            content = packed.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == "manifest.json":
                for new, former in present.items():
                    content = content.replace(new.encode(), former.encode())
            first, *rest = member.name.split("/")
            member.name = "/".join([present.get(first, first), *rest])
            member.size = len(content)
            repacked.addfile(member, io.BytesIO(content))
    other = tmp_path / "other"
    other.mkdir()
    restore_backup(old, other)
    assert (other / "removed" / "a.srt").read_bytes() == b"ours"
    assert Database(other / DATABASES[0]).kv.get("who") == "I"

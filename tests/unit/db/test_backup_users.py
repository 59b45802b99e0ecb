"""The users of the HTTP port in backups."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.db.backup import REPLACED_SUFFIX, create_backup, restore_backup
from subtitled.db.database import Database
from subtitled.web.auth import passwords
from subtitled.web.auth.accounts import Accounts
from subtitled.web.auth.roles import Role

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_N", 2**10)


def state(folder: Path, *names: str) -> Path:
    folder.mkdir()
    Database(folder / "subtitled.sqlite").close()
    for name in names:
        Accounts(folder).users.add(name, PASSWORD, Role.ADMIN)
    return folder


def names(folder: Path) -> list[str]:
    return [user.name for user in Accounts(folder).users.list_all()]


def test_users_travel_with_a_backup_and_their_passwords_work(tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    create_backup(state(tmp_path / "a", "ana"), archive)
    assert PASSWORD.encode() not in archive.read_bytes()
    restored = state(tmp_path / "b", "ben")
    restore_backup(archive, restored)
    assert names(restored) == ["ana"]
    assert Accounts(restored).users.find_by_password("ana", PASSWORD) is not None
    assert (restored / "web.sqlite").stat().st_mode & 0o777 == 0o600
    assert names(restored / REPLACED_SUFFIX) == ["ben"]


def test_a_backup_without_users_takes_none_away(tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    create_backup(state(tmp_path / "a"), archive)
    restored = state(tmp_path / "b", "ben")
    restore_backup(archive, restored)
    assert names(restored) == ["ben"]


def test_users_are_backed_up_with_a_database_on_a_server_too(tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    create_backup(state(tmp_path / "a", "ana"), archive, ())
    (tmp_path / "b").mkdir()
    restore_backup(archive, tmp_path / "b", ())
    assert names(tmp_path / "b") == ["ana"]

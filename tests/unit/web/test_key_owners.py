"""Who acts by an API key: the user who made it on the pages, else the key itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from subtitled.db.actors import Actor
from subtitled.web.auth import passwords
from subtitled.web.auth.accounts import Accounts
from subtitled.web.auth.identity import Identity, IdentityKind
from subtitled.web.auth.roles import Role

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_N", 2**10)


def _by(kind: IdentityKind, name: str, key_id: int = 0, owner: str = "") -> Actor:
    return Identity(kind=kind, name=name, key_id=key_id, owner=owner).actor


def test_a_key_that_is_named_like_a_user_is_not_that_user() -> None:
    user = _by(IdentityKind.SESSION, "ana")
    assert _by(IdentityKind.PROXY, "ana") == user
    assert _by(IdentityKind.KEY, "ana", 1).person not in (
        user.person,
        _by(IdentityKind.KEY, "ana", 2).person,
    )
    assert _by(IdentityKind.KEY, "scripts", 1, owner="ana").person == user.person


def test_the_keys_of_an_older_version_belong_to_the_users_who_made_them(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.users.add("ana", PASSWORD, Role.ADMIN)
    keys = {
        "by ana": accounts.keys.add("hers", Role.REVIEWER, created_by="ana"),
        "by nobody": accounts.keys.add("ana", Role.REVIEWER, created_by="root, by the shell"),
    }
    with sqlite3.connect(tmp_path / "web.sqlite") as connection:
        connection.execute("ALTER TABLE keys DROP COLUMN owner")
        connection.execute("PRAGMA user_version = 1")
    connection.close()

    again = Accounts(tmp_path).keys
    owners = {maker: again.find(key, "192.0.2.7") for maker, key in keys.items()}
    assert {maker: key.owner for maker, key in owners.items() if key} == {
        "by ana": "ana",
        "by nobody": "",
    }

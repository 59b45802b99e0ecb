"""``subtitled web``: users, keys, the set-up code and signing out."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from subtitled.cli import main
from subtitled.db.database import Database

PASSWORD = "a long enough password"


def test_the_command_line_is_the_way_back_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path / "state"}"\n[libraries.films]\npath = "{tmp_path}"\n'
    )

    def run(*words: str, said: str = "") -> SimpleNamespace:
        arguments = ["subtitled", "--config", str(config), "web", *words]
        monkeypatch.setattr(sys, "argv", arguments)
        monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return SimpleNamespace(code=ended.value.code, out=printed.out, err=printed.err)

    assert len(run("setup-code").out.strip()) == 23
    assert (
        run("users", "add", "ana", "--role", "admin", "--password-stdin", said="short\n").code == 2
    )
    added = run("users", "add", "Ana", "--role", "admin", "--password-stdin", said=f"{PASSWORD}\n")
    assert added.code == 0, added.err
    assert "there are users already" in run("setup-code").err
    ben = ("users", "add", "ben", "--libraries", "films", "--password-stdin")
    assert run(*ben, said=f"{PASSWORD}\n").code == 0
    assert run(*ben, said=f"{PASSWORD}\n").code == 2
    assert "no library is called" in run("users", "add", "eve", "--libraries", "x").err
    assert "no admin would be left" in run("users", "role", "ana", "viewer").err
    assert run("users", "password", "ana", "--password-stdin", said="a new password\n").code == 0
    listed = run("users", "list").out
    assert "Ana" in listed
    assert "films" in listed
    key = run("keys", "add", "bazarr", "--role", "operator", "--valid-for", "90d").out.strip()
    assert key.startswith("stk_")
    assert key not in run("keys", "list").out
    assert "bazarr" in run("keys", "list").out
    assert run("keys", "add", "nothing").code == 2
    assert run("keys", "remove", "bazarr").code == 0
    assert run("sign-out").code == 2
    assert "0 sessions" in run("sign-out", "--all").out
    assert run("users", "remove", "ben").code == 0
    history = Database(tmp_path / "state" / "subtitled.sqlite").history.newest(100)
    assert {entry.actor for entry in history} == {"command line"}
    reasons = [entry.reason for entry in history]
    assert reasons[0] == "removed the user ben"
    assert "added the key bazarr" in reasons
    assert not any(PASSWORD in reason or key in reason for reason in reasons)
    assert stat.S_IMODE((tmp_path / "state" / "web.sqlite").stat().st_mode) == 0o600

"""``subtitled web``: users, keys, the set-up code and signing out."""

from __future__ import annotations

import io
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from subtitled.cli import main
from subtitled.db.database import Database

PASSWORD = "a long enough password"


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., SimpleNamespace]:
    """Return a function that runs a command of ``web`` with the configuration c.toml."""
    config = tmp_path / "c.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path / "state"}"\n[libraries.films]\npath = "{tmp_path}"\n'
        "[web]\nport = 8085\n"
    )

    def run(*words: str, said: str = "", options: tuple[str, ...] | None = None) -> SimpleNamespace:
        chosen = ("--config", str(config)) if options is None else options
        monkeypatch.setattr(sys, "argv", ["subtitled", *chosen, "web", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return SimpleNamespace(code=ended.value.code, out=printed.out, err=printed.err)

    return run


def test_the_command_line_is_the_way_back_in(
    tmp_path: Path, run: Callable[..., SimpleNamespace]
) -> None:
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


def test_a_key_says_of_which_port_it_is(
    tmp_path: Path, run: Callable[..., SimpleNamespace]
) -> None:
    added = run("keys", "add", "bazarr", "--scope", "transcribe")
    assert added.out.startswith("stk_"), "programs read the key alone"
    assert f"the port of {tmp_path / 'c.toml'} keeps them in {tmp_path / 'state'}" in added.err
    assert "opens no port" not in added.err


def test_a_key_acts_for_the_user_whom_its_maker_names(
    run: Callable[..., SimpleNamespace],
) -> None:
    refused = run("keys", "add", "scripts", "--role", "reviewer", "--owner", "ana")
    assert refused.code == 2 and "there is no user 'ana'" in refused.err
    run("users", "add", "ana", "--role", "admin", "--password-stdin", said=f"{PASSWORD}\n")
    assert run("keys", "add", "scripts", "--role", "reviewer", "--owner", "ana").code == 0
    assert run("keys", "add", "ana", "--role", "reviewer").code == 0
    keys = json.loads(run("keys", "list", "--json").out)
    assert {key["name"]: key["owner"] for key in keys} == {"scripts": "ana", "ana": ""}


def test_a_key_of_a_configuration_without_a_port_comes_with_a_warning(
    tmp_path: Path, run: Callable[..., SimpleNamespace]
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(f'[daemon]\nstate_dir = "{tmp_path / "elsewhere"}"\n')
    added = run("keys", "add", "x", "--scope", "metrics", options=("--config", str(other)))
    assert added.code == 0
    assert "other.toml opens no port" in added.err
    assert "--config FILE" in added.err


def test_no_key_is_made_where_there_is_no_configuration(
    home: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., SimpleNamespace]
) -> None:
    monkeypatch.setattr("subtitled.config.load.SYSTEM_CONFIG", home / "none.toml")
    for words in (("keys", "add", "x", "--scope", "metrics"), ("setup-code",), ("users", "list")):
        refused = run(*words, options=())
        assert (refused.code, refused.out) == (2, "")
        assert "there is no configuration" in refused.err
    assert not (home / "state").exists()

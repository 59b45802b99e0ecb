"""Tests of the default folders and their permissions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from subtitled.config import load as loading
from subtitled.config import paths
from subtitled.config.load import load_config
from subtitled.config.paths import ensure_private_folder, resolve_models_dir, resolve_state_dir
from subtitled.config.settings import AppSettings
from subtitled.plugin import SetupError


def test_first_folder_of_systemd_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/subtitled:/var/lib/other")
    monkeypatch.setenv("CACHE_DIRECTORY", "/var/cache/subtitled")
    assert resolve_state_dir(AppSettings()) == Path("/var/lib/subtitled")
    assert resolve_models_dir(AppSettings()) == Path("/var/cache/subtitled/models")


@pytest.mark.parametrize("empty", ["", ":"])
def test_folders_of_user_are_used_without_systemd(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty: str
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", empty)
    monkeypatch.setenv("CACHE_DIRECTORY", empty)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert resolve_state_dir(AppSettings()) == tmp_path / "state" / "subtitled"
    assert resolve_models_dir(AppSettings()) == tmp_path / "cache" / "subtitled" / "models"


def test_commands_use_folders_of_the_service_with_system_config(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("STATE_DIRECTORY", "CACHE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    state, cache, config = (tmp_path / name for name in ("lib", "cache", "config.toml"))
    monkeypatch.setattr(paths, "SYSTEM_STATE", state)
    monkeypatch.setattr(paths, "SYSTEM_CACHE", cache)
    monkeypatch.setattr(loading, "SYSTEM_CONFIG", config)
    other = tmp_path / "other.toml"
    for file in (config, other):
        file.touch()
    assert resolve_state_dir(load_config(config).settings) == tmp_path / "mine" / "subtitled"
    state.mkdir()
    cache.mkdir()
    settings = load_config(config).settings
    assert (resolve_state_dir(settings), resolve_models_dir(settings)) == (state, cache / "models")
    assert resolve_state_dir(load_config(other).settings) == tmp_path / "mine" / "subtitled"
    config.write_text('[daemon]\nstate_dir = "/s"\n')
    assert resolve_state_dir(load_config(config).settings) == Path("/s")
    monkeypatch.setenv("STATE_DIRECTORY", "/given")
    config.write_text("")
    assert resolve_state_dir(load_config(config).settings) == Path("/given")


@pytest.mark.thorough
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_root_becomes_owner_of_state_folder(public: Path) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from subtitled.config.paths import drop_privileges_to_owner\n"
        "state = Path(sys.argv[1])\nname = drop_privileges_to_owner(state)\n"
        "(state / 'made').touch()\n"
        "print(name, os.getuid(), os.getgid(), *os.getgroups(), os.environ['HOME'])\n"
    )
    state = public / "state"
    state.mkdir()

    def run_script() -> str:
        command = [sys.executable, "-c", script, str(state)]
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
        return run.stdout.strip()

    assert run_script().startswith("0 0")
    (state / "made").unlink()
    os.chown(state, 64321, 64322)
    assert run_script() == f"64321 64321 64322 64322 {state}"
    assert (state / "made").stat().st_uid == 64321


def test_configuration_overrides_default_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/subtitled")
    settings = AppSettings.model_validate({"daemon": {"state_dir": "/s", "models_dir": "/m"}})
    assert (resolve_state_dir(settings), resolve_models_dir(settings)) == (Path("/s"), Path("/m"))


def test_new_folder_is_private_and_existing_one_unchanged(
    tmp_path: Path,
) -> None:
    folder = ensure_private_folder(tmp_path / "a" / "b")
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    assert ensure_private_folder(folder).stat().st_mode & 0o777 == 0o755


def test_folder_that_cannot_be_created_raises_with_hint(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="cannot be created") as caught:
        ensure_private_folder(tmp_path / "file" / "state")
    assert "state_dir" in caught.value.hint

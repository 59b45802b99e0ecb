"""Where state and models lie, and that the folders are for their owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.places import ensure_private, models_dir, state_dir
from subtitled.config.settings import Settings
from subtitled.plugin import Misconfigured


def test_systemds_folders_are_used_the_first_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/subtitled:/var/lib/other")
    monkeypatch.setenv("CACHE_DIRECTORY", "/var/cache/subtitled")
    assert state_dir(Settings()) == Path("/var/lib/subtitled")
    assert models_dir(Settings()) == Path("/var/cache/subtitled/models")


@pytest.mark.parametrize("empty", ["", ":"])
def test_without_systemd_the_users_folders_are_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty: str
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", empty)
    monkeypatch.setenv("CACHE_DIRECTORY", empty)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert state_dir(Settings()) == tmp_path / "state" / "subtitled"
    assert models_dir(Settings()) == tmp_path / "cache" / "subtitled" / "models"


def test_the_configuration_goes_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/subtitled")
    settings = Settings.model_validate({"daemon": {"state_dir": "/s", "models_dir": "/m"}})
    assert (state_dir(settings), models_dir(settings)) == (Path("/s"), Path("/m"))


def test_a_new_folder_is_for_its_owner_alone_and_an_old_one_is_left_as_it_is(
    tmp_path: Path,
) -> None:
    made = ensure_private(tmp_path / "a" / "b")
    assert made.stat().st_mode & 0o777 == 0o700
    made.chmod(0o755)
    assert ensure_private(made).stat().st_mode & 0o777 == 0o755


def test_a_folder_that_cannot_be_made_says_the_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="cannot be made") as caught:
        ensure_private(tmp_path / "file" / "state")
    assert "state_dir" in caught.value.cure

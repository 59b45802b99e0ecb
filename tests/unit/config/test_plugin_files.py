"""Plugins of one file, and plugins whose name or needs collide."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import subtitled.cli.config  # noqa: F401 - adds its commands
from subtitled.cli import privileges
from subtitled.cli.app import app
from subtitled.config.load import Configuration, load_config
from subtitled.config.plugin_paths import (
    FILE_PACKAGE,
    PluginPaths,
    check_plugin_file,
    current_plugin_paths,
)
from subtitled.config.plugin_sources import list_installed
from subtitled.config.settings import AppSettings
from subtitled.plugin import SetupError

NOTIFIER = """
from subtitled.plugin import Notifier, Settings, hookimpl
SUBTITLED_API = "1"
class BellSettings(Settings):
    times: int = 1
class Bell(Notifier[BellSettings]):
    def notify(self, notifications): print("ring")
@hookimpl
def register_notifiers(register): register(Bell)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of plugins beside the configuration."""
    folder = tmp_path / "config" / "plugins"
    folder.mkdir(parents=True, mode=0o755)
    return folder


def _put(folder: Path, name: str, source: str = NOTIFIER) -> Path:
    file = folder / f"{name}.py"
    file.write_text(source, "utf-8")
    file.chmod(0o644)
    return file


def _load(folder: Path, text: str) -> Configuration:
    file = folder.parent / "config.toml"
    file.write_text(text, "utf-8")
    return load_config(file)


def test_a_file_beside_the_configuration_is_a_plugin_of_its_name(folder: Path) -> None:
    file = _put(folder, "my-bell")
    loaded = _load(folder, "[notifiers.my-bell]\ntimes = 3\n")
    assert not loaded.unavailable
    assert loaded.notifiers["my-bell"].settings.times == 3  # type: ignore[attr-defined]
    (listed,) = [row for row in list_installed() if row[0] == "my-bell"]
    assert listed[1] == str(file) and listed[2], "the version changes with the text"


def test_a_setting_names_another_folder(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o755)
    _put(other, "bell")
    loaded = _load(folder, f'[plugins]\nfolder = "{other}"\n[notifiers.bell]\n')
    assert "bell" in loaded.notifiers


def test_a_file_that_is_not_named_is_never_imported(folder: Path) -> None:
    _put(folder, "bell")
    _put(folder, "other", "raise AssertionError('imported')")
    assert not _load(folder, "[notifiers.bell]\n").unavailable
    assert f"{FILE_PACKAGE}.other" not in sys.modules


def test_a_file_does_not_hide_a_module_of_python(folder: Path) -> None:
    _put(folder, "json", NOTIFIER.replace("ring", "json"))
    loaded = _load(folder, "[notifiers.json]\n")
    assert not loaded.unavailable
    import json

    assert json.loads("1") == 1


def test_another_folder_has_other_plugins_of_the_same_name(folder: Path, tmp_path: Path) -> None:
    _put(folder, "bell")
    assert _load(folder, "[notifiers.bell]\n").notifiers["bell"].settings.model_dump() == {
        "times": 1
    }
    other = tmp_path / "second" / "plugins"
    other.mkdir(parents=True, mode=0o755)
    _put(other, "bell", NOTIFIER.replace("times: int = 1", "times: int = 2"))
    loaded = _load(other, "[notifiers.bell]\n")
    assert loaded.notifiers["bell"].settings.model_dump() == {"times": 2}


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_write_is_refused_with_the_cure(folder: Path, mode: int) -> None:
    file = _put(folder, "bell", "raise AssertionError('imported')")
    file.chmod(mode)
    (refused,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert f"others may write to {file}" in refused.message
    assert refused.hint == f"Run: chmod go-w {file}"


def test_a_folder_that_others_may_write_is_refused(folder: Path) -> None:
    _put(folder, "bell")
    folder.chmod(0o777)
    (refused,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert refused.hint == f"Run: chmod go-w {folder}"
    folder.chmod(0o755)
    folder.parent.chmod(0o775)
    (refused,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert refused.hint == f"Run: chmod go-w {folder.parent}"


def test_the_target_of_a_link_is_judged_too(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    file = _put(elsewhere, "real")
    (folder / "bell.py").symlink_to(file)
    assert not _load(folder, "[notifiers.bell]\n").unavailable
    file.chmod(0o666)
    PluginPaths().apply()
    (refused,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert refused.hint == f"Run: chmod go-w {file}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_link_to_a_place_that_cannot_be_looked_at_is_told_and_harms_no_other_plugin(
    folder: Path,
) -> None:
    _put(folder, "bell")
    (folder / "ghost.py").symlink_to("/" + 300 * "x")  # its stat() fails for root too
    loaded = _load(folder, "[notifiers.bell]\n[notifiers.ghost]\n")
    (refused,) = loaded.unavailable
    assert list(loaded.notifiers) == ["bell"]
    assert "ghost.py cannot be read" in refused.message and refused.hint
    assert "ghost" in {row[0] for row in list_installed()}


def test_a_file_of_another_user_is_refused(folder: Path) -> None:
    file = _put(folder, "bell")
    os.chown(file, 12345, 12345)
    with pytest.raises(SetupError, match="belongs to 12345") as caught:
        check_plugin_file(file)
    assert caught.value.hint == f"Run: chown root {file}"


def test_a_helper_of_a_file_is_judged_like_the_file(folder: Path) -> None:
    helper = _put(folder, "_helper", "RINGS = 2\n")
    _put(
        folder,
        "bell",
        NOTIFIER.replace("times: int = 1", "times: int = RINGS").replace(
            "SUBTITLED_API", "from ._helper import RINGS\nSUBTITLED_API"
        ),
    )
    assert _load(folder, "[notifiers.bell]\n").notifiers["bell"].settings.model_dump() == {
        "times": 2
    }
    assert "_helper" not in {row[0] for row in list_installed()}
    assert not list(folder.rglob("*.pyc")), "byte code might be written by others"
    PluginPaths().apply()
    helper.chmod(0o666)
    (refused,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert refused.hint == f"Run: chmod go-w {helper}"


def test_a_mistake_in_a_file_is_told_with_its_line(folder: Path) -> None:
    _put(folder, "bell", "SUBTITLED_API = '1'\nundefined\n")
    (broken,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert "NameError" in broken.message and "bell.py:2" in broken.message


def test_a_plugin_that_is_not_there_names_the_folder(folder: Path) -> None:
    (missing,) = _load(folder, "[notifiers.gone]\n").unavailable
    assert f"put gone.py into {folder}" in missing.hint


def test_a_file_and_a_package_of_one_name_are_both_named(
    folder: Path, install: Callable[..., None]
) -> None:
    install("bell", NOTIFIER)
    file = _put(folder, "bell")
    (broken,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert broken.message == (
        f"several packages bring a plugin called 'bell': the file {file}, the package dist-bell 1.0"
    )
    assert broken.hint == "Uninstall or rename all but one of them"


def test_two_packages_of_one_name_are_both_named(
    folder: Path, install: Callable[..., None]
) -> None:
    install("bell", NOTIFIER)
    install("bell", NOTIFIER, "another-bell")
    (broken,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert "the package another-bell 1.0, the package dist-bell 1.0" in broken.message


@pytest.mark.parametrize(
    ("requires", "message", "hint"),
    [
        ("numpy>=99", "needs numpy>=99, which is installed as", "subtitled itself uses numpy"),
        ("no-such-package>=2", "no-such-package>=2, which is not installed", "dist-bell again"),
        ("subtitled>=99", "needs subtitled>=99", "Update subtitled"),
    ],
)
def test_a_package_that_a_plugin_needs_newer_is_named(
    folder: Path, install: Callable[..., None], requires: str, message: str, hint: str
) -> None:
    install("bell", "raise AssertionError('imported')", requires=requires)
    (broken,) = _load(folder, "[notifiers.bell]\n").unavailable
    assert message in broken.message and hint in broken.hint


@pytest.mark.parametrize(
    "requires", ["numpy", "subtitled>=0.0.1", "x>=9; extra == 'y'", "x; python_version < '3'"]
)
def test_what_a_plugin_does_not_need_here_is_no_mistake(
    folder: Path, install: Callable[..., None], requires: str
) -> None:
    install("bell", NOTIFIER, requires=requires)
    assert not _load(folder, "[notifiers.bell]\n").unavailable


def test_the_paths_survive_the_way_to_an_engine_process(folder: Path) -> None:
    paths = PluginPaths(folder / "\udcff", (folder,))
    assert PluginPaths.from_json(paths.to_json()) == paths
    paths.apply()
    assert current_plugin_paths() == paths and sys.path[-1] == str(folder)
    PluginPaths().apply()
    assert str(folder) not in sys.path


def test_root_becomes_the_owner_of_the_state_before_code_of_a_plugin_runs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = tmp_path / "order"
    _put(folder, "bell", f"print('imported', file=open({str(order)!r}, 'a'))\n{NOTIFIER}")

    def drop(state: Path) -> str:
        with order.open("a") as file:
            print("dropped", state.name, file=file)
        return ""

    monkeypatch.setattr(privileges, "drop_privileges_to_owner", drop)
    config = folder.parent / "config.toml"
    config.write_text(f'[daemon]\nstate_dir = "{tmp_path}/mine"\n[notifiers.bell]\n')
    for arguments in (["config", "check"], ["--help"]):
        order.write_text("")
        PluginPaths().apply()
        CliRunner().invoke(app, ["--config", str(config), *arguments])
        assert order.read_text().split("\n")[:2] == ["dropped mine", "imported"]


def test_root_is_told_if_the_owner_of_the_state_cannot_read_subtitled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(privileges, "drop_privileges_to_owner", lambda state: "ana")
    settings = AppSettings.model_validate({"daemon": {"state_dir": str(tmp_path)}})
    privileges.act_as_owner(settings)
    assert "warning" not in capsys.readouterr().err
    monkeypatch.setattr(privileges, "_CODE", tmp_path / "root" / "subtitled")
    privileges.act_as_owner(settings)
    assert "ana cannot read" in " ".join(capsys.readouterr().err.split())

"""What is installed into the state folder, and when."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.config import plugin_installation, plugin_installer
from subtitled.config.load import load_config
from subtitled.config.plugin_installation import (
    PLUGINS_VARIABLE,
    find_wanted,
    read_installed,
    warn_of_installation,
)
from subtitled.config.plugin_installer import install_plugins
from subtitled.config.settings import AppSettings
from subtitled.plugin import SetupError

Settings = Callable[..., AppSettings]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return a function that makes settings with a list of what is installed."""
    monkeypatch.delenv(PLUGINS_VARIABLE, raising=False)

    def make(*install: str) -> AppSettings:
        daemon = {"state_dir": str(tmp_path / "state")}
        return AppSettings.model_validate({"daemon": daemon, "plugins": {"install": install}})

    return make


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Let pip only be recorded: it makes the folder that it would."""
    calls: list[tuple[str, ...]] = []

    def run(place: Path, requirements: tuple[str, ...]) -> None:
        calls.append(requirements)
        if "bad" in requirements:
            raise SetupError("pip failed: no bad", "Correct it")
        (place / "lib/python3/site-packages").mkdir(parents=True)

    monkeypatch.setattr(plugin_installer, "_run_pip", run)
    return calls


def _packages(tmp_path: Path) -> Path:
    installed = read_installed(tmp_path / "state/plugins")
    assert installed is not None
    return installed.packages[0]


def test_a_list_is_installed_once(settings: Settings, calls: list[tuple[str, ...]]) -> None:
    assert not install_plugins(settings()).is_new, "nothing is wanted and nothing is there"
    assert install_plugins(settings("a", "b==1")).is_new
    assert not install_plugins(settings("a", "b==1")).is_new
    assert install_plugins(settings("a", "b==1"), again=True).is_new
    assert calls == [("a", "b==1")] * 2


def test_another_list_and_another_version_are_installed_anew(
    settings: Settings, calls: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    install_plugins(settings("a"))
    monkeypatch.setenv(PLUGINS_VARIABLE, "b 'c d'")
    assert install_plugins(settings("a")).is_new
    monkeypatch.setattr(plugin_installation, "__version__", "99.0")
    (warning,) = warn_of_installation(settings("a"))
    assert warning.endswith("Run: subtitled plugins install")
    assert install_plugins(settings("a")).is_new
    assert calls == [("a",), ("a", "b", "c d"), ("a", "b", "c d")]
    assert not [*warn_of_installation(settings("a"))]


def test_a_new_wheel_of_the_same_name_is_installed(
    settings: Settings, calls: list[tuple[str, ...]], tmp_path: Path
) -> None:
    for name in ("b.whl", "a.whl"):
        (tmp_path / name).write_text(name)
    install_plugins(settings(f"{tmp_path}/*.whl"))
    assert calls == [(f"{tmp_path}/a.whl", f"{tmp_path}/b.whl")]
    assert not install_plugins(settings(f"{tmp_path}/*.whl")).is_new
    (tmp_path / "a.whl").write_text("new")
    assert install_plugins(settings(f"{tmp_path}/*.whl")).is_new


def test_a_failure_leaves_what_was_there_and_is_told(
    settings: Settings, calls: list[tuple[str, ...]], tmp_path: Path
) -> None:
    install_plugins(settings("a"))
    before = _packages(tmp_path)
    with pytest.raises(SetupError, match="no bad"):
        install_plugins(settings("bad"))
    assert _packages(tmp_path) == before and before.is_dir()
    assert [*warn_of_installation(settings("bad"))] == [
        "plugins could not be installed: pip failed: no bad. Correct it"
    ]
    assert len(list((tmp_path / "state/plugins").glob("packages-*"))) == 1
    config = tmp_path / "c.toml"
    state = tmp_path / "state"
    config.write_text(f'[daemon]\nstate_dir = "{state}"\n[plugins]\ninstall = ["bad"]\n')
    assert any("no bad" in warning for warning in load_config(config).warnings)


def test_the_last_folder_stays_for_a_running_daemon(
    settings: Settings, calls: list[tuple[str, ...]], tmp_path: Path
) -> None:
    folders = []
    for name in "abc":
        install_plugins(settings(name))
        folders.append(_packages(tmp_path))
    assert [folder.is_dir() for folder in folders] == [False, True, True]
    install_plugins(settings())
    installed = read_installed(tmp_path / "state/plugins")
    assert installed is not None and installed.packages == ()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("--index-url=http://a", "is no plugin to install"),
        ("-r x", "is no plugin to install"),
        (" ", "is no plugin to install"),
        ("/nowhere/*.whl", "no file fits /nowhere"),
        ("./gone.whl", "no file fits"),
    ],
)
def test_an_entry_that_cannot_be_installed_is_named(
    settings: Settings, entry: str, message: str
) -> None:
    with pytest.raises(SetupError, match="is to be installed|is no plugin") as caught:
        find_wanted(settings(entry))
    assert message in str(caught.value) and caught.value.hint
    assert [*warn_of_installation(settings(entry))]


def test_a_wheel_that_cannot_be_read_is_told_and_stops_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "a.whl").symlink_to("/" + 300 * "x")  # its stat() fails for root too
    wanted = settings(str(tmp_path / "*.whl"))
    with pytest.raises(SetupError, match=r"a\.whl, which is to be installed, cannot be read"):
        install_plugins(wanted)
    (warning,) = warn_of_installation(wanted)
    assert "cannot be read" in warning


def test_of_a_package_that_is_there_twice_the_first_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, name, version in (("venv", "my-lib", "2.0"), ("system", "My_Lib", "1.0")):
        info = tmp_path / place / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "venv"), str(tmp_path / "system")])
    assert list(plugin_installer._list_constraints()) == ["my-lib==2.0"]


def test_quotes_that_are_open_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLUGINS_VARIABLE, "'a")
    with pytest.raises(SetupError, match="SUBTITLED_PLUGINS cannot be read"):
        find_wanted(settings())


@pytest.mark.parametrize("text", ["", "[]", "{", '{"folder": "x"}', '{"packages": 1, "folder": 2}'])
def test_a_record_that_cannot_be_read_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "installed.json").write_text(text)
    assert read_installed(tmp_path) is None

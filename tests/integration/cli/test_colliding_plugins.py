"""Plugins that cannot be used beside others: every command says which, and what to do."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from subtitled.cli.app import app
from subtitled.config.plugin_paths import PluginPaths

ENGINE = """
from subtitled.plugin import Engine, EngineCapabilities, hookimpl
SUBTITLED_API = "1"
class Mine(Engine):
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities()
    def transcribe(self, audio, request): ...
@hookimpl
def register_engines(register): register(Mine)
"""
TOLD = {
    "twice": (
        "the package another-twice 1.0, the package dist-twice 1.0",
        "Uninstall or rename all but one of them",
    ),
    "filed": ("the file {folder}/plugins/filed.py, the package dist-filed 1.0", "Uninstall or"),
    "old": ("'old' is for plugin API 0.9, this is 1.", "Update the plugin"),
    "future": ("'future' is for plugin API 2.0, this is 1.", "Update subtitled"),
    "newer": ("'newer' needs numpy>=99, which is installed as ", "subtitled itself uses numpy"),
    "unsafe": ("others may write to {folder}/plugins/unsafe.py", "chmod go-w {folder}/plugins/uns"),
}
"""Name of the plugin -> a part of the message, and of the cure."""
COMMANDS = ("config check", "doctor", "status", "plugins list")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the plugins, and a configuration that names them all."""
    folder = tmp_path_factory.mktemp("colliding")
    (folder / "plugins").mkdir(mode=0o755)

    def install(name: str, source: str, distribution: str = "", requires: str = "") -> None:
        distribution = distribution or f"dist_{name}"
        (folder / f"{distribution}.py").write_text(source)
        info = folder / f"{distribution}-1.0.dist-info"
        info.mkdir()
        head = f"Metadata-Version: 2.1\nName: {distribution.replace('_', '-')}\nVersion: 1.0\n"
        (info / "METADATA").write_text(head + requires)
        (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {distribution}\n")

    install("twice", ENGINE)
    install("twice", ENGINE, "another_twice")
    install("filed", ENGINE)
    install("old", ENGINE.replace('"1"', '"0.9"'))
    install("future", ENGINE.replace('"1"', '"2.0"'))
    install("newer", "import numpy.of_the_future", requires="Requires-Dist: numpy>=99\n")
    for name, mode in (("filed", 0o644), ("unsafe", 0o666)):
        (folder / f"plugins/{name}.py").write_text(ENGINE)
        (folder / f"plugins/{name}.py").chmod(mode)
    sections = "".join(f"[engines.{name}]\n" for name in (*TOLD, "whisper"))
    (folder / "config.toml").write_text(f'[daemon]\nstate_dir = "{folder}/state"\n{sections}')
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    PluginPaths().apply()
    for module in [name for name in sys.modules if name.startswith(("dist_", "another_"))]:
        del sys.modules[module]


def _run(folder: Path, *arguments: str) -> Result:
    for module in ("config", "doctor", "plugins", "status", "generate"):
        importlib.import_module(f"subtitled.cli.{module}")  # which adds its commands
    result = CliRunner().invoke(
        app, ["--config", str(folder / "config.toml"), *arguments], env={"COLUMNS": "1000"}
    )
    assert not result.exception or isinstance(result.exception, SystemExit), result.output
    return result


def _expected(folder: Path, name: str) -> tuple[str, str]:
    message, cure = TOLD[name]
    return message.format(folder=folder), cure.format(folder=folder)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_both_or_the_version_and_the_cure(folder: Path, command: str) -> None:
    told = json.dumps(json.loads(_run(folder, *command.split(), "--json").stdout))
    for name in TOLD:
        for part in _expected(folder, name):
            assert part in told, (name, part)


def test_plugins_check_names_each_before_it_is_imported(folder: Path) -> None:
    for name in TOLD:
        checked = _run(folder, "plugins", "check", name, "--json")
        (row,) = json.loads(checked.stdout)
        message, cure = _expected(folder, name)
        assert checked.exit_code == 1 and not row["ok"]
        assert message in row["detail"] and cure in row["hint"], name


def test_generate_ends_with_the_reason_if_it_is_asked_for_such_an_engine(folder: Path) -> None:
    media = folder / "film.mkv"
    media.touch()
    for name in ("twice", "newer"):
        ended = _run(folder, "generate", str(media), "--engine", name)
        message, cure = _expected(folder, name)
        assert ended.exit_code == 2
        last = ended.stderr.split("error:")[-1]
        assert message in last and cure in last

"""``plugins new``, ``check`` and ``show``, as authors call them."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from subtitled.cli.app import app
from subtitled.config.plugin_paths import PluginPaths
from support.broken_plugins import SOURCES, install_plugin

Run = Callable[..., Result]

NOTES = """
from pathlib import Path
from pydantic import Field
from subtitled.plugin import Endpoint, EndpointCapabilities, Settings, hookimpl
SUBTITLED_API = "1"
class NotesSettings(Settings):
    file: Path = Field(description="The file.")
class Notes(Endpoint[NotesSettings]):
    @classmethod
    def capabilities(cls, settings):
        return EndpointCapabilities(methods={"GET", "POST"})
    def application(self):
        async def answer(scope, receive, send):
            with self.settings.file.open("a") as file:
                file.write(scope["method"] + "\\n")
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})
        return answer
@hookimpl
def register_endpoints(register): register(Notes)
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command below ``plugins`` with a configuration of its own."""
    importlib.import_module("subtitled.cli.plugins")  # which adds its commands
    config = tmp_path / "config.toml"
    config.write_text(f'[daemon]\nstate_dir = "{tmp_path / "state"}"\n')
    site = tmp_path / "site"
    site.mkdir()
    install_plugin(site, "bell", SOURCES["notifiers"], "broken_bell")
    monkeypatch.syspath_prepend(str(site))
    sys.modules.pop("broken_bell", None)

    def call(*arguments: object) -> Result:
        words = ["--config", config, "plugins", *arguments]
        return CliRunner().invoke(app, list(map(str, words)))

    return call


def test_a_new_project_names_the_next_commands(run: Run, tmp_path: Path) -> None:
    made = run("new", "engine", "loud", "--dir", tmp_path)
    assert made.exit_code == 0
    assert (tmp_path / "subtitled-loud" / "src" / "subtitled_loud" / "__init__.py").is_file()
    for told in ("pip install --editable", "subtitled plugins check loud", "[engines.loud]"):
        assert told in made.output
    again = run("new", "engine", "loud", "--dir", tmp_path)
    assert again.exit_code != 0


def test_wrong_use_of_new_is_told(run: Run, tmp_path: Path) -> None:
    wrong_kind = run("new", "enigne", "loud", "--dir", tmp_path)
    assert (wrong_kind.exit_code, "Did you mean 'engine'" in wrong_kind.stderr) == (2, True)
    taken = run("new", "engine", "whisper", "--dir", tmp_path)
    assert (taken.exit_code, "installed already" in taken.stderr) == (2, True)


def test_check_takes_a_name_or_the_folder_of_a_project(run: Run, tmp_path: Path) -> None:
    checked = run("check", "bell", "--json")
    assert checked.exit_code == 0, checked.output
    assert all(row["ok"] for row in json.loads(checked.stdout))
    run("new", "engine", "loud", "--dir", tmp_path)
    missing = run("check", tmp_path / "subtitled-loud")
    assert (missing.exit_code, "pip install --editable" in missing.stderr) == (2, True)
    nothing = run("check", f"{tmp_path}/")
    assert (nothing.exit_code, "no pyproject.toml" in nothing.stderr) == (2, True)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    empty = run("check", tmp_path)
    assert (empty.exit_code, "names no plugin" in empty.stderr) == (2, True)


def test_check_of_an_unknown_plugin_or_wrong_options_says_what_to_write(run: Run) -> None:
    unknown = run("check", "bel", "--json")
    assert unknown.exit_code == 1
    (row,) = json.loads(unknown.stdout)
    assert "no plugin is called 'bel'" in row["detail"] and "'bell'" in row["hint"]
    for option, value in (("--settings", "not toml"), ("--speech", "hello.flac")):
        wrong = run("check", "bell", option, value)
        assert (wrong.exit_code, option in wrong.stderr) == (2, True)
    extra = run("check", "bell", "--settings", "volume = 3", "--json")
    assert extra.exit_code == 1
    assert any("volume" in row["detail"] for row in json.loads(extra.stdout))


def test_show_prints_a_section_to_copy(run: Run) -> None:
    shown = run("show", "jellyfin")
    assert shown.exit_code == 0
    assert "[servers.jellyfin]" in shown.stdout and 'url = "..."' in shown.stdout
    assert json.loads(run("show", "bell", "--json").stdout)["distribution"] == "dist-bell"
    assert run("show", "bel").exit_code != 0


@pytest.mark.parametrize("section", ["", "[notifiers.ring]\nno_such_key = 1\n"])
def test_show_knows_a_plugin_of_one_file_even_if_its_section_is_wrong(
    run: Run, tmp_path: Path, section: str
) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    file = folder / "ring.py"
    file.write_text(SOURCES["notifiers"])
    file.chmod(0o644)
    with (tmp_path / "config.toml").open("a") as config:
        config.write(section)
    try:
        shown = run("show", "ring")
    finally:
        PluginPaths().apply()
    assert shown.exit_code == 0, shown.output
    assert "[notifiers.ring]" in shown.stdout


def test_list_names_two_plugins_of_one_name_before_a_section_names_them(
    run: Run, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    for name in ("fife", "drum"):
        install_plugin(site, name, SOURCES["notifiers"], f"twice_{name}")
    (next(site.glob("*fife*.dist-info")) / "entry_points.txt").write_text(
        "[subtitled]\ndrum = twice_fife\n"
    )
    rows = json.loads(run("list", "--json").stdout)
    assert [row["state"][:6] for row in rows if row["name"] == "drum"] == ["BROKEN"] * 2
    assert [row["state"] for row in rows if row["name"] == "bell"] == ["unused"]


def test_check_posts_nothing_to_an_endpoint_without_send(run: Run, tmp_path: Path) -> None:
    install_plugin(tmp_path / "site", "notes", NOTES, "notes_of_a_test")
    kept = tmp_path / "kept"
    settings = f'file = "{kept}"'
    assert run("check", "notes", "--settings", settings).exit_code == 0
    assert kept.read_text().split() == ["GET"] * len(kept.read_text().split())
    assert run("check", "notes", "--settings", settings, "--send").exit_code == 0
    assert "POST" in kept.read_text()

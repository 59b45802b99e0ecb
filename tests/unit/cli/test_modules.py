"""A command imports its own modules only."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import subtitled.cli
from subtitled.cli import MODULES, find_command
from subtitled.cli.command_group import PLUGIN_TABLES, list_bundled_plugins, names_other_plugins
from subtitled.cli.summaries import SUMMARIES
from subtitled.config.plugin_registration import COMPONENT_KINDS
from subtitled.config.plugin_sources import list_sources

ALL = [module for modules in MODULES.values() for module in modules]


def test_each_module_with_commands_belongs_to_the_command_that_it_adds() -> None:
    for module in ALL:
        importlib.import_module(f"subtitled.cli.{module}")
    from subtitled.cli.app import app

    group = typer.main.get_command(app)
    assert set(group.commands) == set(MODULES)  # type: ignore[attr-defined]
    folder = Path(subtitled.cli.__file__).parent
    adding = [p.stem for p in folder.glob("*.py") if "app.command(" in p.read_text("utf-8")]
    assert sorted(adding) == sorted(ALL)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("plan film.mkv", "plan"),
        ("--config plan status", "status"),
        ("--config=x --traceback review list", "review"),
        ("--version", "--version"),
        ("--config x --version", "--version"),
        ("plan --version", "plan"),
        ("", ""),
        ("--help", "--help"),
        ("journal plan", "journal"),
        ("--config", ""),
        ("--config --version", ""),
        ("--unknown plan", "--unknown"),
    ],
)
def test_the_first_word_that_is_no_option_says_what_is_imported(typed: str, command: str) -> None:
    assert find_command(typed.split()) == command


def list_imported(*arguments: str) -> tuple[list[str], set[str]]:
    """Run the command line; return what it prints and which modules it has then imported."""
    code = (
        f"import json, sys; sys.argv = ['subtitled', *{arguments!r}]; import subtitled.cli\n"
        "try: subtitled.cli.main()\n"
        "except SystemExit: pass\n"
        "print(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    *lines, modules = done.stdout.decode().splitlines()
    return lines, set(json.loads(modules))


HEAVY = {"sqlalchemy", "dbos", "numpy", "asyncio", "langcodes", "subtitled.plugin"}


def test_the_version_is_told_without_any_package() -> None:
    lines, modules = list_imported("--version")
    assert lines == [f"subtitled {subtitled.__version__}"]
    assert not (HEAVY | {"typer", "rich", "pydantic"}) & modules
    assert len(modules) < 150


def test_help_is_told_without_the_modules_of_the_commands(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[engines.mine]\nplugin = 'whisper'\n", "utf-8")
    lines, modules = list_imported("--config", str(config), "--help")
    text = "\n".join(lines)
    assert all(f" {name} " in text for name in MODULES)
    assert not HEAVY & modules
    assert not {f"subtitled.cli.{module}" for module in ALL} & modules
    assert len(modules) < 700


def test_the_status_is_told_without_what_only_work_needs(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[daemon]\nstate_dir = '{tmp_path}/state'\n", "utf-8")
    list_imported("--config", str(config), "status")  # creates the database, with Alembic
    lines, modules = list_imported("--config", str(config), "status")
    assert lines[0] == "not running"
    assert not {"dbos", "numpy", "alembic", "langcodes", "rapidfuzz", "fastapi"} & modules
    assert not {"sqlalchemy.dialects.postgresql", "packaging.requirements"} & modules
    others = {"approvals", "operations", "reviews", "passages", "upgrades"}
    assert not {f"subtitled.db.{name}" for name in others} & modules
    assert len(modules) < 720


def test_the_list_of_commands_says_what_the_commands_say() -> None:
    for module in ALL:
        importlib.import_module(f"subtitled.cli.{module}")
    from subtitled.cli.app import app

    commands = typer.main.get_group(app).commands
    told = {name: " ".join((c.help or "").split("\n\n")[0].split()) for name, c in commands.items()}
    assert {name: told[name] for name in SUMMARIES} == SUMMARIES
    assert set(SUMMARIES) == set(MODULES), "add the sentence to subtitled.cli.summaries"


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("", False),
        ("[engines.whisper]\n[engines.mine]\nplugin = 'whisper'\n", False),
        ("[plugins]\nenabled = ['webhook']\nfolder = '/srv/plugins'\n", False),
        ("[notifiers.x]\nplugin = 'webhook:second'\n", False),
        ("[plugins]\nenabled = ['journal']\n", True),
        ("[plugins.journal]\n", True),
        ("[engines.journal]\n", True),
        ("[endpoints.x]\nplugin = 'journal:second'\n", True),
        ("[engines", True),
    ],
)
def test_plugins_are_loaded_for_help_only_if_one_is_not_bundled(
    tmp_path: Path, text: str, others: bool
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text, "utf-8")
    assert names_other_plugins(config) is others


def test_no_bundled_plugin_adds_a_command_so_help_needs_none() -> None:
    names = list_bundled_plugins()
    assert {"whisper", "webhook", "nmt"} <= set(names)
    installed = {s.name for s in list_sources() if s.module.startswith("subtitled_plugins.")}
    assert installed == set(names)
    for name in names:
        module = importlib.import_module(f"subtitled_plugins.{name}")
        assert not hasattr(module, "register_commands")


def test_the_tables_that_name_plugins_are_those_of_components_and_hooks() -> None:
    assert set(PLUGIN_TABLES) == {*COMPONENT_KINDS, "plugins"}

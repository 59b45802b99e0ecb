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
from subtitled.cli import MODULES, find_modules

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
    ("typed", "modules"),
    [
        ("plan film.mkv", ["plan"]),
        ("--config plan status", ["status"]),
        ("--config=x --traceback review list", ["review", "review_approve", "review_report"]),
        ("--version", []),
        ("", ALL),
        ("--help", ALL),
        ("journal plan", ALL),
        ("--config", ALL),
        ("--unknown plan", ALL),
    ],
)
def test_only_a_built_in_command_alone_is_imported(typed: str, modules: list[str]) -> None:
    assert find_modules(typed.split()) == modules


def test_the_version_is_told_without_the_database_and_the_queue() -> None:
    code = (
        "import json, sys; sys.argv = ['subtitled', '--version']; import subtitled.cli\n"
        "try: subtitled.cli.main()\n"
        "except SystemExit: print(json.dumps([m for m in sys.modules if '.' not in m]))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    version, modules = output.decode().splitlines()
    assert version == f"subtitled {subtitled.__version__}"
    assert not {"sqlalchemy", "dbos", "numpy"} & set(json.loads(modules))

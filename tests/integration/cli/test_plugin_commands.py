"""Commands of plugins: listed, run, and survived when their plugin is broken."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

GOOD = """
from subtitled.plugin import SetupError, hookimpl
SUBTITLED_API = "1"
@hookimpl
def register_commands(cli):
    @cli.command()
    def journal(times: int = 1):
        "Print the journal."
        print("dear diary " * times)
    @cli.command()
    def doctor(): print("not this one")
    @cli.command()
    def fails(): raise SetupError("no ink", "Buy some")
    @cli.command()
    def breaks(): return {}["ink"]
"""
BAD = """
from subtitled.plugin import hookimpl
SUBTITLED_API = "1"
@hookimpl
def register_commands(cli): raise ValueError("kaput")
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that enables two plugins, one of them broken."""
    site = tmp_path / "site"
    for name, source in (("good", GOOD), ("bad", BAD)):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}_commands.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {name}_commands\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    file = tmp_path / "config.toml"
    file.write_text('[plugins]\nenabled = ["bad", "good"]\n')
    return file


def test_help_lists_the_commands_of_plugins_and_names_the_broken_one(
    subtitled: Run, config: Path
) -> None:
    completed = subtitled("--config", config, "--help")
    assert completed.returncode == 0
    assert "journal" in completed.stdout and "Print the journal." in completed.stdout
    assert "plugin bad, register_commands: the plugin bad failed: ValueError: kaput" in (
        completed.stderr
    )
    assert "doctor of a plugin is hidden" in completed.stderr


def test_a_command_of_a_plugin_runs_and_its_errors_are_shown(subtitled: Run, config: Path) -> None:
    completed = subtitled("--config", config, "journal", "--times", "2")
    assert (completed.returncode, completed.stdout) == (0, "dear diary dear diary \n")
    completed = subtitled("--config", config, "fails")
    assert completed.returncode == 2 and "no ink. Buy some" in completed.stderr


def test_an_error_in_a_command_of_a_plugin_is_told_with_its_line(
    subtitled: Run, config: Path
) -> None:
    line = next(number for number, text in enumerate(GOOD.split("\n"), 1) if '{}["ink"]' in text)
    completed = subtitled("--config", config, "--traceback", "breaks")
    assert completed.returncode != 0 and "Traceback" not in completed.stderr
    assert f"the plugin good failed: KeyError: 'ink' (good_commands.py:{line}" in completed.stderr
    assert 'return {}["ink"]' in completed.stderr
    wrong = subtitled("--config", config, "journal", "--no-such-option")
    assert wrong.returncode == 2 and "No such option" in wrong.stderr


def test_built_in_commands_load_no_plugin_and_unknown_ones_stay_unknown(
    subtitled: Run, config: Path
) -> None:
    assert "kaput" not in subtitled("--config", config, "--version").stderr
    completed = subtitled("--config", config, "jurnal")
    assert completed.returncode == 2 and "No such command" in completed.stderr

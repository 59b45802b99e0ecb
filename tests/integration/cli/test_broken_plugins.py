"""Fifty broken plugins in one configuration: every command goes on and says what is wrong."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from subtitled.cli.app import app
from support.broken_plugins import CALLING, ENGINE, FORGIVEN, LOADING, SEGFAULT, install_plugin
from support.process_guard import killed_with_parent
from support.recorded_speech import Recording

INSTALLED = [*LOADING, *CALLING, SEGFAULT]
DEBUGGED = ENGINE.replace("    start = ", "    breakpoint()\n    start = ")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Site packages with all plugins, a library, and ``config.toml``, which names them all."""
    folder = tmp_path_factory.mktemp("site")
    for mistake in INSTALLED:
        mistake.install(folder)
    sources = FORGIVEN | {"good": ENGINE, "debugged": DEBUGGED}
    for name, source in sources.items():
        install_plugin(folder, name, source, f"broken_{name}")
    (folder / "films").mkdir()
    sections = [f'[daemon]\nstate_dir = "{folder / "state"}"']
    sections += [f'[libraries.films]\npath = "{folder / "films"}"']
    sections += [f"[{mistake.kind}.{mistake.name}]" for mistake in INSTALLED]
    sections += [f"[engines.{name}]" for name in sources]
    (folder / "config.toml").write_text("\n".join(sections))
    yield folder
    for module in [name for name in sys.modules if name.startswith("broken_")]:
        del sys.modules[module]


def _check_all_told(output: str) -> None:
    for mistake in LOADING:
        assert mistake.message in output, mistake.name
        assert mistake.place in output, mistake.name
        assert mistake.cure in output, mistake.name


@pytest.mark.parametrize(
    "command", ["config check", "doctor", "plugins list", "status"], ids=lambda text: text
)
def test_every_command_tells_each_mistake_as_valid_json(
    site: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.syspath_prepend(str(site))
    for module in ("config", "doctor", "plugins", "status"):
        importlib.import_module(f"subtitled.cli.{module}")  # which adds its commands
    arguments = ["--config", str(site / "config.toml"), *command.split(), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert not result.exception or isinstance(result.exception, SystemExit), result.output
    answer = json.loads(result.stdout)
    texts = json.dumps(answer, ensure_ascii=False).replace('\\"', '"')
    _check_all_told(texts)
    if command == "doctor":
        _check_self_checks(answer)


def _check_self_checks(answer: list[dict[str, Any]]) -> None:
    """Check what only the doctor finds: it creates components and asks for their own checks."""
    for mistake in CALLING:
        if mistake.called in ("__init__", "models", "self_check"):
            assert any(
                mistake.message in row["detail"]
                and mistake.place in row["detail"]
                and mistake.cure in row["hint"]
                and not row["ok"]
                for row in answer
            ), mistake.name


@pytest.fixture
def run(site: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a command in a process of its own."""

    def call(*arguments: object, answers: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "subtitled", *map(str, arguments)],
            input=answers,
            capture_output=True,
            text=True,
            timeout=240,
            env=os.environ | {"PYTHONPATH": str(site)},
            check=False,
        )

    return call


@pytest.fixture
def film(english_speech: Recording, tmp_path: Path) -> Path:
    path = tmp_path / "film.flac"
    shutil.copyfile(english_speech.path, path)
    return path


@pytest.mark.thorough
def test_generate_names_the_broken_ones_and_uses_the_one_that_works(
    run: Callable[..., Any], site: Path, film: Path
) -> None:
    generate = ("--config", site / "config.toml", "generate", film, "--engine")
    made = run(*generate, "good")
    assert made.returncode == 0, made.stderr
    assert "Moby" in film.with_suffix(".en.srt").read_text()
    _check_all_told(made.stderr)
    chosen = run(*generate, "states_error")
    assert chosen.returncode == 2
    assert "KeyError: 'whale'" in chosen.stderr.splitlines()[-1], "it is the error, not a warning"


@pytest.mark.slow
def test_generate_tells_the_line_that_failed_and_its_traceback(
    run: Callable[..., Any], site: Path, film: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[daemon]\nstate_dir = "{tmp_path / "state"}"\n[engines.hears_key]\n')
    failed = run("--config", config, "--traceback", "generate", film)
    mistake = next(mistake for mistake in CALLING if mistake.name == "hears_key")
    assert failed.returncode == 1
    for told in (mistake.message, mistake.place, mistake.cure, "in Mine.transcribe", "in hear"):
        assert told in failed.stderr
    assert 'words = {"Dick": 1}["Moby"]' in failed.stderr, "the line of the source"
    for command in ("status", "doctor"):
        later = json.dumps(run("--config", config, command, "--json").stdout)
        assert mistake.place in later and mistake.cure in later, "it stays known"


@pytest.mark.slow
def test_a_breakpoint_works_with_here_and_says_so_without(
    run: Callable[..., Any], film: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[daemon]\nstate_dir = "{tmp_path / "state"}"\n[engines.debugged]\n')
    refused = run("--config", config, "generate", film)
    assert refused.returncode == 1
    assert "generate --here" in refused.stderr
    debugged = run(
        "--config", config, "generate", "--here", film, answers="p 'chunk', request.chunk\nc\n" * 9
    )
    assert debugged.returncode == 0, debugged.stderr
    assert "('chunk', Chunk(" in debugged.stdout


@pytest.mark.slow
def test_the_daemon_runs_with_fifty_broken_plugins(site: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = (sys.executable, "-m", "subtitled", "--config", site / "config.toml", "run")
    with log.open("w") as file:
        daemon = subprocess.Popen(
            killed_with_parent(*command),
            stdin=subprocess.DEVNULL,
            stderr=file,
            env=os.environ | {"PYTHONPATH": str(site)},
        )
    try:
        deadline = time.monotonic() + 120
        while "schedule_seconds" not in log.read_text() and time.monotonic() < deadline:
            assert daemon.poll() is None, log.read_text()
            time.sleep(0.2)
    finally:
        daemon.terminate()
        status = daemon.wait(60)
    _check_all_told(log.read_text())
    assert status == 0, log.read_text()
    assert f'File "{site}' not in log.read_text(), "no fault of a plugin reaches code of the core"

"""Plugins of the container and the service: installed by its entry point, as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.audio_port import wait_until
from support.wheels import build_wheel

pytestmark = pytest.mark.slow  # pip takes seconds

ROOT = Path(__file__).parents[3]
BELL = """
import numpy
from subtitled.plugin import Notifier, hookimpl
assert not hasattr(numpy, "is_hidden")
SUBTITLED_API = "1"
class Bell(Notifier):
    def notify(self, notifications): ...
@hookimpl
def register_notifiers(register): register(Bell)
"""


Enter = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def enter(tmp_path: Path) -> Enter:
    """Return a function that runs a command by the entry point of the container."""
    wheels = tmp_path / "config/plugins"
    wheels.mkdir(parents=True)
    build_wheel(
        wheels,
        "subtitled_bell",
        {"bell_plugin.py": BELL, "numpy/__init__.py": "is_hidden = True\n"},
        plugins={"bell": "bell_plugin"},
        requires=("subtitled", "numpy"),
    )
    config = tmp_path / "config/config.toml"
    config.write_text(f'[plugins]\ninstall = ["{wheels}/*.whl"]\n[notifiers.bell]\n')
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "id").write_text("#!/bin/sh\necho 1234\n")  # as with docker run --user
    command = Path(sys.executable).with_name("subtitled")
    (programs / "subtitled").write_text(  # a daemon that lists its plugins, and ends
        f'#!/bin/sh\nif [ "$1" = run ]; then set -- plugins list --json; fi\nexec {command} "$@"\n'
    )
    for program in programs.iterdir():
        program.chmod(0o755)

    def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "SUBTITLED_CONFIG": str(config),
            "STATE_DIRECTORY": str(tmp_path / "state"),
            "CACHE_DIRECTORY": str(tmp_path / "cache"),
            "PIP_NO_INDEX": "1",
        }
        return subprocess.run(
            ["/bin/sh", ROOT / "container/entrypoint.sh", *command],
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def test_the_entry_point_installs_a_wheel_and_the_daemon_uses_it(enter: Enter) -> None:
    started = enter("subtitled", "run")
    assert started.returncode == 0, started.stderr
    assert "installed. Plugins in the state folder: bell." in started.stderr
    (bell,) = [row for row in json.loads(started.stdout) if row["name"] == "bell"]
    assert (bell["distribution"], bell["state"]) == ("subtitled_bell", "ok")


def test_a_wheel_that_needs_a_newer_package_than_the_core_changes_nothing(
    enter: Enter, tmp_path: Path
) -> None:
    enter("subtitled", "plugins", "install")
    folders = sorted((tmp_path / "state/plugins").glob("packages-*"))
    build_wheel(tmp_path, "subtitled_new", {}, requires=("numpy>=99",))
    wheel = f"{tmp_path}/subtitled_new*.whl"
    assert "pip" not in enter("subtitled", "status", SUBTITLED_PLUGINS=wheel).stderr
    started = enter("subtitled", "run", SUBTITLED_PLUGINS=wheel)
    assert started.returncode == 0 and "bell" in started.stdout, "the daemon starts all the same"
    told = " ".join(started.stderr.split())
    assert "subtitled-new 1.0 depends on numpy>=99" in told
    assert "needs another version of a package than subtitled" in told
    assert folders and sorted((tmp_path / "state/plugins").glob("packages-*")) == folders


def test_a_container_that_is_stopped_while_plugins_are_installed_ends_with_pip(
    tmp_path: Path,
) -> None:
    command = tmp_path / "subtitled"
    command.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    (tmp_path / "id").write_text("#!/bin/sh\necho 1234\n")
    (tmp_path / "config.toml").touch()
    for program in (command, tmp_path / "id"):
        program.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SUBTITLED_CONFIG": str(tmp_path / "config.toml"),
    }
    script = ROOT / "container/entrypoint.sh"
    shell = subprocess.Popen(["/bin/sh", script, "subtitled", "run"], env=environment)
    pid = tmp_path / "pid"
    try:
        wait_until(lambda: pid.exists() and pid.read_text().strip() != "")
        shell.terminate()
        assert shell.wait(60) == 143
        wait_until(lambda: not Path(f"/proc/{pid.read_text().strip()}").exists())
    finally:
        shell.kill()

"""A real daemon with one plugin and a temporary library, for the tests of the plugin's author."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from subtitled.config.plugin_loader import PluginLoader

from .fake_engine import NAME as FAKE_ENGINE
from .fake_engine import install_fake_engine

WAIT_SECONDS = 300.0
"""Seconds that something is waited for, on a machine that has much else to do."""
STOP_SECONDS = 30.0


class DaemonProcess:
    """A daemon as a process of its own, with a library in a temporary folder."""

    def __init__(self, folder: Path, plugin: str, settings: Mapping[str, Any], config: str) -> None:
        """Write the configuration.

        Args:
            folder: An empty folder for everything.
            plugin: The plugin's name, or ``PLUGIN:NAME`` for a component registered under a name.
            settings: The keys of its section.
            config: More sections as TOML. One that begins with other lines continues the library.

        Raises:
            SubtitledError: The plugin cannot be loaded.
        """
        self.library = folder / "library"
        """The library. It is watched."""
        self.config = folder / "config.toml"
        """The configuration."""
        self.log = folder / "log"
        """What the daemon and the plugin print and log."""
        self._site = folder / "site"
        self._process: subprocess.Popen[bytes] | None = None
        self.library.mkdir()
        install_fake_engine(self._site)
        sections = _write_sections(plugin, settings)
        self.config.write_text(
            f"[daemon]\nstate_dir = {_to_toml(str(folder / 'state'))}\n{sections}\n"
            f"[libraries.library]\npath = {_to_toml(str(self.library))}\n"
            f'stability_delay = "0s"\n{config}\n',
            "utf-8",
        )

    def start(self) -> None:
        """Start the daemon."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "subtitled", "--config", self.config, "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
            )

    def stop(self) -> None:
        """End the daemon, if it runs."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command of ``subtitled`` with the configuration of the daemon.

        Args:
            *arguments: Such as ``"explain", film``.

        Returns:
            The ended process, with what it printed.
        """
        return subprocess.run(
            [sys.executable, "-m", "subtitled", "--config", self.config, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=self._environment(),
            check=False,
        )

    def add(self, file: Path, name: str = "") -> Path:
        """Copy a media file into the library.

        Args:
            file: The media file.
            name: Its name there. Empty for the same name.

        Returns:
            The file in the library.
        """
        target = self.library / (name or file.name)
        hidden = target.with_name(f".{target.name}")
        shutil.copyfile(file, hidden)
        return hidden.rename(target)

    def wait_until(self, condition: Callable[[], bool], what: str = "the condition") -> None:
        """Wait until something holds. Fail the test with the log if it does not.

        Args:
            condition: Returns True at last.
            what: What is waited for, for the message.

        Raises:
            AssertionError: It took too long, or the daemon has ended.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            ended = self._process is None or self._process.poll() is not None
            assert not ended, f"the daemon has ended\n{self.read_log()}"
            assert time.monotonic() < deadline, f"no sign of {what}\n{self.read_log()}"
            time.sleep(0.1)

    def wait_for(self, file: Path) -> Path:
        """Wait for a file, such as a subtitle beside a media file, and return it."""
        self.wait_until(file.exists, str(file))
        return file

    def read_log(self) -> str:
        """Return what the daemon and the plugin printed and logged."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self._site), *filter(None, sys.path)])
        return os.environ | {"PYTHONPATH": path, "COLUMNS": "200"}


def _write_sections(plugin: str, settings: Mapping[str, Any]) -> str:
    """Return the sections that enable a plugin, and an engine if it brings none."""
    loader = PluginLoader()
    name, _, registered = plugin.partition(":")
    if error := loader.load(name):
        raise error
    components = [one for one in loader.components(name) if one.name == registered]
    keys = "".join(f"{key} = {_to_toml(value)}\n" for key, value in settings.items())
    reference = f"plugin = {_to_toml(plugin)}\n" if registered else ""
    kinds = [one.kind for one in components]
    lines = [f"[{kind}.{registered or name}]\n{reference}{keys}" for kind in kinds]
    if not components:
        lines.append(f"[plugins.{name}]\n{keys}")
    if "engines" not in kinds:
        lines.append(f"[engines.{FAKE_ENGINE}]\n")
    return "\n".join(lines)


def _to_toml(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(key)} = {_to_toml(inner)}" for key, inner in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_to_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)

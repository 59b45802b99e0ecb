"""A machine with a real systemd: a container with this machine's programs and its own root.

Needs root and Debian's systemd-container. Nothing is downloaded, and nothing of this machine is
writable in it. It has no network except its own loopback.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from support.process_guard import killed_with_parent

ROOT = Path(__file__).parents[2]
PREFIX = "/opt/subtitled"
"""The prefix of `make install` in it. /usr is this machine's and read-only."""


def missing() -> str:
    """Return why no container can be booted here; empty if it can."""
    if os.geteuid() != 0:
        return "a container is booted by root"
    if shutil.which("systemd-nspawn") is None:
        return "systemd-nspawn is not installed: apt install systemd-container"
    return ""


class SystemdMachine:
    """One booted container. ``shared`` is its folder /srv, which both sides can write to."""

    def __init__(self, place: Path, plugin: Path) -> None:
        """Boot it, with our sources, this interpreter and a plugin of one file.

        ``place`` is a folder of its own that other users may enter.
        """
        self.shared = place / "srv"
        self.shared.mkdir()
        self.shared.chmod(0o777)
        self._console = place / "console"
        self._installed = place / "installed"
        subprocess.run(
            ["make", "-s", "install", f"DESTDIR={self._installed}", f"PREFIX={PREFIX}"],
            cwd=ROOT,
            check=True,
        )
        self._program(plugin)
        seen = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT}
        seen |= {Path(path).resolve() for path in sys.path if path and Path(path).is_dir()}
        with self._console.open("wb") as console:
            self._nspawn = subprocess.Popen(
                killed_with_parent(
                    *"systemd-nspawn --directory=/ --volatile=yes --boot".split(),
                    f"--machine=subtitled-{os.getpid()}",
                    "--register=no",
                    "--keep-unit",
                    *"--private-network --console=pipe --quiet".split(),
                    f"--bind={self.shared}:/srv",
                    f"--bind-ro={self._installed}{PREFIX}:{PREFIX}",
                    # Without these, programs do not find all of their shared libraries.
                    *(f"--bind-ro={file}" for file in ("/etc/ld.so.cache", "/etc/alternatives")),
                    *(f"--bind-ro={folder}" for folder in sorted(seen) if _outside_usr(folder)),
                ),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                start_new_session=True,
            )
        self._leader = 0
        self.until(self._booted, 60, "systemd has booted")
        self._install()

    def _program(self, plugin: Path) -> None:
        """Install the command as pip would, for this interpreter, our sources and the plugin."""
        name = plugin.stem
        site, command = (Path(f"{self._installed}{PREFIX}/{there}") for there in ("site", "bin"))
        info = site / f"subtitled_{name}-1.0.dist-info"
        info.mkdir(parents=True)
        shutil.copyfile(plugin, site / plugin.name)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: subtitled-{name}\nVersion: 1.0\n", "utf-8"
        )
        (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {name}\n", "utf-8")
        paths = os.pathsep.join([f"{PREFIX}/site", *filter(None, sys.path)])
        command.mkdir()
        (command / "subtitled").write_text(
            f'#!/bin/sh\nPYTHONPATH="{paths}" exec "{sys.executable}" -m subtitled "$@"\n', "utf-8"
        )
        (command / "subtitled").chmod(0o755)

    def _booted(self) -> bool:
        assert self._nspawn.poll() is None, self._console.read_text("utf-8", "replace")
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        # The leader is the child that is process 1 in there. A helper may exist for a moment.
        for child in children.read_text().split():
            self._leader = int(child)
            ran = self.run("systemctl", "is-system-running", check=False)
            if ran.stdout.strip() in ("running", "degraded"):
                return True
        return False

    def _install(self) -> None:
        """Do what the installation of a package does: user, folders, units."""
        self.run("systemd-sysusers", f"{PREFIX}/lib/sysusers.d/subtitled.conf")
        self.run("systemd-tmpfiles", "--create", f"{PREFIX}/lib/tmpfiles.d/subtitled.conf")
        # There is only the loopback, and waiting for a network takes two minutes.
        self.run("systemctl", "mask", "--now", "systemd-networkd-wait-online.service")
        self.run("cp", "-r", f"{PREFIX}/lib/systemd/system/.", "/etc/systemd/system/")
        # The interpreter may be in root's home, which other users cannot read.
        for folder in (*Path(sys.base_prefix).resolve().parents, *ROOT.parents):
            self.run("chmod", "o+x", str(folder), check=False)

    def run(
        self, *command: str, check: bool = True, input_text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it as root, with ``said`` as its input."""
        ran = subprocess.run(
            ["nsenter", "-t", str(self._leader), "-a", *command],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=90,
            input=input_text or "",
            check=False,
        )
        assert not check or ran.returncode == 0, (command, ran, self.journal())
        return ran

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """Create a file in it, and its folder."""
        self.run("mkdir", "-p", str(Path(path).parent))
        self.run("sh", "-c", 'umask 077; cat > "$0"; chmod "$1" "$0"', path, mode, input_text=text)

    def show(self, name: str, unit: str = "subtitled") -> str:
        """Return a property of a service, as systemctl shows it."""
        return self.run("systemctl", "show", "-P", name, unit).stdout.strip()

    def journal(self) -> str:
        """Return the journal of the service."""
        return subprocess.run(
            ["nsenter", "-t", str(self._leader), "-a", "journalctl", "-q", "-u", "subtitled"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        ).stdout

    def until(self, fulfilled: Callable[[], object], limit: float, what: str) -> None:
        """Wait for a condition; fail with the journal after the limit."""
        deadline = time.monotonic() + limit
        while not fulfilled():
            if time.monotonic() > deadline:
                text = self.journal() if self._leader else self._console.read_text("utf-8")
                raise AssertionError(f"not within {limit} s: {what}\n{text[-8000:]}")
            time.sleep(0.1)

    def close(self) -> None:
        """Power it off, which ends everything in it."""
        if self._leader:
            os.kill(self._leader, signal.SIGRTMIN + 4)
        try:
            self._nspawn.wait(30)
        except subprocess.TimeoutExpired:
            os.kill(self._leader, signal.SIGKILL)
            self._nspawn.wait(30)


def _outside_usr(folder: Path) -> bool:
    return folder != Path("/") and not folder.is_relative_to("/usr")

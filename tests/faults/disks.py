"""Disks that fill up, go away, lose their power and answer with errors. All need root."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import time
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

from mortal import mortal

SHUTDOWN = 0x8004587D
"""FS_IOC_SHUTDOWN: the file system stops where it is, as if the plug had been pulled."""


class Cut(IntEnum):
    """What a power cut takes with it (fs/ext4/ioctl.c)."""

    AFTER_A_COMMIT = 1
    """The journal just reached the disk; data that nobody flushed did not."""
    AT_ONCE = 2
    """Neither did: whatever was not flushed is lost."""


class Disks:
    """Mounts in the folder of one test. The test is skipped where one cannot be had."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._mounted: list[Path] = []
        self._servers: list[subprocess.Popen[bytes]] = []

    def tmpfs(self, name: str, megabytes: float) -> Path:
        """A small file system in memory."""
        point = self._point(name)
        self._mount(
            "-t", "tmpfs", "-o", f"size={round(megabytes * 1024)}k,mode=755", "tmpfs", point
        )
        return point

    def remount(self, point: Path, options: str) -> None:
        """Change a mount: ``ro``, ``rw``, ``size=64m``."""
        subprocess.run(["mount", "-o", f"remount,{options}", point], check=True)

    def bind(self, what: Path, point: Path) -> None:
        """Show a folder in another place too."""
        self._mount("--bind", what, point)

    def unmount(self, point: Path) -> None:
        """Take a mount away though it is in use, as a share does that drops."""
        subprocess.run(["umount", "--lazy", point], check=True)
        self._mounted.remove(point)

    def powered(self, name: str) -> PoweredDisk:
        """A disk of its own, with ext4 on it, whose power can be cut."""
        image = self._place / f"{name}.image"
        with image.open("wb") as file:
            file.truncate(128 * 1024 * 1024)
        if shutil.which("mkfs.ext4") is None:
            pytest.skip("mkfs.ext4 is missing: apt install e2fsprogs")
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        point = self._point(name)
        self._mount("-o", "loop", image, point)
        return PoweredDisk(image, point)

    def faulty(self, name: str) -> FaultyDisk:
        """A file system over FUSE that fails as it is told (see ``faulty.py``)."""
        if importlib.util.find_spec("mfusepy") is None or shutil.which("fusermount3") is None:
            pytest.skip("FUSE is not to be had: apt install fuse3, pip install mfusepy")
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            pytest.skip("/dev/fuse may not be opened")
        disk = FaultyDisk(self._point(f"{name}-behind"), self._point(name))
        server = subprocess.Popen(
            mortal(
                sys.executable,
                Path(__file__).parent / "faulty.py",
                disk.behind,
                disk.point,
                disk.rules_file,
            ),
            stdin=subprocess.DEVNULL,
            stderr=(self._place / f"{name}.log").open("wb"),
        )
        self._servers.append(server)
        deadline = time.monotonic() + 15
        while not disk.point.is_mount():
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.skip(f"FUSE does not mount: {(self._place / f'{name}.log').read_text()}")
            time.sleep(0.05)
        self._mounted.append(disk.point)
        return disk

    def close(self) -> None:
        for server in self._servers:
            server.kill()  # first, so that whatever hangs on it fails
        for point in reversed(self._mounted):
            subprocess.run(["umount", "--lazy", point], check=False, stderr=subprocess.DEVNULL)
        for server in self._servers:
            server.wait()

    def _point(self, name: str) -> Path:
        point = self._place / name
        point.mkdir()
        return point

    def _mount(self, *arguments: object) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root may mount")
        ran = subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False)
        if ran.returncode != 0:
            pytest.skip(f"no mount: {ran.stderr.decode(errors='replace').strip()}")
        self._mounted.append(Path(str(arguments[-1])))


class PoweredDisk:
    """A loop device with ext4."""

    def __init__(self, image: Path, point: Path) -> None:
        self.point = point
        self._image = image

    def cut(self, how: Cut) -> None:
        """Pull the plug. Everything that is open on the disk only fails from now on."""
        handle = os.open(self.point, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", how))
        finally:
            os.close(handle)

    def power_up(self) -> None:
        """Mount it again, as the next boot does; its journal is replayed."""
        deadline = time.monotonic() + 20
        while subprocess.run(["umount", self.point], capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, "the disk is still in use"
            time.sleep(0.05)
        subprocess.run(["mount", "-o", "loop", self._image, self.point], check=True)


class FaultyDisk:
    """A file system that obeys rules."""

    def __init__(self, behind: Path, point: Path) -> None:
        self.behind, self.point = behind, point
        self.rules_file = point.with_suffix(".rules")
        self.rules()

    def rules(self, *rules: dict[str, Any]) -> None:
        """Have these faults from now on, and no others."""
        fresh = self.rules_file.with_suffix(".new")
        fresh.write_text(json.dumps(rules), "utf-8")
        fresh.replace(self.rules_file)

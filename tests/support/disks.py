"""Disks that fill up, disappear, lose power and return errors. All need root."""

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

from support.process_guard import killed_with_parent

SHUTDOWN = 0x8004587D
"""FS_IOC_SHUTDOWN: the file system stops at once, as in a power cut."""


class Cut(IntEnum):
    """What is lost in a power cut (fs/ext4/ioctl.c)."""

    AFTER_A_COMMIT = 1
    """The journal reached the disk. Data that was not flushed is lost."""
    AT_ONCE = 2
    """Everything that was not flushed is lost."""


class Disks:
    """Mounts in the folder of one test. The test is skipped if a mount is not possible."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._mounted: list[Path] = []
        self._servers: list[subprocess.Popen[bytes]] = []

    def tmpfs(self, name: str, megabytes: float) -> Path:
        """Mount a small file system in memory."""
        point = self._point(name)
        self._mount(
            "-t", "tmpfs", "-o", f"size={round(megabytes * 1024)}k,mode=755", "tmpfs", point
        )
        return point

    def remount(self, point: Path, options: str) -> None:
        """Change a mount: ``ro``, ``rw``, ``size=64m``."""
        subprocess.run(["mount", "-o", f"remount,{options}", point], check=True)

    def bind(self, what: Path, point: Path) -> None:
        """Bind-mount a folder to another place."""
        self._mount("--bind", what, point)

    def unmount(self, point: Path) -> None:
        """Remove a mount although it is in use, as when a share disconnects."""
        subprocess.run(["umount", "--lazy", point], check=True)
        self._mounted.remove(point)

    def powered(self, name: str) -> PoweredDisk:
        """Mount a disk with ext4 whose power can be cut."""
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
        """Mount a FUSE file system with faults (see ``faulty_filesystem.py``)."""
        if importlib.util.find_spec("mfusepy") is None or shutil.which("fusermount3") is None:
            pytest.skip("FUSE is not to be had: apt install fuse3, pip install mfusepy")
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            pytest.skip("/dev/fuse may not be opened")
        disk = FaultyDisk(self._point(f"{name}-behind"), self._point(name))
        server = subprocess.Popen(
            killed_with_parent(
                sys.executable,
                Path(__file__).parent / "faulty_filesystem.py",
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
            server.kill()  # first, so that hanging calls fail
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
        """Cut the power. All operations on open files fail from now on."""
        handle = os.open(self.point, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", how))
        finally:
            os.close(handle)

    def power_up(self) -> None:
        """Mount it again, as the next boot does. Its journal is replayed."""
        deadline = time.monotonic() + 20
        while subprocess.run(["umount", self.point], capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, "the disk is still in use"
            time.sleep(0.05)
        subprocess.run(["mount", "-o", "loop", self._image, self.point], check=True)


class FaultyDisk:
    """A file system with configurable faults."""

    def __init__(self, behind: Path, point: Path) -> None:
        self.behind, self.point = behind, point
        self.rules_file = point.with_suffix(".rules")
        self.rules()

    def rules(self, *rules: dict[str, Any]) -> None:
        """Set the faults from now on."""
        fresh = self.rules_file.with_suffix(".new")
        fresh.write_text(json.dumps(rules), "utf-8")
        fresh.replace(self.rules_file)

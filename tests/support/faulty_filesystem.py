"""A pass-through file system whose operations can be made to fail, to be slow and to hang.

Run as ``python faulty.py BACKING MOUNT RULES``: MOUNT shows the content of BACKING. RULES is a JSON
file with a list of rules, which is read again when it changes. The first one that fits applies::

    {"ops": ["read"], "name": ".mkv", "errno": "EIO", "chance": 0.3}   fails, three times of ten
    {"ops": ["read", "stat"], "delay": 0.05}                           takes 0.05 s longer
    {"ops": ["fsync"], "hang": true}                                   waits until the rule is gone
    {"ops": ["read"], "errno": "EIO", "after": 500000}                 fails from that byte on

``ops`` are the names of FUSE's operations, ``name`` is a part of the path.
"""

from __future__ import annotations

import errno
import functools
import json
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mfusepy as fuse


class Rules:
    """The current faults."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1
        self._rules: list[dict[str, Any]] = []

    def obey(self, operation: str, paths: tuple[str, ...], end: float = math.inf) -> None:
        """Apply the rules: wait, or raise ``FuseOSError``.

        Args:
            operation: The operation.
            paths: The paths that it is about.
            end: The byte up to which it reads or writes.
        """
        while (rule := self._fitting(operation, paths, end)) and rule.get("hang"):
            time.sleep(0.05)
        if rule is None:
            return
        time.sleep(rule.get("delay", 0.0))
        if "errno" in rule:
            raise fuse.FuseOSError(getattr(errno, rule["errno"]))

    def _fitting(self, operation: str, paths: tuple[str, ...], end: float) -> dict[str, Any] | None:
        changed = self._path.stat().st_mtime_ns
        if changed != self._read_at:
            self._read_at, self._rules = changed, json.loads(self._path.read_text("utf-8"))
        for rule in self._rules:
            named = rule.get("name", "")
            if (
                operation in rule["ops"]
                and any(named in path for path in paths)
                and end > rule.get("after", 0)
                and random.random() < rule.get("chance", 1.0)
            ):
                return rule
        return None


def may_fail(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an operation so that the rules are applied first."""

    @functools.wraps(operation)
    def careful(system: PassThrough, *given: Any) -> Any:
        paths = tuple(part for part in given if isinstance(part, str))
        system.rules.obey(operation.__name__, paths, *_end_of(operation.__name__, given))
        return operation(system, *given)

    return careful


def _end_of(operation: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the byte up to which a call reads; nothing for other operations."""
    return (given[1] + given[2],) if operation == "read" else ()


class PassThrough(fuse.Operations):
    """Operations that are passed to the backing folder."""

    use_ns = True

    def __init__(self, backing: Path, rules: Rules) -> None:
        self._backing = os.fspath(backing)
        self.rules = rules

    def _at(self, path: str) -> str:
        return self._backing + path

    @may_fail
    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        found = os.lstat(self._at(path)) if fh is None else os.fstat(fh)
        times = ("atime", "mtime", "ctime")
        plain = ("mode", "ino", "nlink", "uid", "gid", "size", "blocks")
        values = {f"st_{name}": getattr(found, f"st_{name}") for name in plain}
        return values | {f"st_{name}": getattr(found, f"st_{name}_ns") for name in times}

    @may_fail
    def readdir(self, path: str, fh: int) -> Iterator[str]:
        return iter([".", "..", *os.listdir(self._at(path))])

    @may_fail
    def open(self, path: str, flags: int) -> int:
        return os.open(self._at(path), flags)

    @may_fail
    def create(self, path: str, mode: int, fi: Any = None) -> int:
        return os.open(self._at(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    @may_fail
    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    @may_fail
    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        return os.pwrite(fh, data, offset)

    @may_fail
    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        os.truncate(self._at(path), length)
        return 0

    @may_fail
    def fsync(self, path: str, datasync: int, fh: int) -> int:
        os.fsync(fh)
        return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0

    @may_fail
    def unlink(self, path: str) -> int:
        os.unlink(self._at(path))
        return 0

    @may_fail
    def rename(self, old: str, new: str) -> int:
        os.rename(self._at(old), self._at(new))
        return 0

    @may_fail
    def link(self, target: str, source: str) -> int:
        os.link(self._at(source), self._at(target))
        return 0

    @may_fail
    def mkdir(self, path: str, mode: int) -> int:
        os.mkdir(self._at(path), mode)
        return 0

    @may_fail
    def rmdir(self, path: str) -> int:
        os.rmdir(self._at(path))
        return 0

    @may_fail
    def statfs(self, path: str) -> dict[str, int]:
        found = os.statvfs(self._at(path))
        names = ("bavail", "bfree", "blocks", "bsize", "favail", "ffree", "files", "frsize")
        return {f"f_{name}": getattr(found, f"f_{name}") for name in (*names, "namemax")}

    @may_fail
    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        os.utime(self._at(path), ns=times)
        return 0

    @may_fail
    def chmod(self, path: str, mode: int) -> int:
        os.chmod(self._at(path), mode)
        return 0


if __name__ == "__main__":
    fuse.FUSE(
        PassThrough(Path(sys.argv[1]), Rules(Path(sys.argv[3]))),
        sys.argv[2],
        foreground=True,
        allow_other=True,
        attr_timeout=0,
        entry_timeout=0,
    )

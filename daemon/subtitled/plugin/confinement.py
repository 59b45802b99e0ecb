"""Running a program that reads untrusted files, so that it can open those files only.

Landlock (Linux 5.13 and later) takes away every file but the named ones and the system's
libraries, and from Linux 6.7 all TCP connections. A seccomp filter takes away sockets. Both belong
to a thread and to the processes that it starts. So a short-lived thread gives up its rights and
starts the program. That costs less than a millisecond, and the daemon keeps its own rights.
Where the kernel has neither, the program runs as it did before.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import subprocess
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, which are the same on all architectures of Linux but Alpha."""
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_RIGHTS_BY_ABI = {1: 1 << 13, 2: 1 << 14, 3: 1 << 15, 4: 1 << 15, 5: 1 << 16}
"""Version of Landlock -> the first right that it does not have (landlock(7))."""
_BIND_AND_CONNECT_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_SECCOMP_FILTER = 2
_IO_URING_SETUP = 425
_ARCHITECTURES = {
    "x86_64": (0xC000003E, 41),
    "aarch64": (0xC00000B7, 198),
    "riscv64": (0xC00000F3, 198),
    "armv7l": (0x40000028, 281),
}
"""Machine -> its number in seccomp filters, and the number of socket(2)."""
_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/nix/store", "/gnu/store")
"""Folders of programs and libraries."""
_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system",
    "/dev/urandom",
)
"""What the loader and the C library read."""
_SELF_TEST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may open and use."""

    reads: tuple[Path, ...] = ()
    """Files that it may read."""
    writes: tuple[Path, ...] = ()
    """Files that it may write. They are created if they do not exist."""
    memory_bytes: int | None = None
    """The most memory. None means any."""
    file_bytes: int | None = None
    """The largest file that it may write. A program that writes more is killed by ``SIGXFSZ``."""


@lru_cache(maxsize=1)
def landlock_version() -> int:
    """Return the version of Landlock of this kernel.

    Returns:
        The version, or 0 without Landlock.
    """
    version = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    return max(0, int(version))


def confinement_problem(executable: str) -> str:
    """Check whether a program can run confined. It is started once, with ``-version``.

    Args:
        executable: The absolute path of ffmpeg or ffprobe.

    Returns:
        An empty string if it can, else why not.
    """
    if not landlock_version():
        return "this kernel has no Landlock, or a container hides it"
    try:
        return _find_problem(executable)
    except OSError as error:  # it may pass, so it is not remembered
        return f"{executable} cannot be confined: {error.strerror}"


@lru_cache(maxsize=8)
def _find_problem(executable: str) -> str:
    command = [executable, "-version"]
    process = _start_confined(command, Limits(), {"stdin": subprocess.DEVNULL} | _QUIET)
    try:
        status = process.wait(_SELF_TEST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return f"{executable} does not answer when it is confined"
    return f"{executable} needs files outside of the system's folders" if status else ""


_QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def start_confined(
    command: Sequence[str | bytes], limits: Limits, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a program that can open the given files only, and no socket.

    Args:
        command: The absolute path of the program, and its arguments.
        limits: What it may open and use.
        **options: Passed to :class:`subprocess.Popen`.

    Returns:
        The running program. It is not confined where the kernel cannot do that.

    Raises:
        OSError: The program cannot be started.
    """
    for path in limits.writes:
        with contextlib.suppress(OSError):  # the program itself reports it
            path.touch()
    if confinement_problem(os.fsdecode(command[0])):
        process = subprocess.Popen(command, **options)
    else:
        process = _start_confined(command, limits, options)
    _limit_resources(process.pid, limits)
    return process


def _limit_resources(pid: int, limits: Limits) -> None:
    for kind, value in (
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        if value is not None:
            with contextlib.suppress(OSError, ValueError):  # ended already, or a lower limit
                hard = resource.prlimit(pid, kind)[1]
                bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.prlimit(pid, kind, (bound, bound))


def _start_confined(
    command: Sequence[str | bytes], limits: Limits, options: dict[str, Any]
) -> subprocess.Popen[bytes]:
    started: list[subprocess.Popen[bytes]] = []
    errors: list[BaseException] = []

    def start() -> None:
        try:
            _give_up_rights(os.fsdecode(command[0]), limits)
            started.append(subprocess.Popen(command, **options))
        except BaseException as error:  # noqa: BLE001 - raised in the calling thread
            errors.append(error)

    thread = threading.Thread(target=start, name="confined start", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return started[0]


def _give_up_rights(executable: str, limits: Limits) -> None:
    """Confine this thread and what it starts. There is no way back."""
    version = landlock_version()
    rights = _RIGHTS_BY_ABI.get(version, 1 << 16) - 1
    words = [rights]
    if version >= 4:
        words.append(_BIND_AND_CONNECT_TCP)
    if version >= 6:
        words.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = (ctypes.c_uint64 * len(words))(*words)
    ruleset = _check(
        _libc().syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(ctypes.sizeof(attributes)), 0)
    )
    try:
        program = Path(executable).resolve()
        folders = [*_SYSTEM_FOLDERS, str(program.parent), str(program.parent.parent / "lib")]
        folders += os.environ.get("LD_LIBRARY_PATH", "").split(":")
        for system_path in [*filter(None, folders), *_SYSTEM_FILES, *_preloaded()]:
            _allow(ruleset, system_path, (_EXECUTE | _READ_FILE | _READ_DIR) & rights)
        for path in limits.reads:
            _allow(ruleset, path, _READ_FILE)
        for path in (Path("/dev/null"), *limits.writes):
            _allow(ruleset, path, (_READ_FILE | _WRITE_FILE | _TRUNCATE) & rights)
        _check(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _check(_libc().syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    _take_sockets_away()


def _preloaded() -> Iterable[str]:
    return os.environ.get("LD_PRELOAD", "").replace(":", " ").split()


def _allow(ruleset: int, path: str | Path, rights: int) -> None:
    """Allow rights on a file, or on a folder and what is below it. What is not there is skipped."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112 - a link of the kernel
            rights &= _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
        rule = _PathBeneath(rights, descriptor)
        _check(_libc().syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(descriptor)


def _take_sockets_away() -> None:
    """Let socket(2) and io_uring_setup(2) fail. Nothing happens on an unknown architecture."""
    architecture = _ARCHITECTURES.get(platform.machine())
    if architecture is None:
        return
    number, socket_call = architecture
    load, jump_if_equal, give = 0x20, 0x15, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | 13  # EACCES
    steps = [
        (load, 0, 0, 4),
        (jump_if_equal, 0, 4, number),
        (load, 0, 0, 0),
        (jump_if_equal, 1, 0, socket_call),
        (jump_if_equal, 0, 1, _IO_URING_SETUP),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]
    program = (_FilterStep * len(steps))(*(_FilterStep(*step) for step in steps))
    filter_ = _FilterProgram(len(steps), ctypes.cast(program, ctypes.POINTER(_FilterStep)))
    # A kernel without seccomp refuses: Landlock alone is in force then.
    _libc().prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, ctypes.byref(filter_), 0, 0)


class _PathBeneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class _FilterStep(ctypes.Structure):
    """``struct sock_filter``."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _FilterProgram(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_FilterStep)))


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result

"""The unix socket on which a proxy of this machine can reach the port."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from subtitled.plugin import SetupError
from subtitled.plugin.paths import display_path

_MODE = 0o660
"""Owner and group may connect: put the proxy into the group."""


def open_unix_socket(path: Path) -> socket.socket:
    """Open a unix socket. One that a daemon left behind is replaced.

    Raises:
        SetupError: It cannot be opened, another process listens on it, or it is a file.
    """
    try:
        _remove_stale(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(os.fspath(path))
            path.chmod(_MODE)  # Nobody can connect before it listens.
            listener.listen(1024)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise SetupError(
            f"the socket {display_path(path)} cannot be opened: {error.strerror or error}",
            "web.address needs a folder that exists and that the daemon may write to",
        ) from error
    return listener


def _remove_stale(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SetupError(
                f"{display_path(path)} is there and is no socket", "Choose another web.address"
            )
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise SetupError(
        f"another process listens on {display_path(path)}",
        "Stop the program that uses it, or choose another web.address",
    )

"""A PostgreSQL server for tests, on a free port, run by a user other than root."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg

USER = "nobody"
"""The user that runs it if root runs the tests, because PostgreSQL refuses root."""


def programs() -> Path | None:
    """Find the folder with initdb and postgres. Return None without PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    there = found[-1:] or [Path(one) for one in [shutil.which("initdb")] if one]
    return there[0].parent if there else None


class PostgresServer:
    """A server with any number of databases. It trusts every local connection."""

    def __init__(self, folder: Path) -> None:
        """Create and start a server in an empty folder that other users may enter."""
        bin_folder = programs()
        assert bin_folder is not None
        self._bin, self._data = bin_folder, folder / "data"
        self._user = USER if os.geteuid() == 0 else None
        if self._user:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._log = folder / "log"
        initdb = [self._bin / "initdb", "-D", self._data, "-A", "trust", "-U", "subtitled"]
        self._as_user([*initdb, "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"])
        self._numbers = itertools.count()
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [
                    self._bin / "postgres",
                    "-D",
                    self._data,
                    "-p",
                    str(self.port),
                    *"-c listen_addresses=127.0.0.1 -c unix_socket_directories=".split(),
                    *"-c fsync=off -c max_connections=800".split(),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                cwd="/",
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server at once and cut all connections."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(30)

    def new(self) -> str:
        """Create a database. Return its address."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://subtitled@127.0.0.1:{self.port}/{name}"

    def _as_user(self, command: list[str | Path]) -> None:
        subprocess.run(command, check=True, user=self._user, cwd="/", stdout=subprocess.DEVNULL)

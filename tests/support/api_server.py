"""The API on a real port, with a filled library and the key of an admin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import requests

from subtitled.daemon.health import HealthReport
from subtitled.web.auth.roles import Role
from subtitled.web.server import WebServer

from .ports import find_free_port
from .web_library import add_hostile_file, fill_library, open_library, write_configuration


class ApiServer:
    """A server in this process, which can be stopped and started again on its port."""

    def __init__(self, folder: Path, count: int = 45) -> None:
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.configuration = write_configuration(folder, self.port)
        self.db = open_library(self.configuration)
        fill_library(self.configuration, self.db, count)
        add_hostile_file(self.configuration, self.db)
        self.web = WebServer(self.configuration, self.db, lambda: HealthReport(True, ()), {})
        self.web.start()
        self.admin = self.key(Role.ADMIN)
        self.session = requests.Session()

    @property
    def accounts(self) -> Any:
        """The users and keys."""
        return self.web._accounts

    def key(self, role: Role, *libraries: str) -> dict[str, str]:
        """Return the header with a new key."""
        name = " ".join([role, *libraries])
        bound = libraries or None
        key = self.accounts.keys.add(name, role, created_by="a test", libraries=bound)
        return {"X-Api-Key": key}

    def client(self, headers: dict[str, str] | None = None) -> httpx.Client:
        """Return a client with a key."""
        return httpx.Client(
            base_url=f"{self.url}/api/v1", headers=headers or self.admin, timeout=60
        )

    def close(self) -> None:
        """Close the port."""
        self.session.close()
        self.web.stop()
        self.db.close()

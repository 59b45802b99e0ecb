"""The API over a filled library with hostile names: called without a socket, with keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from subtitled.db.overview import CoverageRow, FileOverview
from subtitled.db.records import FileState
from subtitled.web.auth.roles import Role

from .web_library import add_file, add_hostile_file, fill_library
from .web_port import WebPort

API = "/api/v1"
SRT = "1\n00:00:01,000 --> 00:00:02,500\n{text}\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n"
NOT_UTF8 = b"caf\xe9 \xff.mkv"


class ApiPort(WebPort):
    """A port with files, and keys for them."""

    def __init__(self, state: Path, count: int = 45, **section: Any) -> None:
        super().__init__(state, **section)
        fill_library(self.configuration, self.db, count)
        self.hostile = add_hostile_file(self.configuration, self.db)
        self.films = self.configuration.settings.libraries["films"].path
        raw = Path(str(self.films) + "/" + NOT_UTF8.decode("utf-8", "surrogateescape"))
        self.not_utf8 = add_file(self.db, raw, "films", FileState.DONE)
        self.film = self.add_film("A film", "A film.en.srt", SRT.format(text="One & <i>only</i>"))

    def add_film(self, stem: str, location: str, text: str | None, library: str = "films") -> int:
        """Add a film with a sidecar, whose file is written if there is a text."""
        folder = self.configuration.settings.libraries[library].path
        number = add_file(self.db, folder / f"{stem}.mkv", library, FileState.DONE, title=stem)
        if text is not None:
            (folder / location).write_text(text, "utf-8")
        row = CoverageRow(
            language="en",
            kind="full",
            format="srt",
            origin="sidecar",
            location=location,
            ownership="ours",
        )
        overview = FileOverview(duration=60.0, title=stem, coverage=(row,), requirements=())
        self.db.overview.store(number, library, overview)
        return number

    def key(self, role: Role, *libraries: str) -> dict[str, str]:
        """Return the header with a new key, which sees some libraries, or all."""
        key = self.accounts.keys.add(
            f"{role} {len(self.accounts.keys.list_all())}",
            role,
            created_by="a test",
            libraries=libraries or None,
        )
        return {"X-Api-Key": key}

    def get(self, path: str, headers: dict[str, str], **query: Any) -> httpx.Response:
        """Read a resource."""
        return self.call("GET", API + path, headers=headers, params=query)

    def post(self, path: str, headers: dict[str, str], body: Any = None) -> httpx.Response:
        """Ask for something."""
        content = None if body is None else json.dumps(body)
        more = {"Content-Type": "application/json"} if content is not None else {}
        return self.call("POST", API + path, headers=headers | more, content=content)

    def subtitle_id(self, number: int, headers: dict[str, str]) -> str:
        """Return the id of the first subtitle of a file."""
        (item,) = self.get(f"/files/{number}/subtitles", headers).json()["items"]
        return str(item["id"])

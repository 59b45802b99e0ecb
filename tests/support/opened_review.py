"""A review of a film of its own at the API, and requests about it."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx

from subtitled.db.overview import CoverageRow, FileOverview
from subtitled.plugin import Cue

from .api_port import API, ApiPort
from .review_library import CUES, ENGLISH, FULL, add_film

_names = itertools.count()


class OpenedReview:
    """A review of a film of its own."""

    def __init__(self, port: ApiPort, cues: tuple[Cue, ...] = CUES, library: str = "films") -> None:
        self.port = port
        folder = port.configuration.settings.libraries[library].path
        media = folder / f"Review {next(_names)}.mkv"
        self.film, self.sidecar = add_film(port.db, media, cues, library)
        row = CoverageRow(
            language="en",
            kind="full",
            format="srt",
            origin="sidecar",
            location=self.sidecar.name,
            ownership="ours",
        )
        overview = FileOverview(duration=60.0, title="", coverage=(row,), requirements=())
        port.db.overview.store(self.film.id, library, overview)
        self.number = port.db.reviews.open(self.film.id, ENGLISH, FULL)
        self.path = f"/reviews/{self.number}"
        self._operations = itertools.count()

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the film."""
        assert self.film.fingerprint is not None
        return self.film.fingerprint

    def show(self, who: dict[str, str]) -> dict[str, Any]:
        """Read the review."""
        answer = self.port.get(self.path, who)
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] == answer.json()["etag"]
        return dict(answer.json())

    def send(
        self,
        who: dict[str, str],
        method: str,
        path: str,
        body: Any = None,
        tag: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Send a request about the review, made on a version."""
        more = {"Content-Type": "application/json"} | headers
        if tag is not None:
            more["If-Match"] = tag
        content = None if body is None else json.dumps(body)
        return self.port.call(method, API + self.path + path, headers=who | more, content=content)

    def edit(
        self, who: dict[str, str], operation: dict[str, Any], tag: str, name: str = ""
    ) -> httpx.Response:
        """Send an operation."""
        body = {"id": name or f"op{next(self._operations)}", "operation": operation}
        return self.send(who, "POST", "/operations", body, tag)

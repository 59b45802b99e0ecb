"""A fake of Kodi: JSON-RPC that accepts only calls which Kodi's own introspection allows.

The responses are those of Kodi 20.1. ``tests/external/kodi`` runs the plugin against a real one.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DESCRIPTION = Path(__file__).parent / "descriptions" / "kodi.json"


class FakeKodi:
    """A Kodi with folders, and perhaps an open media file."""

    password = "secret"

    def __init__(self) -> None:
        self._methods = json.loads(DESCRIPTION.read_text())["methods"]
        self.port = 0
        self.location = ""
        self.page: bytes | None = None
        self.fault: int | None = None
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.violations: list[str] = []
        self.folders: dict[str, list[str]] = {}
        self.open = ""
        self.subtitles: list[dict[str, Any]] = []
        self.seconds = 0
        """How far the open media file is played."""
        self.is_paused = False
        self.shown: dict[str, Any] = {}
        """The subtitle on screen."""
        self.are_shown = True
        """Whether subtitles are switched on."""
        self.films: list[dict[str, Any]] = []
        self.episodes: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        if self.fault is not None or self.page is not None:
            return self.fault or 200, None
        pair = base64.b64encode(f"kodi:{self.password}".encode()).decode()
        if headers.get("Authorization") != f"Basic {pair}":
            return 401, None
        if (method, target, headers.get_content_type()) != ("POST", "/jsonrpc", "application/json"):
            self.violations.append(f"{method} {target}")
            return 404, None
        payload = json.loads(body)
        schema = self._methods.get(payload["method"])
        if schema is None:
            self.violations.append(payload["method"])
            return 200, {"id": 1, "error": {"code": -32601, "message": "Method not found."}}
        strict = {"type": "object", "additionalProperties": False, **schema}
        wrong = [e.message for e in Draft202012Validator(strict).iter_errors(payload["params"])]
        if wrong or payload["jsonrpc"] != "2.0":
            self.violations += wrong
            return 200, {"id": 1, "error": {"code": -32602, "message": "Invalid params."}}
        self.called.append((payload["method"], payload["params"]))
        return 200, {"id": 1, "jsonrpc": "2.0"} | self._answer(payload["method"], payload["params"])

    def _answer(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "Files.GetDirectory" and params["directory"] not in self.folders:
            return {"error": {"code": -32602, "message": "Invalid params."}}
        if method == "Player.AddSubtitle":
            return self._add(params["subtitle"])
        answers: dict[str, Any] = {
            "Application.GetProperties": {"version": {"major": 20, "minor": 1}},
            "VideoLibrary.Scan": "OK",
            "Files.GetDirectory": {
                "files": [{"file": file} for file in self.folders.get(params.get("directory"), [])]
            },
            "Player.GetActivePlayers": [{"playerid": 1, "type": "video"}] * bool(self.open),
            "Player.GetItem": {"item": {"file": self.open}},
            "Player.GetProperties": self._properties(params.get("properties", ())),
            "VideoLibrary.GetMovies": {"movies": self.films},
            "VideoLibrary.GetEpisodes": {"episodes": self.episodes},
        }
        return {"result": answers[method]}

    def _properties(self, names: list[str]) -> dict[str, Any]:
        minutes, seconds = divmod(self.seconds, 60)
        time = {"hours": minutes // 60, "minutes": minutes % 60, "seconds": seconds}
        properties = {
            "subtitles": self.subtitles,
            "currentsubtitle": self.shown,
            "subtitleenabled": self.are_shown,
            "speed": 0 if self.is_paused else 1,
            "time": time | {"milliseconds": -99},
        }
        return {name: properties[name] for name in names if name in properties}

    def _add(self, path: str) -> dict[str, Any]:
        """Select a subtitle. Kodi says ``OK`` to a path that it cannot open, and shows nothing."""
        if not self.open:
            return {"error": {"code": -32100, "message": "Failed to execute method."}}
        folder = path[: path.rfind("/") + 1]
        name = path.removesuffix(".srt").rpartition(".")[2]
        is_there = path in self.folders.get(folder, [])
        self.shown = external({"es": "spa"}.get(name, name)) if is_there else {}
        return {"result": "OK"}


def external(language: str, name: str = "(External)", *, forced: bool = False) -> dict[str, Any]:
    """Build an external subtitle as Kodi lists it."""
    return {"language": language, "name": name, "isforced": forced, "isimpaired": False}

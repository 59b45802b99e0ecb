"""A fake of LibreTranslate 1.6. It refuses invalid requests as the real one does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any


@dataclass(kw_only=True)
class FakeLibreTranslate:
    """The state of the fake. ``fault`` is a status of every translation, ``lose`` drops a text."""

    translate: Callable[[str], str]
    key: str | None = None
    codes: dict[str, list[str]] = field(
        default_factory=lambda: {
            "en": ["en", "es", "zh-Hans", "zt", "pb"],
            "es": ["en", "es"],
            "zh-Hans": ["en"],
            "zt": ["en"],
            "pb": ["en"],
        }
    )
    fault: int | None = None
    lose: bool = False
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def handler(libre: FakeLibreTranslate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            listed = [{"code": c, "name": c, "targets": t} for c, t in libre.codes.items()]
            self.reply(200 if self.path == "/languages" else 404, listed)

        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            libre.requests.append(payload)
            if libre.fault is not None:
                return self.reply(libre.fault, {"error": "Slowdown"})
            if self.path != "/translate":
                return self.reply(404, {"error": "Not Found"})
            if libre.key is not None and payload.get("api_key") != libre.key:
                return self.reply(403, {"error": "Invalid API key"})
            source, target, texts = payload.get("source"), payload.get("target"), payload.get("q")
            if not source or not target or not texts:
                return self.reply(400, {"error": "Invalid request: missing parameter"})
            if target not in libre.codes.get(source, []):
                return self.reply(400, {"error": f"{source} - {target} is not supported"})
            many = [texts] if isinstance(texts, str) else texts
            found = [libre.translate(text) for text in many]
            found = found[:-1] if libre.lose and len(found) > 1 else found
            answer = found[0] if isinstance(texts, str) else found
            return self.reply(200, {"translatedText": answer})

        def reply(self, status: int, payload: object) -> None:
            data = json.dumps(payload).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler

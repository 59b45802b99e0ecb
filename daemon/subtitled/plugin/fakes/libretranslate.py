"""A fake of LibreTranslate 1.6. It refuses invalid requests as the real one does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from .serving import serving


@dataclass(kw_only=True)
class FakeLibreTranslate:
    """A fake of LibreTranslate."""

    translate: Callable[[str], str] = str.upper
    """Makes the translation of a text."""
    key: str | None = None
    """The key that a request must have; None for any."""
    codes: dict[str, list[str]] = field(
        default_factory=lambda: {
            "en": ["en", "es", "zh-Hans", "zt", "pb"],
            "es": ["en", "es"],
            "zh-Hans": ["en"],
            "zt": ["en"],
            "pb": ["en"],
        }
    )
    """Language -> those that it translates into."""
    fault: int | None = None
    """The status of every translation."""
    lose: bool = False
    """Whether the last text of a request gets no translation."""
    port: int = 0
    """Its port, once it runs."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    """The bodies of all translations that were requested, in order."""

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"


def _handler(libre: FakeLibreTranslate) -> type[BaseHTTPRequestHandler]:
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


@contextmanager
def serve_libretranslate(libre: FakeLibreTranslate) -> Iterator[FakeLibreTranslate]:
    """Run the fake while the context is open."""
    with serving(_handler(libre)) as libre.port:
        yield libre

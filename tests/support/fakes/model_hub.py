"""A fake of the Hugging Face hub that speaks its protocol, and a server of archives."""

from __future__ import annotations

import hashlib
import socket
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

WEIGHTS = bytes(range(256)) * 12_000
FILES = {"model.bin": WEIGHTS, "config.json": b'{"a": 1}', "vocabulary.txt": b"the\na\n"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_thisIsNoTokenAtAll"
STORAGE_HOST = "127.1"
"""Another name of 127.0.0.1, which needs no /etc/hosts."""


def sha256(data: bytes) -> str:
    """Return the SHA-256 of data in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(kw_only=True)
class Hub:
    """A fake hub. Large files lie on another host, as with the real one."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    announced: dict[str, str] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    """After how many bytes the next transfers of a large file break off."""
    stalls: bool = False
    """Whether large transfers stop in the middle and stay open."""
    ranges: bool = True
    refusal: tuple[int, str] | None = None
    """The status and the error code of every answer about the repository."""
    archives: dict[str, bytes] = field(default_factory=dict)
    """Files below /archives/, outside of the repository."""
    gets: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def weights_asked(self) -> list[str]:
        return [asked for name, asked in self.gets if name == "model.bin"]


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            if self.path == "/":
                return self.reply(200, {})
            top, _, name = self.path.removeprefix("/").partition("/")
            if top == "storage":
                return self.storage(hub.files, name)
            if top == "archives":
                known_name = name in hub.archives
                return self.storage(hub.archives, name) if known_name else self.reply(404, {})
            if hub.refusal is not None:
                status, code = hub.refusal
                return self.reply(status, {"X-Error-Code": code})
            repository, _, rest = self.path.partition("/resolve/")
            revision, _, name = rest.partition("/")
            known = repository == "/maker/small" and revision in ("main", COMMIT)
            if not known or name not in hub.files:
                return self.reply(404, {"X-Error-Code": "EntryNotFound"})
            data = hub.files[name]
            headers = {"X-Repo-Commit": COMMIT}
            if name == "model.bin":
                headers["X-Linked-Etag"] = f'"{hub.announced.get(name, sha256(data))}"'
                headers["X-Linked-Size"] = str(len(data))
                headers["Location"] = f"http://{STORAGE_HOST}:{hub.port}/storage/{name}"
                return self.reply(302, headers)
            headers["ETag"] = f'"{hashlib.sha1(data).hexdigest()}"'
            if body:
                hub.gets.append((name, ""))
            return self.reply(200, headers, data, body)

        def storage(self, files: dict[str, bytes], name: str) -> None:
            if self.headers["Authorization"]:
                return self.reply(400, {})
            asked = self.headers["Range"] or ""
            hub.gets.append((name, asked))
            data = files[name]
            if not asked or not hub.ranges:
                return self.large(200, {}, data)
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
            span = f"bytes {first}-{len(data) - 1}/{len(data)}"
            return self.large(206, {"Content-Range": span}, data[first:])

        def large(self, status: int, headers: dict[str, str], data: bytes) -> None:
            end = hub.cuts.pop(0) if hub.cuts else len(data)
            end = len(data) // 2 if hub.stalls else end
            self.reply(status, headers | {"Content-Length": str(len(data))})
            self.wfile.write(data[:end])
            self.wfile.flush()
            hub.sent += end
            if hub.stalls:
                time.sleep(30)
            if end < len(data):
                self.connection.shutdown(socket.SHUT_RDWR)

        def reply(
            self, status: int, headers: dict[str, str], data: bytes = b"", body: bool = True
        ) -> None:
            self.send_response(status)
            if "Content-Length" not in headers:
                headers = headers | {"Content-Length": str(len(data))}
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            if body:
                self.wfile.write(data)

    return Handler

"""A fake whisper-asr-webservice, after the source of version 1.9.1.

It refuses what the real one refuses: an unknown path or method, a request without ``audio_file``,
values that are no booleans, audio that ffmpeg cannot read, and languages that Whisper does not
know.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from subtitled.plugin.fakes.serving import serving

LANGUAGES = {"en", "de", "fr", "ja", "yue"}
"""Some of those that Whisper knows."""
_BOOLEANS = {"true", "false", "1", "0", "yes", "no", "on", "off"}
WORDS = ((" Ask", 0.5, 0.8), (" not,", 0.8, 1.2), (" friend.", 1.5, 2.0))


@dataclass(kw_only=True)
class FakeWhisperAsr:
    """The service with one of its engines, and what it was asked."""

    engine: str = "faster_whisper"
    """``faster_whisper``, ``whisperx`` (no text, scores, numbers without times) or ``old``
    (segments as lists, as versions before 1.7.1 wrote them)."""
    manner: str | int = "well"
    """How requests are answered: ``well``, ``prose``, ``silence``, ``slow`` or a status."""
    language: str = "en"
    """The language that it finds by itself."""
    is_service: bool = True
    """Whether it describes itself as this service."""
    queries: list[dict[str, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """The length of each audio that it received."""
    port: int = 0

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.port}"


def _answer(service: FakeWhisperAsr, query: dict[str, str]) -> dict[str, Any]:
    language = query.get("language", service.language)
    if service.manner == "silence":
        return {"language": language, "segments": [], "text": ""}
    words: list[dict[str, Any]] = [
        {"word": word, "start": start, "end": end, "probability": 0.9} for word, start, end in WORDS
    ]
    text = "".join(word for word, _, _ in WORDS)
    segment: dict[str, Any] = {
        "id": 1, "seek": 0, "start": 0.5, "end": 2.0, "text": text, "tokens": [1],
        "avg_logprob": -0.25, "compression_ratio": 1.2, "no_speech_prob": 0.01,
        "words": words if query.get("word_timestamps") == "true" else None, "temperature": 0.0,
    }  # fmt: skip
    if service.engine == "whisperx":
        for word in words:
            word["word"], word["score"] = word["word"].strip(), word.pop("probability")
        segment = {"start": 0.5, "end": 2.0, "text": text, "words": words}
        return {"segments": [segment], "word_segments": words, "language": language}
    if service.engine == "old":
        return {"language": language, "segments": [[1, 0, 0.5, 2.0, text]], "text": text}
    return {"language": language, "segments": [segment], "text": text}


def _handler(service: FakeWhisperAsr) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            if urlsplit(self.path).path == "/openapi.json":
                paths = {"/asr": {}, "/detect-language": {}} if service.is_service else {}
                info = {"title": "Whisper Asr Webservice", "version": "1.9.1"}
                return self.reply(200, {"openapi": "3.1.0", "info": info, "paths": paths})
            is_known = urlsplit(self.path).path in ("/asr", "/detect-language")
            return self.reply(405 if is_known else 404, {"detail": "no"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            parts = urlsplit(self.path)
            if parts.path != "/asr":
                return self.reply(404, {"detail": "Not Found"})
            query = dict(parse_qsl(parts.query))
            service.queries.append(query)
            if isinstance(service.manner, int):
                return self.reply(service.manner, {"detail": "secret speech"})
            audio = self.read_audio(body)
            flags = [query[name] for name in ("encode", "word_timestamps") if name in query]
            if audio is None or any(flag.lower() not in _BOOLEANS for flag in flags):
                return self.reply(422, {"detail": [{"type": "missing"}]})
            command = (
                "ffmpeg -v error -i pipe: -f s16le -acodec pcm_s16le -ac 1 -ar 16000 -".split()
            )
            decoded = subprocess.run(command, input=audio, capture_output=True, check=False)
            if decoded.returncode or query.get("language", "en") not in LANGUAGES:
                return self.reply(500, {"detail": "Internal Server Error"})
            service.seconds.append(len(decoded.stdout) / 32_000)
            if service.manner == "slow":
                time.sleep(1.0)
            is_json = query.get("output") == "json" and service.manner != "prose"
            return self.reply(200, _answer(service, query) if is_json else "Ask not, friend.\n")

        def read_audio(self, body: bytes) -> bytes | None:
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
                if part.get_param("name", header="content-disposition") == "audio_file":
                    content: Any = part.get_payload(decode=True)
                    return bytes(content)
            return None

        def reply(self, status: int, answer: object) -> None:
            data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


@contextmanager
def serve_whisperasr(service: FakeWhisperAsr) -> Iterator[FakeWhisperAsr]:
    """Run the fake while the context is open."""
    with serving(_handler(service)) as service.port:
        yield service

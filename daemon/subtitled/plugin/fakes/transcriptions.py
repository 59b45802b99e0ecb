"""A fake of servers of ``/v1/audio/transcriptions``, with configurable faults.

It refuses a wrong key, an unknown model, a body without a file that ffmpeg can read, granularities
without ``verbose_json``, and unknown fields.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any

from .serving import serving

_FIELDS = {"file", "model", "language", "prompt", "response_format", "temperature"}
_FIELDS |= {"timestamp_granularities[]"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a fake recognises: words with start and end in seconds of the audio."""

    words: tuple[tuple[str, float, float], ...]
    """Each word with a space in front, its start and its end."""
    language: str = "en"
    """Its language."""

    @property
    def text(self) -> str:
        """The words as one text."""
        return "".join(word for word, _, _ in self.words).strip()


Recogniser = Callable[[bytes], list[Sentence]]
"""Converts audio (16-bit mono at 16 kHz) to sentences."""
_SENTENCE = Sentence(((" Ask", 0.5, 0.8), (" not,", 0.8, 1.2), (" friend.", 1.5, 2.0)))


@dataclass(kw_only=True)
class FakeTranscriptions:
    """A fake of a server of ``/v1/audio/transcriptions``, as OpenAI or Speaches is one."""

    recognise: Recogniser = lambda sound: [_SENTENCE]
    """Makes the transcript of the audio that was sent."""
    gives: str = "words"
    """The most detailed format: ``words``, ``segments`` or ``none``."""
    manner: str | int = "well"
    """How requests are answered: ``well``, ``cut``, ``slow``, ``prose``, ``error`` (an error with
    status 200) or a status."""
    key: str | None = None
    """The key that a request must have; None for any."""
    model: str = "tiny"
    """The only model that it has."""
    largest: int = 25_000_000
    """Bytes of audio that it accepts."""
    retry_after: str = ""
    """The header ``Retry-After`` of each response."""
    answer: dict[str, Any] | None = None
    """The JSON of each response, instead of what was recognised."""
    requests: list[dict[str, list[str]]] = field(default_factory=list)
    """The fields of each request, in order. ``file`` is the name of the file."""
    port: int = 0
    """Its port, once it runs."""

    @property
    def url(self) -> str:
        """The base URL, with ``/v1``."""
        return f"http://127.0.0.1:{self.port}/v1"


def _wrong(service: FakeTranscriptions, fields: dict[str, list[str]], sound: bytes) -> Any:
    """Return the status and message of an invalid request, or None."""
    form = fields.get("response_format", ["json"])[0]
    grains = fields.get("timestamp_granularities[]", [])
    if set(fields) - _FIELDS or "file" not in fields:
        return 400, "unknown or missing fields"
    if fields.get("model") != [service.model]:
        return 404, "model is not installed"
    if len(sound) > service.largest:
        return 413, "Request Entity Too Large"
    if len(fields.get("language", ["en"])[0]) > 3:
        return 400, "language is no ISO-639-1 code"
    if grains and form != "verbose_json":
        return 400, "timestamp_granularities need response_format verbose_json"
    if service.gives == "none" and form != "json":
        return 400, f"Currently do not support verbose_json for {service.model}"
    if service.gives == "segments" and "word" in grains:
        return 422, "timestamp_granularities[]: word is not supported"
    return None


def _shape(sentences: list[Sentence], fields: dict[str, list[str]]) -> dict[str, Any]:
    text = " ".join(one.text for one in sentences)
    if fields.get("response_format") != ["verbose_json"]:
        return {"text": text, "usage": {"type": "duration", "seconds": 3}}
    output: dict[str, Any] = {"task": "transcribe", "language": "english", "text": text}
    output["segments"] = [
        {"id": number, "start": one.words[0][1], "end": one.words[-1][2], "text": f" {one.text}"}
        | {"avg_logprob": -0.25, "no_speech_prob": 0.01, "compression_ratio": 1.2}
        for number, one in enumerate(sentences)
    ]
    if "word" in fields.get("timestamp_granularities[]", []):
        output["words"] = [  # bare, as OpenAI's
            {"word": word.strip(" .,!?"), "start": start, "end": end}
            for one in sentences
            for word, start, end in one.words
        ]
    return output


def _decoded(sound: bytes) -> bytes:
    command = "ffmpeg -v error -i pipe:0 -f s16le -ar 16000 -ac 1 pipe:1".split()
    return subprocess.run(command, input=sound, capture_output=True, check=True).stdout


def _handler(service: FakeTranscriptions) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            if self.allowed():
                self.reply(200, {"data": [{"id": service.model}]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not self.allowed():
                return None
            if self.path != "/v1/audio/transcriptions":
                return self.reply(404, {"error": {"message": "not found"}})
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            fields: dict[str, list[str]] = {}
            sound = b""
            for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
                name = str(part.get_param("name", header="content-disposition"))
                content: Any = part.get_payload(decode=True)
                if name == "file":
                    sound, content = content, str(part.get_filename()).encode()
                fields.setdefault(name, []).append(content.decode())
            service.requests.append(fields)
            if isinstance(service.manner, int):
                return self.reply(service.manner, {"error": {"message": "no", "code": "busy"}})
            if (wrong := _wrong(service, fields, sound)) is not None:
                return self.reply(wrong[0], {"error": {"message": wrong[1], "code": "invalid"}})
            if service.manner == "slow":
                time.sleep(1.5)
            if service.manner == "error":
                return self.reply(200, {"error": {"message": "out of memory", "code": "oom"}})
            answer = service.answer or _shape(service.recognise(_decoded(sound)), fields)
            return self.reply(200, "Sure!" if service.manner == "prose" else answer)

        def allowed(self) -> bool:
            if service.key is None or self.headers["Authorization"] == f"Bearer {service.key}":
                return True
            self.reply(401, {"error": {"message": f"Incorrect API key {service.key}"}})
            return False

        def reply(self, status: int, answer: object) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            if service.retry_after:
                self.send_header("Retry-After", service.retry_after)
            self.send_header("x-request-id", f"req-{len(service.requests)}")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if service.manner == "cut" else data)

    return Handler


@contextmanager
def serve_transcriptions(service: FakeTranscriptions) -> Iterator[FakeTranscriptions]:
    """Run the fake while the context is open."""
    with serving(_handler(service)) as service.port:
        yield service

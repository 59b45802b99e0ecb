"""A fake Wyoming server, made with the server classes of the package ``wyoming`` itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.server import AsyncEventHandler, AsyncTcpServer


@dataclass(kw_only=True)
class FakeWyoming:
    """A server with two models, and what it was asked."""

    text: str = "Ask not, friend."
    """What it recognises."""
    language: str | None = None
    """The language that it names."""
    manner: str = "well"
    """How it answers: ``well``, ``streams``, ``parts`` (no whole transcript at the end), ``error``,
    ``closes``, ``silent``, or one of :data:`NONSENSE`."""
    recognises: bool = True
    """Whether it is a server of speech recognition."""
    requests: list[Transcribe] = field(default_factory=list)
    audio: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """The address."""
        return f"tcp://127.0.0.1:{self.port}"


NONSENSE = {
    "prose": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "huge": b'{"type": "transcript", "data_length": 99999999999}\n',
    "negative": b'{"type": "transcript", "payload_length": -5}\n',
    "endless": b"[" * 5_000_000,
    "untyped": b'{"data": {"text": "x"}}\n',
}
"""Manner -> what the server sends, instead of an event."""
CREDIT = Attribution(name="nobody", url="http://localhost")


def _info(service: FakeWyoming) -> Info:
    common: dict[str, Any] = {"attribution": CREDIT, "description": None, "version": "1"}
    models = [
        AsrModel(name=name, installed=True, languages=["en", "de"], **common)
        for name in ("tiny", "base")
    ]
    program = AsrProgram(name="fake", installed=True, models=models, **common)
    return Info(asr=[program] if service.recognises else [])


class _Handler(AsyncEventHandler):
    def __init__(self, service: FakeWyoming, *streams: Any) -> None:
        super().__init__(*streams)
        self._service = service
        self._request: Transcribe | None = None
        self._audio = b""
        self._is_refused = False

    async def handle_event(self, event: Event) -> bool:
        service = self._service
        if self._is_refused:
            return True  # What was on its way is read, so that the refusal arrives.
        if Describe.is_type(event.type):
            if service.manner in NONSENSE:
                return await self._send_nonsense()
            await self.write_event(_info(service).event())
        elif Transcribe.is_type(event.type):
            self._request = Transcribe.from_event(event)
            service.requests.append(self._request)
            if self._request.name not in (None, "tiny", "base"):
                await self.write_event(Error(text="secret speech", code="unknown-model").event())
                self._is_refused = True
        elif AudioStart.is_type(event.type):
            start = AudioStart.from_event(event)
            assert (start.rate, start.width, start.channels) == (16_000, 2, 1)
        elif AudioChunk.is_type(event.type):
            self._audio += AudioChunk.from_event(event).audio
            return service.manner != "closes"
        elif AudioStop.is_type(event.type):
            service.audio.append(self._audio)
            return await self._answer()
        return True

    async def _answer(self) -> bool:
        service = self._service
        if service.manner in NONSENSE:
            return await self._send_nonsense()
        if service.manner == "error":
            await self.write_event(Error(text="secret speech", code="no-memory").event())
        if service.manner in ("streams", "parts"):
            await self.write_event(TranscriptStart(language=service.language).event())
            for word in service.text.split(" "):
                await self.write_event(TranscriptChunk(text=f" {word}").event())
        if service.manner in ("streams", "well"):
            await self.write_event(Transcript(service.text, language=service.language).event())
        if service.manner in ("streams", "parts"):
            await self.write_event(TranscriptStop().event())
        return True

    async def _send_nonsense(self) -> bool:
        self.writer.write(NONSENSE[self._service.manner])
        await self.writer.drain()
        return True


@contextmanager
def serve_wyoming(service: FakeWyoming) -> Iterator[FakeWyoming]:
    """Run the fake while the context is open."""
    started, loop = threading.Event(), asyncio.new_event_loop()

    async def run() -> None:
        server = AsyncTcpServer("127.0.0.1", 0)
        await server.start(lambda *streams: _Handler(service, *streams))
        assert server._server is not None  # it has no other way to tell its port
        service.port = server._server.sockets[0].getsockname()[1]
        started.set()
        await stopping.wait()
        await server.stop()

    stopping = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(60)

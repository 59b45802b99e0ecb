import asyncio
import socket
import threading

import pytest
from subtitled_wyoming_example import WyomingEngine, WyomingSettings
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStop
from wyoming.server import AsyncEventHandler, AsyncServer

from subtitled.plugin import (
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    TranscriptionRequest,
    TransientError,
)
from subtitled.plugin.testing import EngineSuite


def find_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="class")
def server():
    """Run a Wyoming server that writes how many samples it got, and in which language."""
    ready, address = threading.Event(), f"tcp://127.0.0.1:{find_port()}"

    class Handler(AsyncEventHandler):
        got, language = 0, None

        async def handle_event(self, event):
            if Transcribe.is_type(event.type):
                self.language = Transcribe.from_event(event).language
            elif AudioChunk.is_type(event.type):
                self.got += len(AudioChunk.from_event(event).audio) // 2
            elif AudioStop.is_type(event.type):
                answer = Transcript(f"{self.got} samples in {self.language}")
                await self.write_event(answer.event())
            return True

    async def serve():
        service = AsyncServer.from_uri(address)
        await service.start(Handler)
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    assert ready.wait(60)
    return address


@pytest.fixture(scope="class")
def plugin_settings(server):
    return {"url": server}


class TestWyoming(EngineSuite):
    plugin = "wyoming-example"


def transcribe(url, track):
    engine = WyomingEngine(WyomingSettings(url=url), ComponentContext("wyoming-example"))
    span = TimeSpan(1.0, 3.0)
    request = TranscriptionRequest(chunk=Chunk(span, (span,)), language=Language("en-GB"))
    return engine.transcribe(track(silence=1.0, voice=2.0), request)


def test_the_speech_and_its_language_arrive(server, track):
    (word,) = transcribe(server, track).words
    assert word.text == " 32000 samples in en"
    assert (word.start, word.end) == (1.0, 3.0)


def test_a_server_that_is_away_is_asked_again(track):
    with socket.socket() as closed, pytest.raises(TransientError):
        closed.bind(("127.0.0.1", 0))  # without listen(): a call is refused
        transcribe(f"tcp://127.0.0.1:{closed.getsockname()[1]}", track)

"""An engine on another machine, by the Wyoming protocol. It gives text without times."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import numpy as np
from pydantic import Field

from subtitled.plugin import (
    LOCAL,
    SAMPLE_RATE,
    Engine,
    EngineCapabilities,
    Settings,
    Transcript,
    TransientError,
    Word,
    hookimpl,
)
from subtitled.plugin.http import get_host, is_loopback

SUBTITLED_API = "1"
BLOCK = SAMPLE_RATE  # samples of one message: a second


class WyomingSettings(Settings):
    NON_RESULT_FIELDS = frozenset({"timeout"})

    url: str = Field(pattern=r"^tcp://", description="The address, such as tcp://nas:10300.")
    model: str | None = Field(None, description="The model; unset: the server's own.")
    timeout: float = Field(300.0, gt=0, description="Seconds to wait for the text of a chunk.")


class WyomingEngine(Engine[WyomingSettings]):
    """Sends speech to a Wyoming server."""

    @classmethod
    def capabilities(cls, settings):
        # Libraries say to which destinations speech may be sent.
        away = f"wyoming:{get_host(settings.url)}"
        return EngineCapabilities(
            destination=LOCAL if is_loopback(settings.url) else away,
            word_timestamps=False,
            supports_hotwords=True,
            max_chunk_seconds=28,
        )

    def transcribe(self, audio, request):
        chunk = request.chunk.trimmed()
        try:
            text = asyncio.run(
                asyncio.wait_for(
                    self._recognise(audio.read_samples(chunk.span), request),
                    self.settings.timeout,
                )
            )
        except (TimeoutError, OSError, EOFError) as error:
            host = urlsplit(self.settings.url).netloc
            raise TransientError(
                f"the Wyoming server at {host} does not answer: {type(error).__name__}",
                "Check that it runs",
            ) from error
        span = chunk.span
        words = [Word(text=f" {text}", start=span.start, end=span.end)] if text else []
        return Transcript(language=request.language, words=words, engine="wyoming")

    async def _recognise(self, samples, request):
        from wyoming.asr import Transcribe
        from wyoming.asr import Transcript as Answer
        from wyoming.audio import AudioChunk, AudioStart, AudioStop
        from wyoming.client import AsyncClient

        form = {"rate": SAMPLE_RATE, "width": 2, "channels": 1}
        sound = (np.clip(samples, -1, 1) * 32767).astype("<i2")
        async with AsyncClient.from_uri(self.settings.url) as client:
            # "und" is BCP 47 for a language that nobody knows. The server then finds it.
            known = str(request.language) != "und"
            question = Transcribe(
                name=self.settings.model,
                language=request.language.primary if known else None,
                transcript_names=list(request.hotwords[:100]) or None,
            )
            await client.write_event(question.event())
            await client.write_event(AudioStart(**form).event())
            for start in range(0, len(sound), BLOCK):
                part = sound[start : start + BLOCK].tobytes()
                await client.write_event(AudioChunk(audio=part, **form).event())
            await client.write_event(AudioStop().event())
            while (event := await client.read_event()) is not None:
                if Answer.is_type(event.type):
                    return Answer.from_event(event).text.strip()
        raise EOFError


@hookimpl
def register_engines(register):
    register(WyomingEngine)

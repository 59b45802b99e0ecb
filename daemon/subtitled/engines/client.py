"""The client of one engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from subtitled.plugin import (
    Audio,
    Chunk,
    Engine,
    EngineCapabilities,
    Language,
    LanguageGuess,
    SpeechWindow,
    Transcript,
    TranscriptionRequest,
    Word,
)

from . import protocol
from .call_watch import CallWatch
from .limits import call_timeout, validate_in_chunk
from .process_client import ProcessClient


class EngineClient(ProcessClient[Engine]):
    """One configured engine and its process, if it has one now."""

    role: ClassVar[str] = "engine"

    @property
    def capabilities(self) -> EngineCapabilities:
        """What the engine can do."""
        capabilities: EngineCapabilities = self.configured.capabilities()
        return capabilities

    @property
    def max_concurrency(self) -> int:
        """How many calls the process answers at a time."""
        return self.capabilities.max_concurrency

    def detect_language(self, audio: Audio, windows: Sequence[SpeechWindow]) -> list[LanguageGuess]:
        """Identify the language of each window.

        Args:
            audio: The decoded track.
            windows: Spans of at most 30 seconds that contain speech.

        Returns:
            One guess for each window, in the same order.

        Raises:
            SubtitledError: The engine failed or crashed.
            ShutdownRequested: The client was closed meanwhile.
        """
        answer = self._call(
            "detect_language",
            call_timeout(self.capabilities, sum(window.duration for window in windows)),
            audio=str(audio.path),
            windows=protocol.SPEECH_WINDOWS.dump_python(list(windows), mode="json"),
        )
        return protocol.validate_result(protocol.GUESSES, answer, self.title)

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        """Transcribe a chunk and validate the answer. Models of its language are fetched first.

        ``request.control`` is told about the progress, and asked once a second whether the call is
        cancelled.

        Raises:
            CallCancelledError: It was cancelled.
            InputRejectedError: The engine refused the chunk, or gave words outside it.
            SubtitledError: The engine failed or crashed, or a model could not be fetched.
            ShutdownRequested: The client was closed meanwhile.
        """
        control = request.control
        models = self._fetch_models(self.configured.models_for_language(request.language))
        answer = self._call(
            "transcribe",
            call_timeout(self.capabilities, request.chunk.span.duration),
            CallWatch(
                seconds=request.chunk.span.duration,
                on_progress=control.report,
                is_cancelled=lambda: control.is_cancelled,
            ),
            audio=str(audio.path),
            request=protocol.TRANSCRIPTION_REQUEST.dump_python(request, mode="json"),
            models=models,
        )
        transcript = protocol.validate_result(protocol.TRANSCRIPT, answer, self.title)
        return validate_in_chunk(transcript, request, self.name)

    def align(self, audio: Audio, chunk: Chunk, text: str, language: Language) -> tuple[Word, ...]:
        """Find when the words of a text are said. The caller has to validate words and times.

        Args:
            audio: The decoded track.
            chunk: The part of it in which the text is said.
            text: What is said there.
            language: The language of the text.
        """
        models = self._fetch_models(self.configured.models_for_language(language))
        answer = self._call(
            "align",
            call_timeout(self.capabilities, chunk.span.duration),
            audio=str(audio.path),
            chunk=protocol.CHUNK.dump_python(chunk, mode="json"),
            text=text,
            language=language,
            models=models,
        )
        words = protocol.validate_result(protocol.WORDS, answer, self.title)
        return tuple(words)

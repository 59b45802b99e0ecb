"""The engine of a Wyoming server: audio goes there, text comes back."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, field_validator

from subtitled.plugin import (
    LOCAL,
    SAMPLE_RATE,
    Audio,
    CheckResult,
    Engine,
    EngineCapabilities,
    Language,
    Settings,
    SetupError,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    UsageRecord,
    Word,
    language_codes,
)
from subtitled.plugin.http import get_host, is_loopback
from subtitled.plugin.limits import clean_text

from .connection import MAX_TEXT_CHARACTERS, WyomingService

if TYPE_CHECKING:
    from wyoming.event import Event

BLOCK_SECONDS = 1.0
"""Seconds of audio in one event."""
MAX_LISTED = 8
"""Models that ``subtitled doctor`` names."""


class WyomingSettings(Settings):
    """The settings in ``[engines.wyoming]``."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"is_local", "languages", "needs_language", "timeout"}
    )

    url: str = Field(
        description="The address of the server, such as tcp://localhost:10300, or unix:///PATH.",
    )
    model: str = Field(
        "", description="The name of the model at the server. Empty: the one it was started with."
    )
    is_local: bool | None = Field(
        None,
        description="Whether the server is yours, so that the audio does not leave your network. "
        "Unset: true for this machine.",
    )
    languages: tuple[Language, ...] = Field(
        (), description="Spoken languages that the engine is used for. Empty: any."
    )
    needs_language: bool = Field(
        True,
        description="Whether requests have to name the language spoken. false: the server was "
        "started so that it finds it by itself, as wyoming-faster-whisper with --language auto.",
    )
    max_seconds: float = Field(
        30.0,
        ge=5,
        le=600,
        description="Seconds of audio in one request. Servers for voice commands are made for "
        "short ones.",
    )
    timeout: float = Field(300.0, gt=0, le=3600, description="Seconds to wait for a transcript.")

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
            return url
        if parts.scheme != "tcp" or not parts.hostname or not parts.port:
            raise ValueError(
                "write tcp://HOST:PORT, such as tcp://localhost:10300, or unix:///PATH"
            )
        return url


class WyomingEngine(Engine[WyomingSettings]):
    """A server such as wyoming-faster-whisper. It gives text without times."""

    @classmethod
    def capabilities(cls, settings: WyomingSettings) -> EngineCapabilities:
        return EngineCapabilities(
            languages=frozenset(settings.languages) or None,
            word_timestamps=False,
            needs_language=settings.needs_language,
            supports_hotwords=True,
            max_chunk_seconds=settings.max_seconds,
            destination=LOCAL if _is_local(settings) else f"wyoming:{get_host(settings.url)}",
        )

    def load(self) -> None:
        _check_package()

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"Wyoming server at {self.settings.url}"
        try:
            _check_package()
            info = self._service.describe()
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        models = [model for program in info.asr for model in program.models if model.installed]
        names = [clean_text(model.name, 60) for model in models]
        listed = ", ".join(names[:MAX_LISTED]) or "none"
        if not info.asr:
            hint = "Set url to the speech-to-text server, which often has port 10300"
            return [CheckResult(subject, False, "it recognises no speech", hint)]
        if self.settings.model and self.settings.model not in names:
            detail = f"it has no model {self.settings.model}, but: {listed}"
            return [CheckResult(subject, False, detail, "Set model to one of these, or empty")]
        return [CheckResult(subject, True, f"it answers; models: {listed}")]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        if not request.chunk.speech:
            return Transcript(language=request.language, words=())
        span = request.chunk.trimmed().span
        event = self._service.transcribe(
            self._build_events(audio, span, request), lambda: request.cancelled
        )
        given = event.data.get("text")
        if not isinstance(given, str) or len(given) > MAX_TEXT_CHARACTERS:
            raise TransientError(
                f"{self._service.name} sends a transcript without a text, or one that is too long",
                "Look at its log",
            )
        text = clean_text(given, MAX_TEXT_CHARACTERS).strip()
        usage: tuple[UsageRecord, ...] = ()
        if not _is_local(self.settings):
            host = get_host(self.settings.url)
            usage = (UsageRecord(kind="audio", amount=span.duration, host=host),)
        is_known = request.language.is_known
        return Transcript(
            language=request.language
            if is_known
            else _parse_language(event.data.get("language")) or request.language,
            words=(Word(text=f" {text}", start=span.start, end=span.end),) if text else (),
            engine=f"{self.context.name} {self.settings.model}".strip(),
            usage=usage,
        )

    def _build_events(
        self, audio: Audio, span: TimeSpan, request: TranscriptionRequest
    ) -> list[Event]:
        """Return the request and the audio as events."""
        from wyoming.asr import Transcribe
        from wyoming.audio import AudioChunk, AudioStart, AudioStop

        language = None
        if request.language.is_known:
            codes = language_codes(request.language)
            language = codes.alpha2 or str(request.language.primary)
        # In near silence a model would return the names as text.
        names = [] if request.chunk.is_mostly_low_energy else list(request.hotwords)
        events = [
            Transcribe(
                name=self.settings.model or None,
                language=language,
                transcript_names=names or None,
            ).event(),
            AudioStart(rate=SAMPLE_RATE, width=2, channels=1).event(),
        ]
        start = span.start
        while start < span.end:
            block = TimeSpan(start, min(start + BLOCK_SECONDS, span.end))
            samples = (audio.read_samples(block) * 32768.0).astype("<i2")
            events.append(
                AudioChunk(rate=SAMPLE_RATE, width=2, channels=1, audio=samples.tobytes()).event()
            )
            start = block.end
        return [*events, AudioStop().event()]

    @property
    def _service(self) -> WyomingService:
        return WyomingService(self.context.name, self.settings.url, self.settings.timeout)


def _check_package() -> None:
    if importlib.util.find_spec("wyoming") is None:
        raise SetupError(
            "the package wyoming is not installed", 'Install it: pip install "subtitled[wyoming]"'
        )


def _is_local(settings: WyomingSettings) -> bool:
    if settings.is_local is not None:
        return settings.is_local
    return settings.url.startswith("unix:") or is_loopback(settings.url)


def _parse_language(code: object) -> Language | None:
    """Return the language that a server names, or None if it is none."""
    try:
        return Language.parse(code) if isinstance(code, str) and code.strip() else None
    except ValueError:
        return None

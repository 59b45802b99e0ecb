"""An engine over ``/audio/transcriptions``: vLLM, speaches, LocalAI, whisper.cpp, Groq, OpenAI."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from subtitled.plugin import (
    Audio,
    CheckResult,
    Engine,
    EngineCapabilities,
    InputRejectedError,
    Language,
    Secret,
    Settings,
    SetupError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    UsageRecord,
    language_codes,
)
from subtitled.plugin.audio_encoding import EXTENSIONS, encode_audio
from subtitled.plugin.http import get_host, refusal_error

from .client import OpenAIClient, get_destination, get_error_code, is_local, parse_object
from .response import is_transcription, parse_response

if TYPE_CHECKING:
    import httpx

RESPONSE_FORMATS: dict[str, dict[str, Any]] = {
    "words": {
        "response_format": "verbose_json",
        "timestamp_granularities[]": ["word", "segment"],
    },
    "segments": {"response_format": "verbose_json", "timestamp_granularities[]": ["segment"]},
    "none": {"response_format": "json"},
}
"""Response formats, richest first, tried until the server accepts one."""
UNSUPPORTED_WORDS = ("verbose_json", "response_format", "timestamp", "granularit")
"""Words in a refusal of the response format."""
MAX_BYTES_PER_SECOND = {"opus": 8_000, "flac": 33_000}
"""Codec -> the most bytes of a second of audio: speech as Opus, incompressible audio as FLAC."""
BYTES_PER_MB = 1_000_000
IDENTIFYING_HOSTS = frozenset({"api.openai.com", "api.groq.com"})
"""Services that identify the language if none is named, by their API references."""


class TranscriptionSettings(Settings):
    """The settings in ``[engines.openai]``."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {
            "is_local",
            "languages",
            "needs_language",
            "max_upload_mb",
            "concurrency",
            "timeout",
            "verify_tls",
        }
    )

    url: str = Field(
        pattern=r"^https?://",
        description="The address up to the version, such as http://localhost:8000/v1 for speaches.",
    )
    model: str = Field(min_length=1, description="The name of the model at the service.")
    api_key: Secret | None = Field(
        None, description="The key, by reference. Local servers need none."
    )
    is_local: bool | None = Field(
        None,
        description="Whether the server is yours, so that the audio does not leave your network. "
        "Unset: true for this machine.",
    )
    languages: tuple[Language, ...] = Field(
        (), description="Spoken languages that the engine is used for. Empty: any."
    )
    needs_language: bool | None = Field(
        None,
        description="Whether requests have to name the language spoken. false: the service finds "
        "it by itself, as speaches does, and is used where nobody else can tell the language. "
        "Unset: false for api.openai.com and api.groq.com. whisper.cpp takes English if none is "
        "named.",
    )
    timestamps: Literal["words", "segments", "none"] = Field(
        "words",
        description="The most detailed times to request. A server without them is detected.",
    )
    audio_codec: Literal["opus", "flac"] = Field(
        "flac",
        description="How audio is compressed: opus is a third of the size, flac is lossless.",
    )
    max_seconds: float = Field(
        300.0, ge=30, le=3600, description="Seconds of audio in one request."
    )
    max_upload_mb: float = Field(
        25.0, ge=1, description="Megabytes of audio that the server accepts in one request."
    )
    concurrency: int = Field(
        2, ge=1, le=64, description="How many requests are sent at the same time."
    )
    temperature: float | None = Field(0.0, ge=0, le=1, description="The sampling temperature.")
    timeout: float = Field(600.0, gt=0, le=3600, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Require a valid certificate.")


class TranscriptionEngine(Engine[TranscriptionSettings]):
    """A speech model of a service. Several threads may use it."""

    _first_supported = 0
    """Index of the first of :data:`RESPONSE_FORMATS` that the server has not refused."""

    @classmethod
    def capabilities(cls, settings: TranscriptionSettings) -> EngineCapabilities:
        return EngineCapabilities(
            languages=frozenset(settings.languages) or None,
            word_timestamps=settings.timestamps == "words",
            needs_language=_needs_language(settings),
            supports_hotwords=True,
            max_chunk_seconds=min(
                settings.max_seconds,
                settings.max_upload_mb * BYTES_PER_MB / MAX_BYTES_PER_SECOND[settings.audio_codec],
            ),
            max_concurrency=settings.concurrency,
            destination=get_destination(settings),
        )

    def self_check(self) -> Sequence[CheckResult]:
        return self._client.run_checks()

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        if not request.chunk.speech:
            return Transcript(language=request.language, words=())
        span = request.chunk.trimmed().span
        usage: list[UsageRecord] = []
        payload = self._request_transcription(self._encode_span(audio, span), request, span, usage)
        response = parse_response(payload, span.duration, span.start)
        if usage and response.seconds is not None:
            usage[-1] = replace(usage[-1], amount=response.seconds)
        is_known = request.language.is_known
        return Transcript(
            language=request.language if is_known else response.language or request.language,
            words=response.words,
            engine=f"{self.context.name} {self.settings.model}",
            segment_scores=response.segment_scores,
            usage=tuple(usage),
            word_timestamps=response.has_word_timestamps,
        )

    def _request_transcription(
        self,
        audio_bytes: bytes,
        request: TranscriptionRequest,
        span: TimeSpan,
        usage: list[UsageRecord],
    ) -> dict[str, Any]:
        """Request a transcription in the richest format. Append each request to ``usage``."""
        formats = list(RESPONSE_FORMATS)[list(RESPONSE_FORMATS).index(self.settings.timestamps) :]
        name = f"sound.{EXTENSIONS[self.settings.audio_codec]}"
        content_type = "audio/ogg" if self.settings.audio_codec == "opus" else "audio/flac"
        index = min(self._first_supported, len(formats) - 1)
        while True:
            response = self._client.send_request(
                "POST",
                "/audio/transcriptions",
                data=self._build_fields(request) | RESPONSE_FORMATS[formats[index]],
                files={"file": (name, audio_bytes, content_type)},
            )
            is_downgraded = _is_format_refused(response) and index + 1 < len(formats)
            if not is_local(self.settings):
                usage.append(self._build_usage_record(response, span))
            if not is_downgraded:
                return self._check_response(response)
            index += 1
            self._first_supported = max(self._first_supported, index)

    def _build_usage_record(self, response: httpx.Response, span: TimeSpan) -> UsageRecord:
        """Describe one request. A refused one is free, but the audio left this machine."""
        return UsageRecord(
            kind="audio",
            amount=math.ceil(span.duration),
            host=self._client.host,
            request_id=response.headers.get("x-request-id", ""),
            price=None if response.is_success else 0.0,
        )

    def _build_fields(self, request: TranscriptionRequest) -> dict[str, Any]:
        fields: dict[str, Any] = {"model": self.settings.model}
        if request.language.is_known:
            codes = language_codes(request.language)
            fields["language"] = codes.alpha2 or str(request.language.primary)
        if self.settings.temperature is not None:
            fields["temperature"] = str(self.settings.temperature)
        if request.hotwords and not request.chunk.is_mostly_low_energy:
            # In near silence the model would return the prompt as text.
            fields["prompt"] = ", ".join(request.hotwords)
        return fields

    def _check_response(self, response: httpx.Response) -> dict[str, Any]:
        """Return the payload of a transcription. Raise the error of any other response."""
        payload, service = parse_object(response), self._client.service_name
        if response.is_success:
            if payload.get("error"):
                code = get_error_code(payload) or "no reason given"
                raise TransientError(f"{service} reports a failure: {code}", "Look at its log")
            if not is_transcription(payload):
                raise TransientError(
                    f"{service} does not answer as OpenAI does",
                    "Check that the url ends in /v1 or what the service says",
                )
            return payload
        code = get_error_code(payload)
        if response.status_code == 413:
            raise InputRejectedError(
                f"{service} does not accept requests of this size (413)",
                f"Lower engines.{self.context.name}.max_upload_mb or max_seconds, "
                'or set audio_codec = "opus"',
            )
        if response.status_code == 404:
            raise SetupError(
                f"{service} has no model {self.settings.model}, "
                "or no transcriptions at that url (404)",
                "Install the model there (subtitled doctor lists its models), or change url",
            )
        raise refusal_error(service, response, code)

    def _encode_span(self, audio: Audio, span: TimeSpan) -> bytes:
        codec = self.settings.audio_codec
        with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
            path = Path(folder) / f"sound.{EXTENSIONS[codec]}"
            encode_audio(audio, span, codec, path)
            audio_bytes = path.read_bytes()
        if len(audio_bytes) > self.settings.max_upload_mb * BYTES_PER_MB:
            raise InputRejectedError(
                f"{span.duration:.0f} s of audio are {len(audio_bytes) / BYTES_PER_MB:.1f} MB, "
                f"more than engines.{self.context.name}.max_upload_mb",
                'Set audio_codec = "opus", or a shorter daemon.chunk_duration',
            )
        return audio_bytes

    @cached_property
    def _client(self) -> OpenAIClient:
        return OpenAIClient(self.context.name, self.settings)


def _needs_language(settings: TranscriptionSettings) -> bool:
    if settings.needs_language is not None:
        return settings.needs_language
    return get_host(settings.url) not in IDENTIFYING_HOSTS


def _is_format_refused(response: httpx.Response) -> bool:
    """Check whether the server refuses the response format."""
    if response.status_code not in (400, 422):
        return False
    text = response.text.lower()
    return any(word in text for word in UNSUPPORTED_WORDS)

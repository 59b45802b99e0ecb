"""An engine over ``/audio/transcriptions``: vLLM, speaches, LocalAI, whisper.cpp, Groq, OpenAI."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from subtitled.plugin import (
    LOCAL,
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
from subtitled.plugin.http import get_host, is_loopback, refusal_error

from .address_health import AddressHealth
from .client import OpenAIClient, get_error_code, parse_object
from .pool import Address, AddressPool
from .response import is_transcription, parse_response

if TYPE_CHECKING:
    import httpx

MAX_CONCURRENCY = 256
"""Most requests at the same time, to all addresses together."""
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


class AddressSettings(Settings):
    """One of several servers: ``[[engines.openai.addresses]]``."""

    url: str = Field(pattern=r"^https?://", description="Its address up to the version.")
    weight: float = Field(
        1.0,
        gt=0,
        le=100,
        description="Its share of the work: 4 for a server that is four times as fast as one of 1.",
    )
    api_key: Secret | None = Field(
        None, description="Its key, by reference. Unset: that of the section."
    )


class TranscriptionSettings(Settings):
    """The settings in ``[engines.openai]``."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {
            "addresses",
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
        "",
        pattern=r"^(https?://|$)",
        description="The address up to the version, such as http://localhost:8000/v1 for speaches. "
        "Needed unless addresses are named.",
    )
    addresses: tuple[AddressSettings, ...] = Field(
        (),
        max_length=64,
        description="More servers with the same model, which share the work: tables with url, and "
        "if needed weight and api_key.",
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
        2,
        ge=1,
        le=64,
        description="How many requests are sent at the same time; with several addresses to each, "
        "times its weight.",
    )
    temperature: float | None = Field(0.0, ge=0, le=1, description="The sampling temperature.")
    timeout: float = Field(600.0, gt=0, le=3600, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Require a valid certificate.")

    @model_validator(mode="after")
    def _check_addresses(self) -> TranscriptionSettings:
        urls = [one.url.rstrip("/") for one in self.list_addresses()]
        if not urls:
            raise ValueError("give the url of a server, or of several in addresses")
        if twice := next((url for url in urls if urls.count(url) > 1), None):
            raise ValueError(f"{get_host(twice)} is among the addresses twice; set its weight")
        return self

    @property
    def is_own(self) -> bool:
        """Whether audio stays with the user: as configured, else if all are this machine."""
        if self.is_local is not None:
            return self.is_local
        return all(is_loopback(one.url) for one in self.list_addresses())

    def list_addresses(self) -> tuple[AddressSettings, ...]:
        """Return the servers, each with its key. That of ``url`` is the first and has weight 1."""
        first = (AddressSettings(url=self.url, weight=1.0, api_key=None),) if self.url else ()
        return tuple(
            one if one.api_key is not None else one.model_copy(update={"api_key": self.api_key})
            for one in (*first, *self.addresses)
        )

    def limit_of(self, address: AddressSettings) -> int:
        """Return how many requests an address gets at the same time, at most."""
        return max(1, round(self.concurrency * address.weight))


class TranscriptionEngine(Engine[TranscriptionSettings]):
    """A speech model of a service. Several threads may use it."""

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
            max_concurrency=min(
                MAX_CONCURRENCY, sum(map(settings.limit_of, settings.list_addresses()))
            ),
            destination=_get_destination(settings),
        )

    def self_check(self) -> Sequence[CheckResult]:
        return [
            result for address in self._pool.addresses for result in address.client.run_checks()
        ]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        if not request.chunk.speech:
            return Transcript(language=request.language, words=())
        span = request.chunk.trimmed().span
        usage: list[UsageRecord] = []
        audio_bytes = self._encode_span(audio, span)
        payload = self._pool.run(
            lambda address: self._request_transcription(address, audio_bytes, request, span, usage),
            span.duration,
            lambda: request.cancelled,
        )
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
        address: Address,
        audio_bytes: bytes,
        request: TranscriptionRequest,
        span: TimeSpan,
        usage: list[UsageRecord],
    ) -> dict[str, Any]:
        """Request a transcription in the richest format. Append each request to ``usage``."""
        formats = list(RESPONSE_FORMATS)[list(RESPONSE_FORMATS).index(self.settings.timestamps) :]
        name = f"sound.{EXTENSIONS[self.settings.audio_codec]}"
        content_type = "audio/ogg" if self.settings.audio_codec == "opus" else "audio/flac"
        index = min(address.first_supported, len(formats) - 1)
        while True:
            response = address.client.send_request(
                "POST",
                "/audio/transcriptions",
                data=self._build_fields(request) | RESPONSE_FORMATS[formats[index]],
                files={"file": (name, audio_bytes, content_type)},
            )
            is_downgraded = _is_format_refused(response) and index + 1 < len(formats)
            if not self.settings.is_own:
                usage.append(self._build_usage_record(address, response, span))
            if not is_downgraded:
                return self._check_response(address, response)
            index += 1
            address.first_supported = max(address.first_supported, index)

    def _build_usage_record(
        self, address: Address, response: httpx.Response, span: TimeSpan
    ) -> UsageRecord:
        """Describe one request. A refused one is free, but the audio left this machine."""
        return UsageRecord(
            kind="audio",
            amount=math.ceil(span.duration),
            host=address.client.host,
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

    def _check_response(self, address: Address, response: httpx.Response) -> dict[str, Any]:
        """Return the payload of a transcription. Raise the error of any other response."""
        payload, service = parse_object(response), address.client.service_name
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
    def _pool(self) -> AddressPool:
        settings = self.settings
        return AddressPool(
            [self._open_address(one) for one in settings.list_addresses()],
            is_free=settings.is_own,
            log=self.context.log,
        )

    def _open_address(self, address: AddressSettings) -> Address:
        settings = self.settings.model_copy(
            update={"url": address.url, "api_key": address.api_key, "addresses": ()}
        )
        client = OpenAIClient(self.context.name, settings)
        limit = self.settings.limit_of(address)
        health = AddressHealth(name=client.host, weight=address.weight, limit=limit)
        return Address(client, health)


def _get_destination(settings: TranscriptionSettings) -> str:
    """Return the destination, which names every host: any of them may get the audio."""
    if settings.is_own:
        return LOCAL
    hosts = dict.fromkeys(get_host(one.url) for one in settings.list_addresses())
    return f"openai:{'+'.join(hosts)}"


def _needs_language(settings: TranscriptionSettings) -> bool:
    if settings.needs_language is not None:
        return settings.needs_language
    hosts = {get_host(one.url) for one in settings.list_addresses()}
    return not hosts <= IDENTIFYING_HOSTS


def _is_format_refused(response: httpx.Response) -> bool:
    """Check whether the server refuses the response format."""
    if response.status_code not in (400, 422):
        return False
    text = response.text.lower()
    return any(word in text for word in UNSUPPORTED_WORDS)

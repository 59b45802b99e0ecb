"""The engine of a whisper-asr-webservice, the container that Bazarr uses (``POST /asr``).

Checked against the source of version 1.9.1 of github.com/ahmetoner/whisper-asr-webservice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from subtitled.plugin import (
    LOCAL,
    Audio,
    CheckResult,
    Engine,
    EngineCapabilities,
    InputRejectedError,
    Language,
    Register,
    Settings,
    SetupError,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    UsageRecord,
    hookimpl,
)
from subtitled.plugin.audio_encoding import EXTENSIONS, encode_audio
from subtitled.plugin.http import (
    HttpService,
    get_host,
    is_loopback,
    parse_answer,
    refusal_error,
    send_request,
)
from subtitled.plugin.limits import clean_text

from .openai.response import is_transcription, parse_response
from .whisper.catalogue import TO_CODE, list_languages

if TYPE_CHECKING:
    import httpx

SUBTITLED_API = "1"

MULTILINGUAL_MODEL = "base"
"""A model whose languages all multilingual models of Whisper know."""
MAX_PROMPT_CHARACTERS = 500
"""Longest prompt. Whisper takes 224 tokens, and a longer address is refused by some proxies."""


class WhisperAsrSettings(Settings):
    """The settings in ``[engines.whisperasr]``."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"is_local", "languages", "audio_codec", "concurrency", "timeout", "verify_tls"}
    )

    url: str = Field(
        pattern=r"^https?://",
        description="The address of the service, such as http://localhost:9000.",
    )
    is_local: bool | None = Field(
        None,
        description="Whether the service is yours, so that the audio does not leave your network. "
        "Unset: true for this machine.",
    )
    languages: tuple[Language, ...] = Field(
        (),
        description="Spoken languages that the engine is used for. Empty: those that every "
        "multilingual model of Whisper knows.",
    )
    audio_codec: Literal["opus", "flac"] = Field(
        "flac",
        description="How audio is compressed: opus is a third of the size, flac is lossless.",
    )
    max_seconds: float = Field(
        600.0, ge=30, le=3600, description="Seconds of audio in one request."
    )
    concurrency: int = Field(
        1,
        ge=1,
        le=16,
        description="How many requests are sent at the same time. The service transcribes one "
        "after the other.",
    )
    timeout: float = Field(1200.0, gt=0, le=7200, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Require a valid certificate.")


class WhisperAsrEngine(Engine[WhisperAsrSettings]):
    """The model that the service was started with. Several threads may use it."""

    @classmethod
    def capabilities(cls, settings: WhisperAsrSettings) -> EngineCapabilities:
        return EngineCapabilities(
            languages=frozenset(settings.languages) or list_languages(MULTILINGUAL_MODEL),
            needs_language=False,
            supports_hotwords=True,
            max_chunk_seconds=settings.max_seconds,
            max_concurrency=settings.concurrency,
            destination=LOCAL if _is_local(settings) else f"whisperasr:{get_host(settings.url)}",
        )

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"whisper-asr-webservice at {self.settings.url}"
        try:
            response = self._send("GET", "/openapi.json")
            described = parse_answer(response) if response.is_success else None
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        except ValueError:
            described = None
        described = described if isinstance(described, dict) else {}
        paths, info = described.get("paths"), described.get("info")
        if not isinstance(paths, dict) or "/asr" not in paths:
            return [
                CheckResult(
                    subject, False, "it has no /asr", f"Set {self._section}.url to its root"
                )
            ]
        version = clean_text(info.get("version"), 40) if isinstance(info, dict) else ""
        return [CheckResult(subject, True, f"it answers, version {version or 'unknown'}")]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        if not request.chunk.speech:
            return Transcript(language=request.language, words=())
        span = request.chunk.trimmed().span
        response = self._send(
            "POST",
            "/asr",
            params=self._build_query(request),
            files={"audio_file": (f"sound.{self._extension}", self._encode(audio, span))},
        )
        parsed = parse_response(self._check(response), span.duration, span.start)
        usage: tuple[UsageRecord, ...] = ()
        if not _is_local(self.settings):
            host = get_host(self.settings.url)
            usage = (UsageRecord(kind="audio", amount=span.duration, host=host),)
        is_known = request.language.is_known
        return Transcript(
            language=request.language if is_known else parsed.language or request.language,
            words=parsed.words,
            engine=self.context.name,
            segment_scores=parsed.segment_scores,
            usage=usage,
            word_timestamps=parsed.has_word_timestamps,
        )

    def _build_query(self, request: TranscriptionRequest) -> dict[str, str]:
        query = {"task": "transcribe", "output": "json", "encode": "true"}
        query["word_timestamps"] = "true"
        if request.language.is_known:
            primary = request.language.primary
            query["language"] = TO_CODE.get(primary, str(primary))
        if request.hotwords and not request.chunk.is_mostly_low_energy:
            # In near silence the model would return the prompt as text.
            query["initial_prompt"] = ", ".join(request.hotwords)[:MAX_PROMPT_CHARACTERS]
        return query

    def _check(self, response: httpx.Response) -> dict[str, Any]:
        """Return the JSON of a transcription. Raise the error of any other response."""
        if response.status_code == 413:
            raise InputRejectedError(
                f"{self._name} does not accept requests of this size (413)",
                f'Lower {self._section}.max_seconds, or set audio_codec = "opus"',
            )
        if response.status_code in (404, 405):
            raise SetupError(
                f"{self._name} has no /asr ({response.status_code})",
                f"Set {self._section}.url to the root of the service",
            )
        if not response.is_success:
            raise refusal_error(self._name, response)
        try:
            payload = parse_answer(response)
        except ValueError:
            payload = None
        if not isinstance(payload, dict) or not is_transcription(payload):
            raise TransientError(
                f"{self._name} does not answer as whisper-asr-webservice does",
                f"Check {self._section}.url, and update the container to 1.9 or later",
            )
        return payload

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        settings = self.settings
        service = HttpService(name=self._name, timeout=settings.timeout, verify=settings.verify_tls)
        return send_request(service, method, settings.url.rstrip("/") + path, **options)

    def _encode(self, audio: Audio, span: TimeSpan) -> bytes:
        with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
            path = Path(folder) / f"sound.{self._extension}"
            encode_audio(audio, span, self.settings.audio_codec, path)
            return path.read_bytes()

    @property
    def _extension(self) -> str:
        return EXTENSIONS[self.settings.audio_codec]

    @property
    def _name(self) -> str:
        return f"{self.context.name} at {get_host(self.settings.url)}"

    @property
    def _section(self) -> str:
        return f"engines.{self.context.name}"


def _is_local(settings: WhisperAsrSettings) -> bool:
    return is_loopback(settings.url) if settings.is_local is None else settings.is_local


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    register(WhisperAsrEngine)

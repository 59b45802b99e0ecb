"""The engine: whole files as tasks, or pieces within the request."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import (
    Audio,
    CheckResult,
    Engine,
    EngineCapabilities,
    InputRejectedError,
    SubtitledError,
    Transcript,
    TranscriptionRequest,
)

from .catalogue import list_languages
from .file_transcription import FileTranscription
from .rate_limit import RateLimiter
from .service import Service
from .settings import QwenSettings
from .synchronous import MAX_PIECE_SECONDS, PREFETCH_PIECES, SyncRecogniser


class QwenEngine(Engine[QwenSettings]):
    """A speech recogniser of Model Studio."""

    _recogniser: FileTranscription | SyncRecogniser

    @classmethod
    def capabilities(cls, settings: QwenSettings) -> EngineCapabilities:
        model, is_whole_file = settings.chosen_model, settings.protocol == "file"
        return EngineCapabilities(
            languages=list_languages(model),
            word_timestamps=is_whole_file,
            needs_language=not model.identifies_language,
            supports_hotwords=model.supports_hotwords,
            max_chunk_seconds=None if is_whole_file else MAX_PIECE_SECONDS,
            whole_file=is_whole_file,
            max_concurrency=settings.concurrency + (0 if is_whole_file else PREFETCH_PIECES),
            destination=settings.destination,
            price=model.prices.get(settings.effective_region),
        )

    def load(self) -> None:
        service = self._service
        service.open()
        rate_limiter = RateLimiter(self.settings.requests_per_minute)
        if self.settings.protocol == "file":
            self._recogniser = FileTranscription(service, self.settings, rate_limiter)
        else:
            self._recogniser = SyncRecogniser(service, self.settings, rate_limiter)

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        model = self.settings.chosen_model
        if request.language.is_known and request.language.primary not in list_languages(model):
            raise InputRejectedError(
                f"{self.settings.model_name} does not know {request.language.english_name}",
                "Configure another engine for it",
            )
        if not request.chunk.speech:
            return Transcript(
                language=request.language, words=(), engine=f"qwen {self.settings.model_name}"
            )
        if isinstance(self._recogniser, SyncRecogniser):
            return self._recogniser.transcribe(audio, request)
        return self._recogniser.transcribe(audio, request, request.chunk.trimmed().span)

    def self_check(self) -> Sequence[CheckResult]:
        return check_service(self._service)

    @property
    def _service(self) -> Service:
        return Service(self.settings, f"engines.{self.context.name}")


def check_service(service: Service) -> Sequence[CheckResult]:
    """Check that the SDK is installed and the key is accepted, by a free request."""
    if not service.is_installed():
        return [CheckResult("the package dashscope", False, "", "pip install 'subtitled[qwen]'")]
    subject = f"Model Studio at {service.account.host}"
    try:
        service.check_key()
    except SubtitledError as error:
        return [CheckResult(subject, False, error.message, error.hint)]
    return [CheckResult(subject, True, "the key is accepted")]

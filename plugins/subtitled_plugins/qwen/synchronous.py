"""Synchronous transcription: pieces of up to two minutes as text without times."""

from __future__ import annotations

import base64
import math
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from subtitled.plugin import (
    Audio,
    Chunk,
    InputRejectedError,
    Language,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    UsageRecord,
    Word,
)
from subtitled.plugin.audio_encoding import EXTENSIONS, encode_audio

from .catalogue import find_code
from .rate_limit import RateLimiter
from .service import Service, ServiceResponse
from .settings import QwenSettings

MAX_PIECE_SECONDS = 120.0
"""Seconds of a piece. The service accepts 300. Its own toolkit cuts at 120, because longer pieces
lose text (Qwen3-ASR-Toolkit 1.0.4)."""
MIN_PIECE_SECONDS = 10.0
"""Seconds of a piece that is not split again if its text is truncated."""
MAX_AUDIO_BYTES = 10_000_000
"""Bytes of a request's audio in base64, by the API reference."""
PREFETCH_PIECES = 2
"""How many pieces are prepared while others are being transcribed."""
MAX_CONTEXT_CHARACTERS = 8_000
"""Characters of context. The service accepts about 10 000 tokens."""
TOKENS_PER_SECOND = 25
"""Tokens per second of audio, for responses without seconds."""


class SyncRecogniser:
    """Transcribes short pieces with one account. Several threads may use it."""

    def __init__(self, service: Service, settings: QwenSettings, rate_limiter: RateLimiter) -> None:
        self._service = service
        self._settings = settings
        self._rate_limiter = rate_limiter
        self._slots = threading.BoundedSemaphore(settings.concurrency)

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        """Transcribe a chunk.

        Args:
            audio: The decoded track.
            request: The request.

        Returns:
            One :class:`Word` for each piece, with its whole text.

        Raises:
            SubtitledError: The service does not answer, or refuses the request.
        """
        words: list[Word] = []
        detected_language: Language | None = None
        usage: list[UsageRecord] = []
        for piece in split_to_length(request.chunk, MAX_PIECE_SECONDS, audio):
            for span, response in self._recognise(audio, request, piece):
                text, language = _parse_response(response)
                detected_language = detected_language or language
                usage.append(self._build_usage_record(response, span))
                if text:
                    words.append(Word(text=f" {text}", start=span.start, end=span.end))
        return Transcript(
            language=request.language
            if request.language.is_known
            else detected_language or request.language,
            words=tuple(words),
            engine=f"qwen {self._settings.model_name}",
            usage=tuple(usage),
        )

    def _recognise(
        self, audio: Audio, request: TranscriptionRequest, piece: Chunk
    ) -> Iterator[tuple[TimeSpan, ServiceResponse]]:
        """Transcribe a piece. If its text is truncated, split it and transcribe the halves."""
        span = piece.trimmed().span
        audio_url = self._encode_span(audio, span)
        messages: list[dict[str, Any]] = [{"role": "user", "content": [{"audio": audio_url}]}]
        if request.hotwords and not piece.is_mostly_low_energy:
            # In near silence the model would return the prompt as text.
            context = ", ".join(request.hotwords)[:MAX_CONTEXT_CHARACTERS]
            messages.insert(0, {"role": "system", "content": [{"text": context}]})
        options: dict[str, Any] = {"enable_itn": False}
        code = find_code(self._settings.chosen_model, request.language)
        if code:
            options["language"] = code
        with self._slots:  # acquired before the rate limit, so that requests keep their order
            response = self._rate_limiter.call_with_retries(
                lambda: self._service.recognise(self._settings.model_name, messages, options)
            )
        if (
            _get_choice(response).get("finish_reason") == "length"
            and span.duration > MIN_PIECE_SECONDS
        ):
            for half in piece.split(audio):
                yield from self._recognise(audio, request, half)
            return
        yield span, response

    def _encode_span(self, audio: Audio, span: TimeSpan) -> str:
        codec = self._settings.audio_codec
        with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
            path = Path(folder) / f"piece.{EXTENSIONS[codec]}"
            encode_audio(audio, span, codec, path)
            text = base64.b64encode(path.read_bytes()).decode()
        if len(text) > MAX_AUDIO_BYTES:
            raise InputRejectedError(
                f"{span.duration:.0f} s of audio are {len(text)} bytes, more than is accepted",
                f'Set {self._service.section}.audio_codec = "opus"',
            )
        return f"data:audio/{EXTENSIONS[codec]};base64,{text}"

    def _build_usage_record(self, response: ServiceResponse, span: TimeSpan) -> UsageRecord:
        usage = response.usage
        seconds, tokens = usage.get("seconds"), _count_audio_tokens(usage)
        if isinstance(seconds, int | float):
            amount = float(seconds)
        elif tokens:
            amount = float(math.ceil(tokens / TOKENS_PER_SECOND))
        else:
            amount = float(math.ceil(span.duration))
        account = self._settings
        return UsageRecord(
            kind="audio",
            amount=amount,
            host=account.host,
            region=account.effective_region,
            request_id=response.request_id,
        )


def split_to_length(
    chunk: Chunk, max_seconds: float, audio: Audio | None = None
) -> Iterator[Chunk]:
    """Split a chunk at pauses.

    Args:
        chunk: The chunk.
        max_seconds: The longest piece, without the silence at its ends.
        audio: The track, by which speech without a pause is split where it is quiet.

    Yields:
        Pieces with speech.
    """
    if not chunk.speech:
        return
    if chunk.trimmed().span.duration <= max_seconds:
        yield chunk
        return
    for half in chunk.split(audio):
        yield from split_to_length(half, max_seconds, audio)


def _get_choice(response: ServiceResponse) -> dict[str, Any]:
    choices = response.output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    return first if isinstance(first, dict) else {}


def _parse_response(response: ServiceResponse) -> tuple[str, Language | None]:
    """Parse the text and the language. No content means no speech."""
    message = _get_choice(response).get("message")
    message = message if isinstance(message, dict) else {}
    content = message.get("content")
    if isinstance(content, str):
        text = content
    else:
        parts = content if isinstance(content, list) else []
        text = "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))
    notes = message.get("annotations")
    note = next((item for item in notes or () if isinstance(item, dict)), {})
    try:
        language = Language(note["language"])
    except (KeyError, TypeError, ValueError, AttributeError):
        language = None
    return text.strip(), language


def _count_audio_tokens(usage: dict[str, Any]) -> int:
    details = usage.get("input_tokens_details")
    for counts in (details, usage):
        tokens = counts.get("audio_tokens") if isinstance(counts, dict) else None
        if isinstance(tokens, int):
            return tokens
    return 0

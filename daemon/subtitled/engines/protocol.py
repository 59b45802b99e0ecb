"""The JSON protocol between the daemon and an engine process, validated on both sides.

An engine may be third-party code. Its answers are parsed into the types of the plugin API, so a
wrong shape is found and named here. Nothing from a plugin is ever unpickled in the daemon.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from subtitled.media.vad import SpeechActivity
from subtitled.plugin import (
    Chunk,
    InputRejectedError,
    LanguageGuess,
    SetupError,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    Word,
)

TIME_SPANS: TypeAdapter[list[TimeSpan]] = TypeAdapter(list[TimeSpan])
SPEECH: TypeAdapter[SpeechActivity] = TypeAdapter(SpeechActivity)
GUESSES: TypeAdapter[list[LanguageGuess]] = TypeAdapter(list[LanguageGuess])
TRANSCRIPT: TypeAdapter[Transcript] = TypeAdapter(Transcript)
CHUNK: TypeAdapter[Chunk] = TypeAdapter(Chunk)
WORDS: TypeAdapter[list[Word]] = TypeAdapter(list[Word])
TRANSCRIPTION_REQUEST: TypeAdapter[TranscriptionRequest] = TypeAdapter(TranscriptionRequest)


class EngineCrashedError(TransientError):
    """An engine process that ended, or had to be killed, during a call."""


class ResourceUnavailableError(TransientError):
    """Something that a file needs and that is not available yet, such as a spent budget.

    The file is not at fault, so this does not count as a failed attempt.
    """


_ERROR_KINDS: dict[str, type[SubtitledError]] = {
    kind.__name__: kind
    for kind in (
        EngineCrashedError,
        ResourceUnavailableError,
        TransientError,
        SetupError,
        InputRejectedError,
    )
}


def error_to_json(error: SubtitledError) -> dict[str, Any]:
    """Convert an error to JSON.

    A plugin's own subclass becomes the class of this package that it extends.

    Args:
        error: The error to send.

    Returns:
        ``kind`` (the name of the class), ``message``, ``hint`` and, if known, ``retry_after`` in
        seconds.
    """
    kind = next(
        (name for name, cls in _ERROR_KINDS.items() if isinstance(error, cls)), "TransientError"
    )
    payload: dict[str, Any] = {"kind": kind, "message": error.message, "hint": error.hint}
    if isinstance(error, TransientError) and error.retry_after is not None:
        payload["retry_after"] = error.retry_after
    return payload


def error_from_json(payload: dict[str, Any]) -> SubtitledError:
    """Rebuild the error that :func:`error_to_json` converted."""
    kind = _ERROR_KINDS[payload["kind"]]
    if issubclass(kind, TransientError):
        return kind(payload["message"], payload["hint"], payload.get("retry_after"))
    return kind(payload["message"], payload["hint"])

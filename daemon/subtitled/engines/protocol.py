"""What parent and engine process say to each other: JSON, checked on both sides.

An engine may be anybody's code. Whatever it gives is read back as the contract's own types, so a
wrong shape is found here and named, and nothing of the plugin's is ever unpickled in the daemon.
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
    """A child process ended, or had to be ended, in the middle of a call."""


class ResourceUnavailableError(TransientError):
    """Nothing is wrong with the file: something that it needs is not to be had until later. It
    counts as no failed attempt."""


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
    """A problem as JSON; a plugin's own subclass becomes the kind of ours that it extends."""
    kind = next(
        (name for name, cls in _ERROR_KINDS.items() if isinstance(error, cls)), "TransientError"
    )
    payload: dict[str, Any] = {"kind": kind, "message": error.message, "hint": error.hint}
    if isinstance(error, TransientError) and error.retry_after is not None:
        payload["retry_after"] = error.retry_after
    return payload


def error_from_json(payload: dict[str, Any]) -> SubtitledError:
    """The problem that :func:`error_to_json` wrote down."""
    kind = _ERROR_KINDS[payload["kind"]]
    if issubclass(kind, TransientError):
        return kind(payload["message"], payload["hint"], payload.get("retry_after"))
    return kind(payload["message"], payload["hint"])

"""The JSON protocol between the daemon and an engine process, validated on both sides.

An engine may be third-party code. Its answers are parsed into the types of the plugin API, so a
wrong shape is found and named here. Nothing from a plugin is ever unpickled in the daemon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from subtitled.config.plugin_faults import PluginFaultError
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import (
    Batch,
    Chunk,
    Generation,
    InputRejectedError,
    LanguageGuess,
    SetupError,
    SpeechWindow,
    SubtitledError,
    Transcript,
    TranscriptionRequest,
    TransientError,
    Translation,
    Word,
)
from subtitled.plugin.limits import (
    MAX_WIRE_BYTES,
    clean_text,
    parse_json,
    read_number,
    read_object,
)

from .errors import CallCancelledError as CallCancelledError
from .errors import EngineCrashedError as EngineCrashedError
from .errors import EngineLoadError as EngineLoadError
from .errors import ResourceUnavailableError as ResourceUnavailableError

T = TypeVar("T")

MAX_TRACEBACK_LINES = 100
"""Lines of the traceback of an engine that are kept."""
MAX_RETRY_SECONDS = 24 * 3600.0
"""Longest wait that an engine may ask for."""
SPEECH_WINDOWS: TypeAdapter[list[SpeechWindow]] = TypeAdapter(list[SpeechWindow])
SPEECH: TypeAdapter[SpeechActivity] = TypeAdapter(SpeechActivity)
GUESSES: TypeAdapter[list[LanguageGuess]] = TypeAdapter(list[LanguageGuess])
TRANSCRIPT: TypeAdapter[Transcript] = TypeAdapter(Transcript)
CHUNK: TypeAdapter[Chunk] = TypeAdapter(Chunk)
WORDS: TypeAdapter[list[Word]] = TypeAdapter(list[Word])
TRANSCRIPTION_REQUEST: TypeAdapter[TranscriptionRequest] = TypeAdapter(TranscriptionRequest)
BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
TRANSLATION: TypeAdapter[Translation] = TypeAdapter(Translation)
GENERATION: TypeAdapter[Generation] = TypeAdapter(Generation)


_ERROR_KINDS: dict[str, type[SubtitledError]] = {
    kind.__name__: kind
    for kind in (
        EngineLoadError,
        EngineCrashedError,
        ResourceUnavailableError,
        TransientError,
        PluginFaultError,
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
        seconds or ``traceback``.
    """
    kind = next(
        (name for name, cls in _ERROR_KINDS.items() if isinstance(error, cls)), "TransientError"
    )
    payload: dict[str, Any] = {"kind": kind, "message": error.message, "hint": error.hint}
    if isinstance(error, TransientError) and error.retry_after is not None:
        payload["retry_after"] = error.retry_after
    if isinstance(error, PluginFaultError):
        payload["traceback"] = error.traceback
    return payload


def error_from_json(payload: object, engine: str = "the engine") -> SubtitledError:
    """Rebuild the error that :func:`error_to_json` converted.

    An error of another shape becomes a :class:`TransientError` without a reason.

    Args:
        payload: The error as JSON.
        engine: What to call the engine in that case.
    """
    record = read_object(payload)
    kind = _ERROR_KINDS.get(clean_text(record.get("kind")), TransientError)
    message = clean_text(record.get("message")) or f"{engine} failed and gave no reason"
    hint = clean_text(record.get("hint"))
    if issubclass(kind, TransientError):
        wait = read_number(record.get("retry_after"), 0.0, math.inf)
        return kind(message, hint, None if wait is None else min(wait, MAX_RETRY_SECONDS))
    if issubclass(kind, PluginFaultError):
        return kind(message, hint, _clean_lines(record.get("traceback")))
    return kind(message, hint)


def _clean_lines(text: object) -> str:
    """Return the lines of a traceback without control characters."""
    lines = text.splitlines() if isinstance(text, str) else []
    return "\n".join(clean_text(line) for line in lines[:MAX_TRACEBACK_LINES])


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of an engine process to the call with this number."""

    id: int
    outcome: str
    """``result``, ``error`` (one of ours), ``exception`` (any other, as text), or ``progress``,
    which is no answer yet."""
    value: Any


def parse_answer(payload: bytes) -> Answer:
    """Parse an answer of an engine process.

    Raises:
        ValueError: It is no answer, too large, or nested too deeply.
    """
    record = read_object(parse_json(payload, MAX_WIRE_BYTES))
    number = record.get("id")
    outcomes = [name for name in ("result", "error", "exception", "progress") if name in record]
    if not isinstance(number, int) or len(outcomes) != 1:
        raise ValueError("it is no answer to a call")
    return Answer(number, outcomes[0], record[outcomes[0]])


def validate_result(adapter: TypeAdapter[T], value: object, engine: str) -> T:
    """Convert the result of a call to a type of the plugin API.

    Args:
        adapter: The type.
        value: The result as JSON.
        engine: What to call the engine in the error.

    Raises:
        InputRejectedError: The result has another shape.
    """
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"][:4])
        raise InputRejectedError(
            f"{engine} gave an invalid answer: {place or 'all of it'}: {first['msg'][:100]}",
            "This is a fault of that plugin: tell its author, or configure another engine",
        ) from None

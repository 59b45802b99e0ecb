"""Calls of translators, with retries and validation."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from pydantic import TypeAdapter

from subtitled.engines.protocol import EngineCrashedError
from subtitled.engines.translators import OpenTranslator
from subtitled.plugin import (
    Backoff,
    Batch,
    Generation,
    InputRejectedError,
    Line,
    TransientError,
    Translation,
)
from subtitled.plugin.limits import MAX_OUTPUT_CHARACTERS, clean_text

MAX_ATTEMPTS = 3
MAX_CRASHES = 2
"""Crashes of its process after which a call is not made again."""
BACKOFF = Backoff(first=1.0)
"""The wait between tries, unless the translator names one."""
MAX_RETRY_WAIT_SECONDS = 20.0
"""Longest wait in seconds before the next try. Longer waits are left to the job queue."""

MAX_LINES_FACTOR = 4
"""Lines that are looked at for each line of the batch. Some come back twice."""
MAX_GROWTH, MIN_LINE_CHARACTERS = 20, 1000
"""A line may have so many times the characters of its source, and so many more."""

T = TypeVar("T")
_TRANSLATION: TypeAdapter[Translation] = TypeAdapter(Translation)
_GENERATION: TypeAdapter[Generation] = TypeAdapter(Generation)


def call_translate(name: str, translator: OpenTranslator, batch: Batch) -> Translation:
    """Have a translator translate a batch. Transient errors are retried a few times.

    Raises:
        SubtitledError: The translator failed, or its answer has the wrong shape.
    """
    answer = _with_retries(lambda: translator.translate(batch))
    translation = _validated(name, answer, _TRANSLATION)
    return replace(translation, lines=tuple(_bounded_lines(batch, translation.lines)))


def call_generate(name: str, translator: OpenTranslator, instruction: str, text: str) -> Generation:
    """Have a translator follow an instruction about a text.

    Errors are as in :func:`call_translate`.
    """
    answer = _with_retries(lambda: translator.generate(instruction, text))
    generation = _validated(name, answer, _GENERATION)
    return replace(generation, text=clean_text(generation.text, MAX_OUTPUT_CHARACTERS))


def _bounded_lines(batch: Batch, lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines that can be checked. One that is far too long counts as missing."""
    lengths = {line.id: len(line.text) for line in batch.lines}
    for line in itertools.islice(lines, MAX_LINES_FACTOR * len(batch.lines) + 100):
        if len(line.text) <= MAX_GROWTH * lengths.get(line.id, 0) + MIN_LINE_CHARACTERS:
            yield replace(line, text=clean_text(line.text, len(line.text)))


def _validated(name: str, answer: T, adapter: TypeAdapter[T]) -> T:
    """Return the answer if it has the shape of the API down to the last field."""
    try:
        return adapter.validate_python(adapter.dump_python(answer, mode="json", warnings="error"))
    except Exception as error:  # A plugin's answer may be anything, and raise anything.
        raise InputRejectedError(
            f"translator {name} gave an invalid answer: {type(answer).__name__}",
            "This is a fault of that plugin: tell its author, or configure another translator",
        ) from error


def _with_retries(call: Callable[[], T]) -> T:
    for number in range(1, MAX_ATTEMPTS + 1):
        try:
            return call()
        except TransientError as error:
            if isinstance(error, EngineCrashedError) and number >= MAX_CRASHES:
                raise
            wait = error.retry_after if error.retry_after is not None else BACKOFF.delay(number)
            if number == MAX_ATTEMPTS or wait > MAX_RETRY_WAIT_SECONDS:
                raise
            time.sleep(wait)
    raise AssertionError("unreachable")

"""The only place that calls a translator."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pydantic import TypeAdapter

from subtitled.config.plugins import call_with_timeout
from subtitled.plugin import (
    Backoff,
    Batch,
    Generation,
    InputRejectedError,
    TransientError,
    Translation,
    Translator,
)

CALL_TIMEOUT_SECONDS = 300.0
"""Seconds that one call may take."""
MAX_ATTEMPTS = 3
BACKOFF = Backoff(first=1.0)
"""Between two of them, unless the translator says how long it wants."""
MAX_RETRY_WAIT_SECONDS = 20.0
"""Seconds that are waited at most before the next try; a longer wait is the daemon's affair."""

T = TypeVar("T")
_TRANSLATION: TypeAdapter[Translation] = TypeAdapter(Translation)
_GENERATION: TypeAdapter[Generation] = TypeAdapter(Generation)


def call_translate(name: str, translator: Translator, batch: Batch) -> Translation:
    """What a translator makes of a batch, whatever that is. Raises
    :class:`~subtitled.plugin.Problem`; one that may pass soon only after some tries."""
    said = _with_retries(
        lambda: call_with_timeout(name, lambda: translator.translate(batch), CALL_TIMEOUT_SECONDS)
    )
    return _validated(name, said, _TRANSLATION)


def call_generate(name: str, translator: Translator, instruction: str, text: str) -> Generation:
    """What a translator writes when it is told to. Raises as :func:`call_translate` does."""
    said = _with_retries(
        lambda: call_with_timeout(
            name, lambda: translator.generate(instruction, text), CALL_TIMEOUT_SECONDS
        )
    )
    return _validated(name, said, _GENERATION)


def _validated(name: str, answer: T, adapter: TypeAdapter[T]) -> T:
    """What a translator said, if it is of the contract's form down to the last field."""
    try:
        return adapter.validate_python(adapter.dump_python(answer, mode="json", warnings="error"))
    except Exception as error:  # what they gave may be anything, and do anything
        raise InputRejectedError(
            f"translator {name} gave what the contract does not know: {type(answer).__name__}",
            "This is a fault of that plugin: tell its author, or configure another translator",
        ) from error


def _with_retries(call: Callable[[], T]) -> T:
    for number in range(1, MAX_ATTEMPTS + 1):
        try:
            return call()
        except TransientError as error:
            wait = error.retry_after if error.retry_after is not None else BACKOFF.delay(number)
            if number == MAX_ATTEMPTS or wait > MAX_RETRY_WAIT_SECONDS:
                raise
            time.sleep(wait)
    raise AssertionError("unreachable")

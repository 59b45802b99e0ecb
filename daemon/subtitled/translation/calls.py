"""The only place that calls a translator."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pydantic import TypeAdapter

from subtitled.config.isolation import guarded
from subtitled.plugin import Backoff, Batch, Rejected, Temporary, Translation, Translator, Writing

LIMIT = 300.0
"""Seconds that one call may take."""
TRIES = 3
BACKOFF = Backoff(first=1.0)
"""Between two of them, unless the translator says how long it wants."""
PATIENCE = 20.0
"""Seconds that are waited at most before the next try; a longer wait is the daemon's affair."""

T = TypeVar("T")
_TRANSLATION: TypeAdapter[Translation] = TypeAdapter(Translation)
_WRITING: TypeAdapter[Writing] = TypeAdapter(Writing)


def ask(name: str, translator: Translator, batch: Batch) -> Translation:
    """What a translator makes of a batch, whatever that is. Raises
    :class:`~subtitled.plugin.Problem`; one that may pass soon only after some tries."""
    said = _patiently(lambda: guarded(name, lambda: translator.translate(batch), LIMIT))
    return _held(name, said, _TRANSLATION)


def write(name: str, translator: Translator, instruction: str, text: str) -> Writing:
    """What a translator writes when it is told to. Raises as :func:`ask` does."""
    said = _patiently(lambda: guarded(name, lambda: translator.write(instruction, text), LIMIT))
    return _held(name, said, _WRITING)


def _held(name: str, said: T, contract: TypeAdapter[T]) -> T:
    """What a translator said, if it is of the contract's form down to the last field."""
    try:
        return contract.validate_python(contract.dump_python(said, mode="json", warnings="error"))
    except Exception as error:  # what they gave may be anything, and do anything
        raise Rejected(
            f"translator {name} gave what the contract does not know: {type(said).__name__}",
            "This is a fault of that plugin: tell its author, or configure another translator",
        ) from error


def _patiently(call: Callable[[], T]) -> T:
    for number in range(1, TRIES + 1):
        try:
            return call()
        except Temporary as problem:
            wait = problem.retry_after if problem.retry_after is not None else BACKOFF.delay(number)
            if number == TRIES or wait > PATIENCE:
                raise
            time.sleep(wait)
    raise AssertionError("unreachable")

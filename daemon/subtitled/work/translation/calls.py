"""The only place that calls a translator."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from subtitled.config.isolation import guarded
from subtitled.plugin import Batch, Temporary, Translation, Translator, Writing

LIMIT = 300.0
"""Seconds that one call may take."""
TRIES = 3
PATIENCE = 20.0
"""Seconds that are waited at most before the next try; a longer wait is the daemon's affair."""

T = TypeVar("T")


def ask(name: str, translator: Translator, batch: Batch) -> Translation:
    """What a translator makes of a batch, whatever that is. Raises
    :class:`~subtitled.plugin.Problem`; one that may pass soon only after some tries."""
    return _patiently(lambda: guarded(name, lambda: translator.translate(batch), LIMIT))


def write(name: str, translator: Translator, instruction: str, text: str) -> Writing:
    """What a translator writes when it is told to. Raises as :func:`ask` does."""
    return _patiently(lambda: guarded(name, lambda: translator.write(instruction, text), LIMIT))


def _patiently(call: Callable[[], T]) -> T:
    for number in range(1, TRIES + 1):
        try:
            return call()
        except Temporary as problem:
            wait = problem.retry_after if problem.retry_after is not None else 2.0 ** (number - 1)
            if number == TRIES or wait > PATIENCE:
                raise
            time.sleep(wait)
    raise AssertionError("unreachable")

"""The capabilities that an engine or a translator states, checked before anything relies on them.

They are code of the plugin: they may raise anything, return anything, and never return.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import TypeAdapter

from subtitled.plugin import (
    Component,
    Engine,
    EngineCapabilities,
    Price,
    SetupError,
    Translator,
    TranslatorCapabilities,
)

MAX_CONCURRENCY = 256
"""Most calls at the same time that an engine may ask for."""
MAX_BATCH_LINES = 10_000
"""Most lines of a batch that a translator may ask for."""
MIN_CHUNK_SECONDS = 1.0
"""Shortest chunk that an engine may ask for."""

_ADAPTERS: dict[type[Component], tuple[type, TypeAdapter[Any]]] = {
    Engine: (EngineCapabilities, TypeAdapter(EngineCapabilities)),
    Translator: (TranslatorCapabilities, TypeAdapter(TranslatorCapabilities)),
}


def check_capabilities(component: type[Component], plugin: str, stated: object) -> Any:
    """Check what a component states about itself, down to the last field.

    Args:
        component: The class of the engine or translator.
        plugin: The plugin's name, for messages.
        stated: What its ``capabilities`` returned.

    Returns:
        The same capabilities, with values of the right types only.

    Raises:
        SetupError: It is of another type, or a number in it is impossible.
    """
    expected, adapter = next(
        pair for base, pair in _ADAPTERS.items() if issubclass(component, base)
    )
    problem = f"capabilities() returned {type(stated).__name__} and no {expected.__name__}"
    if isinstance(stated, expected):
        try:
            checked = adapter.validate_python(
                adapter.dump_python(stated, mode="json", warnings="error")
            )
        except Exception as error:  # noqa: BLE001 - a field may be anything
            problem = f"capabilities() has a field of a wrong type ({type(error).__name__})"
        else:
            problem = _find_impossible_number(checked)
            if not problem:
                return checked
    raise SetupError(
        f"the plugin {plugin} is at fault: {problem}",
        "Look for a newer version of it, or tell its author",
    )


def _find_impossible_number(capabilities: Any) -> str:
    price: Price | None = capabilities.price
    if price is not None and not (math.isfinite(price.amount) and price.amount >= 0):
        return f"capabilities() states a price of {price.amount}"
    if isinstance(capabilities, TranslatorCapabilities):
        if not 1 <= capabilities.max_batch_lines <= MAX_BATCH_LINES:
            return f"capabilities() states max_batch_lines = {capabilities.max_batch_lines}"
        return ""
    if not 1 <= capabilities.max_concurrency <= MAX_CONCURRENCY:
        return f"capabilities() states max_concurrency = {capabilities.max_concurrency}"
    seconds = capabilities.max_chunk_seconds
    if seconds is not None and not (math.isfinite(seconds) and seconds >= MIN_CHUNK_SECONDS):
        return f"capabilities() states max_chunk_seconds = {seconds}"
    return ""

"""The capabilities that an engine or a translator states, checked before anything relies on them.

They are code of the plugin: they may raise anything, return anything, and never return.
"""

from __future__ import annotations

import math
from typing import Any

from subtitled.plugin import (
    Component,
    Endpoint,
    EndpointCapabilities,
    Engine,
    EngineCapabilities,
    Price,
    Translator,
    TranslatorCapabilities,
)

from .plugin_faults import FAULT_HINT, PluginFaultError, find_definition
from .plugin_results import convert_result

MAX_CONCURRENCY = 256
"""Most calls at the same time that an engine may ask for."""
MAX_BATCH_LINES = 10_000
"""Most lines of a batch that a translator may ask for."""
ENDPOINT_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
"""Methods that an endpoint may answer."""
MAX_ENDPOINT_BYTES = 64 * 1024 * 1024
"""Largest body that an endpoint may take or answer with."""
MAX_ENDPOINT_SECONDS = 300.0
"""Longest time that an endpoint may take for an answer."""
MIN_CHUNK_SECONDS = 1.0
"""Shortest chunk that an engine may ask for."""

_EXPECTED: dict[type[Component], type] = {
    Engine: EngineCapabilities,
    Translator: TranslatorCapabilities,
    Endpoint: EndpointCapabilities,
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
        PluginFaultError: It is of another type, or a number in it is impossible.
    """
    expected = next(kind for base, kind in _EXPECTED.items() if issubclass(component, base))
    method = getattr(component, "capabilities")  # noqa: B009 - both kinds have it
    who = f"the plugin {plugin}"
    checked = convert_result(who, method, "capabilities", stated, expected)
    if problem := _find_impossible_number(checked):
        raise PluginFaultError(
            f"{who} is at fault: capabilities() states {problem[0]} ({find_definition(method)})",
            f"It must be {problem[1]}. {FAULT_HINT}",
        )
    return checked


def _find_impossible_number(capabilities: Any) -> tuple[str, str] | None:
    """Return a field that cannot be as it is, and what it must be."""
    if isinstance(capabilities, EndpointCapabilities):
        return _find_impossible_limit(capabilities)
    price: Price | None = capabilities.price
    if price is not None and not (math.isfinite(price.amount) and price.amount >= 0):
        return f"a price of {price.amount}", "0 or more"
    if isinstance(capabilities, TranslatorCapabilities):
        lines = capabilities.max_batch_lines
        if not 1 <= lines <= MAX_BATCH_LINES:
            return f"max_batch_lines = {lines}", f"1 to {MAX_BATCH_LINES}"
        return None
    if not 1 <= capabilities.max_concurrency <= MAX_CONCURRENCY:
        return f"max_concurrency = {capabilities.max_concurrency}", f"1 to {MAX_CONCURRENCY}"
    seconds = capabilities.max_chunk_seconds
    if seconds is not None and not (math.isfinite(seconds) and seconds >= MIN_CHUNK_SECONDS):
        return f"max_chunk_seconds = {seconds}", f"None, or {MIN_CHUNK_SECONDS:g} or more"
    return None


def _find_impossible_limit(capabilities: EndpointCapabilities) -> tuple[str, str] | None:
    """Return a field of an endpoint that cannot be as it is, and what it must be."""
    if not capabilities.methods or capabilities.methods - ENDPOINT_METHODS:
        methods = ", ".join(sorted(capabilities.methods)) or "none"
        return f"the methods {methods}", f"some of {', '.join(sorted(ENDPOINT_METHODS))}"
    for name in ("max_body_bytes", "max_response_bytes"):
        if not 0 < (number := getattr(capabilities, name)) <= MAX_ENDPOINT_BYTES:
            return f"{name} = {number}", f"1 to {MAX_ENDPOINT_BYTES}"
    seconds = capabilities.timeout_seconds
    if not (math.isfinite(seconds) and 0 < seconds <= MAX_ENDPOINT_SECONDS):
        return f"timeout_seconds = {seconds}", f"more than 0, up to {MAX_ENDPOINT_SECONDS:g}"
    return None

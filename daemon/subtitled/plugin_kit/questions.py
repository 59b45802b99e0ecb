"""What a plugin is asked to find out whether it keeps to the plugin API, as the core asks.

A question raises AssertionError or one of our errors if the answer is wrong.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from subtitled.config.plugins import ConfiguredComponent

from . import component_questions, endpoint_questions, engine_questions
from .hook_questions import HookSubject, call_hook, list_event_hooks
from .subject import NotApplicableError, Subject

__all__ = ["HOOKS", "HookSubject", "NotApplicableError", "Question", "Subject", "list_questions"]

HOOKS: Final = "hooks"
"""The kind of a plugin without components."""

_QUESTIONS: Final[dict[str, tuple[Callable[[Subject], None], ...]]] = {
    "engines": engine_questions.ALL,
    "translators": (engine_questions.lists_its_models, *component_questions.FOR_TRANSLATORS),
    "servers": component_questions.FOR_SERVERS,
    "notifiers": component_questions.FOR_NOTIFIERS,
    "endpoints": endpoint_questions.FOR_ENDPOINTS,
}
_QUIET = (
    *component_questions.FOR_ALL[:-1],
    engine_questions.lists_its_models,
    component_questions.lists_models_of_a_pair,
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a component."""

    name: str
    """Such as ``transcribes silence``."""
    ask: Callable[[Any], None]
    """Takes a :class:`Subject`, or a :class:`HookSubject`."""
    is_call: bool
    """Whether the component works, and may send something away, to answer it."""


def list_questions(kind: str) -> tuple[Question, ...]:
    """List the questions to a kind of component.

    Args:
        kind: A section of the configuration, such as ``engines``, or :data:`HOOKS`.
    """
    if kind == HOOKS:
        return tuple(
            Question(name.replace("_", " "), functools.partial(call_hook, name), True)
            for name in list_event_hooks()
        )
    return tuple(
        Question(function.__name__.replace("_", " "), function, function not in _QUIET)
        for function in (*component_questions.FOR_ALL, *_QUESTIONS[kind])
    )


def sends_away(kind: str, configured: ConfiguredComponent[Any]) -> str:
    """Return where the questions would send something; empty if they stay on this machine."""
    if kind in ("engines", "translators"):
        destination = configured.capabilities().destination
        return "" if destination == "local" else str(destination)
    return {"servers": "its server", "notifiers": "its recipients"}.get(kind, "")

"""Calling other people's code: with a time limit, and with its name on whatever goes wrong."""

from __future__ import annotations

import contextvars
import functools
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pluggy

from subtitled.plugin import Problem, Temporary

_log = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT = 30.0
"""Seconds that a media server or a hook may take."""


def guarded(name: str, function: Callable[[], T], limit: float) -> T:
    """The function's result, if it comes within ``limit`` seconds.

    A :class:`~subtitled.plugin.Problem` passes, with a note of the plugin's name; anything else
    raised, even ``SystemExit``, becomes a :class:`Temporary` that names it. A hang does too: its
    thread is left behind.
    """
    result: list[T] = []
    raised: list[tuple[BaseException, str]] = []

    def call() -> None:
        try:
            result.append(function())
        except BaseException as error:  # noqa: BLE001 - nothing of theirs may end a thread of ours
            raised.append((error, _text(error)))

    context = contextvars.copy_context()  # what is logged there is of the same job
    thread = threading.Thread(target=context.run, args=(call,), name=f"plugin {name}", daemon=True)
    thread.start()
    thread.join(limit)
    if result:
        return result[0]
    if not raised:
        raise Temporary(
            f"the plugin {name} did not answer within {limit:g} s",
            "Look at what it talks to, or tell its author",
        )
    error, text = raised[0]
    if isinstance(error, Problem):
        error.add_note(f"from the plugin {name}")
        raise error
    raise Temporary(
        f"the plugin {name} failed: {text}", "Look for a newer version of it, or tell its author"
    ) from error


def _text(error: BaseException) -> str:
    """Type and message of an error, even if it cannot say itself."""
    kind = type(error).__name__
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - their __str__ is their code too
        message = ""
    return f"{kind}: {message}" if message else kind


def tell_observers(hooks: pluggy.PluginManager, hook: str, event: Any, limit: float) -> None:
    """Call each plugin's implementation of an event hook by itself; log what goes wrong."""
    for implementation in getattr(hooks.hook, hook).get_hookimpls():
        # pluggy lets an implementation leave out arguments that it does not use.
        arguments = (event,) if implementation.argnames else ()
        call = functools.partial(implementation.function, *arguments)
        try:
            guarded(implementation.plugin_name, call, limit)
        except Problem as problem:
            _log.warning("plugin %s, %s: %s", implementation.plugin_name, hook, problem)

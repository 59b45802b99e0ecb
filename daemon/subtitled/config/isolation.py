"""Calling other people's code: with a time limit, and with its name on whatever goes wrong."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pluggy

from subtitled.plugin import Problem, Temporary

_log = logging.getLogger(__name__)
T = TypeVar("T")


def guarded(name: str, function: Callable[[], T], limit: float) -> T:
    """The function's result, if it comes within ``limit`` seconds.

    A :class:`~subtitled.plugin.Problem` passes; anything else raised, even ``SystemExit``, becomes
    a :class:`Temporary` that names the plugin. A hang does too: its thread is left behind.
    """
    result: list[T] = []
    raised: list[BaseException] = []

    def call() -> None:
        try:
            result.append(function())
        except BaseException as error:  # noqa: BLE001 - nothing of theirs may end a thread of ours
            raised.append(error)

    thread = threading.Thread(target=call, name=f"plugin {name}", daemon=True)
    thread.start()
    thread.join(limit)
    if raised:
        if isinstance(raised[0], Problem):
            raise raised[0]
        error = raised[0]
        raise Temporary(
            f"the plugin {name} failed: {type(error).__name__}: {error}",
            "Look for a newer version of it, or tell its author",
        ) from error
    if not result:
        raise Temporary(
            f"the plugin {name} did not answer within {limit:.0f} s",
            "Look at what it talks to, or tell its author",
        )
    return result[0]


def tell_observers(hooks: pluggy.PluginManager, hook: str, event: Any, limit: float) -> None:
    """Call each plugin's implementation of an event hook by itself; log what goes wrong."""
    for implementation in getattr(hooks.hook, hook).get_hookimpls():
        try:
            call = functools.partial(implementation.function, event)
            guarded(implementation.plugin_name, call, limit)
        except Problem as problem:
            _log.warning("%s: %s", hook, problem)

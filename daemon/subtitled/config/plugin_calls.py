"""Calling code of plugins. Each call has a time limit, and its errors name the plugin."""

from __future__ import annotations

import contextvars
import functools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from subtitled.plugin import SubtitledError, TransientError

from .plugin_faults import describe_thread, explain_exception
from .plugin_output import prints_to_stderr
from .plugin_registration import HookManager, hook_caller_of

_log = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT = 30.0
"""Seconds that a call of a media server or a hook may take."""


def call_with_timeout(
    name: str,
    function: Callable[[], T],
    timeout: float,
    *,
    has_text: bool = False,
    late_hint: str = "Look at what it talks to, or tell its author",
) -> T:
    """Call code of a plugin with a time limit.

    The code runs in a thread of its own. After a timeout the thread is abandoned. What it prints
    goes to stderr.

    Args:
        name: The plugin's name, for messages.
        function: The code to call.
        timeout: The time limit in seconds.
        has_text: Whether it handles subtitles, which no message may repeat.
        late_hint: The hint if it does not return in time.

    Returns:
        The result of ``function``.

    Raises:
        SubtitledError: The code raised it. A note names the plugin.
        PluginFaultError: The code raised what comes again until it is changed, such as TypeError or
            SystemExit. The message has the file and line.
        TransientError: The code raised anything else, or timed out.
    """
    result: list[T] = []
    raised: list[tuple[BaseException, SubtitledError]] = []
    who = f"the plugin {name}"

    def call() -> None:
        try:
            with prints_to_stderr():
                result.append(function())
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
            raised.append((error, explain_exception(who, error, has_text=has_text)))

    context = contextvars.copy_context()  # log records there belong to the same job
    thread = threading.Thread(target=context.run, args=(call,), name=f"plugin {name}", daemon=True)
    thread.start()
    thread.join(timeout)
    if result:
        return result[0]
    if not raised:
        place = describe_thread(thread.ident)
        where = f" ({place})" if place else ""
        raise TransientError(f"{who} did not answer within {timeout:g} s{where}", late_hint)
    original, error = raised[0]
    if error is original:
        error.add_note(f"from the plugin {name}")
        raise error
    raise error from original


def call_event_hooks(hooks: HookManager, hook: str, event: Any, timeout: float) -> None:
    """Call an event hook of each plugin, and log what goes wrong.

    Args:
        hooks: The plugin manager.
        hook: The name of the hook, such as ``job_finished``.
        event: The event.
        timeout: The time limit for each plugin, in seconds.
    """
    for name, caller in iter_hook_callers(hooks, hook):
        try:
            call_with_timeout(name, functools.partial(caller, event=event), timeout)
        except SubtitledError as error:
            _log.warning("plugin %s, %s: %s", name, hook, error)


def iter_hook_callers(hooks: HookManager, hook: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Iterate over the plugins that implement a hook.

    Args:
        hooks: The plugin manager.
        hook: The name of the hook.

    Yields:
        The plugin's name, and a caller of its implementation alone, with its settings and context.
    """
    implementations = getattr(hooks.hook, hook).get_hookimpls()
    for plugin in dict.fromkeys(implementation.plugin for implementation in implementations):
        caller = hook_caller_of(hooks, hook, plugin)
        yield hooks.get_name(plugin) or "?", functools.partial(caller, **hooks.arguments_of(plugin))

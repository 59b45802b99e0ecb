"""What went wrong in the code of a plugin: the call, the file and line, and a hint.

No message here holds what was recognised or translated. Of an error in a call that handles such
text, the kind and the place are told, and what its message quotes is left out.
"""

from __future__ import annotations

import json
import linecache
import logging
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, Final

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError
from subtitled.plugin.limits import clean_text

_log = logging.getLogger(__name__)

MAX_MESSAGE_CHARACTERS: Final = 500
"""Characters of an error of a plugin that are told."""
MAX_WRAPPERS: Final = 20
"""Decorators of a function that are looked through."""
CORRECT_LINE: Final = "Correct that line if the plugin is yours, else update it or tell its author"
MESSAGE_IS_HIDDEN: Final = (
    "Its message is left out, as it may quote what is said: subtitled generate --here FILE shows it"
)
FAULT_HINT: Final = "Correct that if the plugin is yours, else update it or tell its author"
HIDDEN: Final = "\u2026"
"""Stands for what a message does not repeat."""

_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    RecursionError,
    SyntaxError,
    SystemExit,
    TypeError,
    ValueError,
)
"""Errors that come again at each try: somebody has to change the code."""
_NO_FAULTS = (UnicodeError, json.JSONDecodeError)
"""Subclasses that bad data of a service or a file causes too."""
_CORE = f"{Path(__file__).parents[1]}/"
_SKIPPED_PACKAGES = frozenset({"pluggy", "pydantic", "pydantic_core", "typer", "click"})
_STDLIB = sysconfig.get_path("stdlib")
_SITE_PACKAGES = (f"{_STDLIB}/site-packages", f"{_STDLIB}/dist-packages")


class PluginFaultError(SetupError):
    """A fault in the code of a plugin, which comes again until its code is changed.

    Attributes:
        traceback: The calls in the code of the plugin, without any value.
    """

    def __init__(self, message: str, hint: str = FAULT_HINT, traceback: str = "") -> None:
        """Create an error.

        Args:
            message: What is wrong, with the file and line.
            hint: What its author can do about it.
            traceback: The calls in the code of the plugin.
        """
        super().__init__(message, hint)
        self.traceback = traceback
        if traceback:
            _log.debug("%s\n%s", message, traceback)


def explain_exception(who: str, error: BaseException, *, has_text: bool = False) -> SubtitledError:
    """Convert what the code of a plugin raised to an error that says where.

    Args:
        who: What to call the plugin, such as ``the plugin mine``.
        error: What it raised.
        has_text: Whether the call handled speech or subtitles, which no message may repeat.

    Returns:
        The error itself if it is one of ours. :class:`PluginFaultError` if it comes again until the
        code is changed, else :class:`TransientError`.
    """
    if isinstance(error, SubtitledError):
        return error
    frames = list(_own_frames(error))
    reason = _describe_error(error, has_text)
    place = _find_place(error, frames)
    message = f"{who} failed: {reason}" + (f" ({place})" if place else "")
    calls = "".join(_format_frame(code, line) for code, line, _ in frames)
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return PluginFaultError(message, f"Install {package}, or name it as a dependency", calls)
    if isinstance(error, _FAULTS) and not isinstance(error, _NO_FAULTS):
        hint = CORRECT_LINE
        if "is not a language tag" in reason:
            hint = f"Language.parse() takes names and codes. {CORRECT_LINE}"
        elif has_text and reason == type(error).__name__ != _describe_error(error, False):
            hint = f"{CORRECT_LINE}. {MESSAGE_IS_HIDDEN}"
        return PluginFaultError(message, hint, calls)
    if calls:
        _log.debug("%s\n%s", message, calls)
    return TransientError(message, "Look for a newer version of it, or tell its author")


def with_place(error: SubtitledError) -> SubtitledError:
    """Add the line of the plugin that caused an error of ours, such as one of ``register()``.

    Args:
        error: An error that the core raised below the code of a plugin.

    Returns:
        An error of the same kind.
    """
    frames = list(_own_frames(error))
    place = _find_place(error, frames)
    if (
        not place
        or place in error.message
        or isinstance(error, TransientError | InputRejectedError)
    ):
        return error
    calls = "".join(_format_frame(code, line) for code, line, _ in frames)
    return PluginFaultError(f"{error.message} ({place})", error.hint, calls)


def find_definition(function: object) -> str:
    """Return where a function or class is defined, as ``mine.py:12``; empty if unknown."""
    for _ in range(MAX_WRAPPERS):  # an object of a plugin may have any attribute
        function = getattr(function, "__wrapped__", function)
    if isinstance(function, type):
        return _find_class(function)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if not isinstance(code, CodeType):
        return ""
    line = code.co_firstlineno
    for number in range(line, line + 20):  # the first lines may be decorators
        text = linecache.getline(code.co_filename, number).lstrip()
        if text.startswith(("def ", "async def ")):
            line = number
            break
    module = getattr(function, "__module__", None) or ""
    return f"{_short_name(code.co_filename, module)}:{line}"


def describe_thread(ident: int | None) -> str:
    """Return the line of a plugin that a thread is at, as ``mine.py:12``; empty if unknown."""
    frame: FrameType | None = sys._current_frames().get(ident or -1)
    while frame is not None:
        if _is_own(frame.f_code.co_filename, frame.f_globals):
            name = _short_name(frame.f_code.co_filename, frame.f_globals.get("__name__", ""))
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _find_class(cls: type) -> str:
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    if not file:
        return ""
    pattern = re.compile(rf"\s*class\s+{re.escape(cls.__name__)}\b")
    for number, line in enumerate(linecache.getlines(file), 1):
        if pattern.match(line):
            return f"{_short_name(file, cls.__module__)}:{number}"
    return _short_name(file, cls.__module__)


def _own_frames(error: BaseException) -> Iterator[tuple[CodeType, int, dict[str, Any]]]:
    """Yield the frames of a traceback that are code of the plugin, outermost first."""
    package: str | None = None
    step: TracebackType | None = error.__traceback__
    while step is not None:
        names = step.tb_frame.f_globals
        if _is_own(step.tb_frame.f_code.co_filename, names):
            top = str(names.get("__name__", "")).partition(".")[0]
            package = top if package is None else package
            if top == package:
                yield step.tb_frame.f_code, step.tb_lineno, names
        step = step.tb_next


def _is_own(file: str, names: dict[str, Any]) -> bool:
    """Decide whether a frame may be code of a plugin: neither the core, nor Python itself."""
    top = str(names.get("__name__", "")).partition(".")[0]
    if top in _SKIPPED_PACKAGES or file.startswith(("<", _CORE)):
        return False
    return not file.startswith(f"{_STDLIB}/") or file.startswith(_SITE_PACKAGES)


def _find_place(
    error: BaseException, frames: Iterable[tuple[CodeType, int, dict[str, Any]]]
) -> str:
    """Return the innermost line of the plugin and the call: ``mine.py:31, in Mine.transcribe``."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{'/'.join(Path(error.filename).parts[-2:])}:{error.lineno}"
    listed = list(frames)
    if not listed:
        return ""
    code, line, names = listed[-1]
    place = f"{_short_name(code.co_filename, str(names.get('__name__', '')))}:{line}"
    call = listed[0][0].co_qualname
    return place if call == "<module>" else f"{place}, in {call}"


def _short_name(file: str, module: str) -> str:
    """Return a file from its top package on, such as ``subtitled_mine/engine.py``."""
    parts = Path(file).parts
    depth = module.count(".") + (parts[-1] == "__init__.py")
    return "/".join(parts[-1 - depth :])


def _format_frame(code: CodeType, line: int) -> str:
    source = linecache.getline(code.co_filename, line).strip()
    return f'  File "{code.co_filename}", line {line}, in {code.co_qualname}\n    {source}\n'


def _describe_error(error: BaseException, has_text: bool) -> str:
    """Return the type and message of an error, even if its ``__str__`` fails."""
    kind = type(error).__name__
    try:
        message = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    except Exception:  # noqa: BLE001 - __str__ is code of the plugin too
        message = ""
    if has_text:
        message = hide_text(error, message)
    message = clean_text(message[:MAX_MESSAGE_CHARACTERS])
    return f"{kind}: {message}" if message else kind


def hide_text(error: BaseException, message: str) -> str:
    """Remove from a message what may be recognised speech.

    What a plugin raises by itself is left out: its line says as much. Python and libraries quote
    values, so what they quote is left out.

    Args:
        error: The error.
        message: Its message.

    Returns:
        What is left of the first line.
    """
    if isinstance(error, OSError) and _is_of_system(error):
        return message  # The operating system knows no speech. A library may: in an address.
    if isinstance(error, KeyError | SystemExit):
        return ""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    if last and re.search(r"\b(raise|assert)\b", last[0].line or ""):
        return ""
    first_line = message.partition("\n")[0]
    return re.sub(r"""(?<!\w)["'].*["']|(?<!\w)["'].*$""", HIDDEN, first_line)


def _is_of_system(error: OSError) -> bool:
    """Return whether the operating system says what is wrong, not the code that raised it."""
    number: object = error.errno
    return isinstance(number, int) and 0 < number < 4096 and error.strerror == os.strerror(number)


def describe_call(function: Callable[..., object], name: str) -> str:
    """Return a call and where it is defined, as ``capabilities() (mine.py:12)``."""
    place = find_definition(function)
    return f"{name}() ({place})" if place else f"{name}()"

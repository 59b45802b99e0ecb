"""What a plugin returned, converted to the types of the plugin API.

Lists do for tuples, numbers of NumPy for those of Python, and tags for languages. Anything else of
another type is an error that names the field, its type and the type that is needed, and never the
value.
"""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import enum
import functools
import inspect
import numbers
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from subtitled.plugin import (
    Component,
    Endpoint,
    Engine,
    Language,
    MediaServer,
    Notifier,
    Translator,
)

from .plugin_faults import FAULT_HINT, PluginFaultError, explain_exception, find_definition

MAX_ITEMS: Final = 1_000_000
"""Items of a sequence that a plugin may return."""

_SEQUENCES = (
    tuple,
    list,
    collections.abc.Sequence,
    collections.abc.Collection,
    collections.abc.Iterable,
)
_NAMES: dict[Any, str] = {
    str: "text",
    float: "a number",
    int: "a whole number",
    bool: "True or False",
    Path: "a Path",
    Language: 'a Language, such as Language("en")',
    type(None): "None",
}

_CHECKED_METHODS: dict[type[Component[Any]], tuple[str, ...]] = {
    Engine: ("self_check",),
    Translator: ("self_check", "translate", "generate"),
    MediaServer: (
        "self_check", "check_indexed", "now_playing", "server_id", "item_paths", "metadata",
        "sample_paths", "to_local", "to_server", "playback_sessions", "show_sidecar",
    ),
    Notifier: ("self_check",),
    Endpoint: ("self_check",),
}  # fmt: skip
"""Base class -> methods whose result the core uses in this process."""


class _WrongTypeError(Exception):
    """A value of another type, at a place such as ``words[0].start``."""

    def __init__(self, place: str, actual: str, expected: str) -> None:
        super().__init__(place, actual, expected)
        self.place, self.actual, self.expected = place, actual, expected


def convert_result(
    who: str, function: Callable[..., object], name: str, value: object, expected: Any
) -> Any:
    """Convert the result of a call to the type that the plugin API says.

    Args:
        who: What to call the plugin, such as ``the plugin mine``.
        function: The method of the plugin, whose line is named if it is wrong.
        name: The method's name.
        value: What it returned.
        expected: The type, such as ``Sequence[LanguageGuess]``.

    Returns:
        An equal value of that type.

    Raises:
        PluginFaultError: The value is of another type.
    """
    try:
        return _convert(value, expected, "")
    except _WrongTypeError as error:
        raise _fault(who, function, name, expected, error) from None
    except Exception as error:  # attributes and iterators are code of the plugin
        raise explain_exception(who, error, has_text=True) from error


def check_results(component: Component[Any], who: str) -> None:
    """Have each method of a component check what it returns, from now on.

    Args:
        component: A component in this process. Engines are checked in their process instead.
        who: What to call the plugin, such as ``the plugin mine``.
    """
    base = next((base for base in _CHECKED_METHODS if isinstance(component, base)), None)
    for name in () if base is None else _CHECKED_METHODS[base]:
        method, expected = getattr(component, name), return_type(base, name)
        if inspect.getattr_static(type(component), name) is inspect.getattr_static(base, name):
            continue  # it is not implemented
        with contextlib.suppress(AttributeError):  # a class with slots stays unchecked
            setattr(component, name, _checking(who, method, name, expected))


def _checking(
    who: str, method: Callable[..., object], name: str, expected: Any
) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        return convert_result(who, method, name, method(*arguments, **options), expected)

    return call


def return_type(base: type | None, name: str) -> Any:
    """Return the type that a method of a base class of the plugin API returns."""
    return typing.get_type_hints(getattr(base, name)).get("return", Any)


def _fault(
    who: str, function: Callable[..., object], name: str, expected: Any, error: _WrongTypeError
) -> PluginFaultError:
    place = find_definition(function)
    where = f" ({place})" if place else ""
    hint = f"{name}() must return {describe_type(expected)}"
    if not error.place:
        message = f"{name}() returned {error.actual}, not {error.expected}"
    else:
        message = f"{name}() returned {error.actual} as {error.place}, not {error.expected}"
        hint += f" with {error.expected} as {error.place}"
    return PluginFaultError(f"{who} is at fault: {message}{where}", f"{hint}. {FAULT_HINT}")


def describe_type(expected: Any) -> str:
    """Describe a type in words: ``a list of Word``."""
    if expected in _NAMES:
        return _NAMES[expected]
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(describe_type, arguments))
    if origin in _SEQUENCES or origin in (frozenset, set):
        if origin is tuple and arguments[-1:] != (...,):
            return f"{len(arguments)} values"
        return f"a list of {_bare_name(arguments[0])}"
    if origin in (dict, collections.abc.Mapping):
        return "a dictionary"
    if origin is type:
        return f"the class {' or '.join(map(_bare_name, typing.get_args(arguments[0])))}"
    name = _bare_name(expected)
    return f"{'an' if name[:1] in 'AEIOU' else 'a'} {name}"


def _bare_name(expected: Any) -> str:
    return getattr(expected, "__name__", None) or str(expected)


def _convert(value: Any, expected: Any, place: str) -> Any:
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if expected is Any or isinstance(expected, typing.TypeVar):
        return value
    if origin in (typing.Union, types.UnionType):
        return _convert_union(value, arguments, expected, place)
    value = _plain_scalar(value)
    wrong = _WrongTypeError(place, _describe_value(value), describe_type(expected))
    if dataclasses.is_dataclass(expected) and isinstance(expected, type):
        if not isinstance(value, expected):
            raise wrong
        return _convert_fields(value, expected, place)
    if origin in _SEQUENCES or origin in (frozenset, set):
        return _convert_items(value, origin, arguments, place, wrong)
    if origin in (dict, collections.abc.Mapping):
        if not isinstance(value, Mapping):
            raise wrong
        key, item = arguments
        return {
            _convert(k, key, f"{place} (a key)"): _convert(v, item, f"{place} (a value)")
            for k, v in islice(value.items(), MAX_ITEMS)
        }
    if origin is type:
        if not (isinstance(value, type) and issubclass(value, arguments)):
            raise wrong
        return value
    return _convert_scalar(value, expected, wrong)


def _convert_union(value: Any, choices: tuple[Any, ...], expected: Any, place: str) -> Any:
    error: _WrongTypeError | None = None
    for choice in choices:
        try:
            return _convert(value, choice, place)
        except _WrongTypeError as wrong:
            # What is wrong deep inside of a value says more than that it is not None.
            error = wrong if error is None or len(wrong.place) > len(error.place) else error
    if error is not None and error.place != place:
        raise error
    raise _WrongTypeError(place, _describe_value(value), describe_type(expected))


def _convert_fields(value: Any, expected: type, place: str) -> Any:
    hints = _field_types(expected)
    fields = {
        name: _convert(getattr(value, name), kind, f"{place}.{name}".lstrip("."))
        for name, kind in hints.items()
    }
    return expected(**fields)


@functools.cache
def _field_types(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def _convert_items(
    value: Any, origin: Any, arguments: tuple[Any, ...], place: str, wrong: _WrongTypeError
) -> Any:
    if hasattr(value, "tolist") and hasattr(value, "ndim"):
        value = value.tolist()  # an array of NumPy or of a framework
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise wrong
    items = list(islice(value, MAX_ITEMS))
    if origin is tuple and arguments[-1:] != (...,):
        if len(items) != len(arguments):
            raise wrong
        pairs = zip(items, arguments, strict=True)
    else:
        pairs = zip(items, [arguments[0]] * len(items), strict=True)
    converted = [
        _convert(item, kind, f"{place}[{number}]") for number, (item, kind) in enumerate(pairs)
    ]
    return frozenset(converted) if origin in (frozenset, set) else tuple(converted)


def _plain_scalar(value: Any) -> Any:
    """Return a number of NumPy or of a framework as one of Python."""
    if getattr(value, "ndim", None) == 0 and callable(getattr(value, "item", None)):
        return value.item()
    return value


def _convert_scalar(value: Any, expected: Any, wrong: _WrongTypeError) -> Any:
    if expected is bool or expected is type(None):
        is_right, converted = isinstance(value, expected), value
    elif expected is float:
        is_right = isinstance(value, numbers.Real) and not isinstance(value, bool)
        converted = float(value) if is_right else value
    elif expected is int:
        is_right = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        converted = int(value) if is_right else value
    elif expected is Language:
        try:
            return Language(value)
        except Exception:  # noqa: BLE001 - the value may be anything
            raise wrong from None
    elif isinstance(expected, type) and issubclass(expected, enum.Enum):
        try:
            return expected(value)
        except ValueError:
            raise wrong from None
    elif expected is Path and isinstance(value, str):
        return Path(value)
    else:
        is_right, converted = isinstance(value, expected), value
    if not is_right:
        raise wrong
    return converted


def _describe_value(value: object) -> str:
    return "None" if value is None else type(value).__name__

"""Whether the methods of a component class can be called as the core calls them."""

from __future__ import annotations

import collections.abc
import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any

from subtitled.plugin import Component

from .plugin_faults import FAULT_HINT, PluginFaultError, find_definition
from .plugin_results import describe_type, return_type


def check_methods(who: str, base: type[Component], component: type[Component]) -> None:
    """Check every method of the plugin API that a component class implements.

    Args:
        who: What to call the plugin, such as ``the plugin mine``.
        base: The base class of its kind, such as :class:`~subtitled.plugin.Engine`.
        component: The class of the plugin.

    Raises:
        PluginFaultError: A method is no method, asynchronous, a generator, no class method where
            one is needed, or takes other parameters.
    """
    for name in _method_names(base):
        _check_method(who, base, component, name)


def describe_parameters(function: Callable[..., object], name: str) -> str:
    """Return a method with its parameters as they are written: ``refresh(self, changes)``."""
    function = getattr(function, "__func__", function)
    return f"{name}({', '.join(inspect.signature(function).parameters)})"


def _method_names(base: type) -> Iterator[str]:
    """Yield the methods of the plugin API that a class may implement."""
    yield "__init__"
    for name in dir(base):
        if not name.startswith("_") and inspect.isroutine(getattr(base, name)):
            yield name


def _check_method(who: str, base: type[Component], component: type[Component], name: str) -> None:
    written = inspect.getattr_static(component, name)
    original = inspect.getattr_static(base, name)
    if written is original:
        return
    wanted = describe_parameters(original, name)
    bound = getattr(component, name)

    def fault(problem: str, hint: str) -> PluginFaultError:
        place = find_definition(written) or find_definition(component)
        where = f" ({place})" if place else ""
        return PluginFaultError(
            f"{who} is at fault: {component.__name__}.{name} {problem}{where}",
            f"{hint}. {FAULT_HINT}",
        )

    if not callable(bound):
        raise fault(f"is no method but {type(bound).__name__}", f"Write def {wanted}")
    if inspect.iscoroutinefunction(bound) or inspect.isasyncgenfunction(bound):
        raise fault("is async", f"Write def {wanted} without async")
    expected = None if name == "__init__" else return_type(base, name)
    is_sequence = typing.get_origin(expected) is collections.abc.Sequence
    if inspect.isgeneratorfunction(bound) and not is_sequence:
        raise fault("contains yield", f"Return {describe_type(expected)} instead of using yield")
    is_class_method = isinstance(original, classmethod)
    if is_class_method and not isinstance(written, classmethod | staticmethod):
        raise fault("is no class method", "Write @classmethod in the line above")
    skip = 0 if is_class_method or isinstance(written, classmethod | staticmethod) else 1
    number = len(inspect.signature(getattr(original, "__func__", original)).parameters) - 1
    try:
        parameters = inspect.signature(bound)
        taken = describe_parameters(bound, name)
    except (TypeError, ValueError):
        return  # written in C
    values: list[Any] = [None] * (number + skip)
    try:
        parameters.bind(*values)
    except TypeError:
        raise fault(f"is {taken}", f"Write def {wanted}") from None

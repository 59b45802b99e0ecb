"""Modules that a package imports although it may never use them, loaded when they are used.

DBOS imports the driver of PostgreSQL and the object-relational mapper of SQLAlchemy. A queue in
SQLite has no use for them, and they take 16 MB. While :func:`deferred` is active, such an import
gives an object that stands for the module, and the module is loaded when something of it is used.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class DeferredClass(type):
    """The type of a class that stands for one of a module that may not be loaded.

    What is no instance of a loaded class is not an instance of it, so that ``isinstance`` loads
    nothing. A call and any attribute load the module.
    """

    deferred_from: str
    """The module that defines the class."""

    def __instancecheck__(cls, instance: object) -> bool:
        """Return whether an object is an instance of the class."""
        module = sys.modules.get(cls.deferred_from)
        if module is None or isinstance(module, _DeferredModule):
            return False  # Without its module, the class has no instances.
        return isinstance(instance, getattr(module, cls.__name__))

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        """Create an instance of the class."""
        return cls.load()(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:
        """Return an attribute of the class."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls.load(), name)

    def __getitem__(cls, parameters: Any) -> Any:
        """Return the class itself: types of parameters are for type checkers."""
        return cls

    def load(cls) -> Any:
        """Return the class, whose module is loaded."""
        return getattr(importlib.import_module(cls.deferred_from), cls.__name__)


class _DeferredModule(ModuleType):
    """Stands for a module. Any name but those of its deferred classes loads the module."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def deferred(modules: Mapping[str, tuple[str, ...]]) -> Iterator[None]:
    """Have modules that are imported meanwhile loaded when they are used.

    What was imported stays so afterwards; later imports load the modules. A module that is loaded
    already is not deferred.

    Args:
        modules: The modules, each with its classes that are imported by name. Any other name that
            is imported loads the module at once. A module stands behind the one that contains it.
    """
    stand_ins: dict[str, _DeferredModule] = {}
    for name, classes in modules.items():
        if name in sys.modules:
            continue
        module = stand_ins[name] = _DeferredModule(name)
        for class_name in classes:
            namespace = {"deferred_from": name, "__module__": name}
            setattr(module, class_name, DeferredClass(class_name, (), namespace))
        parent, _, last = name.rpartition(".")
        if parent in stand_ins:
            setattr(stand_ins[parent], last, module)
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]

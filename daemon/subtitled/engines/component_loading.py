"""Loading the component that a process runs, and calling its code."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from subtitled.config.plugin_faults import PluginFaultError, explain_exception
from subtitled.config.plugin_paths import PluginPaths
from subtitled.config.plugin_registration import (
    RegisteredComponent,
    collect_components,
    create_plugin_manager,
)
from subtitled.config.plugin_results import convert_result, return_type
from subtitled.plugin import ComponentContext, SubtitledError
from subtitled.plugin.models import ModelComponent

T = TypeVar("T")


class LoadedComponent:
    """An engine or a translator in this process, whose calls are checked."""

    def __init__(self, spec: dict[str, Any], base: type[ModelComponent[Any]], kind: str) -> None:
        """Create and load the component that a spec names.

        Args:
            spec: What :func:`~.process_client.spec_of` returns.
            base: The class of the plugin API that it extends.
            kind: Its section of the configuration, such as ``engines``.

        Raises:
            SubtitledError: The component raised it, or anything else, or is not where the spec
                says.
        """
        self.who = f"{spec['role']} {spec['name']}"
        self._base = base
        PluginPaths.from_json(spec.get("plugin_paths", {})).apply()
        cls = _find_class(self.who, spec, base, kind)

        def create() -> ModelComponent[Any]:
            component = cls(
                cls.Settings.model_validate(spec["settings"]),
                ComponentContext(
                    name=spec["name"],
                    threads=spec["threads"],
                    models={name: Path(folder) for name, folder in spec["models"].items()},
                    device=spec.get("device", "auto"),
                ),
            )
            component.load()
            return component

        self.component: Any = call_plugin(self.who, create, has_text=False)

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a method that handles speech or text, and convert its result.

        Raises:
            SubtitledError: The component raised it, or anything else, or returned another type.
        """
        method = getattr(self.component, name)
        result = call_plugin(self.who, lambda: method(*arguments), has_text=True)
        return convert_result(self.who, method, name, result, return_type(self._base, name))


def _find_class(
    who: str, spec: dict[str, Any], base: type[ModelComponent[Any]], kind: str
) -> type[ModelComponent[Any]]:
    """Find the class of a component: by its name, or by having the plugin register it again."""
    found: Any = call_plugin(who, lambda: importlib.import_module(spec["module"]), has_text=False)
    for part in spec["cls"].split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and issubclass(found, base):
        return found

    def register() -> list[RegisteredComponent]:
        module = importlib.import_module(spec.get("entry_point") or spec["module"])
        return collect_components(create_plugin_manager(), spec["name"], module)

    for component in call_plugin(who, register, has_text=False):
        if (component.kind, component.name) == (kind, spec.get("registered_name", "")):
            return component.component_class  # type: ignore[return-value]
    raise PluginFaultError(f"{who} is at fault: its module has no class {spec['cls']}")


def call_plugin(who: str, call: Callable[[], T], *, has_text: bool) -> T:
    """Call code of the plugin. Whatever it raises is an error of ours that says where.

    Args:
        who: What to call the component, such as ``engine mine``.
        call: The call.
        has_text: Whether it handles speech or text, which no message may repeat.

    Raises:
        SubtitledError: The code raised it, or anything else.
    """
    try:
        return call()
    except SubtitledError:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too
        raise explain_exception(who, error, has_text=has_text) from error

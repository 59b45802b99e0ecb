"""What a plugin registers: its components, checked against the plugin API."""

from __future__ import annotations

import functools
import inspect
import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pluggy

from subtitled.plugin import (
    API_VERSION,
    Component,
    Engine,
    MediaServer,
    Notifier,
    Settings,
    SetupError,
    Translator,
    hookspecs,
)

ENTRY_POINT_GROUP = "subtitled"
COMPONENT_KINDS: dict[str, type[Component]] = {
    "engines": Engine,
    "translators": Translator,
    "servers": MediaServer,
    "notifiers": Notifier,
}
"""Section of the configuration -> base class of its components."""
_REGISTRATION_HOOKS = {
    "engines": "register_engines",
    "translators": "register_translators",
    "servers": "register_media_servers",
    "notifiers": "register_notifiers",
}
"""Section of the configuration -> hook that registers its components."""


@dataclass(frozen=True, slots=True)
class RegisteredComponent:
    """A component class that a plugin registered."""

    kind: str
    """A key of :data:`COMPONENT_KINDS`."""
    name: str
    """The name that the plugin gave it, or an empty string for the default of its kind."""
    component_class: type[Component]


def create_plugin_manager() -> pluggy.PluginManager:
    """Create a plugin manager that knows the hooks of the plugin API."""
    manager = pluggy.PluginManager(ENTRY_POINT_GROUP)
    manager.add_hookspecs(hookspecs)
    return manager


def collect_components(
    manager: pluggy.PluginManager, plugin: str, module: ModuleType
) -> list[RegisteredComponent]:
    """Add a plugin to the manager and call its ``register_...`` hooks.

    Args:
        manager: The plugin manager. A module that it knows already is not added again.
        plugin: The plugin's name.
        module: The imported plugin.

    Returns:
        The components that the plugin registered, in order.

    Raises:
        pluggy.PluginValidationError: A hook has a parameter that its specification lacks.
        SetupError: A registered class is invalid.
    """
    if not manager.is_registered(module):
        manager.register(module, name=plugin)
    registered: list[RegisteredComponent] = []
    for kind, hook in _REGISTRATION_HOOKS.items():
        caller = hook_caller_of(manager, hook, module)
        caller(register=functools.partial(_register_component, registered, plugin, kind))
    return registered


def hook_caller_of(manager: pluggy.PluginManager, hook: str, module: object) -> pluggy.HookCaller:
    """Create a caller of one plugin's implementations of a hook.

    Args:
        manager: The plugin manager.
        hook: The name of the hook.
        module: The plugin.

    Returns:
        A caller that pluggy gives the arguments which the plugin wants.
    """
    others = [other for other in manager.get_plugins() if other is not module]
    return manager.subset_hook_caller(hook, remove_plugins=others)


def _register_component(
    registered: list[RegisteredComponent],
    plugin: str,
    kind: str,
    component: type[Component],
    name: str | None = None,
) -> None:
    """Implement :class:`subtitled.plugin.Register`."""
    _check_component(plugin, kind, component)
    if any((other.kind, other.name) == (kind, name or "") for other in registered):
        raise SetupError(
            f"the plugin {plugin!r} registers two {kind} under the same name",
            "Its author must give each a name of its own: register(cls, name=...)",
        )
    registered.append(RegisteredComponent(kind, name or "", component))


def check_api_version(plugin: str, wanted: object) -> None:
    """Check that this version of the plugin API supports a plugin.

    Args:
        plugin: The plugin's name.
        wanted: Its ``SUBTITLED_API``.

    Raises:
        SetupError: The plugin is for another version, or states none.
    """
    supported = _parse_version(API_VERSION)
    requested = _parse_version(wanted)
    assert supported is not None
    if requested is None:
        raise SetupError(
            f"the plugin {plugin!r} does not state its API version",
            f'Its module needs a line SUBTITLED_API = "{supported[0]}"',
        )
    if requested[0] != supported[0] or requested[1] > supported[1]:
        raise SetupError(
            f"the plugin {plugin!r} is for plugin API {wanted}, this is {API_VERSION}",
            "Update the plugin" if requested < supported else "Update subtitled",
        )


def _parse_version(text: object) -> tuple[int, int] | None:
    """Parse MAJOR or MAJOR.MINOR."""
    match = re.fullmatch(r"(\d{1,4})(?:\.(\d{1,4}))?", text) if isinstance(text, str) else None
    return (int(match[1]), int(match[2] or 0)) if match else None


def _check_component(plugin: str, kind: str, component: Any) -> None:
    """Raise :class:`SetupError` for what is no usable component class of a kind."""
    base = COMPONENT_KINDS[kind]
    if not (isinstance(component, type) and issubclass(component, base)):
        raise SetupError(
            f"the plugin {plugin!r} registers {component!r}, which is no {base.__name__}",
            f"Its author must register a subclass of subtitled.plugin.{base.__name__}",
        )
    if inspect.isabstract(component):
        missing = ", ".join(sorted(getattr(component, "__abstractmethods__", ())))
        raise SetupError(
            f"the plugin {plugin!r} registers {component.__name__}, which lacks {missing}",
            "Its author must implement that",
        )
    settings: Any = getattr(component, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        raise SetupError(
            f"the plugin {plugin!r} registers {component.__name__}, whose Settings are invalid",
            "They must be a subclass of subtitled.plugin.Settings",
        )

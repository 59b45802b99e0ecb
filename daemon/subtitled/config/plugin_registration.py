"""What a plugin registers: its components, checked against the plugin API."""

from __future__ import annotations

import difflib
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
    ComponentContext,
    Endpoint,
    Engine,
    MediaServer,
    Notifier,
    Settings,
    SetupError,
    Translator,
    hookspecs,
)

from .errors import suggest
from .plugin_faults import FAULT_HINT, PluginFaultError, find_definition, with_place
from .plugin_signatures import check_methods, describe_parameters

ENTRY_POINT_GROUP = "subtitled"
COMPONENT_KINDS: dict[str, type[Component]] = {
    "engines": Engine,
    "translators": Translator,
    "servers": MediaServer,
    "notifiers": Notifier,
    "endpoints": Endpoint,
}
"""Section of the configuration -> base class of its components."""
REGISTRATION_HOOKS = {
    "engines": "register_engines",
    "translators": "register_translators",
    "servers": "register_media_servers",
    "notifiers": "register_notifiers",
    "endpoints": "register_endpoints",
}
"""Section of the configuration -> hook that registers its components."""
HOOK_NAMES = tuple(
    name for name, value in vars(hookspecs).items() if hasattr(value, f"{ENTRY_POINT_GROUP}_spec")
)
"""The hooks of the plugin API."""
SETTINGS_HOOK = "register_settings"
"""The hook by which a plugin says which settings its other hooks have."""


class HookManager(pluggy.PluginManager):
    """The plugins of a configuration, and the settings that their hooks get."""

    def __init__(self) -> None:
        super().__init__(ENTRY_POINT_GROUP)
        self.add_hookspecs(hookspecs)
        self._settings: dict[object, Settings] = {}

    def set_settings(self, module: ModuleType, settings: Settings) -> None:
        """Set the settings of a plugin, those of its section ``[plugins.NAME]``."""
        self._settings[module] = settings

    def arguments_of(self, module: object) -> dict[str, Any]:
        """Return what the hooks of a plugin get besides their own arguments."""
        name = self.get_name(module) or "?"
        settings = self._settings.get(module)
        return {
            "settings": Settings() if settings is None else settings,
            "context": ComponentContext(name),
        }


@dataclass(frozen=True, slots=True)
class RegisteredComponent:
    """A component class that a plugin registered."""

    kind: str
    """A key of :data:`COMPONENT_KINDS`."""
    name: str
    """The name that the plugin gave it, or an empty string for the default of its kind."""
    component_class: type[Component]


def create_plugin_manager() -> HookManager:
    """Create a plugin manager that knows the hooks of the plugin API."""
    return HookManager()


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
        SetupError: A registered class is invalid, a hook has a parameter that its specification
            lacks, or a function has the name of a hook and is none.
    """
    if not manager.is_registered(module):
        _check_hooks(plugin, module)
        manager.register(module, name=plugin)
    registered: list[RegisteredComponent] = []
    for kind, hook in REGISTRATION_HOOKS.items():
        caller = hook_caller_of(manager, hook, module)
        try:
            caller(register=functools.partial(_register_component, registered, plugin, kind))
        except SetupError as error:
            raise with_place(error) from error
    return registered


def collect_hook_settings(
    manager: pluggy.PluginManager, plugin: str, module: ModuleType
) -> type[Settings] | None:
    """Ask a plugin for the class of the settings that its hooks have.

    Args:
        manager: The plugin manager, which knows the module.
        plugin: The plugin's name.
        module: The imported plugin.

    Returns:
        The class; None if its hooks have no settings.

    Raises:
        SetupError: What it registers is no class of settings, or it registers two.
    """
    registered: list[type[Settings]] = []

    def register(settings: Any) -> None:
        if not (isinstance(settings, type) and issubclass(settings, Settings)):
            raise SetupError(
                f"the plugin {plugin!r} registers {_describe_object(settings)}, which is no "
                "Settings",
                f"Register a subclass of subtitled.plugin.Settings. {FAULT_HINT}",
            )
        if registered:
            raise SetupError(
                f"the plugin {plugin!r} registers two classes of settings for its hooks",
                f"All its hooks have the same settings: register one class. {FAULT_HINT}",
            )
        registered.append(settings)

    try:
        hook_caller_of(manager, SETTINGS_HOOK, module)(register=register)
    except SetupError as error:
        raise with_place(error) from error
    return registered[0] if registered else None


def explain_missing_component(plugin: str, kind: str, module: ModuleType) -> tuple[str, str]:
    """Say why a plugin registered no component of a kind.

    Args:
        plugin: The plugin's name.
        kind: A key of :data:`COMPONENT_KINDS`.
        module: The imported plugin.

    Returns:
        The message, and the hint.
    """
    base, hook = COMPONENT_KINDS[kind].__name__, REGISTRATION_HOOKS[kind]
    message = f"the plugin {plugin!r} registers no {base}"
    for name, function in _list_hooks(module):
        close = difflib.get_close_matches(name, [*REGISTRATION_HOOKS.values()], 1)
        if name == hook:
            place = find_definition(function)
            return f"{message} ({place})", f"{hook}(register) must call register(CLASS)"
        if not hasattr(hookspecs, name) and close:
            place = find_definition(function)
            return (
                f"{message}: {name} is no hook of API {API_VERSION} ({place})",
                f"Did you mean {close[0]}?",
            )
    return message, f"Its module needs a function {hook}(register) with @hookimpl"


def list_unknown_hooks(plugin: str, module: ModuleType) -> list[str]:
    """List the functions with ``@hookimpl`` that are no hooks, each with its line and a hint."""
    return [
        f"the plugin {plugin} implements {name}, which is no hook of API {API_VERSION} "
        f"({find_definition(function)}). {suggest(name, HOOK_NAMES)}"
        for name, function in _list_hooks(module)
        if name not in HOOK_NAMES
    ]


def list_known_hooks(module: ModuleType) -> list[str]:
    """List the hooks for events and commands that a module implements."""
    known = set(HOOK_NAMES) - {*REGISTRATION_HOOKS.values(), SETTINGS_HOOK}
    return [name for name, _ in _list_hooks(module) if name in known]


def _list_hooks(module: ModuleType) -> list[tuple[str, Any]]:
    marker = f"{ENTRY_POINT_GROUP}_impl"
    return [
        (name, value)
        for name, value in vars(module).items()
        if inspect.isroutine(value) and hasattr(value, marker)
    ]


def _check_hooks(plugin: str, module: ModuleType) -> None:
    """Raise for a function with the name of a hook that is none, or has other parameters."""
    marked = dict(_list_hooks(module))
    for name in HOOK_NAMES:
        function = vars(module).get(name)
        if not inspect.isfunction(function) or function.__module__ != module.__name__:
            continue
        place = find_definition(function)
        wanted = describe_parameters(getattr(hookspecs, name), name)
        if name not in marked:
            raise PluginFaultError(
                f"the plugin {plugin!r} has {name} without @hookimpl ({place})",
                f"Write @hookimpl in the line above def {wanted}. {FAULT_HINT}",
            )
        known = inspect.signature(getattr(hookspecs, name)).parameters
        unknown = [key for key in inspect.signature(function).parameters if key not in known]
        if unknown:
            raise PluginFaultError(
                f"the plugin {plugin!r} has a hook {describe_parameters(function, name)}, and "
                f"{', '.join(unknown)} is none of its parameters ({place})",
                f"Write def {wanted}. {FAULT_HINT}",
            )


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
            f"Give each a name of its own: register(cls, name=...). {FAULT_HINT}",
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
        message = f"the plugin {plugin!r} registers {_describe_object(component)}"
        hint = f"Register a subclass of subtitled.plugin.{base.__name__}"
        for other, other_base in COMPONENT_KINDS.items():
            if isinstance(component, type) and issubclass(component, other_base):
                hint = f"Its hook is {REGISTRATION_HOOKS[other]}"
        raise SetupError(f"{message}, which is no {base.__name__}", f"{hint}. {FAULT_HINT}")
    place = find_definition(component)
    where = f" ({place})" if place else ""
    if inspect.isabstract(component):
        missing = sorted(getattr(component, "__abstractmethods__", ()))
        wanted = [describe_parameters(inspect.getattr_static(base, name), name) for name in missing]
        raise PluginFaultError(
            f"the plugin {plugin!r} registers {component.__name__}, which lacks "
            f"{', '.join(missing)}{where}",
            f"Write def {', def '.join(wanted)}. {FAULT_HINT}",
        )
    settings: Any = getattr(component, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        raise PluginFaultError(
            f"the plugin {plugin!r} registers {component.__name__}, whose Settings are invalid"
            f"{where}",
            f"They must be a subclass of subtitled.plugin.Settings. {FAULT_HINT}",
        )
    check_methods(f"the plugin {plugin!r}", base, component)
    if issubclass(component, MediaServer):
        strategies: Any = component.refresh_strategies
        is_list = isinstance(strategies, tuple | list) and strategies
        if not is_list or not all(isinstance(text, str) for text in strategies):
            raise PluginFaultError(
                f"the plugin {plugin!r} is at fault: {component.__name__}.refresh_strategies is no "
                f"list of texts{where}",
                f'Write refresh_strategies = ("told about the file",). {FAULT_HINT}',
            )


def _describe_object(value: object) -> str:
    """Describe an object without its ``__repr__``, which is code of the plugin too."""
    return value.__name__ if isinstance(value, type) else f"an object of {type(value).__name__}"

"""Finding and loading plugins. Only those that the configuration names are imported."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any, Generic, TypeVar

from subtitled.plugin import (
    API_VERSION,
    Component,
    ComponentContext,
    Settings,
    SetupError,
    SubtitledError,
)

from .capabilities import check_capabilities
from .errors import suggest
from .plugin_calls import call_with_timeout
from .plugin_registration import (
    COMPONENT_KINDS,
    ENTRY_POINT_GROUP,
    RegisteredComponent,
    check_api_version,
    collect_components,
    create_plugin_manager,
)

IMPORT_TIMEOUT = 30.0
"""Seconds that importing a plugin may take, and as many that registering may take."""
CREATE_TIMEOUT = 15.0
"""Seconds that creating a component may take."""
CAPABILITIES_TIMEOUT = 15.0
"""Seconds that stating its capabilities may take."""

C = TypeVar("C", bound=Component)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredComponent(Generic[C]):
    """A component class with its validated settings."""

    name: str
    """The name of its section."""
    plugin: str
    component_class: type[C]
    settings: Settings
    entry_point: str = ""
    """The plugin's module, such as ``subtitled_plugins.whisper``."""
    registered_name: str = ""
    """The name that the plugin registered the class under, if any."""
    _stated: list[Any] = field(default_factory=list, compare=False, repr=False)

    def capabilities(self) -> Any:
        """Return the checked capabilities of the engine or translator.

        The plugin is asked once. So what was checked is what is used.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or stated nonsense.
        """
        if not self._stated:
            stated = call_with_timeout(
                self.plugin,
                lambda: getattr(self.component_class, "capabilities")(self.settings),  # noqa: B009
                CAPABILITIES_TIMEOUT,
            )
            self._stated.append(check_capabilities(self.component_class, self.plugin, stated))
        return self._stated[0]

    @property
    def reference(self) -> str:
        """What ``plugin = "..."`` says in the configuration: ``PLUGIN`` or ``PLUGIN:NAME``."""
        return f"{self.plugin}:{self.registered_name}" if self.registered_name else self.plugin

    def create(self) -> C:
        """Create the component in this process.

        Raises:
            SubtitledError: The component cannot be created.
        """
        context = ComponentContext(self.name)
        return call_with_timeout(
            self.plugin, lambda: self.component_class(self.settings, context), CREATE_TIMEOUT
        )


@dataclass(frozen=True, slots=True)
class UnavailableComponent:
    """A section whose plugin cannot be used. The daemon runs without it."""

    section: str
    plugin: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.section}: {self.message}. {self.hint}"


def list_installed() -> list[tuple[str, str, str]]:
    """List the installed plugins as (name, distribution, version). Imports none of them."""
    entries = importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
    return sorted((entry.name, *_find_distribution(entry)) for entry in entries)


def _find_distribution(entry: EntryPoint) -> tuple[str, str]:
    try:
        return (entry.dist.name, entry.dist.version) if entry.dist else ("?", "")
    except Exception:  # noqa: BLE001 - the metadata of a half-removed package
        return "?", ""


@dataclass(frozen=True, slots=True)
class _LoadedPlugin:
    """A plugin that was imported and that registered its components without an error."""

    components: list[RegisteredComponent]
    entry_point: str


class PluginLoader:
    """Loads plugins by name, each once, into one plugin manager."""

    def __init__(self) -> None:
        self.hooks = create_plugin_manager()
        self.warnings: list[str] = []
        self._loaded: dict[str, _LoadedPlugin] = {}
        self._errors: dict[str, SubtitledError] = {}

    def find_component(
        self, kind: str, section: str, reference: str
    ) -> type[Component] | UnavailableComponent:
        """Find the component class for a section of the configuration.

        Args:
            kind: A key of :data:`COMPONENT_KINDS`.
            section: The section, for messages.
            reference: ``PLUGIN``, or ``PLUGIN:NAME`` for a component that was registered under a
                name.

        Returns:
            The class, or why there is none.
        """
        plugin, _, name = reference.partition(":")
        if error := self._load_once(plugin):
            return UnavailableComponent(section, plugin, error.message, error.hint)
        components = self._loaded[plugin].components
        names = [component.name for component in components if component.kind == kind]
        for component in components:
            if component.kind == kind and component.name == name:
                return component.component_class
        kind_name = COMPONENT_KINDS[kind].__name__
        if names:
            offered = ", ".join(f'"{plugin}:{n}"' if n else f'"{plugin}"' for n in names)
            return UnavailableComponent(
                section,
                plugin,
                f"the plugin {plugin!r} registers no {kind_name} of the name {reference!r}",
                f"Set plugin to one of: {offered}",
            )
        kinds = list(dict.fromkeys(component.kind for component in components))
        return UnavailableComponent(
            section,
            plugin,
            f"the plugin {plugin!r} registers no {kind_name}",
            f"It belongs under: {', '.join(kinds)}" if kinds else "It registers no component",
        )

    def find_entry_point(self, reference: str) -> str:
        """Return the module of a loaded plugin, such as ``subtitled_plugins.whisper``."""
        return self._loaded[reference.partition(":")[0]].entry_point

    def enable(self, section: str, plugin: str) -> UnavailableComponent | None:
        """Load a plugin for its hooks and commands, whatever it registers."""
        error = self._load_once(plugin)
        return UnavailableComponent(section, plugin, error.message, error.hint) if error else None

    def _load_once(self, plugin: str) -> SubtitledError | None:
        if plugin not in self._loaded and plugin not in self._errors:
            try:
                self._loaded[plugin] = self._load(plugin)
            except SubtitledError as error:
                self._errors[plugin] = error
        return self._errors.get(plugin)

    def _load(self, plugin: str) -> _LoadedPlugin:
        entry = _find_entry_point(plugin)
        module = call_with_timeout(plugin, lambda: _import_plugin(plugin, entry), IMPORT_TIMEOUT)
        is_shared = self.hooks.is_registered(module)  # by another entry point of the same module
        try:
            components = call_with_timeout(
                plugin, lambda: collect_components(self.hooks, plugin, module), IMPORT_TIMEOUT
            )
        except SubtitledError:
            if not is_shared and self.hooks.is_registered(module):
                self.hooks.unregister(module)  # a refused plugin receives no events
            raise
        self.warnings += (
            f"the plugin {plugin} implements {caller.name}, which is no hook of API {API_VERSION}"
            for caller in self.hooks.get_hookcallers(module) or ()
            if not caller.has_spec()
        )
        return _LoadedPlugin(components, entry.value)


def _find_entry_point(plugin: str) -> EntryPoint:
    """Find the entry point of a name. Raise :class:`SetupError` if there is none, or several."""
    entries = importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
    matches = {entry.value: entry for entry in entries if entry.name == plugin}
    if not matches:
        installed = sorted({entry.name for entry in entries})
        hint = suggest(plugin, installed)
        installed_text = (
            "" if hint.startswith("There") else f" Installed are: {', '.join(installed)}."
        )
        raise SetupError(
            f"no plugin is called {plugin!r}",
            f"{hint.removesuffix('.')}{installed_text} Else install the package that brings it",
        )
    if len(matches) > 1:
        owners = ", ".join(sorted(_find_distribution(entry)[0] for entry in matches.values()))
        raise SetupError(
            f"several packages bring a plugin called {plugin!r}: {owners}",
            "Uninstall all but one of them",
        )
    return next(iter(matches.values()))


def _import_plugin(plugin: str, entry: EntryPoint) -> ModuleType:
    """Import a plugin and check its API version."""
    try:
        module = entry.load()
    except ImportError as error:
        raise SetupError(
            f"the plugin {plugin!r} cannot be imported: {error}",
            "Install what it needs, or a newer version of it",
        ) from error
    if not isinstance(module, ModuleType):
        raise SetupError(
            f"the entry point of the plugin {plugin!r} is no module: {entry.value}",
            "Its author must name the module alone",
        )
    check_api_version(plugin, getattr(module, "SUBTITLED_API", None))
    return module

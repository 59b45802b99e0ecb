"""Loading plugins by their names, and finding the components that they register."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import ModuleType

from subtitled.plugin import Component, Settings, SubtitledError

from .plugin_calls import call_with_timeout
from .plugin_registration import (
    COMPONENT_KINDS,
    RegisteredComponent,
    collect_components,
    collect_hook_settings,
    create_plugin_manager,
    explain_missing_component,
    list_unknown_hooks,
)
from .plugin_sources import find_source, import_plugin
from .plugins import UnavailableComponent

IMPORT_TIMEOUT = 30.0
"""Seconds that importing a plugin may take, and as many that registering may take."""
SLOW_IMPORT_SECONDS = 3.0
"""Processor seconds from which on an import is reported as slow: every command does it."""
SLOW_IMPORT_HINT = "Import heavy packages in load(), not at the top of the module"


@dataclass(frozen=True, slots=True)
class _LoadedPlugin:
    """A plugin that was imported and that registered its components without an error."""

    components: list[RegisteredComponent]
    entry_point: str
    module: ModuleType
    hook_settings: type[Settings] | None


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
        message, hint = explain_missing_component(plugin, kind, self._loaded[plugin].module)
        if kinds:
            hint = f"It belongs under: {', '.join(kinds)}"
        return UnavailableComponent(section, plugin, message, hint)

    def find_entry_point(self, reference: str) -> str:
        """Return the module of a loaded plugin, such as ``subtitled_plugins.whisper``."""
        return self._loaded[reference.partition(":")[0]].entry_point

    def loaded(self) -> list[str]:
        """Return the names of the plugins that were loaded without an error."""
        return list(self._loaded)

    def hook_settings(self, plugin: str) -> type[Settings] | None:
        """Return the class of the settings that the hooks of a loaded plugin have, if any."""
        return self._loaded[plugin].hook_settings

    def disable_hooks(self, plugin: str) -> None:
        """Let the hooks of a loaded plugin receive no events, because their settings are wrong."""
        if self.hooks.is_registered(self._loaded[plugin].module):
            self.hooks.unregister(self._loaded[plugin].module)

    def load(self, plugin: str) -> SubtitledError | None:
        """Load a plugin, and return what is wrong with it."""
        return self._load_once(plugin)

    def components(self, plugin: str) -> list[RegisteredComponent]:
        """Return what a loaded plugin registered."""
        return self._loaded[plugin].components

    def module(self, plugin: str) -> ModuleType:
        """Return the module of a loaded plugin."""
        return self._loaded[plugin].module

    def _load_once(self, plugin: str) -> SubtitledError | None:
        if plugin not in self._loaded and plugin not in self._errors:
            try:
                self._loaded[plugin] = self._load(plugin)
            except SubtitledError as error:
                self._errors[plugin] = error
        return self._errors.get(plugin)

    def _load(self, plugin: str) -> _LoadedPlugin:
        source = find_source(plugin)
        cpu_seconds: list[float] = []

        def load_module() -> ModuleType:
            begin = time.thread_time()
            module = import_plugin(source)
            cpu_seconds.append(time.thread_time() - begin)
            return module

        module = call_with_timeout(plugin, load_module, IMPORT_TIMEOUT, late_hint=SLOW_IMPORT_HINT)
        if cpu_seconds[0] > SLOW_IMPORT_SECONDS:
            self.warnings.append(
                f"importing the plugin {plugin} takes {cpu_seconds[0]:.1f} s. {SLOW_IMPORT_HINT}"
            )
        is_shared = self.hooks.is_registered(module)  # by another entry point of the same module
        try:
            components = call_with_timeout(
                plugin, lambda: collect_components(self.hooks, plugin, module), IMPORT_TIMEOUT
            )
            hook_settings = call_with_timeout(
                plugin, lambda: collect_hook_settings(self.hooks, plugin, module), IMPORT_TIMEOUT
            )
        except SubtitledError:
            if not is_shared and self.hooks.is_registered(module):
                self.hooks.unregister(module)  # a refused plugin receives no events
            raise
        self.warnings += list_unknown_hooks(plugin, module)
        return _LoadedPlugin(components, source.module, module, hook_settings)

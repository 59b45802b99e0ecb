"""Finding and loading plugins. Only those that the configuration names are imported."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from subtitled.plugin import (
    Component,
    ComponentContext,
    Endpoint,
    Engine,
    Language,
    ModelComponent,
    ModelSpec,
    Notifier,
    ReviewEvent,
    Settings,
    SubtitledError,
    Translator,
)

from .capabilities import check_capabilities
from .plugin_calls import LIMIT, call_with_timeout
from .plugin_faults import FAULT_HINT, PluginFaultError
from .plugin_registration import (
    COMPONENT_KINDS,
    RegisteredComponent,
    collect_components,
    collect_hook_settings,
    create_plugin_manager,
    explain_missing_component,
    list_unknown_hooks,
)
from .plugin_results import check_results, convert_result, return_type
from .plugin_sources import find_source, import_plugin
from .plugin_sources import list_installed as list_installed

IMPORT_TIMEOUT = 30.0
"""Seconds that importing a plugin may take, and as many that registering may take."""
SLOW_IMPORT_SECONDS = 3.0
"""Processor seconds from which on an import is reported as slow: every command does it."""
SLOW_IMPORT_HINT = "Import heavy packages in load(), not at the top of the module"
CREATE_TIMEOUT = 15.0
"""Seconds that creating a component may take."""
CAPABILITIES_TIMEOUT = 15.0
"""Seconds that stating its capabilities may take."""

UNMARKED_PLUGINS = frozenset(
    f"subtitled_plugins.{name}" for name in ("whisper", "openai", "qwen", "libretranslate")
) | {"subtitled_plugins.apertium"}
"""Bundled plugins whose variants do not hold their name, because transcripts and translations were
stored before variants had it. Their settings have different keys, so that their variants differ.
Never add one: what is stored without a name would count as its own."""

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
    device: str = "auto"
    """For engines: where the section says that it runs."""
    _stated: list[Any] = field(default_factory=list, compare=False, repr=False)

    def capabilities(self) -> Any:
        """Return the checked capabilities of the engine, translator or endpoint.

        The plugin is asked once. So what was checked is what is used.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or stated nonsense.
        """
        if not self._stated:
            stated = call_with_timeout(
                self.plugin,
                lambda: getattr(self.component_class, "capabilities")(self.settings),  # noqa: B009
                CAPABILITIES_TIMEOUT,
                late_hint="capabilities() must not use the network or import heavy packages",
            )
            self._stated.append(check_capabilities(self.component_class, self.plugin, stated))
        return self._stated[0]

    def ask_statements(self) -> None:
        """Ask the plugin for what it states before it is used, and check that.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or stated nonsense.
        """
        if issubclass(self.component_class, Endpoint):
            self.capabilities()
        if issubclass(self.component_class, Engine | Translator):
            self.capabilities()
            self._check_revision(self.component_class.revision)
        if issubclass(self.component_class, Notifier):
            self._ask_statement("delivery_schedule")
            self.review_events()
        fields = self.settings.result_fields
        call_with_timeout(self.plugin, lambda: json.dumps(fields()), CAPABILITIES_TIMEOUT)

    def review_events(self) -> frozenset[type[ReviewEvent]]:
        """Return the events of reviews that the notifier asks for.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or returned something else.
        """
        return frozenset(self._ask_statement("review_events"))

    def _check_revision(self, revision: object) -> None:
        """Check the revision, which is part of every variant."""
        if not isinstance(revision, int) or isinstance(revision, bool) or revision < 1:
            raise PluginFaultError(
                f"the plugin {self.plugin} is at fault: "
                f"{self.component_class.__qualname__}.revision is no whole number from 1 on",
                f"Write: revision = 2. {FAULT_HINT}",
            )

    def _ask_statement(self, name: str) -> Any:
        """Call a method by which a notifier states something about itself."""
        return self._call_class(name, return_type(Notifier, name), self.settings)

    def models(self) -> tuple[ModelSpec, ...]:
        """Return the models that the component needs, whatever the language.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or returned something else.
        """
        return self._list_models("models", self.settings)

    def models_for_language(self, language: Language) -> tuple[ModelSpec, ...]:
        """Return the models that the engine needs for one spoken language in addition.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or returned something else.
        """
        if not issubclass(self.component_class, Engine):
            return ()
        return self._list_models("models_for_language", self.settings, language)

    def models_for_pair(self, source: Language, target: Language) -> tuple[ModelSpec, ...]:
        """Return the models that the translator needs for one pair of languages in addition.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or returned something else.
        """
        if not issubclass(self.component_class, Translator):
            return ()
        return self._list_models("models_for_pair", self.settings, source, target)

    @property
    def is_isolated(self) -> bool:
        """Whether the component has a process of its own."""
        component = self.component_class
        return issubclass(component, Engine) or (
            issubclass(component, Translator) and component.isolated is True
        )

    def catalogue(self) -> tuple[ModelSpec, ...]:
        """Return all models that the component knows.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or returned something else.
        """
        return self._list_models("catalogue")

    def _list_models(self, name: str, *arguments: Any) -> tuple[ModelSpec, ...]:
        if not issubclass(self.component_class, ModelComponent):
            return ()
        return tuple(self._call_class(name, Sequence[ModelSpec], *arguments))

    def _call_class(self, name: str, expected: Any, *arguments: Any) -> Any:
        """Call a class method of the component and convert its result."""
        method = getattr(self.component_class, name)
        result = call_with_timeout(self.plugin, lambda: method(*arguments), LIMIT)
        return convert_result(f"the plugin {self.plugin}", method, name, result, expected)

    def identity(self) -> dict[str, Any]:
        """Return what sets the results of this plugin apart from those of another one.

        It is part of every variant. Nothing is added for the plugins of :data:`UNMARKED_PLUGINS`
        at revision 1, whose results are stored without it.
        """
        revision = getattr(self.component_class, "revision", 1)
        if revision == 1 and self.entry_point in UNMARKED_PLUGINS:
            return {}
        return {" plugin": self.reference, " revision": revision}

    @property
    def reference(self) -> str:
        """What ``plugin = "..."`` says in the configuration: ``PLUGIN`` or ``PLUGIN:NAME``."""
        return f"{self.plugin}:{self.registered_name}" if self.registered_name else self.plugin

    def create(self, threads: int = 1, models: dict[str, Path] | None = None) -> C:
        """Create the component in this process. What its methods return is checked at each call.

        Args:
            threads: CPU threads that it may use.
            models: The folder of each of its models, by name.

        Raises:
            SubtitledError: The component cannot be created.
        """
        context = ComponentContext(self.name, threads, models or {})
        component = call_with_timeout(
            self.plugin, lambda: self.component_class(self.settings, context), CREATE_TIMEOUT
        )
        check_results(component, f"the plugin {self.plugin}")
        return component


@dataclass(frozen=True, slots=True)
class UnavailableComponent:
    """A section whose plugin cannot be used. The daemon runs without it."""

    section: str
    plugin: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.section}: {self.message}. {self.hint}"


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

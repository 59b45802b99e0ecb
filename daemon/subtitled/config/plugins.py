"""Finding and loading plugins. Only those that the configuration names are imported."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any, Generic, TypeVar

from subtitled.plugin import (
    Component,
    ComponentContext,
    Engine,
    Language,
    ModelComponent,
    ModelSpec,
    Notifier,
    ReviewEvent,
    Settings,
    SetupError,
    SubtitledError,
    Translator,
)

from .capabilities import check_capabilities
from .errors import suggest
from .plugin_calls import LIMIT, call_with_timeout
from .plugin_faults import FAULT_HINT, PluginFaultError
from .plugin_registration import (
    COMPONENT_KINDS,
    ENTRY_POINT_GROUP,
    RegisteredComponent,
    check_api_version,
    collect_components,
    create_plugin_manager,
    explain_missing_component,
    list_unknown_hooks,
)
from .plugin_results import check_results, convert_result, return_type

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
                late_hint="capabilities() must not use the network or import heavy packages",
            )
            self._stated.append(check_capabilities(self.component_class, self.plugin, stated))
        return self._stated[0]

    def ask_statements(self) -> None:
        """Ask the plugin for what it states before it is used, and check that.

        Raises:
            SubtitledError: The plugin raised an error, did not return, or stated nonsense.
        """
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

    def create(self) -> C:
        """Create the component in this process. What its methods return is checked at each call.

        Raises:
            SubtitledError: The component cannot be created.
        """
        context = ComponentContext(self.name)
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
    module: ModuleType


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

    def enable(self, section: str, plugin: str) -> UnavailableComponent | None:
        """Load a plugin for its hooks and commands, whatever it registers."""
        error = self._load_once(plugin)
        return UnavailableComponent(section, plugin, error.message, error.hint) if error else None

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
        entry = _find_entry_point(plugin)
        cpu_seconds: list[float] = []

        def load_module() -> ModuleType:
            begin = time.thread_time()
            module = _import_plugin(plugin, entry)
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
        except SubtitledError:
            if not is_shared and self.hooks.is_registered(module):
                self.hooks.unregister(module)  # a refused plugin receives no events
            raise
        self.warnings += list_unknown_hooks(plugin, module)
        return _LoadedPlugin(components, entry.value, module)


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
    if entry.attr:
        raise SetupError(
            f"the entry point of the plugin {plugin!r} is no module: {entry.value}",
            f'Name the module alone in its pyproject.toml: {plugin} = "{entry.module}"',
        )
    try:
        module = importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{entry.module}.".startswith(f"{error.name}."):
            raise
        raise SetupError(
            f"the entry point of the plugin {plugin!r} names the module {entry.module!r}, which is "
            "not there",
            "Correct [project.entry-points.subtitled] in the pyproject.toml of "
            f"{_find_distribution(entry)[0]}, and install it again",
        ) from error
    check_api_version(plugin, getattr(module, "SUBTITLED_API", None))
    return module

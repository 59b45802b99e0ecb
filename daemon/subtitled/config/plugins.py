"""A component of the configuration: its class, its settings, and what it states of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
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
    Translator,
)
from subtitled.plugin.limits import clean_text

from .capabilities import check_capabilities
from .plugin_calls import LIMIT, call_with_timeout
from .plugin_faults import FAULT_HINT, PluginFaultError
from .plugin_results import check_results, convert_result, return_type

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

    @property
    def model(self) -> str:
        """The name of the model that the section names, or of the default; "" if there is none.

        Of a folder with a model it is the folder's name.
        """
        settings = self.settings
        model = getattr(settings, "model_name", "") or getattr(settings, "model", "") or ""
        return clean_text(model.name if isinstance(model, Path) else str(model))

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

"""Which models the configured engines and translators know, and which of them are needed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.plugins import ConfiguredComponent
from subtitled.plugin import Language, ModelSpec, SetupError, SubtitledError

Configured = ConfiguredComponent[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model of a plugin that the configuration uses."""

    plugin: str
    spec: ModelSpec
    is_needed: bool
    """Whether the configuration as it is needs it."""
    components: tuple[str, ...]
    """The sections that know it, such as ``engine whisper``."""

    @property
    def label(self) -> str:
        """What users call it: ``PLUGIN/NAME``."""
        return f"{self.plugin}/{self.spec.name}"


@dataclass(frozen=True, slots=True)
class Inventory:
    """All models that the configuration knows, and what could not be asked."""

    models: tuple[KnownModel, ...]
    errors: tuple[tuple[str, SubtitledError], ...]
    """Sections whose plugin did not answer, and why."""

    def find(self, name: str) -> KnownModel:
        """Return the model of a name.

        Args:
            name: ``PLUGIN/NAME``, or ``NAME`` if only one plugin has such a model.

        Raises:
            SetupError: No plugin, or more than one, has it.
        """
        matches = [model for model in self.models if name in (model.label, model.spec.name)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise SetupError(
                f"several plugins have a model called {name!r}",
                f"Name one of: {', '.join(model.label for model in matches)}",
            )
        known = ", ".join(model.label for model in self.models) or "none"
        raise SetupError(
            f"no model is called {name!r}. Models: {known}",
            "Models of an engine are known when the configuration has its section",
        )

    def needed(self) -> tuple[KnownModel, ...]:
        """Return the models that the configuration needs."""
        return tuple(model for model in self.models if model.is_needed)


def take_inventory(configuration: Configuration, languages: Iterable[Language] = ()) -> Inventory:
    """Ask all engines and translators for their models.

    Args:
        configuration: The configuration.
        languages: Languages that are spoken, beside those that the libraries assume. Models for one
            language only are needed for these.

    Returns:
        The models of each section in the order of its catalogue.
    """
    libraries = configuration.settings.libraries.values()
    spoken = set(languages)
    spoken |= {x.assumed_language for x in libraries if x.assumed_language is not None}
    wanted = {x for library in libraries for x in library.languages if isinstance(x, Language)}
    found: dict[tuple[str, str], KnownModel] = {}
    errors: list[tuple[str, SubtitledError]] = []
    for section, component in _list_components(configuration):
        for ask, is_needed in _questions(component, sorted(spoken), sorted(wanted)):
            try:
                for spec in ask():
                    _add(found, section, component.plugin, spec, is_needed=is_needed)
            except SubtitledError as error:
                if all(section != known for known, _ in errors):
                    errors.append((section, error))
    return Inventory(tuple(found.values()), tuple(errors))


def _list_components(configuration: Configuration) -> Iterator[tuple[str, Configured]]:
    for name, engine in configuration.engines.items():
        yield f"engine {name}", engine
    for name, translator in configuration.translators.items():
        yield f"translator {name}", translator


def _questions(
    component: Configured, spoken: Sequence[Language], wanted: Sequence[Language]
) -> Iterator[tuple[Callable[[], Sequence[ModelSpec]], bool]]:
    """Yield what a component is asked, and whether the models of the answer are needed."""
    yield component.catalogue, False
    yield component.models, True
    for language in spoken:
        yield functools.partial(component.models_for_language, language), True
        for target in wanted:
            if target != language:
                yield functools.partial(component.models_for_pair, language, target), True


def _add(
    found: dict[tuple[str, str], KnownModel],
    section: str,
    plugin: str,
    spec: ModelSpec,
    *,
    is_needed: bool,
) -> None:
    # A folder of the user's may be called alike in two sections, and is another model then.
    key = (plugin, f"{spec.name} {spec.folder or ''}")
    known = found.get(key)
    sections = known.components if known is not None else ()
    found[key] = KnownModel(
        plugin=plugin,
        spec=spec if known is None else known.spec,
        is_needed=is_needed or (known is not None and known.is_needed),
        components=tuple(dict.fromkeys((*sections, section))),
    )

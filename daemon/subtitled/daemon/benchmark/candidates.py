"""The engines and models that are on this machine, and those that are not and why."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from pydantic import ValidationError

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_models_dir
from subtitled.config.plugin_loader import PluginLoader
from subtitled.config.plugin_registration import RegisteredComponent
from subtitled.config.plugin_sources import list_sources
from subtitled.config.plugins import ConfiguredComponent
from subtitled.costs.budgets import effective_price
from subtitled.models.store import ModelStore
from subtitled.plugin import LOCAL, Engine, Language, ModelSpec, Price, SubtitledError

Configured = ConfiguredComponent[Engine]
_BUNDLED = "subtitled_plugins."
"""How the modules of the bundled plugins begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An engine with one model."""

    configured: Configured
    is_used: bool
    """Whether the configuration uses this very engine and model."""
    price: Price | None = None
    """What an hour of audio costs, if that is known. Only services have one."""

    @property
    def is_service(self) -> bool:
        """Whether audio is sent to somebody else."""
        return bool(self.configured.capabilities().destination != LOCAL)

    @property
    def label(self) -> str:
        """What people call it: ``whisper base``."""
        return " ".join(filter(None, (self.configured.name, self.configured.model)))

    def knows(self, language: Language) -> bool:
        """Return whether it recognises a language, in any of its regions."""
        languages = self.configured.capabilities().languages
        return languages is None or language.primary in {one.primary for one in languages}

    @property
    def memory_mb(self) -> int:
        """The least memory that it needs by what its models state, else by their size."""
        try:
            specs = self.configured.models()
        except SubtitledError:
            return 0
        return sum(spec.memory_mb or spec.size_bytes // 1_000_000 for spec in specs)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model that an installed plugin knows, whether or not it is here."""

    candidate: Candidate
    spec: ModelSpec
    is_here: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    """An engine or model that cannot be run, and what to do about it."""

    label: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is on this machine."""

    candidates: tuple[Candidate, ...]
    """Those that can be run, in the order of the configuration."""
    skipped: tuple[Skipped, ...]
    known: tuple[KnownModel, ...]
    """All models of local engines, installed or not."""


def find_candidates(configuration: Configuration, *, third_party: bool = True) -> Findings:
    """Find the engines and models that are here. Nothing is downloaded or loaded.

    Args:
        configuration: The configuration.
        third_party: Whether to ask also the plugins of others that are installed and that the
            configuration does not name.
    """
    store = ModelStore(resolve_models_dir(configuration.settings))
    candidates: list[Candidate] = []
    skipped = [
        Skipped(one.section.removeprefix("engines."), one.message, one.hint)
        for one in configuration.unavailable
        if one.section.startswith("engines.")
    ]
    known: list[KnownModel] = []
    covered = {(one.reference, one.model) for one in configuration.engines.values()}
    for configured in configuration.engines.values():
        _add(configured, configuration, store, (candidates, skipped, known), covered)
    named = {one.plugin for one in configuration.engines.values()}
    for configured in _list_unconfigured(named, third_party=third_party):
        _add(configured, configuration, store, (candidates, skipped, known), covered)
    return Findings(tuple(candidates), tuple(skipped), tuple(known))


def _add(
    configured: Configured,
    configuration: Configuration,
    store: ModelStore,
    found: tuple[list[Candidate], list[Skipped], list[KnownModel]],
    covered: set[tuple[str, str]],
) -> None:
    """Add an engine with the model of its settings, and with each other one that is installed.

    Of several sections of a plugin, the first is run with the models that none of them names.
    """
    candidates, skipped, known = found
    is_used = configured.name in configuration.engines
    capabilities = configured.capabilities()
    if capabilities.destination != LOCAL:
        if is_used:
            prices = configuration.settings.prices
            price = effective_price(configured.name, capabilities.price, prices)
            candidates.append(Candidate(configured=configured, is_used=True, price=price))
        return
    models = store.of_plugin(configured.plugin)
    own = Candidate(configured=configured, is_used=is_used)
    try:
        needed = configured.models()
        missing = [spec for spec in needed if not _is_here(models, spec)]
        others = list(_iter_other_models(configured, {spec.name for spec in needed}))
    except SubtitledError as error:
        skipped.append(Skipped(own.label, error.message, error.hint))
        return
    known += [
        KnownModel(candidate=own, spec=spec, is_here=spec not in missing) for spec in needed[:1]
    ]
    if not missing:
        candidates.append(own)
    elif is_used:
        labels = " ".join(models.label(spec) for spec in missing)
        size = sum(spec.size_bytes for spec in missing) / 1e6
        hint = f"Nothing is downloaded here. To fetch it ({size:.0f} MB): subtitled models pull "
        skipped.append(Skipped(own.label, "its model is not on this machine", hint + labels))
    for spec, other in others:
        if (other.reference, other.model) in covered:
            continue
        covered.add((other.reference, other.model))
        candidate, is_here = Candidate(configured=other, is_used=False), _is_here(models, spec)
        known.append(KnownModel(candidate=candidate, spec=spec, is_here=is_here))
        if is_here:
            candidates.append(candidate)


def _iter_other_models(
    configured: Configured, own: set[str]
) -> Iterator[tuple[ModelSpec, Configured]]:
    """Yield the other models of an engine's catalogue, with the engine set to each."""
    fields = type(configured.settings).model_fields
    for spec in configured.catalogue() if "model" in fields else ():
        if spec.name in own:
            continue
        values = configured.settings.model_dump() | {"model": spec.name}
        try:
            settings = type(configured.settings).model_validate(values)
            other = replace(configured, settings=settings, _stated=[])
            if [one.name for one in other.models()] == [spec.name]:
                yield spec, other
        except (ValidationError, SubtitledError):
            continue  # Not every setting suits every model.


def _is_here(models: ModelStore, spec: ModelSpec) -> bool:
    try:
        return bool(models.path(spec)) if spec.folder is not None else models.is_installed(spec)
    except SubtitledError:
        return False


def _list_unconfigured(named: set[str], *, third_party: bool) -> Iterator[Configured]:
    """Yield the engines of other installed plugins that need no settings."""
    sources = tuple(
        (source.name, source.module)
        for source in list_sources()
        if source.name not in named and (third_party or source.module.startswith(_BUNDLED))
    )
    for plugin, module, component in _load_engines(sources):
        configured = _with_defaults(plugin, module, component)
        if configured is not None:
            yield configured


@functools.cache
def _load_engines(
    sources: tuple[tuple[str, str], ...],
) -> list[tuple[str, str, RegisteredComponent]]:
    """Return the engines of plugins with the plugin and its module. Those that fail have none."""
    loader = PluginLoader()
    return [
        (name, module, component)
        for name, module in sources
        if loader.load(name) is None
        for component in loader.components(name)
        if component.kind == "engines"
    ]


def _with_defaults(plugin: str, module: str, component: RegisteredComponent) -> Configured | None:
    """Return an engine with the defaults of its settings; None if it cannot do without any."""
    try:
        engine = cast("type[Engine]", component.component_class)
        settings = engine.Settings.model_validate({})
    except ValidationError:
        return None  # It needs an address or a key.
    configured: Configured = ConfiguredComponent(
        name=f"{plugin}:{component.name}" if component.name else plugin,
        plugin=plugin,
        component_class=engine,
        settings=settings,
        entry_point=module,
        registered_name=component.name,
    )
    try:
        configured.ask_statements()
    except SubtitledError:
        return None
    return configured

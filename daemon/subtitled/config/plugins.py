"""Finding and loading the plugins that the configuration names, and no others."""

from __future__ import annotations

import importlib.metadata
import inspect
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, Generic, TypeVar

import pluggy

from subtitled.plugin import (
    CONTRACT,
    Component,
    Context,
    Engine,
    MediaServer,
    Misconfigured,
    Notifier,
    Problem,
    Settings,
    Translator,
    hookspecs,
)

from .isolation import guarded
from .mistakes import suggestion

GROUP = "subtitled"
IMPORT_LIMIT = 30.0
"""Seconds that importing a plugin and asking what it brings may take."""
MAKE_LIMIT = 15.0
"""Seconds that making a component may take."""

KINDS: dict[str, type[Component]] = {
    "engines": Engine,
    "translators": Translator,
    "servers": MediaServer,
    "notifiers": Notifier,
}
"""Sections of the configuration, and what a plugin must bring to be used there."""

C = TypeVar("C", bound=Component)


@dataclass(frozen=True, slots=True)
class Configured(Generic[C]):
    """A component with its settings, ready to be made."""

    name: str
    plugin: str
    component: type[C]
    settings: Settings
    entry_point: str = ""
    """Where another process finds the plugin, such as ``subtitled_plugins.whisper``."""

    def make(self) -> C:
        """The component itself, in this process. Raises a :class:`~subtitled.plugin.Problem`."""
        context = Context(self.name)
        return guarded(self.plugin, lambda: self.component(self.settings, context), MAKE_LIMIT)


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that is named but cannot be used. The daemon goes on without it."""

    section: str
    plugin: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.section}: {self.what}. {self.cure}"


def available() -> list[tuple[str, str, str]]:
    """Every installed plugin as (name, distribution, version), without importing any."""
    entries = importlib.metadata.entry_points(group=GROUP)
    return sorted((entry.name, *_distribution(entry)) for entry in entries)


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    try:
        return (entry.dist.name, entry.dist.version) if entry.dist else ("?", "")
    except Exception:  # noqa: BLE001 - the metadata of a half-removed package
        return "?", ""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A plugin that was imported and asked, and found in order."""

    module: Any
    components: list[type[Component]]
    unknown_hooks: list[str]
    entry_point: str


class Plugins:
    """The plugins that were loaded, each once however many sections name it."""

    def __init__(self) -> None:
        self.hooks = pluggy.PluginManager(GROUP)
        self.hooks.add_hookspecs(hookspecs)
        self.warnings: list[str] = []
        self._opened: dict[str, _Opened] = {}
        self._problems: dict[str, Problem] = {}

    def component(self, kind: str, section: str, plugin: str) -> type[Component] | Broken:
        """What a plugin brings for a kind such as ``engines``, named by ``section``."""
        if plugin not in self._opened and plugin not in self._problems:
            try:
                self._opened[plugin] = self._load(plugin)
            except Problem as problem:
                self._problems[plugin] = problem
        if problem_ := self._problems.get(plugin):
            return Broken(section, plugin, problem_.what, problem_.cure)
        components = self._opened[plugin].components
        for component in components:
            if issubclass(component, KINDS[kind]):
                return component
        brings = [k for k, base in KINDS.items() if any(issubclass(c, base) for c in components)]
        return Broken(
            section,
            plugin,
            f"the plugin {plugin!r} brings no {KINDS[kind].__name__}",
            f"It belongs under: {', '.join(brings)}" if brings else "It brings nothing at all",
        )

    def entry_point(self, plugin: str) -> str:
        """Where a plugin that was loaded lies, such as ``subtitled_plugins.whisper``."""
        return self._opened[plugin].entry_point

    def _load(self, plugin: str) -> _Opened:
        entry = _entry(plugin)
        opened = guarded(plugin, lambda: _open(plugin, entry), IMPORT_LIMIT)
        # Only now, so that what failed is never told of events. Two names may share a module.
        if not self.hooks.is_registered(opened.module):
            self.hooks.register(opened.module, name=plugin)
        self.warnings += (
            f"the plugin {plugin} implements {hook}, which is no hook of contract {CONTRACT}"
            for hook in opened.unknown_hooks
        )
        return opened


def _entry(plugin: str) -> EntryPoint:
    """The one entry point of that name."""
    entries = importlib.metadata.entry_points(group=GROUP)
    named = {entry.value: entry for entry in entries if entry.name == plugin}
    if not named:
        installed = sorted({entry.name for entry in entries})
        hint = suggestion(plugin, installed)
        listed = "" if hint.startswith("There") else f" Installed are: {', '.join(installed)}."
        raise Misconfigured(
            f"no plugin is called {plugin!r}",
            f"{hint.removesuffix('.')}{listed} Else install the package that brings it",
        )
    if len(named) > 1:
        owners = ", ".join(sorted(_distribution(entry)[0] for entry in named.values()))
        raise Misconfigured(
            f"several packages bring a plugin called {plugin!r}: {owners}",
            "Uninstall all but one of them",
        )
    return next(iter(named.values()))


def _open(plugin: str, entry: EntryPoint) -> _Opened:
    """Import a plugin and ask what it brings, in a plugin manager of its own."""
    try:
        module = entry.load()
    except ImportError as error:
        raise Misconfigured(
            f"the plugin {plugin!r} cannot be imported: {error}",
            "Install what it needs, or a newer version of it",
        ) from error
    _check_contract(plugin, getattr(module, "SUBTITLED_CONTRACT", None))
    alone = pluggy.PluginManager(GROUP)
    alone.add_hookspecs(hookspecs)
    alone.register(module, name=plugin)
    callers = alone.get_hookcallers(module) or []
    unknown = [caller.name for caller in callers if not caller.has_spec()]
    brought = alone.hook.subtitled_components()
    components = [component for several in brought for component in (several or ())]
    for component in components:
        _check_component(plugin, component)
    for base in KINDS.values():
        if sum(issubclass(component, base) for component in components) > 1:
            raise Misconfigured(
                f"the plugin {plugin!r} brings more than one {base.__name__}",
                "Its author must name each in an entry point of its own",
            )
    return _Opened(module, components, unknown, entry.value)


def _check_contract(plugin: str, wanted: object) -> None:
    ours = _version(CONTRACT)
    theirs = _version(wanted)
    if theirs is None:
        raise Misconfigured(
            f"the plugin {plugin!r} does not say which contract it is for",
            f'Its module needs a line SUBTITLED_CONTRACT = "{CONTRACT}"',
        )
    if ours is None or theirs[0] != ours[0] or theirs[1] > ours[1]:
        raise Misconfigured(
            f"the plugin {plugin!r} is for contract {wanted}, this is {CONTRACT}",
            "Update the plugin" if ours is None or theirs < ours else "Update subtitled",
        )


def _version(text: object) -> tuple[int, int] | None:
    major, dot, minor = text.partition(".") if isinstance(text, str) else ("", "", "")
    digits = dot and major.isdecimal() and minor.isdecimal() and len(major + minor) < 10
    return (int(major), int(minor)) if digits else None


def _check_component(plugin: str, component: Any) -> None:
    bases = tuple(KINDS.values())
    if not (isinstance(component, type) and issubclass(component, bases)):
        raise Misconfigured(
            f"the plugin {plugin!r} brings {component!r}, which is no component",
            "Its hook subtitled_components must return classes of the contract",
        )
    if inspect.isabstract(component):
        lacking = ", ".join(sorted(getattr(component, "__abstractmethods__", ())))
        raise Misconfigured(
            f"the plugin {plugin!r} brings {component.__name__}, which lacks {lacking}",
            "Its author must write that",
        )
    settings: Any = getattr(component, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        raise Misconfigured(
            f"the plugin {plugin!r} brings {component.__name__}, whose Settings are none",
            "They must be a subclass of subtitled.plugin.Settings",
        )

"""Finding and loading the plugins that the configuration names, and no others."""

from __future__ import annotations

import difflib
import importlib.metadata
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pluggy

from subtitled.plugin import (
    CONTRACT,
    Component,
    Context,
    Engine,
    MediaServer,
    Notifier,
    Problem,
    Settings,
    Translator,
    hookspecs,
)

from .isolation import guarded

GROUP = "subtitled"
IMPORT_LIMIT = 30.0
"""Seconds that importing a plugin may take."""

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

    def make(self) -> C:
        """The component itself, in this process."""
        return self.component(self.settings, Context(self.name))


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
    return sorted(
        (
            entry.name,
            entry.dist.name if entry.dist else "?",
            entry.dist.version if entry.dist else "",
        )
        for entry in importlib.metadata.entry_points(group=GROUP)
    )


class Plugins:
    """The plugins that were loaded, each once however many sections name it."""

    def __init__(self) -> None:
        self.hooks = pluggy.PluginManager(GROUP)
        self.hooks.add_hookspecs(hookspecs)
        self._components: dict[str, list[type[Component]]] = {}
        self._broken: dict[str, tuple[str, str]] = {}

    def component(self, section: str, plugin: str) -> type[Component] | Broken:
        """What a plugin brings for a section such as ``engines.whisper``."""
        if plugin not in self._components and plugin not in self._broken:
            try:
                self._components[plugin] = self._load(plugin)
            except _Unusable as unusable:
                self._broken[plugin] = (unusable.what, unusable.cure)
        if plugin in self._broken:
            return Broken(section, plugin, *self._broken[plugin])
        kind = section.split(".")[0]
        for component in self._components[plugin]:
            if issubclass(component, KINDS[kind]):
                return component
        brings = ", ".join(
            kind
            for kind, base in KINDS.items()
            if any(issubclass(c, base) for c in self._components[plugin])
        )
        return Broken(
            section,
            plugin,
            f"the plugin {plugin!r} brings no {KINDS[kind].__name__}",
            f"It belongs under: {brings}" if brings else "It brings nothing at all",
        )

    def _load(self, plugin: str) -> list[type[Component]]:
        entries = {e.name: e for e in importlib.metadata.entry_points(group=GROUP)}
        if plugin not in entries:
            close = difflib.get_close_matches(plugin, entries, 1)
            known = ", ".join(sorted(entries)) or "none"
            raise _Unusable(
                f"no plugin is called {plugin!r}",
                (f"Did you mean {close[0]!r}? " if close else "")
                + f"Installed are: {known}. Install the package that brings it",
            )
        try:
            module = guarded(plugin, entries[plugin].load, IMPORT_LIMIT)
            self._check_contract(plugin, module)
            self.hooks.register(module, name=plugin)
            brought = guarded(
                plugin,
                lambda: self.hooks.subset_hook_caller(
                    "subtitled_components",
                    [p for n, p in self.hooks.list_name_plugin() if n != plugin],
                )(),
                IMPORT_LIMIT,
            )
        except Problem as problem:
            raise _Unusable(problem.what, problem.cure) from problem
        return self._checked(plugin, brought)

    @staticmethod
    def _check_contract(plugin: str, module: object) -> None:
        wanted = getattr(module, "SUBTITLED_CONTRACT", None)
        ours = tuple(map(int, CONTRACT.split(".")))
        try:
            theirs = tuple(map(int, str(wanted).split(".")))
        except ValueError:
            theirs = ()
        if len(theirs) != 2:
            raise _Unusable(
                f"the plugin {plugin!r} does not say which contract it is for",
                f'Its module needs a line SUBTITLED_CONTRACT = "{CONTRACT}"',
            )
        if theirs[0] != ours[0] or theirs[1] > ours[1]:
            raise _Unusable(
                f"the plugin {plugin!r} is for contract {wanted}, this is {CONTRACT}",
                "Update the plugin" if theirs < ours else "Update subtitled",
            )

    @staticmethod
    def _checked(plugin: str, brought: Any) -> list[type[Component]]:
        components = [component for several in brought for component in (several or ())]
        for component in components:
            if not (isinstance(component, type) and issubclass(component, tuple(KINDS.values()))):
                raise _Unusable(
                    f"the plugin {plugin!r} brings {component!r}, which is no component",
                    "Its hook subtitled_components must return classes of the contract",
                )
        return components


class _Unusable(Exception):
    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure

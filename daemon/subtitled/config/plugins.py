"""Calling other people's code: with a time limit, and with its name on whatever goes wrong.

Finding and loading the plugins that the configuration names, and no others.
"""

from __future__ import annotations

import contextvars
import functools
import importlib.metadata
import inspect
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, Generic, TypeVar

import pluggy

from subtitled.plugin import (
    API_VERSION,
    Component,
    ComponentContext,
    Engine,
    MediaServer,
    Notifier,
    Settings,
    SetupError,
    SubtitledError,
    TransientError,
    Translator,
    hookspecs,
)

from .errors import suggest

_log = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT = 30.0
"""Seconds that a media server or a hook may take."""


def call_with_timeout(name: str, function: Callable[[], T], timeout: float) -> T:
    """The function's result, if it comes within ``limit`` seconds.

    A :class:`~subtitled.plugin.SubtitledError` passes, with a note of the plugin's name; anything
    else raised, even ``SystemExit``, becomes a :class:`Temporary` that names it. A hang does too:
    its thread is left behind.
    """
    result: list[T] = []
    raised: list[tuple[BaseException, str]] = []

    def call() -> None:
        try:
            result.append(function())
        except BaseException as error:  # noqa: BLE001 - nothing of theirs may end a thread of ours
            raised.append((error, _describe_error(error)))

    context = contextvars.copy_context()  # what is logged there is of the same job
    thread = threading.Thread(target=context.run, args=(call,), name=f"plugin {name}", daemon=True)
    thread.start()
    thread.join(timeout)
    if result:
        return result[0]
    if not raised:
        raise TransientError(
            f"the plugin {name} did not answer within {timeout:g} s",
            "Look at what it talks to, or tell its author",
        )
    error, text = raised[0]
    if isinstance(error, SubtitledError):
        error.add_note(f"from the plugin {name}")
        raise error
    raise TransientError(
        f"the plugin {name} failed: {text}", "Look for a newer version of it, or tell its author"
    ) from error


def _describe_error(error: BaseException) -> str:
    """Type and message of an error, even if it cannot say itself."""
    kind = type(error).__name__
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - their __str__ is their code too
        message = ""
    return f"{kind}: {message}" if message else kind


def call_event_hooks(hooks: pluggy.PluginManager, hook: str, event: Any, timeout: float) -> None:
    """Call each plugin's implementation of an event hook by itself; log what goes wrong."""
    for implementation in getattr(hooks.hook, hook).get_hookimpls():
        # pluggy lets an implementation leave out arguments that it does not use.
        arguments = (event,) if implementation.argnames else ()
        call = functools.partial(implementation.function, *arguments)
        try:
            call_with_timeout(implementation.plugin_name, call, timeout)
        except SubtitledError as error:
            _log.warning("plugin %s, %s: %s", implementation.plugin_name, hook, error)


ENTRY_POINT_GROUP = "subtitled"
IMPORT_TIMEOUT = 30.0
"""Seconds that importing a plugin and asking what it brings may take."""
CREATE_TIMEOUT = 15.0
"""Seconds that making a component may take."""

COMPONENT_KINDS: dict[str, type[Component]] = {
    "engines": Engine,
    "translators": Translator,
    "servers": MediaServer,
    "notifiers": Notifier,
}
"""Sections of the configuration, and what a plugin must bring to be used there."""

C = TypeVar("C", bound=Component)


@dataclass(frozen=True, slots=True)
class ConfiguredComponent(Generic[C]):
    """A component with its settings, ready to be made."""

    name: str
    plugin: str
    component_class: type[C]
    settings: Settings
    entry_point: str = ""
    """Where another process finds the plugin, such as ``subtitled_plugins.whisper``."""

    def create(self) -> C:
        """The component itself, in this process. Raises a
        :class:`~subtitled.plugin.SubtitledError`."""
        context = ComponentContext(self.name)
        return call_with_timeout(
            self.plugin, lambda: self.component_class(self.settings, context), CREATE_TIMEOUT
        )


@dataclass(frozen=True, slots=True)
class UnavailableComponent:
    """A plugin that is named but cannot be used. The daemon goes on without it."""

    section: str
    plugin: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.section}: {self.message}. {self.hint}"


def list_installed() -> list[tuple[str, str, str]]:
    """Every installed plugin as (name, distribution, version), without importing any."""
    entries = importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
    return sorted((entry.name, *_find_distribution(entry)) for entry in entries)


def _find_distribution(entry: EntryPoint) -> tuple[str, str]:
    try:
        return (entry.dist.name, entry.dist.version) if entry.dist else ("?", "")
    except Exception:  # noqa: BLE001 - the metadata of a half-removed package
        return "?", ""


@dataclass(frozen=True, slots=True)
class _LoadedPlugin:
    """A plugin that was imported and asked, and found in order."""

    module: Any
    components: list[type[Component]]
    unknown_hooks: list[str]
    entry_point: str


class PluginLoader:
    """The plugins that were loaded, each once however many sections name it."""

    def __init__(self) -> None:
        self.hooks = pluggy.PluginManager(ENTRY_POINT_GROUP)
        self.hooks.add_hookspecs(hookspecs)
        self.warnings: list[str] = []
        self._loaded: dict[str, _LoadedPlugin] = {}
        self._errors: dict[str, SubtitledError] = {}

    def find_component(
        self, kind: str, section: str, plugin: str
    ) -> type[Component] | UnavailableComponent:
        """What a plugin brings for a kind such as ``engines``, named by ``section``."""
        if plugin not in self._loaded and plugin not in self._errors:
            try:
                self._loaded[plugin] = self._load(plugin)
            except SubtitledError as error:
                self._errors[plugin] = error
        if earlier_error := self._errors.get(plugin):
            return UnavailableComponent(section, plugin, earlier_error.message, earlier_error.hint)
        components = self._loaded[plugin].components
        for component in components:
            if issubclass(component, COMPONENT_KINDS[kind]):
                return component
        brings = [
            k for k, base in COMPONENT_KINDS.items() if any(issubclass(c, base) for c in components)
        ]
        return UnavailableComponent(
            section,
            plugin,
            f"the plugin {plugin!r} brings no {COMPONENT_KINDS[kind].__name__}",
            f"It belongs under: {', '.join(brings)}" if brings else "It brings nothing at all",
        )

    def find_entry_point(self, plugin: str) -> str:
        """Where a plugin that was loaded lies, such as ``subtitled_plugins.whisper``."""
        return self._loaded[plugin].entry_point

    def _load(self, plugin: str) -> _LoadedPlugin:
        entry = _find_entry_point(plugin)
        loaded = call_with_timeout(plugin, lambda: _import_plugin(plugin, entry), IMPORT_TIMEOUT)
        # Only now, so that what failed is never told of events. Two names may share a module.
        if not self.hooks.is_registered(loaded.module):
            self.hooks.register(loaded.module, name=plugin)
        self.warnings += (
            f"the plugin {plugin} implements {hook}, which is no hook of contract {API_VERSION}"
            for hook in loaded.unknown_hooks
        )
        return loaded


def _find_entry_point(plugin: str) -> EntryPoint:
    """The one entry point of that name."""
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


def _import_plugin(plugin: str, entry: EntryPoint) -> _LoadedPlugin:
    """Import a plugin and ask what it brings, in a plugin manager of its own."""
    try:
        module = entry.load()
    except ImportError as error:
        raise SetupError(
            f"the plugin {plugin!r} cannot be imported: {error}",
            "Install what it needs, or a newer version of it",
        ) from error
    _check_api_version(plugin, getattr(module, "SUBTITLED_CONTRACT", None))
    manager = pluggy.PluginManager(ENTRY_POINT_GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=plugin)
    callers = manager.get_hookcallers(module) or []
    unknown = [caller.name for caller in callers if not caller.has_spec()]
    results = manager.hook.subtitled_components()
    components = [component for classes in results for component in (classes or ())]
    for component in components:
        _check_component(plugin, component)
    for base in COMPONENT_KINDS.values():
        if sum(issubclass(component, base) for component in components) > 1:
            raise SetupError(
                f"the plugin {plugin!r} brings more than one {base.__name__}",
                "Its author must name each in an entry point of its own",
            )
    return _LoadedPlugin(module, components, unknown, entry.value)


def _check_api_version(plugin: str, wanted: object) -> None:
    supported = _parse_version(API_VERSION)
    requested = _parse_version(wanted)
    if requested is None:
        raise SetupError(
            f"the plugin {plugin!r} does not say which contract it is for",
            f'Its module needs a line SUBTITLED_CONTRACT = "{API_VERSION}"',
        )
    if supported is None or requested[0] != supported[0] or requested[1] > supported[1]:
        raise SetupError(
            f"the plugin {plugin!r} is for contract {wanted}, this is {API_VERSION}",
            "Update the plugin"
            if supported is None or requested < supported
            else "Update subtitled",
        )


def _parse_version(text: object) -> tuple[int, int] | None:
    major, dot, minor = text.partition(".") if isinstance(text, str) else ("", "", "")
    digits = dot and major.isdecimal() and minor.isdecimal() and len(major + minor) < 10
    return (int(major), int(minor)) if digits else None


def _check_component(plugin: str, component: Any) -> None:
    bases = tuple(COMPONENT_KINDS.values())
    if not (isinstance(component, type) and issubclass(component, bases)):
        raise SetupError(
            f"the plugin {plugin!r} brings {component!r}, which is no component",
            "Its hook subtitled_components must return classes of the contract",
        )
    if inspect.isabstract(component):
        missing = ", ".join(sorted(getattr(component, "__abstractmethods__", ())))
        raise SetupError(
            f"the plugin {plugin!r} brings {component.__name__}, which lacks {missing}",
            "Its author must write that",
        )
    settings: Any = getattr(component, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        raise SetupError(
            f"the plugin {plugin!r} brings {component.__name__}, whose Settings are none",
            "They must be a subclass of subtitled.plugin.Settings",
        )

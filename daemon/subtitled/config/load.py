"""Reading the configuration: TOML in, settings and plugins out, every mistake at once."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pluggy
import tomli
from pydantic import ValidationError

from subtitled.plugin import Engine, MediaServer, Notifier, SubtitledError, Translator
from subtitled.plugin import Settings as PluginSettings

from .daemon_settings import find_local_timezone_error
from .errors import (
    ConfigIssue,
    ConfigurationError,
    explain_validation_error,
    find_line,
    format_key,
    suggest,
)
from .library_settings import is_destination_allowed
from .paths import SYSTEM_CONFIG, with_service_folders
from .plugins import (
    COMPONENT_KINDS,
    ConfiguredComponent,
    PluginLoader,
    UnavailableComponent,
    call_with_timeout,
)
from .renamed_keys import find_renamed_keys
from .settings import AppSettings, ComponentSettings, LibrarySettings

__all__ = [
    "ConfigIssue",
    "Configuration",
    "ConfigurationError",
    "find_config",
    "find_missing_folders",
    "load_config",
]

VALIDATION_TIMEOUT = 30.0
"""Seconds that a plugin may take to check its settings."""


@dataclass(frozen=True)
class Configuration:
    """Settings that were checked, and the components that they name."""

    path: Path | None
    settings: AppSettings
    engines: dict[str, ConfiguredComponent[Engine]]
    translators: dict[str, ConfiguredComponent[Translator]]
    servers: dict[str, ConfiguredComponent[MediaServer]]
    notifiers: dict[str, ConfiguredComponent[Notifier]]
    unavailable: tuple[UnavailableComponent, ...]
    hooks: pluggy.PluginManager
    warnings: tuple[str, ...] = ()


def servers_for_library(configuration: Configuration, library: LibrarySettings) -> tuple[str, ...]:
    """The servers that a library tells: those it names, else all that could be loaded."""
    if library.servers is None:
        return tuple(configuration.servers)
    return tuple(name for name in library.servers if name in configuration.servers)


def find_config(explicit: Path | None) -> Path | None:
    """The file to read: the one named, else ``$SUBTITLED_CONFIG``, the user's, the system's.

    Raises :class:`ConfigurationError` if one that was named is not there.
    """
    chosen = explicit or (Path(env) if (env := os.environ.get("SUBTITLED_CONFIG")) else None)
    if chosen is not None:
        if not _exists(chosen):
            issue = ConfigIssue("", "there is no such file", "Copy config.example.toml there")
            if chosen.is_dir():
                issue = ConfigIssue(
                    "", "this is a folder", f"Name the file, such as {chosen}/config.toml"
                )
            raise ConfigurationError(chosen, (issue,))
        return chosen
    defaults = (Path(platformdirs.user_config_dir("subtitled")) / "config.toml", SYSTEM_CONFIG)
    return next((path for path in defaults if _exists(path)), None)


def _exists(path: Path) -> bool:
    """Also true of a pipe, and of what we may not look at: reading it says why not."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False


def load_config(path: Path | None, *, overrides: dict[str, Any] | None = None) -> Configuration:
    """Read a file, or the defaults where there is none. Raises :class:`ConfigurationError`.

    ``overrides`` is laid over the file, key by key, as from options of the command line.
    """
    text, data = _read_toml(path)
    data = _merge(data, overrides or {})
    issues: list[ConfigIssue] = []
    settings = AppSettings()
    try:
        settings = AppSettings.model_validate(data)
    except ValidationError as error:
        issues += explain_validation_error(error, AppSettings, data, text)
    plugins = PluginLoader()
    components: dict[str, dict[str, ConfiguredComponent[Any]]] = {
        kind: {} for kind in COMPONENT_KINDS
    }
    unavailable: list[UnavailableComponent] = []
    for kind, name, section in _iter_sections(data, settings):
        configured = _configure(plugins, kind, name, section, text)
        if isinstance(configured, ConfiguredComponent):
            components[kind][name] = configured
        elif isinstance(configured, UnavailableComponent):
            unavailable.append(configured)
        else:
            issues += configured
    for name in settings.plugins.enabled:
        if unusable := plugins.enable("plugins.enabled", name):
            unavailable.append(unusable)
    issues += _find_unknown_names(data, text)
    issues += _find_unknown_hours(data, text)
    issues += _find_relative_paths(settings, text)
    issues += _find_timezone_issue(settings)
    renamed = {issue.key: issue for issue in find_renamed_keys(data, text)}
    issues = [issue for issue in issues if issue.key not in renamed] + list(renamed.values())
    if issues:
        issues.sort(key=lambda issue: issue.line or 0)
        raise ConfigurationError(path, tuple(issues))
    if path == SYSTEM_CONFIG:
        settings = with_service_folders(settings)
    return Configuration(
        path=path,
        settings=settings,
        **components,
        unavailable=tuple(unavailable),
        hooks=plugins.hooks,
        warnings=(
            *_warn_overlaps(settings),
            *_warn_unreachable(settings, components),
            *plugins.warnings,
        ),
    )


def find_missing_folders(configuration: Configuration) -> tuple[ConfigIssue, ...]:
    """Libraries whose folder is not there. The daemon waits for them: a mount may be away."""
    try:
        text = configuration.path.read_text("utf-8", "replace") if configuration.path else ""
    except OSError:
        text = ""
    return tuple(
        ConfigIssue(
            format_key(("libraries", name, "path")),
            f"the folder {library.path} does not exist",
            "Mount it, make it, or correct the path",
            find_line(text, ("libraries", name, "path")),
        )
        for name, library in configuration.settings.libraries.items()
        if not os.path.isdir(library.path)  # noqa: PTH112 - Path.is_dir raises where it may not look
    )


def _read_toml(path: Path | None) -> tuple[str, dict[str, Any]]:
    if path is None:
        return "", {}
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomli.loads(text)
    except OSError as error:
        hint = "Run this as a user who may read it, or name another file with --config"
        issue = ConfigIssue("", f"cannot be read: {error.strerror or error}", hint)
    except UnicodeDecodeError:
        issue = ConfigIssue("", "is not UTF-8 text", "Save it as UTF-8")
    except tomli.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        hint = "Texts need quotes, lists brackets; every line is a [section] or key = value"
        issue = ConfigIssue("", f"not TOML: {error}", hint, int(line[1]) if line else None)
    except (ValueError, RecursionError) as error:  # numbers and nesting beyond all reason
        issue = ConfigIssue("", f"not TOML that can be read: {error}", "Correct it")
    raise ConfigurationError(path, (issue,))


def _merge(data: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(data)
    for key, value in overrides.items():
        current = merged.get(key)
        are_tables = isinstance(current, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(current, value) if are_tables else value  # type: ignore[arg-type]
    return merged


def _iter_sections(
    data: Mapping[str, Any], settings: AppSettings
) -> Iterator[tuple[str, str, ComponentSettings]]:
    """The component sections that can be read, whatever else is wrong in the file."""
    for kind in COMPONENT_KINDS:
        raw = data.get(kind)
        if raw is None:
            yield from ((kind, name, known) for name, known in getattr(settings, kind).items())
            continue
        for name, section in raw.items() if isinstance(raw, dict) else ():
            try:
                yield kind, name, ComponentSettings.model_validate(section)
            except ValidationError:
                continue  # said already, with the rest of the file


def _configure(
    plugins: PluginLoader, kind: str, name: str, section: ComponentSettings, text: str
) -> ConfiguredComponent[Any] | UnavailableComponent | list[ConfigIssue]:
    """One component section: usable, broken through its plugin, or mistaken by its writer."""
    where, reference = format_key((kind, name)), section.plugin or name
    plugin, _, registered_name = reference.partition(":")
    component = plugins.find_component(kind, where, reference)
    if isinstance(component, UnavailableComponent):
        return component
    model = component.Settings

    def validate() -> PluginSettings | ValidationError:
        try:
            return model.model_validate(section.options)
        except ValidationError as error:
            return error

    try:
        options = call_with_timeout(plugin, validate, VALIDATION_TIMEOUT)
    except SubtitledError as error:
        return UnavailableComponent(where, plugin, f"its settings: {error.message}", error.hint)
    if isinstance(options, ValidationError):
        return list(explain_validation_error(options, model, section.options, text, (kind, name)))
    entry_point = plugins.find_entry_point(plugin)
    return ConfiguredComponent(name, plugin, component, options, entry_point, registered_name)


def _find_unknown_names(data: Mapping[str, Any], text: str) -> Iterator[ConfigIssue]:
    """Engines, translators and servers that a library names and no section describes.

    Reads the raw data, so that it is said together with whatever else is wrong.
    """
    libraries = data.get("libraries")
    for name, library in libraries.items() if isinstance(libraries, dict) else ():
        if not isinstance(library, dict):
            continue  # said already, with the rest of the file
        for key, kind, names in _iter_name_lists(library):
            known = data.get(kind, getattr(AppSettings(), kind))
            if not isinstance(known, dict) or not isinstance(names, list):
                continue
            for used in names:
                if isinstance(used, str) and used not in known:
                    where = ("libraries", name, *key)
                    yield ConfigIssue(
                        format_key(where),
                        f"{used!r} is not configured",
                        f"Add a section [{format_key((kind, used))}]. {suggest(used, known)}",
                        find_line(text, where),
                    )


def _iter_name_lists(library: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Every list of names in a library: its key, the kind of section it names, and the list."""
    for kind in ("engines", "translators", "servers"):
        yield (kind,), kind, library.get(kind)
    summaries = library.get("summaries")
    if isinstance(summaries, dict):
        yield ("summaries", "translators"), "translators", summaries.get("translators")
    routes = library.get("routes")
    for number, route in enumerate(routes if isinstance(routes, list) else ()):
        if isinstance(route, dict):
            yield ("routes", str(number), "engines"), "engines", route.get("engines")


def _find_unknown_hours(data: Mapping[str, Any], text: str) -> Iterator[ConfigIssue]:
    """Libraries and engines that have hours and no section that describes them."""
    schedule = data.get("schedule")
    for kind in ("libraries", "engines"):
        known = data.get(kind, getattr(AppSettings(), kind))
        hours = schedule.get(kind) if isinstance(schedule, dict) else None
        if not isinstance(known, dict) or not isinstance(hours, dict):
            continue  # said already, with the rest of the file
        for name in hours:
            if name not in known:
                yield ConfigIssue(
                    format_key(("schedule", kind, name)),
                    f"{name!r} is not configured",
                    f"Add a section [{format_key((kind, name))}]. {suggest(name, known)}",
                    find_line(text, ("schedule", kind, name)),
                )


def _find_relative_paths(settings: AppSettings, text: str) -> Iterator[ConfigIssue]:
    """Folders that would be elsewhere for the daemon than for the person who wrote them."""
    folders: dict[tuple[str, ...], Path | None] = {
        ("libraries", name, "path"): library.path for name, library in settings.libraries.items()
    }
    folders[("daemon", "state_dir")] = settings.daemon.state_dir
    folders[("daemon", "models_dir")] = settings.daemon.models_dir
    folders[("daemon", "hallucination_phrases")] = settings.daemon.hallucination_phrases
    for key, folder in folders.items():
        if folder is not None and not folder.is_absolute():
            hint = "Write it from the root, such as /srv/media, or from ~"
            yield ConfigIssue(format_key(key), "this path is relative", hint, find_line(text, key))


def _find_timezone_issue(settings: AppSettings) -> Iterator[ConfigIssue]:
    """Hours go by this machine's time zone, and it has none that can be told."""
    if not settings.schedule.timezone and (error := find_local_timezone_error()):
        hint = "Write one here or into TZ, such as Europe/Berlin"
        yield ConfigIssue("schedule.timezone", error, hint)


def _warn_overlaps(settings: AppSettings) -> Iterator[str]:
    """Libraries that hold the same files. Links are not followed: a mount may be away."""
    folders = [
        (name, Path(os.path.normpath(library.path))) for name, library in settings.libraries.items()
    ]
    for number, (name, folder) in enumerate(folders):
        for other, other_folder in folders[number + 1 :]:
            if folder == other_folder:
                yield f"libraries {name} and {other} have the same path {folder}: one is enough"
            elif folder.is_relative_to(other_folder) or other_folder.is_relative_to(folder):
                yield (
                    f"libraries {name} and {other} overlap: a file belongs to the one whose "
                    "path is longer"
                )


def _warn_unreachable(
    settings: AppSettings, components: Mapping[str, Mapping[str, ConfiguredComponent[Any]]]
) -> Iterator[str]:
    """Engines and translators that no library lets send anything to where they are."""
    for kind in ("engines", "translators"):
        for name, configured in components[kind].items():
            try:
                capabilities = call_with_timeout(
                    configured.plugin,
                    lambda: configured.component_class.capabilities(configured.settings),  # noqa: B023 - called at once
                    VALIDATION_TIMEOUT,
                )
                destination = capabilities.destination
            except Exception:  # noqa: BLE001,S112 - it is asked again, and named, where it is used
                continue
            if settings.libraries and not any(
                is_destination_allowed(library.allowed_destinations, destination)
                for library in settings.libraries.values()
            ):
                yield (
                    f"{kind}.{name} is never used: no library allows {destination}. "
                    f'Set allowed_destinations = ["{destination}"] in the libraries whose '
                    "sound may go there"
                )

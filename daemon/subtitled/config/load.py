"""Loading of the configuration: TOML to settings and components, with all mistakes at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli
from pydantic import ValidationError

from subtitled.plugin import Endpoint, Engine, MediaServer, Notifier, SubtitledError, Translator
from subtitled.plugin import Settings as PluginSettings

from .checks import (
    find_delivery_issues,
    find_relative_paths,
    find_timezone_issue,
    find_unknown_hours,
    find_unknown_names,
    warn_overlaps,
    warn_unreachable,
    warn_unspoken,
)
from .engine_device import find_device_issue, split_device
from .errors import (
    ConfigIssue,
    ConfigurationError,
    explain_validation_error,
    find_line,
    format_key,
)
from .locations import SYSTEM_CONFIG, find_named_config, is_there, list_configs
from .paths import with_service_folders
from .plugin_endpoints import open_endpoint
from .plugin_faults import PluginFaultError
from .plugin_hooks import configure_hooks
from .plugin_installation import find_plugin_paths, warn_of_installation
from .plugin_loader import PluginLoader
from .plugin_registration import COMPONENT_KINDS, HookManager
from .plugin_validation import validate_options
from .plugins import ConfiguredComponent, UnavailableComponent
from .projects import apply_projects
from .renamed_keys import find_renamed_keys
from .settings import AppSettings, ComponentSettings, LibrarySettings

__all__ = [
    "ConfigIssue",
    "Configuration",
    "ConfigurationError",
    "find_config",
    "find_faulty_components",
    "find_missing_folders",
    "load_config",
    "load_settings",
]

ENDPOINT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What the name of an endpoint may be: it is a part of the address ``/x/NAME``."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Validated settings, and the components that they configure."""

    path: Path | None
    settings: AppSettings
    engines: dict[str, ConfiguredComponent[Engine]]
    translators: dict[str, ConfiguredComponent[Translator]]
    servers: dict[str, ConfiguredComponent[MediaServer]]
    notifiers: dict[str, ConfiguredComponent[Notifier]]
    endpoints: dict[str, ConfiguredComponent[Endpoint]] = field(default_factory=dict)
    hook_settings: dict[str, PluginSettings] = field(default_factory=dict)
    """The settings of ``[plugins.NAME]``, by the name of the plugin."""
    unavailable: tuple[UnavailableComponent, ...]
    hooks: HookManager
    warnings: tuple[str, ...] = ()


def servers_for_library(configuration: Configuration, library: LibrarySettings) -> tuple[str, ...]:
    """Return the media servers to notify for a library: those it names, else all available ones."""
    if library.servers is None:
        return tuple(configuration.servers)
    return tuple(name for name in library.servers if name in configuration.servers)


def find_config(explicit: Path | None) -> Path | None:
    """Find the configuration file.

    Args:
        explicit: The file that the user named, or None.

    Returns:
        ``explicit``, else ``$SUBTITLED_CONFIG``, else the user's or the system's file, else None.

    Raises:
        ConfigurationError: The file that was named does not exist.
    """
    chosen = find_named_config(explicit)
    if chosen is not None:
        if not is_there(chosen):
            issue = ConfigIssue(
                "",
                "there is no such file",
                "Write one with subtitled init --output FILE, or copy config.example.toml there",
            )
            if chosen.is_dir():
                issue = ConfigIssue(
                    "", "this is a folder", f"Name the file, such as {chosen}/config.toml"
                )
            raise ConfigurationError(chosen, (issue,))
        return chosen
    return next(filter(is_there, list_configs(None, SYSTEM_CONFIG)), None)


def load_settings(path: Path | None) -> AppSettings:
    """Load the settings alone. No plugin is imported, so their sections are not checked.

    Args:
        path: The file, or None for the defaults.

    Raises:
        ConfigurationError: The file cannot be read, or its settings have mistakes.
    """
    text, data = _read_toml(path)
    settings, issues = _validate(data, text)
    if issues:
        raise ConfigurationError(path, tuple(issues))
    return _with_folders(settings, path)


def load_config(
    path: Path | None,
    *,
    overrides: dict[str, Any] | None = None,
    before_plugins: Callable[[AppSettings], None] = lambda settings: None,
) -> Configuration:
    """Load a configuration and the plugins that it names.

    Args:
        path: The file, or None for the defaults.
        overrides: Tables that replace values of the file, key by key.
        before_plugins: Is called before the code of a plugin runs.

    Raises:
        ConfigurationError: The file cannot be read or has mistakes. It contains all of them.
    """
    text, data = _read_toml(path)
    data = _merge(data, overrides or {})
    settings, issues = _validate(data, text)
    settings = _with_folders(settings, path)
    before_plugins(settings)
    find_plugin_paths(settings, path).apply()
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
    hooks = configure_hooks(plugins, settings.plugins, text)
    unavailable += hooks.unavailable
    issues += hooks.issues
    issues += find_unknown_names(data, text)
    issues += find_unknown_hours(data, text)
    issues += find_relative_paths(settings, text)
    issues += find_delivery_issues(settings, text)
    issues += find_timezone_issue(settings)
    renamed = {issue.key: issue for issue in find_renamed_keys(data, text)}
    issues = [issue for issue in issues if issue.key not in renamed] + list(renamed.values())
    if issues:
        issues.sort(key=lambda issue: issue.line or 0)
        raise ConfigurationError(path, tuple(issues))
    return Configuration(
        path=path,
        settings=settings,
        **components,
        hook_settings=hooks.settings,
        unavailable=tuple(unavailable),
        hooks=plugins.hooks,
        warnings=(
            *warn_overlaps(settings),
            *warn_unreachable(settings, components),
            *warn_unspoken(settings, components["engines"]),
            *warn_of_installation(settings),
            *plugins.warnings,
        ),
    )


def _validate(data: dict[str, Any], text: str) -> tuple[AppSettings, list[ConfigIssue]]:
    """Return the settings, or the defaults and what is wrong."""
    try:
        return AppSettings.model_validate(data), []
    except ValidationError as error:
        return AppSettings(), list(explain_validation_error(error, AppSettings, data, text))


def _with_folders(settings: AppSettings, path: Path | None) -> AppSettings:
    settings = apply_projects(settings)
    return with_service_folders(settings) if path == SYSTEM_CONFIG else settings


def find_missing_folders(configuration: Configuration) -> tuple[ConfigIssue, ...]:
    """Find libraries whose folder does not exist. The daemon waits for them to be mounted."""
    try:
        text = configuration.path.read_text("utf-8", "replace") if configuration.path else ""
    except OSError:
        text = ""
    return tuple(
        ConfigIssue(
            format_key(("libraries", name, "path")),
            f"the folder {library.path} does not exist",
            "Mount it, create it, or correct the path",
            find_line(text, ("libraries", name, "path")),
        )
        for name, library in configuration.settings.libraries.items()
        if not os.path.isdir(library.path)  # noqa: PTH112 - Path.is_dir raises if access is denied
    )


def find_faulty_components(configuration: Configuration) -> tuple[UnavailableComponent, ...]:
    """Create every component, and find those whose plugin has a fault there.

    A secret that cannot be read here is none: the daemon may be the only one who can.
    """
    faults = []
    for kind in COMPONENT_KINDS:
        for name, configured in getattr(configuration, kind).items():
            try:
                open_endpoint(configured) if kind == "endpoints" else configured.create()
            except PluginFaultError as error:
                title = format_key((kind, name))
                faults.append(
                    UnavailableComponent(title, configured.plugin, error.message, error.hint)
                )
            except SubtitledError:
                continue
    return tuple(faults)


def _read_toml(path: Path | None) -> tuple[str, dict[str, Any]]:
    if path is None:
        return "", {}
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomli.loads(text)
    except OSError as error:
        hint = "Run this as a user with read access, or name another file with --config"
        issue = ConfigIssue("", f"cannot be read: {error.strerror or error}", hint)
    except UnicodeDecodeError:
        issue = ConfigIssue("", "is not UTF-8 text", "Save it as UTF-8")
    except tomli.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        hint = "Texts need quotes, lists need brackets; every line is a [section] or key = value"
        issue = ConfigIssue("", f"not TOML: {error}", hint, int(line[1]) if line else None)
    except (ValueError, RecursionError) as error:  # numbers too long, tables nested too deeply
        issue = ConfigIssue("", f"not TOML that can be parsed: {error}", "Correct it")
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
    """Yield the component sections that are tables, even if other parts of the file are wrong."""
    for kind in COMPONENT_KINDS:
        raw = data.get(kind)
        if raw is None:
            yield from ((kind, name, known) for name, known in getattr(settings, kind).items())
            continue
        for name, section in raw.items() if isinstance(raw, dict) else ():
            try:
                yield kind, name, ComponentSettings.model_validate(section)
            except ValidationError:
                continue  # the validation of the file reports it


def _configure(
    plugins: PluginLoader, kind: str, name: str, section: ComponentSettings, text: str
) -> ConfiguredComponent[Any] | UnavailableComponent | list[ConfigIssue]:
    """Configure one component section: return the component, or why it cannot be used."""
    title, reference = format_key((kind, name)), section.plugin or name
    plugin, _, registered_name = reference.partition(":")
    component = plugins.find_component(kind, title, reference)
    if isinstance(component, UnavailableComponent):
        return component
    if kind == "endpoints" and not ENDPOINT_NAME.fullmatch(name):
        message = "the name of this section cannot be a part of an address"
        return UnavailableComponent(title, plugin, message, "Use letters, digits, - and _")
    model = component.Settings
    device, options_of_plugin = split_device(kind, section.options, model)
    options = validate_options(plugin, model, options_of_plugin, (kind, name), text)
    if not isinstance(options, PluginSettings):
        return options
    entry_point = plugins.find_entry_point(plugin)
    configured: ConfiguredComponent[Any] = ConfiguredComponent(
        name=name,
        plugin=plugin,
        component_class=component,
        settings=options,
        entry_point=entry_point,
        registered_name=registered_name,
        device=str(device),
    )
    try:
        configured.ask_statements()
        if kind == "engines":
            stated = configured.capabilities()
            if issue := find_device_issue(device, stated, model, (kind, name), text):
                return [issue]
    except SubtitledError as error:
        return UnavailableComponent(title, plugin, error.message, error.hint)
    return configured

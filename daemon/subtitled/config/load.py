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

from subtitled.plugin import Engine, MediaServer, Notifier, Problem, Translator
from subtitled.plugin import Settings as PluginSettings

from .isolation import guarded
from .lines import line_of
from .mistakes import ConfigurationError, Mistake, dotted, explained, suggestion
from .places import SYSTEM_WIDE, of_the_service
from .plugins import KINDS, Broken, Configured, Plugins
from .schedule import local_zone_trouble
from .settings import ComponentSettings, LibrarySettings, Settings
from .spending import allows

__all__ = ["Configuration", "ConfigurationError", "Mistake", "find", "load", "missing_folders"]

CHECK_LIMIT = 30.0
"""Seconds that a plugin may take to check its settings."""


@dataclass(frozen=True)
class Configuration:
    """Settings that were checked, and the components that they name."""

    path: Path | None
    settings: Settings
    engines: dict[str, Configured[Engine]]
    translators: dict[str, Configured[Translator]]
    servers: dict[str, Configured[MediaServer]]
    notifiers: dict[str, Configured[Notifier]]
    broken: tuple[Broken, ...]
    hooks: pluggy.PluginManager
    warnings: tuple[str, ...] = ()


def servers_of(configuration: Configuration, library: LibrarySettings) -> tuple[str, ...]:
    """The servers that a library tells: those it names, else all that could be loaded."""
    if library.servers is None:
        return tuple(configuration.servers)
    return tuple(name for name in library.servers if name in configuration.servers)


def find(explicit: Path | None) -> Path | None:
    """The file to read: the one named, else ``$SUBTITLED_CONFIG``, the user's, the system's.

    Raises :class:`ConfigurationError` if one that was named is not there.
    """
    named = explicit or (Path(env) if (env := os.environ.get("SUBTITLED_CONFIG")) else None)
    if named is not None:
        if not _is_there(named):
            wrong = Mistake("", "there is no such file", "Copy config.example.toml there")
            if named.is_dir():
                wrong = Mistake(
                    "", "this is a folder", f"Name the file, such as {named}/config.toml"
                )
            raise ConfigurationError(named, (wrong,))
        return named
    usual = (Path(platformdirs.user_config_dir("subtitled")) / "config.toml", SYSTEM_WIDE)
    return next((path for path in usual if _is_there(path)), None)


def _is_there(path: Path) -> bool:
    """Also true of a pipe, and of what we may not look at: reading it says why not."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False


def load(path: Path | None, *, overrides: dict[str, Any] | None = None) -> Configuration:
    """Read a file, or the defaults where there is none. Raises :class:`ConfigurationError`.

    ``overrides`` is laid over the file, key by key, as from options of the command line.
    """
    text, data = _read(path)
    data = _merged(data, overrides or {})
    mistakes: list[Mistake] = []
    settings = Settings()
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        mistakes += explained(error, Settings, data, text)
    plugins = Plugins()
    found: dict[str, dict[str, Configured[Any]]] = {kind: {} for kind in KINDS}
    broken: list[Broken] = []
    for kind, name, section in _sections(data, settings):
        configured = _configured(plugins, kind, name, section, text)
        if isinstance(configured, Configured):
            found[kind][name] = configured
        elif isinstance(configured, Broken):
            broken.append(configured)
        else:
            mistakes += configured
    mistakes += _unknown_names(data, text)
    mistakes += _unknown_hours(data, text)
    mistakes += _relative_paths(settings, text)
    mistakes += _no_zone(settings)
    if mistakes:
        mistakes.sort(key=lambda mistake: mistake.line or 0)
        raise ConfigurationError(path, tuple(mistakes))
    if path == SYSTEM_WIDE:
        settings = of_the_service(settings)
    return Configuration(
        path=path,
        settings=settings,
        **found,
        broken=tuple(broken),
        hooks=plugins.hooks,
        warnings=(*_overlaps(settings), *_kept_in(settings, found), *plugins.warnings),
    )


def missing_folders(configuration: Configuration) -> tuple[Mistake, ...]:
    """Libraries whose folder is not there. The daemon waits for them: a mount may be away."""
    try:
        text = configuration.path.read_text("utf-8", "replace") if configuration.path else ""
    except OSError:
        text = ""
    return tuple(
        Mistake(
            dotted(("libraries", name, "path")),
            f"the folder {library.path} does not exist",
            "Mount it, make it, or correct the path",
            line_of(text, ("libraries", name, "path")),
        )
        for name, library in configuration.settings.libraries.items()
        if not os.path.isdir(library.path)  # noqa: PTH112 - Path.is_dir raises where it may not look
    )


def _read(path: Path | None) -> tuple[str, dict[str, Any]]:
    if path is None:
        return "", {}
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomli.loads(text)
    except OSError as error:
        cure = "Run this as a user who may read it, or name another file with --config"
        wrong = Mistake("", f"cannot be read: {error.strerror or error}", cure)
    except UnicodeDecodeError:
        wrong = Mistake("", "is not UTF-8 text", "Save it as UTF-8")
    except tomli.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        cure = "Texts need quotes, lists brackets; every line is a [section] or key = value"
        wrong = Mistake("", f"not TOML: {error}", cure, int(line[1]) if line else None)
    except (ValueError, RecursionError) as error:  # numbers and nesting beyond all reason
        wrong = Mistake("", f"not TOML that can be read: {error}", "Correct it")
    raise ConfigurationError(path, (wrong,))


def _merged(data: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(data)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _sections(
    data: Mapping[str, Any], settings: Settings
) -> Iterator[tuple[str, str, ComponentSettings]]:
    """The component sections that can be read, whatever else is wrong in the file."""
    for kind in KINDS:
        raw = data.get(kind)
        if raw is None:
            yield from ((kind, name, known) for name, known in getattr(settings, kind).items())
            continue
        for name, section in raw.items() if isinstance(raw, dict) else ():
            try:
                yield kind, name, ComponentSettings.model_validate(section)
            except ValidationError:
                continue  # said already, with the rest of the file


def _configured(
    plugins: Plugins, kind: str, name: str, section: ComponentSettings, text: str
) -> Configured[Any] | Broken | list[Mistake]:
    """One component section: usable, broken through its plugin, or mistaken by its writer."""
    where, plugin = dotted((kind, name)), section.plugin or name
    component = plugins.component(kind, where, plugin)
    if isinstance(component, Broken):
        return component
    model = component.Settings

    def validated() -> PluginSettings | ValidationError:
        try:
            return model.model_validate(section.options)
        except ValidationError as error:
            return error

    try:
        options = guarded(plugin, validated, CHECK_LIMIT)
    except Problem as problem:
        return Broken(where, plugin, f"its settings: {problem.what}", problem.cure)
    if isinstance(options, ValidationError):
        return list(explained(options, model, section.options, text, (kind, name)))
    return Configured(name, plugin, component, options, plugins.entry_point(plugin))


def _unknown_names(data: Mapping[str, Any], text: str) -> Iterator[Mistake]:
    """Engines, translators and servers that a library names and no section describes.

    Reads the raw data, so that it is said together with whatever else is wrong.
    """
    libraries = data.get("libraries")
    for name, library in libraries.items() if isinstance(libraries, dict) else ():
        if not isinstance(library, dict):
            continue  # said already, with the rest of the file
        for key, kind, names in _names_used(library):
            known = data.get(kind, getattr(Settings(), kind))
            if not isinstance(known, dict) or not isinstance(names, list):
                continue
            for used in names:
                if isinstance(used, str) and used not in known:
                    where = ("libraries", name, *key)
                    yield Mistake(
                        dotted(where),
                        f"{used!r} is not configured",
                        f"Add a section [{dotted((kind, used))}]. {suggestion(used, known)}",
                        line_of(text, where),
                    )


def _names_used(library: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Every list of names in a library: its key, the kind of section it names, and the list."""
    for kind in ("engines", "translators", "servers"):
        yield (kind,), kind, library.get(kind)
    summaries = library.get("summaries")
    if isinstance(summaries, dict):
        yield ("summaries", "writers"), "translators", summaries.get("writers")
    routes = library.get("routes")
    for number, route in enumerate(routes if isinstance(routes, list) else ()):
        if isinstance(route, dict):
            yield ("routes", str(number), "engines"), "engines", route.get("engines")


def _unknown_hours(data: Mapping[str, Any], text: str) -> Iterator[Mistake]:
    """Libraries and engines that have hours and no section that describes them."""
    schedule = data.get("schedule")
    for kind in ("libraries", "engines"):
        known = data.get(kind, getattr(Settings(), kind))
        named = schedule.get(kind) if isinstance(schedule, dict) else None
        if not isinstance(known, dict) or not isinstance(named, dict):
            continue  # said already, with the rest of the file
        for name in named:
            if name not in known:
                yield Mistake(
                    dotted(("schedule", kind, name)),
                    f"{name!r} is not configured",
                    f"Add a section [{dotted((kind, name))}]. {suggestion(name, known)}",
                    line_of(text, ("schedule", kind, name)),
                )


def _relative_paths(settings: Settings, text: str) -> Iterator[Mistake]:
    """Folders that would be elsewhere for the daemon than for the person who wrote them."""
    folders: dict[tuple[str, ...], Path | None] = {
        ("libraries", name, "path"): library.path for name, library in settings.libraries.items()
    }
    folders[("daemon", "state_dir")] = settings.daemon.state_dir
    folders[("daemon", "models_dir")] = settings.daemon.models_dir
    folders[("daemon", "phrases")] = settings.daemon.phrases
    for key, folder in folders.items():
        if folder is not None and not folder.is_absolute():
            cure = "Write it from the root, such as /srv/media, or from ~"
            yield Mistake(dotted(key), "this path is relative", cure, line_of(text, key))


def _no_zone(settings: Settings) -> Iterator[Mistake]:
    """Hours go by this machine's time zone, and it has none that can be told."""
    if not settings.schedule.timezone and (trouble := local_zone_trouble()):
        cure = "Write one here or into TZ, such as Europe/Berlin"
        yield Mistake("schedule.timezone", trouble, cure)


def _overlaps(settings: Settings) -> Iterator[str]:
    """Libraries that hold the same files. Links are not followed: a mount may be away."""
    folders = [
        (name, Path(os.path.normpath(library.path))) for name, library in settings.libraries.items()
    ]
    for number, (name, folder) in enumerate(folders):
        for other, theirs in folders[number + 1 :]:
            if folder == theirs:
                yield f"libraries {name} and {other} have the same path {folder}: one is enough"
            elif folder.is_relative_to(theirs) or theirs.is_relative_to(folder):
                yield (
                    f"libraries {name} and {other} overlap: a file belongs to the one whose "
                    "path is longer"
                )


def _kept_in(
    settings: Settings, found: Mapping[str, Mapping[str, Configured[Any]]]
) -> Iterator[str]:
    """Engines and translators that no library lets send anything to where they are."""
    for kind in ("engines", "translators"):
        for name, configured in found[kind].items():
            try:
                able = guarded(
                    configured.plugin,
                    lambda: configured.component.capabilities(configured.settings),  # noqa: B023 - called at once
                    CHECK_LIMIT,
                )
                to = able.destination
            except Exception:  # noqa: BLE001,S112 - it is asked again, and named, where it is used
                continue
            if settings.libraries and not any(
                allows(library.privacy, to) for library in settings.libraries.values()
            ):
                yield (
                    f"{kind}.{name} is never used: no library allows {to}. "
                    f'Set privacy = ["{to}"] in the libraries whose sound may go there'
                )

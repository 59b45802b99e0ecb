"""Reading the configuration: TOML in, settings and plugins out, every mistake at once."""

from __future__ import annotations

import difflib
import os
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pluggy
import tomli
from pydantic import BaseModel, ValidationError

from subtitled.plugin import Engine, MediaServer, Notifier, Translator

from .plugins import KINDS, Broken, Configured, Plugins
from .settings import ComponentSettings, Settings

SYSTEM_WIDE = Path("/etc/subtitled/config.toml")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in the file."""

    key: str
    what: str
    cure: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        key = f"{self.key}: " if self.key else ""
        return f"{place}{key}{self.what}" + (f". {self.cure}" if self.cure else "")


class ConfigurationError(Exception):
    """The configuration cannot be used; ``mistakes`` says all that is wrong with it."""

    def __init__(self, path: Path | None, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(path, mistakes)
        self.path = path
        self.mistakes = mistakes

    def __str__(self) -> str:
        file = f"{self.path}: " if self.path else ""
        return "\n".join(f"{file}{mistake}" for mistake in self.mistakes)


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


def find(explicit: Path | None) -> Path | None:
    """The file to read: the one named, else ``$SUBTITLED_CONFIG``, the user's, the system's.

    Raises :class:`ConfigurationError` if one that was named is not there.
    """
    named = explicit or (Path(env) if (env := os.environ.get("SUBTITLED_CONFIG")) else None)
    if named is not None:
        if not named.is_file():
            missing = Mistake("", "there is no such file", "Copy config.example.toml there")
            raise ConfigurationError(named, (missing,))
        return named
    usual = (Path(platformdirs.user_config_dir("subtitled")) / "config.toml", SYSTEM_WIDE)
    return next((path for path in usual if path.is_file()), None)


def load(path: Path | None) -> Configuration:
    """Read a file, or the defaults where there is none. Raises :class:`ConfigurationError`."""
    text, data = _read(path)
    mistakes: list[Mistake] = []
    settings = Settings()
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        mistakes += _explained(error, Settings, (), text)
    plugins = Plugins()
    found: dict[str, dict[str, Configured[Any]]] = {kind: {} for kind in KINDS}
    broken: list[Broken] = []
    for kind, name, section in _sections(data, settings):
        where = f"{kind}.{name}"
        component = plugins.component(where, section.plugin or name)
        if isinstance(component, Broken):
            broken.append(component)
            continue
        try:
            options = component.Settings.model_validate(section.options)
        except ValidationError as error:
            mistakes += _explained(error, component.Settings, (kind, name), text)
        else:
            plugin = section.plugin or name
            found[kind][name] = Configured(name, plugin, component, options)
    mistakes += _unknown_names(settings, text)
    if mistakes:
        raise ConfigurationError(path, tuple(mistakes))
    return Configuration(
        path=path,
        settings=settings,
        **found,
        broken=tuple(broken),
        hooks=plugins.hooks,
        warnings=tuple(_warnings(settings)),
    )


def missing_folders(configuration: Configuration) -> tuple[Mistake, ...]:
    """Libraries whose folder is not there. The daemon waits for them: a mount may be away."""
    text = configuration.path.read_text("utf-8", "replace") if configuration.path else ""
    return tuple(
        Mistake(
            f"libraries.{name}.path",
            f"the folder {library.path} does not exist",
            "Mount it, make it, or correct the path",
            _line(text, ("libraries", name, "path")),
        )
        for name, library in configuration.settings.libraries.items()
        if not library.path.is_dir()
    )


def _read(path: Path | None) -> tuple[str, dict[str, Any]]:
    if path is None:
        return "", {}
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomli.loads(text)
    except OSError as error:
        raise ConfigurationError(
            path, (Mistake("", f"cannot be read: {error.strerror}"),)
        ) from None
    except UnicodeDecodeError:
        wrong = Mistake("", "is not UTF-8 text", "Save it as UTF-8")
        raise ConfigurationError(path, (wrong,)) from None
    except tomli.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        wrong = Mistake("", f"not TOML: {error}", "", int(line[1]) if line else None)
        raise ConfigurationError(path, (wrong,)) from None


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


def _unknown_names(settings: Settings, text: str) -> Iterator[Mistake]:
    for name, library in settings.libraries.items():
        for kind in ("engines", "translators", "servers"):
            known = getattr(settings, kind)
            for used in getattr(library, kind) or ():
                if used not in known:
                    yield Mistake(
                        f"libraries.{name}.{kind}",
                        f"{used!r} is not configured",
                        f"Add a section [{kind}.{used}]; there are: {', '.join(known) or 'none'}",
                        _line(text, ("libraries", name, kind)),
                    )


def _warnings(settings: Settings) -> Iterator[str]:
    libraries = list(settings.libraries.items())
    for number, (name, library) in enumerate(libraries):
        for other, theirs in libraries[number + 1 :]:
            if library.path.is_relative_to(theirs.path) or theirs.path.is_relative_to(library.path):
                yield (
                    f"libraries {name} and {other} overlap: a file belongs to the one whose "
                    "path is longer"
                )


def _explained(
    error: ValidationError, model: type[BaseModel], prefix: tuple[str, ...], text: str
) -> Iterator[Mistake]:
    """pydantic's findings in the words of the file."""
    seen = set()
    for found in error.errors(include_url=False):
        location = tuple(str(part) for part in found["loc"] if not _is_internal(part))
        key = (*prefix, *location)
        message = found["msg"].removeprefix("Value error, ")
        cure = ""
        if found["type"] == "extra_forbidden":
            message = "there is no such key"
            close = difflib.get_close_matches(location[-1], _keys(model, location[:-1]), 1)
            keys = ", ".join(_keys(model, location[:-1]))
            cure = f"Did you mean {close[0]!r}?" if close else f"There are: {keys}"
        elif found["type"] == "missing":
            message, cure = "this key is needed", "Add it"
        elif found["type"] == "literal_error" and len(location) and "languages" in key:
            continue  # the other branch of the union says it better
        if (key, message) not in seen:
            seen.add((key, message))
            yield Mistake(".".join(key), message, cure, _line(text, key))


def _is_internal(part: int | str) -> bool:
    """Names of union branches and validators that pydantic puts among the keys."""
    return isinstance(part, str) and bool(re.search(r"[\[(]|^function-|^literal", part))


def _keys(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """The keys that are known at a place in the file."""
    at: Any = model
    for part in path:
        field = getattr(at, "model_fields", {}).get(part)
        if field is None:
            continue  # the name of a library or the like: its value's model is already ours
        at = next(
            (
                kind
                for kind in _types_in(field.annotation)
                if isinstance(kind, type) and issubclass(kind, BaseModel)
            ),
            None,
        )
    return list(getattr(at, "model_fields", {}))


def _types_in(annotation: Any) -> Iterator[Any]:
    yield annotation
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation):
        for argument in typing.get_args(annotation):
            yield from _types_in(argument)


def _line(text: str, key: tuple[str, ...]) -> int | None:
    """The line that a key stands in, as well as a search can tell."""
    lines = text.splitlines()
    table: list[str] = []
    best: int | None = None
    for number, line in enumerate(lines, 1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            table = [part.strip().strip("\"'") for part in header[1].split(".")]
            if tuple(table) == key[: len(table)]:
                best = number
            continue
        entry = re.match(r"\s*([\w\"'.-]+)\s*=", line)
        if entry:
            name = [part.strip("\"'") for part in entry[1].split(".")]
            full = (*table, *name)
            if full == key[: len(full)]:
                best = number
                if full == key:
                    return number
    return best

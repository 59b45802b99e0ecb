"""The settings in force: each value with where it comes from, secrets only as references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from subtitled.config.errors import find_line, format_key
from subtitled.config.load import Configuration, find_missing_folders
from subtitled.config.reference import dump_settings

from .plain import to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingValue:
    """One value in force."""

    key: str
    """As in TOML, such as ``libraries.films.path``."""
    value: Any
    """As JSON has it. A secret is where it comes from, such as ``{"env": "NAME"}``."""
    line: int | None
    """The line of the file that sets it; None for a default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something in the file that does not work as it is."""

    key: str
    message: str
    hint: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsAnswer:
    """The configuration in force."""

    file: Path | None
    """The file that was read; None if there is none, so that all are defaults."""
    values: tuple[SettingValue, ...]
    mistakes: tuple[Mistake, ...]
    """Folders that do not exist, and plugins that cannot be used."""
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON has it."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def describe_settings(configuration: Configuration) -> SettingsAnswer:
    """Return every setting in force, with the line that sets it.

    The lines are those of the file as it is now. If it cannot be read any more, no line is known.
    """
    text = _read(configuration.path)
    written = _parse(text)
    issues = (
        *(
            Mistake(key=issue.key, message=issue.message, hint=issue.hint, line=issue.line)
            for issue in find_missing_folders(configuration)
        ),
        *(
            Mistake(
                key=component.section, message=component.message, hint=component.hint, line=None
            )
            for component in configuration.unavailable
        ),
    )
    return SettingsAnswer(
        file=configuration.path,
        values=tuple(
            SettingValue(
                key=format_key(key),
                value=to_plain(value),
                line=find_line(text, key) if _contains(written, key) else None,
            )
            for key, value in _flatten(dump_settings(configuration))
        ),
        mistakes=issues,
        warnings=configuration.warnings,
    )


def _read(path: Path | None) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n") if path else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _flatten(
    values: Mapping[str, Any], prefix: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the values of tables, and of tables in them, by the parts of their keys."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, (*prefix, name))
        else:
            yield (*prefix, name), value


def _parse(text: str) -> Mapping[str, Any]:
    try:
        return tomli.loads(text)
    except (ValueError, RecursionError):
        return {}


def _contains(table: Mapping[str, Any], key: tuple[str, ...]) -> bool:
    """Return whether a file sets a value, not only others of the table around it."""
    value: Any = table
    for part in key:
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    return True

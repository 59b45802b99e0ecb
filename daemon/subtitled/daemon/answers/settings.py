"""The settings in force: each value with where it comes from, secrets only as references."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from subtitled.config.errors import ConfigIssue, ConfigurationError, find_line, format_key
from subtitled.config.load import Configuration, find_missing_folders, load_config
from subtitled.config.reference import dump_settings, settings_digest
from subtitled.plugin import Secret

from .plain import to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingValue:
    """One value in force."""

    section: str
    """Its table as in TOML, such as ``libraries.films``."""
    name: str
    value: Any
    """As JSON has it. A secret is where it comes from, such as ``{"env": "NAME"}``."""
    is_set: bool
    """Whether the file sets it; otherwise it is the default."""
    line: int | None
    """The line of the file that sets it; None for a default, or if it is not found."""

    @property
    def key(self) -> str:
        """Its whole key as in TOML, such as ``libraries.films.path``."""
        return f"{self.section}.{format_key([self.name])}" if self.section else self.name

    def to_dict(self) -> dict[str, Any]:
        """Return the value as JSON has it."""
        return {"key": self.key, "value": self.value, "line": self.line}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsAnswer:
    """The configuration in force."""

    file: Path | None
    """The file that was read; None if there is none, so that all are defaults."""
    values: tuple[SettingValue, ...]
    issues: tuple[ConfigIssue, ...]
    """Mistakes in the file as it is now, folders that do not exist, plugins that cannot be used."""
    warnings: tuple[str, ...]
    is_changed: bool
    """Whether the file as it is now says something else than what is in force. The daemon goes on
    with its old settings until a reload, and if the new ones have mistakes.
    """

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON has it."""
        return {
            "file": to_plain(self.file),
            "values": [value.to_dict() for value in self.values],
            "issues": to_plain(self.issues),
            "warnings": list(self.warnings),
            "changed": self.is_changed,
        }


def describe_settings(configuration: Configuration) -> SettingsAnswer:
    """Return every setting in force, with the line that sets it, and what is wrong in the file.

    The lines are those of the file as it is now. If it cannot be read any more, no line is known.
    """
    text = _read(configuration.path)
    written = _parse(text)
    issues, is_changed = _check_file(configuration)
    return SettingsAnswer(
        file=configuration.path,
        values=tuple(
            SettingValue(
                section=format_key(key[:-1]),
                name=key[-1],
                value=to_plain(value),
                is_set=(is_set := _contains(written, key)),
                line=find_line(text, key) if is_set else None,
            )
            for key, value in _flatten(dump_settings(configuration))
        ),
        issues=(
            *issues,
            *(
                ConfigIssue(component.section, component.message, component.hint)
                for component in configuration.unavailable
            ),
        ),
        warnings=configuration.warnings,
        is_changed=is_changed,
    )


def render_toml(answer: SettingsAnswer) -> str:
    """Return the settings as a configuration file. Defaults are comments.

    Secrets are references, so the text can be shown to others.
    """
    sections: dict[str, list[SettingValue]] = {}
    for value in answer.values:
        sections.setdefault(value.section, []).append(value)
    lines = []
    for section in sorted(sections, key=bool):  # keys without a table come first in TOML
        if section:
            lines += ["", f"[{section}]"]
        for value in sections[section]:
            written = _to_toml(value.value)
            comment = "" if value.is_set else "# "
            if written is not None:
                lines.append(f"{comment}{format_key([value.name])} = {written}")
    return "\n".join(lines).lstrip("\n") + "\n"


def _to_toml(value: Any) -> str | None:
    """Write a value in one line of TOML; None for one that TOML cannot write, which is not set."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        pairs = ((format_key([name]), _to_toml(inner)) for name, inner in value.items())
        inner_text = ", ".join(f"{name} = {text}" for name, text in pairs if text is not None)
        return f"{{{inner_text}}}"
    if isinstance(value, list):
        return f"[{', '.join(text for text in map(_to_toml, value) if text is not None)}]"
    # A JSON string, number, true or false is one of TOML too.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _check_file(configuration: Configuration) -> tuple[tuple[ConfigIssue, ...], bool]:
    """Return what is wrong in the file now, and whether it differs from what is in force."""
    try:
        current = load_config(configuration.path)
    except ConfigurationError as error:
        return error.issues, True
    is_changed = settings_digest(current) != settings_digest(configuration)
    return find_missing_folders(current), is_changed


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
        if isinstance(value, Mapping) and value and not _is_secret(value):
            yield from _flatten(value, (*prefix, name))
        else:
            yield (*prefix, name), value


def _is_secret(value: Mapping[str, Any]) -> bool:
    """Return whether a value is the reference to a secret, and no table."""
    return len(value) == 1 and all(
        name in Secret.model_fields and isinstance(source, str) for name, source in value.items()
    )


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

"""The JSON schema of the file, with the schema of each component in its place."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from subtitled.plugin import Component, Problem

from .isolation import guarded
from .load import Configuration
from .plugins import KINDS
from .settings import Settings

BUNDLED = {
    "engines": ("whisper", "qwen", "openai"),
    "translators": ("qwen", "openai", "libretranslate", "apertium"),
    "servers": ("jellyfin", "emby", "plex", "kodi"),
    "notifiers": ("apprise", "webhook", "command"),
}
"""The plugins that come with us, by section; each a module of ``subtitled_plugins``."""
LIMIT = 30.0
"""Seconds that a plugin may take to describe its settings."""


def json_schema(configuration: Configuration | None) -> dict[str, Any]:
    """The schema for a configuration's components, or without one for the bundled plugins'."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Settings.model_json_schema(),
        "title": "The configuration of subtitled",
    }
    for number, (kind, name, plugin, component) in enumerate(_parts(configuration)):
        # Not by the section's name, which may hold what a JSON pointer gives a meaning.
        prefix = f"{kind}.{number}."
        section = _section(plugin, component, prefix)
        # References count from the root, so that is where the definitions must lie.
        for defined, definition in section.pop("$defs", {}).items():
            schema["$defs"][prefix + defined] = definition
        said = {"const": plugin, "description": "The plugin to use."}
        section["properties"] = {"plugin": said, **section.get("properties", {})}
        if plugin != name:
            section["required"] = ["plugin", *section.get("required", [])]
        schema["properties"][kind].setdefault("properties", {})[name] = section
    return schema


def _section(plugin: str, component: type[Component], prefix: str) -> dict[str, Any]:
    template = f"#/$defs/{prefix}{{model}}"
    try:
        return guarded(
            plugin, lambda: component.Settings.model_json_schema(ref_template=template), LIMIT
        )
    except Problem:
        return {"type": "object"}  # its settings work and yet cannot be described


def bundled() -> Iterator[tuple[str, str, type[Component]]]:
    """Section, name and class of each bundled component that is installed."""
    for kind, names in BUNDLED.items():
        for name in names:
            try:
                module = importlib.import_module(f"subtitled_plugins.{name}")
            except ImportError:
                continue
            for component in module.subtitled_components():
                if issubclass(component, KINDS[kind]):
                    yield kind, name, component


def _parts(configuration: Configuration | None) -> Iterator[tuple[str, str, str, type[Component]]]:
    """Section, name, plugin and class of what the schema is to describe."""
    if configuration is None:
        yield from ((kind, name, name, component) for kind, name, component in bundled())
        return
    for kind in KINDS:
        for name, configured in getattr(configuration, kind).items():
            yield kind, name, configured.plugin, configured.component

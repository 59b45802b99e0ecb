"""What an installed plugin brings: its components, models and settings, as a section to copy."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Any, Final

from pydantic.fields import FieldInfo

from subtitled.config.errors import format_key
from subtitled.config.plugin_calls import LIMIT, call_with_timeout
from subtitled.config.plugin_loader import PluginLoader
from subtitled.config.plugin_registration import (
    RegisteredComponent,
    list_known_hooks,
)
from subtitled.config.plugin_results import convert_result
from subtitled.config.plugin_sources import find_source
from subtitled.config.reference import describe_field
from subtitled.plugin import ModelComponent, ModelSpec, Secret, Settings, SubtitledError

COMMENT_WIDTH: Final = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginDescription:
    """An installed plugin."""

    name: str
    distribution: str
    version: str
    module: str
    file: str
    api: str
    """The version of the plugin API that it is for."""
    hooks: tuple[str, ...]
    """Its hooks for events and commands."""
    components: tuple[str, ...]
    """Each component as ``engines: Loudness, Writes "loud" or "quiet"``."""
    models: tuple[str, ...]
    """Each model of its engines, with its size."""
    section: str
    """TOML to copy into the configuration."""


def describe_plugin(plugin: str) -> PluginDescription:
    """Describe an installed plugin. It is imported.

    Args:
        plugin: Its name.

    Raises:
        SubtitledError: It cannot be used.
    """
    loader = PluginLoader()
    if error := loader.load(plugin):
        raise error
    module, components = loader.module(plugin), loader.components(plugin)
    source = find_source(plugin)
    sections = [_render_section(plugin, component) for component in components]
    hook_settings = loader.hook_settings(plugin)
    if hook_settings is not None or not components:
        lines = [f"[{format_key(('plugins', plugin))}]", *_render_keys(hook_settings or Settings)]
        sections.append("\n".join(lines) + "\n")
    return PluginDescription(
        name=plugin,
        distribution=source.distribution,
        version=source.version,
        module=source.module,
        file=str(getattr(module, "__file__", "") or ""),
        api=str(getattr(module, "SUBTITLED_API", "")),
        hooks=tuple(list_known_hooks(module)),
        components=tuple(map(_describe_component, components)),
        models=tuple(
            text for component in components for text in _describe_models(plugin, component)
        ),
        section="\n".join(sections),
    )


def _describe_component(component: RegisteredComponent) -> str:
    cls = component.component_class
    name = f" ({component.name})" if component.name else ""
    summary = (cls.__doc__ or "").strip().partition("\n")[0]
    return f"{component.kind}{name}: {cls.__name__}" + (f", {summary}" if summary else "")


def _describe_models(plugin: str, component: RegisteredComponent) -> list[str]:
    cls: Any = component.component_class
    if not issubclass(cls, ModelComponent):
        return []
    who = f"the plugin {plugin}"
    try:
        listed = call_with_timeout(plugin, cls.catalogue, LIMIT)
        specs = convert_result(who, cls.catalogue, "catalogue", listed, tuple[ModelSpec, ...])
    except SubtitledError as error:
        return [error.message]
    return [
        f"{spec.name}: {spec.size_bytes / 1e6:.0f} MB"
        + (f", {spec.description}" if spec.description else "")
        for spec in specs
    ]


def _render_section(plugin: str, component: RegisteredComponent) -> str:
    """Return a section with every key: those that are needed, and the others as comments."""
    section = component.name or plugin
    lines = [f"[{format_key((component.kind, section))}]"]
    if component.name:
        lines.append(f'plugin = "{plugin}:{component.name}"')
    return "\n".join([*lines, *_render_keys(component.component_class.Settings)]) + "\n"


def _render_keys(model: type[Settings]) -> list[str]:
    lines: list[str] = []
    for name, field in model.model_fields.items():
        kind, default = describe_field(field)
        text = " ".join(filter(None, (field.description, f"({kind.replace('`', '')})")))
        lines += [f"# {line}" for line in textwrap.wrap(text, COMMENT_WIDTH)]
        if field.is_required():
            lines.append(f"{format_key([name])} = {_placeholder(kind, field)}")
        else:
            value = default.strip("`") if default.startswith("`") else _placeholder(kind, field)
            lines.append(f"# {format_key([name])} = {value}")
    return lines


def _placeholder(kind: str, field: FieldInfo) -> str:
    """Return a value of a type, for the user to change."""
    if field.annotation is Secret or "secret" in kind:
        return '{env = "NAME"}'
    if choice := re.search(r'`("[^"`]*")`', kind):
        return choice[1]
    values = {"number": "1.0", "whole number": "1", "true or false": "true", "duration": '"1m"'}
    if kind.startswith("list"):
        return "[]"
    return values.get(kind, "{}" if kind == "table" else '"..."')

"""Descriptions of the configuration: Markdown reference, JSON schema, settings in force."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from subtitled.plugin import Component, Language, Secret, SubtitledError
from subtitled.plugin.paths import display_path

from .asr_settings import AsrSettings
from .daemon_settings import (
    DaemonSettings,
    ScheduleSettings,
    ThrottleSettings,
    WorkingHoursSettings,
)
from .delivery_settings import IngestSettings, ProjectSettings
from .egress_settings import BudgetSettings, PriceSettings
from .engine_device import AUTO_DEVICE, DEVICE_DESCRIPTION
from .library_settings import (
    CueSettings,
    FilenameSettings,
    GlossarySettings,
    RouteSettings,
    SourceSettings,
    SummarySettings,
)
from .load import Configuration
from .paths import resolve_models_dir, resolve_state_dir
from .plugin_calls import call_with_timeout
from .plugin_registration import COMPONENT_KINDS, collect_components, create_plugin_manager
from .settings import AppSettings, ExistingSubtitleSettings, LibrarySettings, PluginsSettings
from .types import Seconds
from .web_settings import WebhookSenderSettings, WebProxySettings, WebSettings

__all__ = [
    "build_json_schema",
    "describe_field",
    "dump_settings",
    "iter_bundled_components",
    "render_markdown",
    "settings_digest",
]


BUNDLED_PLUGINS = {
    "engines": ("whisper", "sherpa", "whispercpp", "qwen", "openai", "wyoming", "whisperasr"),
    "translators": ("qwen", "openai", "libretranslate", "nmt", "apertium"),
    "servers": ("jellyfin", "emby", "plex", "kodi", "peertube"),
    "notifiers": ("apprise", "webhook", "command"),
}
"""The bundled plugins by section. Each is a module of ``subtitled_plugins``."""
SCHEMA_TIMEOUT = 30.0
"""Seconds that a plugin may take to describe its settings."""


def build_json_schema(configuration: Configuration | None) -> dict[str, Any]:
    """Build the JSON schema of a configuration.

    Args:
        configuration: The configuration whose components are described, or None for all bundled
            components.
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **AppSettings.model_json_schema(),
        "title": "The configuration of subtitled",
    }
    for number, (kind, name, plugin, component) in enumerate(_iter_components(configuration)):
        # Not the section's name: it may contain special characters of JSON pointers.
        prefix = f"{kind}.{number}."
        section = _component_schema(plugin, component, prefix)
        # References start at the root of the schema, so the definitions must be there.
        for defined, definition in section.pop("$defs", {}).items():
            schema["$defs"][prefix + defined] = definition
        plugin_schema = {"const": plugin, "description": "The plugin to use."}
        section["properties"] = {"plugin": plugin_schema, **section.get("properties", {})}
        if kind == "engines":
            device = {"type": "string", "default": AUTO_DEVICE, "description": DEVICE_DESCRIPTION}
            section["properties"].setdefault("device", device)
        if plugin != name:
            section["required"] = ["plugin", *section.get("required", [])]
        schema["properties"][kind].setdefault("properties", {})[name] = section
    return schema


def _component_schema(plugin: str, component: type[Component], prefix: str) -> dict[str, Any]:
    template = f"#/$defs/{prefix}{{model}}"
    try:
        return call_with_timeout(
            plugin,
            lambda: component.Settings.model_json_schema(ref_template=template),
            SCHEMA_TIMEOUT,
        )
    except SubtitledError:
        return {"type": "object"}  # settings can work and yet have no JSON schema


def iter_bundled_components() -> Iterator[tuple[str, str, type[Component]]]:
    """Yield section, name and class of each bundled component that can be imported."""
    for kind, names in BUNDLED_PLUGINS.items():
        for name in names:
            try:
                module = importlib.import_module(f"subtitled_plugins.{name}")
            except ImportError:
                continue
            for component in collect_components(create_plugin_manager(), name, module):
                if component.kind == kind:
                    yield kind, name, component.component_class


def _iter_components(
    configuration: Configuration | None,
) -> Iterator[tuple[str, str, str, type[Component]]]:
    """Yield section, name, plugin and class of each component that the schema describes."""
    if configuration is None:
        yield from (
            (kind, name, name, component) for kind, name, component in iter_bundled_components()
        )
        return
    for kind in COMPONENT_KINDS:
        for name, configured in getattr(configuration, kind).items():
            yield kind, name, configured.reference, configured.component_class


def dump_settings(configuration: Configuration) -> dict[str, Any]:
    """Return the settings in force, with the defaults. Secrets are references, not values."""
    settings = configuration.settings
    payload: dict[str, Any] = {
        "daemon": _to_json(settings.daemon),
        "schedule": _to_json(settings.schedule),
        "throttle": _to_json(settings.throttle),
        "web": _to_json(settings.web),
        "libraries": {name: _to_json(library) for name, library in settings.libraries.items()},
        "glossary": _to_json(settings.glossary),
        "plugins": _to_json(settings.plugins)
        | {name: _to_json(options) for name, options in configuration.hook_settings.items()},
    }
    payload["budgets"] = {name: _to_json(budget) for name, budget in settings.budgets.items()}
    payload["prices"] = {name: _to_json(price) for name, price in settings.prices.items()}
    payload["daemon"]["state_dir"] = _to_json(resolve_state_dir(settings))
    payload["daemon"]["models_dir"] = _to_json(resolve_models_dir(settings))
    for kind in COMPONENT_KINDS:
        # Sections of unavailable plugins are omitted: which of their keys are secrets is unknown.
        payload[kind] = {
            name: {"plugin": configured.reference, **_to_json(configured.settings)}
            for name, configured in getattr(configuration, kind).items()
        }
    return payload


def settings_digest(configuration: Configuration) -> str:
    """Return a hash of the settings in force, without the folders of this machine.

    Two processes with the same hash work alike.
    """
    payload = dump_settings(configuration)
    for folder_key in ("state_dir", "scratch_dir", "models_dir"):
        del payload["daemon"][folder_key]
    del payload["plugins"]["folder"]
    text = json.dumps(payload, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _to_json(value: Any) -> Any:
    """Convert a value to JSON. Durations are written as in the configuration."""
    match value:
        case Secret():
            return {source: str(reference) for source, reference in value if reference is not None}
        case BaseModel():
            return {
                name: _format_duration(getattr(value, name))
                if _is_seconds(field)
                else _to_json(getattr(value, name))
                for name, field in type(value).model_fields.items()
            }
        case dict():
            return {str(key): _to_json(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_to_json(inner) for inner in value]
        case None | bool() | int() | float():
            return value
        case Path():
            return display_path(value)
        case _:
            return str(value)


def render_markdown() -> str:
    """Return the text of ``docs/configuration.md``."""
    return "\n".join(_render_lines())


_INTRODUCTION = """# Configuration reference

Generated by `python -m subtitled.config.reference > docs/configuration.md`. Do not edit it.

The file is TOML. It is the one that `--config` names, else `$SUBTITLED_CONFIG`, else
`~/.config/subtitled/config.toml`, else `/etc/subtitled/config.toml`. Durations are seconds or
texts such as `"30s"`, `"15m"`, `"6h"`, `"1d"`. `subtitled config check` reports every mistake at
once. Secrets are never written into the file: a key such as `api_key` takes `{env = "NAME"}`,
`{file = "/path"}` or `{credential = "name"}`. The last one is a systemd credential
(`LoadCredential=name:/path`)."""


def _render_lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from _render_table("[daemon]", DaemonSettings)
    yield from _render_table("[schedule]", ScheduleSettings)
    yield from _render_table(
        "[schedule.libraries.NAME] and [schedule.engines.NAME]", WorkingHoursSettings
    )
    yield from _render_table("[throttle]", ThrottleSettings)
    yield from _render_table("[web]", WebSettings)
    yield from _render_table("[web.proxy]", WebProxySettings)
    yield from _render_table("[web.asr]", AsrSettings)
    yield from _render_table("[web.webhooks.NAME]", WebhookSenderSettings)
    yield from _render_table("[libraries.NAME]", LibrarySettings)
    yield from _render_table("[libraries.NAME.counts_as_existing]", ExistingSubtitleSettings)
    yield from _render_table("[libraries.NAME.sources]", SourceSettings)
    yield from _render_table("[libraries.NAME.filenames]", FilenameSettings)
    yield from _render_table("[libraries.NAME.summaries]", SummarySettings)
    yield from _render_table("[libraries.NAME.cues]", CueSettings)
    yield from _render_table("[[libraries.NAME.routes]]", RouteSettings)
    yield from _render_table("[libraries.NAME.ingest]", IngestSettings)
    yield from _render_table("[projects.NAME]", ProjectSettings)
    yield from _render_table("[glossary]", GlossarySettings)
    yield from _render_table("[plugins]", PluginsSettings)
    yield from _render_table("[budgets.NAME]", BudgetSettings)
    yield from _render_table("[prices.NAME]", PriceSettings)
    for kind, name, component in iter_bundled_components():
        yield from _render_table(f"[{kind}.{name}]", component.Settings)
    yield ""
    yield "Any section of `[engines]`, `[translators]`, `[servers]`, `[notifiers]` and"
    yield "`[endpoints]` also takes `plugin`, the name of the plugin to use if the section has"
    yield "another name. A plugin that registers several components of a kind is written as"
    yield "`PLUGIN:NAME`. A table `[plugins.NAME]` enables a plugin for its hooks, and has their"
    yield "settings."
    yield ""
    yield "Any section of `[engines]` takes `device`, if its engine can be told where to run."
    yield f"{DEVICE_DESCRIPTION} The default is `{AUTO_DEVICE}`: the engine chooses."
    yield ""


_TABLE_TYPES: tuple[Any, ...] = (
    ExistingSubtitleSettings,
    SourceSettings,
    FilenameSettings,
    SummarySettings,
    CueSettings,
    IngestSettings,
    AsrSettings,
    WebProxySettings,
    dict[str, WebhookSenderSettings],
    dict[str, WorkingHoursSettings],
    tuple[RouteSettings, ...],
)
"""Types of values that have a table of their own in the reference."""


def _render_table(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield ""
    yield f"## `{title}`"
    yield ""
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        if field.annotation in _TABLE_TYPES:
            continue  # a table of its own
        cells = (f"`{name}`", *describe_field(field), field.description or "")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def describe_field(field: FieldInfo) -> tuple[str, str]:
    """Return the type and the default of a key, in words. A default is JSON in backticks."""
    kind = "duration" if _is_seconds(field) else _describe_type(field.annotation)
    return kind, _describe_default(field)


_TYPE_NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    Language: "language",
    Secret: "secret",
}


def _describe_type(annotation: Any) -> str:
    """Describe a type for people."""
    if annotation == Seconds:
        return "duration"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _describe_type(arguments[0])
    if origin is typing.Literal:
        return ", ".join(f"`{json.dumps(word)}`" for word in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(
            _describe_type(argument) for argument in arguments if argument is not types.NoneType
        )
    if origin in (tuple, list, set, frozenset):
        if origin is tuple and arguments[-1] is not Ellipsis:
            return f"[{', '.join(_describe_type(argument) for argument in arguments)}]"
        return f"list of {_describe_type(arguments[0])}"
    if annotation not in _TYPE_NAMES and isinstance(annotation, type):
        return "table" if issubclass(annotation, BaseModel) else annotation.__name__.lower()
    return _TYPE_NAMES.get(annotation, getattr(annotation, "__name__", "table").lower())


def _describe_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "unset"
    return f"`{json.dumps(_format_duration(value) if _is_seconds(field) else _to_json(value))}`"


def _is_seconds(field: FieldInfo) -> bool:
    return typing.get_args(Seconds)[1] in field.metadata


def _format_duration(seconds: float) -> str:
    """Write seconds as a duration such as ``15m``. Parsing it gives the same number of seconds."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{Decimal(repr(seconds)):f}".removesuffix(".0") + "s"


if __name__ == "__main__":
    sys.stdout.write(render_markdown())

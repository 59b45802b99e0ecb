"""The configuration described: its JSON schema, its reference in Markdown, and what is in force."""

from __future__ import annotations

import importlib
import json
import sys
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from subtitled.plugin import Component

from .load import Configuration
from .plugins import KINDS
from .settings import (
    DaemonSettings,
    ExistingSettings,
    LibrarySettings,
    Seconds,
    Settings,
)

BUNDLED = {"engines": ("whisper",), "servers": ("jellyfin",)}
"""The plugins that come with us, by section; each a module of ``subtitled_plugins``."""


def json_schema(configuration: Configuration) -> dict[str, Any]:
    """The JSON schema of the file, with the schema of every configured component in its place."""
    schema = Settings.model_json_schema()
    for kind in KINDS:
        known = {
            name: configured.component.Settings.model_json_schema()
            for name, configured in getattr(configuration, kind).items()
        }
        schema["properties"][kind]["properties"] = known
    return schema


def show(configuration: Configuration) -> dict[str, Any]:
    """The settings in force, defaults filled in. Secrets are references, so none is in it."""
    shown = configuration.settings.model_dump(mode="json")
    for kind in KINDS:
        shown[kind] = {
            name: {"plugin": configured.plugin, **configured.settings.model_dump(mode="json")}
            for name, configured in getattr(configuration, kind).items()
        }
    return shown


def markdown() -> str:
    """``docs/configuration.md``."""
    return "\n".join(_lines())


def bundled() -> Iterator[tuple[str, str, type[Component]]]:
    """Section, name and class of each bundled component."""
    for kind, names in BUNDLED.items():
        for name in names:
            module = importlib.import_module(f"subtitled_plugins.{name}")
            for component in module.subtitled_components():
                if issubclass(component, KINDS[kind]):
                    yield kind, name, component


def _lines() -> Iterator[str]:
    yield "# Configuration reference"
    yield ""
    yield "Made from the schema by `python -m subtitled.config.describe`; do not edit."
    yield ""
    yield "The file is TOML: the one named by `--config`, else by `$SUBTITLED_CONFIG`, else yours"
    yield "(`~/.config/subtitled/config.toml`), else `/etc/subtitled/config.toml`. Lengths of time"
    yield 'are seconds or texts such as `"30s"`, `"15m"`, `"6h"`, `"1d"`. `subtitled config check`'
    yield "names every mistake at once. Secrets are never written into the file: a key such as"
    yield '`api_key` takes `{env = "NAME"}`, `{file = "/path"}` or `{credential = "name"}`.'
    yield from _table("[daemon]", DaemonSettings)
    yield from _table("[libraries.NAME]", LibrarySettings)
    yield from _table("[libraries.NAME.existing]", ExistingSettings)
    for kind, name, component in bundled():
        yield from _table(f"[{kind}.{name}]", component.Settings)
    yield ""
    yield "Any section of `[engines]`, `[translators]`, `[servers]` and `[notifiers]` also takes"
    yield "`plugin`, the name of the plugin to use, where the section is called otherwise."
    yield ""


def _table(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield ""
    yield f"## `{title}`"
    yield ""
    yield "| key | default | meaning |"
    yield "|---|---|---|"
    for name, field in model.model_fields.items():
        if field.annotation is ExistingSettings:
            continue  # a table of its own
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{name}` | {_default(field)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "unset"
    if _is_seconds(field):
        return f'`"{_as_time(value)}"`'
    if isinstance(value, tuple):
        return f"`{json.dumps(list(value), ensure_ascii=False)}`"
    return f"`{json.dumps(value, ensure_ascii=False, default=str)}`"


def _is_seconds(field: FieldInfo) -> bool:
    return typing.get_args(Seconds)[1] in field.metadata


def _as_time(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:g}s"


if __name__ == "__main__":
    sys.stdout.write(markdown())

"""The configuration described: its reference in Markdown, its JSON schema, and what is in force."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from subtitled.plugin import Language, Secret

from .cues import CueSettings
from .daemon import DaemonSettings
from .languages import SourceSettings
from .load import Configuration
from .naming import NameSettings
from .neighbour import NeighbourSettings
from .places import models_dir, state_dir
from .plugins import KINDS
from .routing import RouteSettings
from .schedule import HoursSettings, ScheduleSettings
from .schema import bundled, json_schema
from .settings import ExistingSettings, LibrarySettings
from .spending import BudgetSettings, PriceSettings
from .summaries import SummarySettings
from .values import Seconds
from .vocabulary import VocabularySettings
from .web import SenderSettings, WebSettings

__all__ = ["bundled", "digest", "json_schema", "markdown", "show"]


def show(configuration: Configuration) -> dict[str, Any]:
    """The settings in force, defaults filled in. Secrets are references, so none is in it."""
    settings = configuration.settings
    shown: dict[str, Any] = {
        "daemon": _shown(settings.daemon),
        "schedule": _shown(settings.schedule),
        "neighbour": _shown(settings.neighbour),
        "web": _shown(settings.web),
        "libraries": {name: _shown(library) for name, library in settings.libraries.items()},
        "vocabulary": _shown(settings.vocabulary),
    }
    shown["budgets"] = {name: _shown(budget) for name, budget in settings.budgets.items()}
    shown["prices"] = {name: _shown(price) for name, price in settings.prices.items()}
    shown["daemon"]["state_dir"] = _shown(state_dir(settings))
    shown["daemon"]["models_dir"] = _shown(models_dir(settings))
    for kind in KINDS:
        # Sections of broken plugins are left out: nobody can say which of their keys are secrets.
        shown[kind] = {
            name: {"plugin": configured.plugin, **_shown(configured.settings)}
            for name, configured in getattr(configuration, kind).items()
        }
    return shown


def digest(configuration: Configuration) -> str:
    """A digest of the settings in force but for the places on this machine: two processes with the
    same one work alike."""
    shown = show(configuration)
    for place in ("state_dir", "scratch_dir", "models_dir"):
        del shown["daemon"][place]
    text = json.dumps(shown, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _shown(value: Any) -> Any:
    """A value as JSON has it, lengths of time as people write them."""
    match value:
        case Secret():
            return {place: str(lies) for place, lies in value if lies is not None}
        case BaseModel():
            return {
                name: _as_time(getattr(value, name))
                if _is_seconds(field)
                else _shown(getattr(value, name))
                for name, field in type(value).model_fields.items()
            }
        case dict():
            return {str(key): _shown(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shown(inner) for inner in value]
        case None | bool() | int() | float():
            return value
        case Path():
            return os.fsencode(value).decode("utf-8", "replace")
        case _:
            return str(value)


def markdown() -> str:
    """``docs/configuration.md``."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Configuration reference"
    yield ""
    yield "Made from the schema by `python -m subtitled.config.describe > docs/configuration.md`;"
    yield "do not edit."
    yield ""
    yield "The file is TOML: the one named by `--config`, else by `$SUBTITLED_CONFIG`, else yours"
    yield "(`~/.config/subtitled/config.toml`), else `/etc/subtitled/config.toml`. Lengths of time"
    yield 'are seconds or texts such as `"30s"`, `"15m"`, `"6h"`, `"1d"`. `subtitled config check`'
    yield "names every mistake at once. Secrets are never written into the file: a key such as"
    yield '`api_key` takes `{env = "NAME"}`, `{file = "/path"}` or `{credential = "name"}`, the'
    yield "last being a systemd credential (`LoadCredential=name:/path`)."
    yield from _table("[daemon]", DaemonSettings)
    yield from _table("[schedule]", ScheduleSettings)
    yield from _table("[schedule.libraries.NAME] and [schedule.engines.NAME]", HoursSettings)
    yield from _table("[neighbour]", NeighbourSettings)
    yield from _table("[web]", WebSettings)
    yield from _table("[web.sources.NAME]", SenderSettings)
    yield from _table("[libraries.NAME]", LibrarySettings)
    yield from _table("[libraries.NAME.existing]", ExistingSettings)
    yield from _table("[libraries.NAME.sources]", SourceSettings)
    yield from _table("[libraries.NAME.names]", NameSettings)
    yield from _table("[libraries.NAME.summaries]", SummarySettings)
    yield from _table("[libraries.NAME.cues]", CueSettings)
    yield from _table("[[libraries.NAME.routes]]", RouteSettings)
    yield from _table("[vocabulary]", VocabularySettings)
    yield from _table("[budgets.NAME]", BudgetSettings)
    yield from _table("[prices.NAME]", PriceSettings)
    for kind, name, component in bundled():
        yield from _table(f"[{kind}.{name}]", component.Settings)
    yield ""
    yield "Any section of `[engines]`, `[translators]`, `[servers]` and `[notifiers]` also takes"
    yield "`plugin`, the name of the plugin to use, where the section is called otherwise."
    yield ""


_TABLES: tuple[Any, ...] = (
    ExistingSettings,
    SourceSettings,
    NameSettings,
    SummarySettings,
    CueSettings,
    dict[str, SenderSettings],
    dict[str, HoursSettings],
    tuple[RouteSettings, ...],
)
"""Kinds of value that are shown as tables of their own."""


def _table(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield ""
    yield f"## `{title}`"
    yield ""
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        if field.annotation in _TABLES:
            continue  # a table of its own
        kind = "time" if _is_seconds(field) else _kind(field.annotation)
        cells = (f"`{name}`", kind, _default(field), field.description or "")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


_NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    Language: "language",
    Secret: "secret",
}


def _kind(annotation: Any) -> str:
    """A type in the words of a reader."""
    if annotation == Seconds:
        return "time"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(arguments[0])
    if origin is typing.Literal:
        return ", ".join(f"`{json.dumps(word)}`" for word in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_kind(one) for one in arguments if one is not types.NoneType)
    if origin in (tuple, list, set, frozenset):
        if origin is tuple and arguments[-1] is not Ellipsis:
            return f"[{', '.join(_kind(one) for one in arguments)}]"
        return f"list of {_kind(arguments[0])}"
    if annotation not in _NAMES and isinstance(annotation, type):
        return "table" if issubclass(annotation, BaseModel) else annotation.__name__.lower()
    return _NAMES.get(annotation, getattr(annotation, "__name__", "table").lower())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "unset"
    return f"`{json.dumps(_as_time(value) if _is_seconds(field) else _shown(value))}`"


def _is_seconds(field: FieldInfo) -> bool:
    return typing.get_args(Seconds)[1] in field.metadata


def _as_time(seconds: float) -> str:
    """As people write it; reading it gives the same number of seconds."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{Decimal(repr(seconds)):f}".removesuffix(".0") + "s"


if __name__ == "__main__":
    sys.stdout.write(markdown())

"""``models``: the model files of engines and translators."""

from __future__ import annotations

import functools
import sys
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from subtitled.config.paths import resolve_models_dir
from subtitled.models.inventory import Inventory, KnownModel, take_inventory
from subtitled.models.store import ModelStore
from subtitled.plugin import Language, ModelSpec, SubtitledError

from .app import app, load_configuration
from .output import FAILED, USAGE_ERROR, JsonOption, abort, echo, echo_json, echo_table, errors
from .plugin_messages import show_unavailable

models_app = typer.Typer(help="The model files of engines and translators.", no_args_is_help=True)
app.add_typer(models_app, name="models")

ModelNames = Annotated[
    list[str] | None,
    typer.Argument(help="Names, as `models list` shows them.", show_default=False),
]
Languages = Annotated[
    list[str] | None,
    typer.Option("--language", help="A language that is spoken; for models of one language only."),
]


def _take_inventory(languages: list[str] | None = None) -> tuple[ModelStore, Inventory]:
    configuration = load_configuration()
    show_unavailable(configuration)
    inventory = take_inventory(configuration, _parse_languages(languages or []))
    for section, error in inventory.errors:
        errors.print(f"warning: {section}: {error}", markup=False)
    return ModelStore(resolve_models_dir(configuration.settings)), inventory


def _parse_languages(languages: list[str]) -> list[Language]:
    try:
        return [Language.parse(language) for language in languages]
    except ValueError as error:
        abort(error, USAGE_ERROR)


def _select_models(inventory: Inventory, names: list[str]) -> list[KnownModel]:
    try:
        return [inventory.find(name) for name in names]
    except SubtitledError as error:
        abort(error, USAGE_ERROR)


def _describe_state(store: ModelStore, model: KnownModel) -> str:
    if model.spec.folder is not None:
        return f"used in {model.spec.folder}"
    if store.of_plugin(model.plugin).is_installed(model.spec):
        return "installed"
    return "needed, not installed" if model.is_needed else "-"


def _describe_size(spec: ModelSpec) -> str:
    return f"{spec.size_bytes / 1e6:.0f} MB" if spec.size_bytes else "?"


def _describe_languages(languages: frozenset[Language] | None) -> str:
    if languages is None:
        return ""
    tags = sorted(languages)
    return ", ".join(tags) if len(tags) <= 5 else f"{len(tags)} languages"


@models_app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """List the models of the configured engines and translators, and which are installed."""
    store, inventory = _take_inventory()
    if as_json:
        echo_json([_to_json(store, model) for model in inventory.models])
        return
    echo_table(
        ("model", "size", "memory", "languages", "licence", "", "about"),
        (
            (
                model.label,
                _describe_size(model.spec),
                f"{model.spec.memory_mb} MB" if model.spec.memory_mb else "",
                _describe_languages(model.spec.languages),
                model.spec.license,
                _describe_state(store, model),
                model.spec.description,
            )
            for model in inventory.models
        ),
    )


def _to_json(store: ModelStore, model: KnownModel) -> dict[str, object]:
    spec = model.spec
    return {
        "name": spec.name,
        "plugin": model.plugin,
        "used_by": list(model.components),
        "size": _describe_size(spec),
        "size_bytes": spec.size_bytes or None,
        "memory_mb": spec.memory_mb,
        "languages": None if spec.languages is None else sorted(spec.languages),
        "license": spec.license,
        "is_gated": spec.is_gated,
        "is_needed": model.is_needed,
        "state": _describe_state(store, model),
        "about": spec.description,
    }


def _advance_bar(bar: Progress, task: TaskID, done_bytes: int) -> None:
    bar.update(task, completed=done_bytes)


@models_app.command()
def pull(names: ModelNames = None, languages: Languages = None) -> None:
    """Download models and check their digests. Default: all that the configuration needs.

    An interrupted download is resumed.
    """
    store, inventory = _take_inventory(languages)
    chosen = _select_models(inventory, names) if names else list(inventory.needed())
    if not chosen:
        echo("The configured engines and translators need no models.")
    failures = 0
    for model in chosen:
        try:
            echo(f"{model.label}: verified in {_pull(store.of_plugin(model.plugin), model)}")
        except SubtitledError as error:
            failures += 1
            errors.print(f"{model.label}: {error}", markup=False)
    if failures:
        raise typer.Exit(FAILED)


def _pull(store: ModelStore, model: KnownModel) -> object:
    spec = model.spec
    if spec.folder is None and not store.is_installed(spec):
        facts = (
            _describe_size(spec),
            f"licence {spec.license}" if spec.license else "",
            f"{spec.memory_mb} MB of memory when loaded" if spec.memory_mb else "",
        )
        echo(f"{model.label}: {', '.join(filter(None, facts))}")
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=errors,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(f"model {model.label}", total=spec.size_bytes or None)
        return store.pull(spec, functools.partial(_advance_bar, bar, task))


@models_app.command()
def verify(names: ModelNames = None) -> None:
    """Check the SHA-256 of model files. Default: all that are installed."""
    store, inventory = _take_inventory()
    chosen = (
        _select_models(inventory, names)
        if names
        else [
            model
            for model in inventory.models
            if model.spec.folder is not None
            or store.of_plugin(model.plugin).is_installed(model.spec)
        ]
    )
    is_damaged = False
    for model in chosen:
        for file, verdict in store.of_plugin(model.plugin).verify(model.spec):
            is_damaged = is_damaged or verdict != "ok"
            echo(f"{model.label}/{file}: {verdict}")
    if is_damaged:
        errors.print("Download them again: subtitled models pull NAME")
        raise typer.Exit(FAILED)

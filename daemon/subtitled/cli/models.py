"""``models``: the model files of the engines."""

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
from subtitled.models.store import ModelStore
from subtitled.plugin import ModelSpec, SubtitledError

from .app import app, load_configuration
from .output import FAILED, USAGE_ERROR, JsonOption, abort, echo, echo_json, echo_table, errors
from .plugin_messages import show_unavailable

models_app = typer.Typer(help="The model files of the engines.", no_args_is_help=True)
app.add_typer(models_app, name="models")

ModelNames = Annotated[list[str], typer.Argument(help="Names, as `models list` shows them.")]


def _load_catalogue() -> tuple[ModelStore, dict[str, ModelSpec]]:
    configuration = load_configuration()
    show_unavailable(configuration)
    specs: dict[str, ModelSpec] = {}
    for configured in configuration.engines.values():
        try:
            specs |= {spec.name: spec for spec in configured.catalogue()}
        except SubtitledError as error:
            errors.print(f"warning: engine {configured.name}: {error}", markup=False)
    return ModelStore(resolve_models_dir(configuration.settings)), specs


def _advance_bar(bar: Progress, task: TaskID, done_bytes: int) -> None:
    bar.update(task, completed=done_bytes)


def _select_models(specs: dict[str, ModelSpec], names: list[str]) -> list[ModelSpec]:
    for name in names:
        if name not in specs:
            abort(f"no model is called {name!r}. Models: {', '.join(specs)}", USAGE_ERROR)
    return [specs[name] for name in names]


@models_app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """List the models of the configured engines, and which are installed."""
    store, specs = _load_catalogue()
    rows = [
        (
            spec.name,
            f"{spec.size_bytes / 1e6:.0f} MB",
            "installed" if store.is_installed(spec) else "-",
            spec.description,
        )
        for spec in specs.values()
    ]
    if as_json:
        keys = ("name", "size", "state", "about")
        echo_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        echo_table(("model", "size", "", "about"), rows)


@models_app.command()
def pull(names: ModelNames) -> None:
    """Download models and check their digests. An interrupted download is resumed."""
    store, specs = _load_catalogue()
    for spec in _select_models(specs, names):
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=errors,
            disable=not sys.stderr.isatty(),
        )
        with bar:
            task = bar.add_task(f"model {spec.name}", total=spec.size_bytes)
            folder = store.pull(spec, functools.partial(_advance_bar, bar, task))
        echo(f"{spec.name}: verified in {folder}")


@models_app.command()
def verify(names: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Check the SHA-256 of model files. Default: all that are installed."""
    store, specs = _load_catalogue()
    chosen = (
        _select_models(specs, names)
        if names
        else [spec for spec in specs.values() if store.is_installed(spec)]
    )
    is_damaged = False
    for spec in chosen:
        for file, verdict in store.verify(spec):
            is_damaged = is_damaged or verdict != "ok"
            echo(f"{spec.name}/{file}: {verdict}")
    if is_damaged:
        errors.print("Download them again: subtitled models pull NAME")
        raise typer.Exit(FAILED)

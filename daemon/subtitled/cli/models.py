"""``models list|pull|verify``."""

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

from subtitled.config.places import models_dir
from subtitled.models.store import ModelStore
from subtitled.plugin import ModelSpec

from .app import app, configuration
from .daemon import Json
from .output import FAILED, WRONG, errors, fail, say, say_json, say_table

models = typer.Typer(help="The model files of the engines.", no_args_is_help=True)
app.add_typer(models, name="models")

Names = Annotated[list[str], typer.Argument(help="Names as models list shows them.")]


def _catalogue() -> tuple[ModelStore, dict[str, ModelSpec]]:
    settings = configuration()
    specs = {
        spec.name: spec
        for configured in settings.engines.values()
        for spec in configured.component.catalogue()
    }
    return ModelStore(models_dir(settings.settings)), specs


def _advance(bar: Progress, task: TaskID, done: int) -> None:
    bar.update(task, completed=done)


def _chosen(specs: dict[str, ModelSpec], names: list[str]) -> list[ModelSpec]:
    for name in names:
        if name not in specs:
            fail(f"no model is called {name!r}. There are: {', '.join(specs)}", WRONG)
    return [specs[name] for name in names]


@models.command(name="list")
def list_(as_json: Json = False) -> None:
    """Every model that the configured engines know, and whether it is here."""
    store, specs = _catalogue()
    rows = [
        (spec.name, f"{spec.size / 1e6:.0f} MB", "here" if store.is_here(spec) else "-", spec.about)
        for spec in specs.values()
    ]
    if as_json:
        keys = ("name", "size", "state", "about")
        say_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        say_table(("model", "size", "", "about"), rows)


@models.command()
def pull(names: Names) -> None:
    """Fetch models and check their digests. A pull that was interrupted goes on."""
    store, specs = _catalogue()
    for spec in _chosen(specs, names):
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=errors,
            disable=not sys.stderr.isatty(),
        )
        with bar:
            task = bar.add_task(f"model {spec.name}", total=spec.size)
            folder = store.pull(spec, functools.partial(_advance, bar, task))
        say(f"{spec.name}: verified in {folder}")


@models.command()
def verify(names: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Check the SHA-256 of model files. Default: all that are here."""
    store, specs = _catalogue()
    chosen = _chosen(specs, names) if names else [s for s in specs.values() if store.is_here(s)]
    wrong = False
    for spec in chosen:
        for file, verdict in store.verify(spec):
            wrong = wrong or verdict != "ok"
            say(f"{spec.name}/{file}: {verdict}")
    if wrong:
        errors.print("Cure: subtitled models pull NAME")
        raise typer.Exit(FAILED)

"""``doctor``: find the usual mistakes."""

from __future__ import annotations

import typer

from subtitled.daemon.doctor import check_machine

from .app import app, config_path, load_configuration
from .output import FAILED, JsonOption, print_check_results


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Find the usual mistakes and say how to correct them."""
    results = check_machine(load_configuration(), config_path())
    print_check_results(results, as_json)
    if not all(result.ok for result in results):
        raise typer.Exit(FAILED)

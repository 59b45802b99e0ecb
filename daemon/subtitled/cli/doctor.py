"""``doctor``: find the usual mistakes."""

from __future__ import annotations

import typer

from subtitled.daemon.answers.health import run_doctor

from .app import app, config_path, load_configuration
from .output import FAILED, JsonOption, print_check_results


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Find the usual mistakes and say how to correct them."""
    answer = run_doctor(load_configuration(), config_path())
    print_check_results(answer.results, as_json)
    if not answer.is_ok:
        raise typer.Exit(FAILED)

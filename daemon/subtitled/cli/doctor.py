"""``doctor``: find the usual mistakes."""

from __future__ import annotations

from subtitled.daemon.answers.health import run_doctor

from .app import app, config_path, load_configuration
from .output import JsonOption, report_checks


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Find the usual mistakes and say how to correct them."""
    answer = run_doctor(load_configuration(), config_path())
    report_checks(answer.results, as_json)

"""``worker``: one more process that works off the daemon's queue."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from .app import app, config_path
from .daemon import load_configuration_to_run


@app.command()
def worker(
    name: Annotated[
        str | None, typer.Argument(help="What it is called. Default: this machine's name.")
    ] = None,
) -> None:
    """Work off the daemon's queue beside it, in the foreground: more than one film at a time."""
    from subtitled.daemon.process import run as be
    from subtitled.daemon.worker import Worker, validate_worker_name

    worker_name = validate_worker_name(name)
    settings = load_configuration_to_run()
    be(config_path(), settings, partial(Worker, name=worker_name), worker_name)

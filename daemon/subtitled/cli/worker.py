"""``worker``: one more process that runs the daemon's jobs."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from .app import app, config_path
from .run import load_configuration_to_run


@app.command()
def worker(
    name: Annotated[
        str | None, typer.Argument(help="The worker's name. Default: this machine's name.")
    ] = None,
) -> None:
    """Run jobs of the daemon's queue in the foreground, beside the daemon."""
    from subtitled.daemon.process import run as run_process
    from subtitled.daemon.worker import Worker, validate_worker_name

    worker_name = validate_worker_name(name)
    configuration = load_configuration_to_run()
    run_process(config_path(), configuration, partial(Worker, name=worker_name), worker_name)

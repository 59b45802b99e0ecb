"""``worker``: one more process that works off the daemon's queue."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from .app import app, config_path
from .daemon import configured_to_run


@app.command()
def worker(
    name: Annotated[
        str | None, typer.Argument(help="What it is called. Default: this machine's name.")
    ] = None,
) -> None:
    """Work off the daemon's queue beside it, in the foreground: more than one film at a time."""
    from subtitled.service.life import run as be
    from subtitled.service.worker import Worker, checked_name

    named = checked_name(name)
    settings = configured_to_run()
    be(config_path(), settings, partial(Worker, name=named), named)

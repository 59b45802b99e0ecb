"""``engine``: the engines and their circuit breakers."""

from __future__ import annotations

from typing import Annotated

import typer

from subtitled.daemon.control import reset_engine
from subtitled.db.commands import COMMAND_LINE
from subtitled.jobcontext.services import open_database

from .app import app, load_configuration
from .output import USAGE_ERROR, abort, echo

engine_app = typer.Typer(help="The engines.", no_args_is_help=True)
app.add_typer(engine_app, name="engine")


@engine_app.callback()
def _group() -> None:
    """Keep ``reset`` a subcommand: Typer makes a single command the group itself."""


@engine_app.command()
def reset(
    engine: Annotated[str, typer.Argument(help="The engine's name in the configuration.")],
) -> None:
    """Close the circuit breaker of an engine: the engine is tried again now."""
    configuration = load_configuration()
    if engine not in configuration.settings.engines:
        names = ", ".join(configuration.settings.engines)
        abort(f"no engine is called {engine!r}. Engines: {names}", USAGE_ERROR)
    had_failures = reset_engine(open_database(configuration), engine, COMMAND_LINE)
    echo(f"{engine}: {'circuit breaker closed' if had_failures else 'it has no recorded failures'}")

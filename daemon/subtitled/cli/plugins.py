"""``plugins list``."""

from __future__ import annotations

import typer

from subtitled.config.plugins import available

from .app import app, configuration
from .daemon import Json
from .output import say_json, say_table

plugins = typer.Typer(help="What can be plugged in.", no_args_is_help=True)
app.add_typer(plugins, name="plugins")


@plugins.command(name="list")
def list_(as_json: Json = False) -> None:
    """The plugins that are installed, where they come from and where they are used."""
    settings = configuration()
    used: dict[str, list[str]] = {}
    for kind in ("engines", "translators", "servers", "notifiers"):
        for name, configured in getattr(settings, kind).items():
            used.setdefault(configured.plugin, []).append(f"{kind}.{name}")
    broken = {b.plugin: b.what for b in settings.broken}
    rows = [
        (name, distribution, version, ", ".join(used.get(name, [])) or broken.get(name, "-"))
        for name, distribution, version in available()
    ]
    if as_json:
        keys = ("name", "distribution", "version", "used")
        say_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        say_table(("plugin", "from", "version", "used as"), rows)

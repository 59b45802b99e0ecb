"""``plugins_app list``."""

from __future__ import annotations

import typer

from subtitled.config.plugins import list_installed

from .app import app, load_configuration
from .daemon import JsonOption
from .output import echo_json, echo_table

plugins_app = typer.Typer(help="What can be plugged in.", no_args_is_help=True)
app.add_typer(plugins_app, name="plugins")


@plugins_app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """The plugins that are installed, where they come from and where they are used."""
    settings = load_configuration()
    used: dict[str, list[str]] = {}
    for kind in ("engines", "translators", "servers", "notifiers"):
        for name, configured in getattr(settings, kind).items():
            used.setdefault(configured.plugin, []).append(f"{kind}.{name}")
    broken = {b.plugin: b.message for b in settings.unavailable}
    rows = [
        (name, distribution, version, ", ".join(used.get(name, [])) or broken.get(name, "-"))
        for name, distribution, version in list_installed()
    ]
    if as_json:
        keys = ("name", "distribution", "version", "used")
        echo_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        echo_table(("plugin", "from", "version", "used as"), rows)

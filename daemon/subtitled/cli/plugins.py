"""``plugins``: the plugins that are installed."""

from __future__ import annotations

import typer

from subtitled.config.plugins import list_installed

from .app import app, load_configuration
from .output import JsonOption, echo_json, echo_table

plugins_app = typer.Typer(help="The plugins.", no_args_is_help=True)
app.add_typer(plugins_app, name="plugins")


@plugins_app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """List the installed plugins, their distributions and the sections that use them."""
    configuration = load_configuration()
    sections_by_plugin: dict[str, list[str]] = {}
    for kind in ("engines", "translators", "servers", "notifiers"):
        for name, configured in getattr(configuration, kind).items():
            sections_by_plugin.setdefault(configured.plugin, []).append(f"{kind}.{name}")
    for name in configuration.settings.plugins.enabled:
        sections_by_plugin.setdefault(name, []).append("plugins.enabled")
    errors_by_plugin = {
        component.plugin: component.message for component in configuration.unavailable
    }
    rows = [
        (
            name,
            distribution,
            version,
            ", ".join(sections_by_plugin.get(name, [])) or errors_by_plugin.get(name, "-"),
        )
        for name, distribution, version in list_installed()
    ]
    if as_json:
        keys = ("name", "distribution", "version", "used")
        echo_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        echo_table(("plugin", "from", "version", "used as"), rows)

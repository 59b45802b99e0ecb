"""``plugins``: the plugins that are installed."""

from __future__ import annotations

import typer

from subtitled.config.load import Configuration
from subtitled.config.plugin_registration import COMPONENT_KINDS
from subtitled.config.plugins import list_installed

from .app import app, load_configuration
from .output import JsonOption, echo_json, echo_table

plugins_app = typer.Typer(help="The plugins.", no_args_is_help=True)
app.add_typer(plugins_app, name="plugins")


@plugins_app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """List the installed plugins: what they are used for, and what is wrong with them."""
    configuration = load_configuration()
    uses, problems = _find_uses(configuration)
    rows = []
    for name, distribution, version in list_installed():
        used = uses.get(name, [])
        state, hint = problems.get(name, ("ok" if used else "unused", ""))
        rows.append(
            {
                "name": name,
                "kind": ", ".join(dict.fromkeys(section.partition(".")[0] for section in used)),
                "distribution": distribution,
                "version": version,
                "used": ", ".join(used),
                "state": state,
                "hint": hint,
            }
        )
    if as_json:
        echo_json(rows)
        return
    echo_table(
        ("plugin", "kind", "from", "version", "used as", "state"),
        (
            (
                row["name"],
                row["kind"] or "-",
                row["distribution"],
                row["version"],
                row["used"] or "-",
                f"{row['state']}. {row['hint']}" if row["hint"] else row["state"],
            )
            for row in rows
        ),
    )


def _find_uses(
    configuration: Configuration,
) -> tuple[dict[str, list[str]], dict[str, tuple[str, str]]]:
    """Return the sections that name each plugin, and what is wrong with it and the hint."""
    uses: dict[str, list[str]] = {}
    for kind in COMPONENT_KINDS:
        for name, configured in getattr(configuration, kind).items():
            uses.setdefault(configured.plugin, []).append(f"{kind}.{name}")
    for name in configuration.settings.plugins.enabled:
        uses.setdefault(name, []).append("plugins.enabled")
    problems: dict[str, tuple[str, str]] = {}
    for component in configuration.unavailable:
        if component.section not in uses.setdefault(component.plugin, []):
            uses[component.plugin].append(component.section)
        problems[component.plugin] = (f"BROKEN: {component.message}", component.hint)
    return uses, problems

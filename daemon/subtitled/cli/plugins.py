"""``plugins``: those that are installed; and what an author needs: new, check, show."""

from __future__ import annotations

import dataclasses
import shlex
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import tomli
import typer

from subtitled.config.errors import suggest
from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_models_dir
from subtitled.config.plugin_installation import find_plugin_paths
from subtitled.config.plugin_installer import install_plugins
from subtitled.config.plugin_paths import iter_unsafe_files
from subtitled.config.plugin_registration import COMPONENT_KINDS, ENTRY_POINT_GROUP
from subtitled.config.plugin_sources import list_installed
from subtitled.plugin import CheckResult, SetupError
from subtitled.plugin_kit.checking import CheckRequest, check_plugin
from subtitled.plugin_kit.describing import describe_plugin
from subtitled.plugin_kit.scaffold import KINDS, create_project, section_of

from .app import app, config_path, load_configuration, load_settings_alone
from .output import (
    USAGE_ERROR,
    JsonOption,
    abort,
    display_path,
    echo,
    echo_json,
    echo_table,
    report_checks,
)

TWICE = "BROKEN: several bring a plugin of this name, and none of them is used"

plugins_app = typer.Typer(help="The plugins.", no_args_is_help=True)
app.add_typer(plugins_app, name="plugins")


@plugins_app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """List the installed plugins: what they are used for, and what is wrong with them."""
    configuration = load_configuration()
    uses, problems = _find_uses(configuration)
    rows = []
    installed = list_installed()
    for name, number in Counter(name for name, _, _ in installed).items():
        if number > 1:
            problems.setdefault(name, (TWICE, "Uninstall or rename all but one of them"))
    for name, distribution, version in installed:
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
    plugins = configuration.settings.plugins
    for name in plugins.sections:
        is_listed = name in plugins.enabled
        uses.setdefault(name, []).append("plugins.enabled" if is_listed else f"plugins.{name}")
    problems: dict[str, tuple[str, str]] = {
        name: (f"REFUSED: {error.message}", error.hint) for name, error in iter_unsafe_files()
    }
    for component in configuration.unavailable:
        if component.section not in uses.setdefault(component.plugin, []):
            uses[component.plugin].append(component.section)
        problems[component.plugin] = (f"BROKEN: {component.message}", component.hint)
    return uses, problems


@plugins_app.command()
def install(
    again: Annotated[
        bool, typer.Option("--again", help="Install even if the list has not changed.")
    ] = False,
) -> None:
    """Install what plugins.install and $SUBTITLED_PLUGINS name into the state folder, once."""
    settings = load_settings_alone()
    try:
        installation = install_plugins(settings, again=again)
    except SetupError as error:
        abort(f"the plugins were not installed, and those of before stay: {error}")
    names = ", ".join(installation.plugins) or "none"
    if installation.is_new:
        echo(f"installed. Plugins in the state folder: {names}. Restart the daemon to use them")
    else:
        echo(f"nothing to do. Plugins in the state folder: {names}")


@plugins_app.command()
def check(
    plugin: Annotated[str, typer.Argument(help="The plugin's name, or the folder of its project.")],
    settings: Annotated[
        str | None,
        typer.Option(
            help="Its section as TOML, such as 'model = \"tiny\"'. Default: as configured."
        ),
    ] = None,
    speech: Annotated[
        list[str] | None,
        typer.Option(help="A recording for an engine, as LANGUAGE=FILE. May be repeated."),
    ] = None,
    load: Annotated[
        bool, typer.Option("--load", help="Download the models that are not installed.")
    ] = False,
    send: Annotated[
        bool,
        typer.Option("--send", help="Also make calls that send something away or may change it."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that an installed plugin keeps to the plugin API, for its author."""
    configuration = load_configuration()
    results: list[CheckResult] = []
    for name in _names_of(plugin):
        options = _parse_options(settings) if settings is not None else None
        with tempfile.TemporaryDirectory(prefix="subtitled-check-") as folder:
            request = CheckRequest(
                plugin=name,
                options=_find_options(configuration, name),
                shared_options=options,
                folder=Path(folder),
                models=resolve_models_dir(configuration.settings),
                speech=dict(map(_parse_recording, speech or [])),
                loads=load,
                sends=send,
            )
            results += check_plugin(request)
    report_checks(results, as_json)


@plugins_app.command()
def show(
    plugin: Annotated[str, typer.Argument(help="The plugin's name.")],
    as_json: JsonOption = False,
) -> None:
    """Show what an installed plugin brings, and its section of the configuration to copy."""
    # The sections are not checked: people ask for the keys because theirs are wrong.
    find_plugin_paths(load_settings_alone(), config_path()).apply()
    description = describe_plugin(plugin)
    if as_json:
        echo_json(dataclasses.asdict(description))
        return
    echo(
        f"# {description.name}, of {description.distribution} {description.version}, "
        f"for plugin API {description.api}"
    )
    echo(f"# {display_path(description.file)}")
    for title, lines in (
        ("component", description.components),
        ("hook", description.hooks),
        ("model", description.models),
    ):
        for line in lines:
            echo(f"# {title} {line}")
    echo("")
    echo(description.section.rstrip())


@plugins_app.command()
def new(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")],
    name: Annotated[str, typer.Argument(help="The plugin's name, such as my-engine.")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Where the folder of the project is made.")
    ] = Path(),
) -> None:
    """Make a project with a plugin that works as made, to change into your own."""
    if kind not in KINDS:
        abort(f"no kind is called {kind!r}. {suggest(kind, KINDS)}", USAGE_ERROR)
    if name in {installed for installed, _, _ in list_installed()}:
        abort(f"a plugin {name!r} is installed already. Use another name", USAGE_ERROR)
    root, *files = create_project(kind, name, folder)
    for file in files:
        echo(display_path(file))
    echo("Next:")
    echo(f"  pip install --editable {shlex.quote(f'{display_path(root)}[dev]')}")
    echo(f"  subtitled plugins check {name}")
    if kind == "engine":
        echo(f"  subtitled generate --engine {name} film.mkv")
    echo("with these lines in the configuration:")
    for line in section_of(kind, name).splitlines():
        echo(f"  {line}")


def _names_of(plugin: str) -> list[str]:
    """Return the names of plugins that an argument means: a name, or a folder with a project."""
    file = Path(plugin) / "pyproject.toml"
    if plugin.endswith(".py"):
        return [Path(plugin).stem]  # a plugin of one file
    if not file.is_file():
        if "/" in plugin:
            abort(
                f"{display_path(plugin)} has no pyproject.toml. Name a plugin or its folder",
                USAGE_ERROR,
            )
        return [plugin]
    try:
        project = tomli.loads(file.read_text("utf-8")).get("project", {})
        names = list(project.get("entry-points", {}).get(ENTRY_POINT_GROUP, {}))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        abort(f"{display_path(file)} cannot be read: {error}", USAGE_ERROR)
    if not names:
        abort(
            f"{display_path(file)} names no plugin. Add [project.entry-points.{ENTRY_POINT_GROUP}] "
            'and a line NAME = "MODULE"',
            USAGE_ERROR,
        )
    installed = {name for name, _, _ in list_installed()}
    if missing := [name for name in names if name not in installed]:
        abort(
            f"{', '.join(missing)} is not installed. Run: pip install --editable "
            f"{display_path(plugin)}",
            USAGE_ERROR,
        )
    return names


def _parse_options(settings: str) -> dict[str, Any]:
    try:
        return tomli.loads(settings)
    except ValueError as error:
        abort(f"--settings: not TOML: {error}. Write for example 'model = \"tiny\"'", USAGE_ERROR)


def _parse_recording(text: str) -> tuple[str, Path]:
    language, equals, file = text.partition("=")
    if not equals or not Path(file).is_file():
        abort(f"--speech {text}: write LANGUAGE=FILE, such as en=hello.flac", USAGE_ERROR)
    return language, Path(file)


def _find_options(configuration: Configuration, plugin: str) -> dict[str, dict[str, Any]]:
    """Return the keys of the first section of each kind that names a plugin, by kind."""
    options: dict[str, dict[str, Any]] = {}
    for kind in COMPONENT_KINDS:
        for name, section in getattr(configuration.settings, kind).items():
            if (section.plugin or name).partition(":")[0] == plugin:
                options.setdefault(kind, dict(section.options))
    options["plugins"] = configuration.settings.plugins.sections.get(plugin, {})
    return options

"""The root of the command line: which commands there are, and importing the one that is typed."""

from __future__ import annotations

import importlib
import logging
import tomllib
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final

import typer.main
from typer.core import TyperCommand, TyperGroup

from subtitled.config.locations import is_there, list_configs

from .summaries import SUMMARIES

_log = logging.getLogger(__name__)

PLUGIN_TABLES: Final = ("engines", "translators", "servers", "notifiers", "endpoints", "plugins")
"""The tables of the configuration whose keys name plugins."""


class CommandGroup(TyperGroup):
    """The built-in commands, then those of plugins.

    Plugins are loaded only for ``--help`` and for a command that is not built in, and only if the
    configuration names one that is not bundled.
    """

    _plugin_commands: MutableMapping[str, Any] | None = None
    _is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """List the names of all commands, in the order of the help text."""
        from . import MODULES

        names = dict.fromkeys((*MODULES, *super().list_commands(ctx), *self._load_once(ctx)))
        return list(names)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help text. No built-in command is imported for it."""
        self._is_listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._is_listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a name, or None. While help is written, it may have its text only.

        Args:
            ctx: The context of Typer.
            cmd_name: The name that was typed.
        """
        if known := super().get_command(ctx, cmd_name):
            return known
        if self._is_listing and cmd_name in SUMMARIES:
            return TyperCommand(cmd_name, help=SUMMARIES[cmd_name])
        return self._import_command(cmd_name) or self._load_once(ctx).get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that was typed. A mistake in writing is answered with the nearest one.

        Args:
            ctx: The context of Typer.
            args: The words that were typed.
        """
        from . import MODULES

        if args and args[0] not in MODULES and args[0] not in self._load_once(ctx):
            for name in MODULES:
                self._import_command(name)
        return super().resolve_command(ctx, args)

    def _import_command(self, name: str) -> Any:
        from . import MODULES
        from .app import app

        for module in MODULES.get(name, ()):
            importlib.import_module(f".{module}", __package__)
        if name in MODULES and name not in self.commands:
            self.commands.update(typer.main.get_group(app).commands)
        return self.commands.get(name)

    def _load_once(self, ctx: Any) -> MutableMapping[str, Any]:
        from . import MODULES

        if self._plugin_commands is None:
            config = ctx.params.get("config")
            self._plugin_commands = {}
            if names_other_plugins(config):
                from .plugin_commands import load_plugin_commands

                self._plugin_commands = load_plugin_commands(config)
            for name in self._plugin_commands.keys() & (self.commands.keys() | MODULES.keys()):
                _log.warning("the command %s of a plugin is hidden by a command of subtitled", name)
        return self._plugin_commands


def names_other_plugins(config: Path | None) -> bool:
    """Return whether the configuration names a plugin that is not bundled.

    The bundled plugins add no commands. Also true if the file cannot be read: loading it says
    why.

    Args:
        config: The file that the user named, or None.
    """
    path = next(filter(is_there, list_configs(config)), None)
    if path is None:
        return False
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
    except (OSError, ValueError, RecursionError):
        return True
    return not set(_list_plugins(data)) <= set(list_bundled_plugins())


def _list_plugins(data: dict[str, Any]) -> Iterator[str]:
    """List the plugins that a configuration names, and what else may be a name of one."""
    for table in PLUGIN_TABLES:
        sections = data.get(table)
        for name, section in sections.items() if isinstance(sections, dict) else ():
            if isinstance(section, dict):
                yield str(section.get("plugin") or name).partition(":")[0]
            elif name == "enabled" and isinstance(section, list):
                yield from map(str, section)


def list_bundled_plugins() -> list[str]:
    """List the names of the bundled plugins, which are those of their modules."""
    import subtitled_plugins

    (folder,) = subtitled_plugins.__path__
    return [path.stem for path in Path(folder).iterdir() if not path.name.startswith("_")]

"""Commands that plugins add to the command line."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
import typer.main

from subtitled.config.load import ConfigurationError, find_config, load_config
from subtitled.config.plugin_calls import LIMIT, call_with_timeout, iter_hook_callers
from subtitled.config.plugin_faults import explain_exception
from subtitled.plugin import SubtitledError

from .privileges import act_as_owner

_log = logging.getLogger(__name__)


def load_plugin_commands(config: Path | None) -> dict[str, Any]:
    """Load the commands of the plugins that the configuration names.

    Args:
        config: The configuration file that the user chose, if any.

    Returns:
        Command name -> command. Empty if the configuration cannot be read. A plugin that fails is
        named in the log and left out.
    """
    try:
        hooks = load_config(find_config(config), before_plugins=act_as_owner).hooks
    except ConfigurationError:
        return {}
    commands: dict[str, Any] = {}
    for plugin, caller in iter_hook_callers(hooks, "register_commands"):
        cli = typer.Typer()
        try:
            call_with_timeout(plugin, functools.partial(caller, cli=cli), LIMIT)
            group = call_with_timeout(plugin, functools.partial(typer.main.get_group, cli), LIMIT)
        except SubtitledError as error:
            _log.warning("plugin %s, register_commands: %s", plugin, error)
            continue
        for name, command in group.commands.items():
            command.invoke = functools.partial(_invoke, plugin, command.invoke)  # type: ignore[method-assign]
            if commands.setdefault(name, command) is not command:
                _log.warning("plugin %s: another plugin has a command %s already", plugin, name)
    return commands


def _invoke(plugin: str, invoke: Callable[[Any], Any], context: Any) -> Any:
    """Run a command of a plugin. An error that it raises is told with its line.

    Raises:
        SubtitledError: The command failed.
    """
    try:
        return invoke(context)
    except (BrokenPipeError, typer.Abort):
        raise
    except Exception as error:
        if hasattr(error, "exit_code"):  # Typer ends the command, or tells its wrong use
            raise
        raise explain_exception(f"the plugin {plugin}", error) from error

"""What plugins and the loading of plugins say to the person at the terminal."""

from __future__ import annotations

import logging

from subtitled.config import plugin_faults
from subtitled.config.load import Configuration
from subtitled.daemon.logs import escape_control_characters
from subtitled.plugin.redaction import hide_secrets

from .output import errors


class _LineFormatter(logging.Formatter):
    """Lines without secrets, and without characters that control the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record. Only its own line breaks are kept."""
        lines = hide_secrets(super().format(record)).split("\n")
        return "\n".join(map(escape_control_characters, lines))


def show_unavailable(configuration: Configuration) -> None:
    """Print which components cannot be used and why, before a command goes on without them."""
    for component in configuration.unavailable:
        errors.print(f"warning: {component}", markup=False, style="yellow")


def show_tracebacks() -> None:
    """Print the calls of each failure of a plugin from now on, as ``--traceback`` asks."""
    _print_records(plugin_faults.__name__, logging.DEBUG)


def show_plugin_records() -> None:
    """Print what plugins print and log, as the daemon has it in its log."""
    _print_records("subtitled.plugin", logging.INFO)


def _print_records(logger: str, level: int) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_LineFormatter("%(message)s"))
    log = logging.getLogger(logger)
    log.addHandler(handler)
    log.setLevel(level)
    log.propagate = False
